/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of x87, SSE and AVX, PKRU, XCR0 and TSC_AUX in a VMSA. */
#ifndef LAB_VECTORS_H
#define LAB_VECTORS_H

#include <stdbool.h>

#include "svm.h"

/** Of XCR0, what a VMSA has room for: x87, SSE, AVX, PKRU.  CPUID says no more. */
#define LAB_VECTORS 0x207ull

/** Whether a processor can have what is said there. */
bool lab_vectors_valid(const struct lab_save *save);

/** To the processor.  @pre lab_vectors_valid() */
void lab_vectors_load(const struct lab_save *save);

/** From the processor. */
void lab_vectors_store(struct lab_save *save);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Linux by its 64-bit boot protocol. */
#ifndef LAB_LINUX_H
#define LAB_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"
#include "svm.h"

/** Where a confidential kernel looks for the firmware's pages. */
#define LAB_LINUX_SECRETS (LAB_LOW_TOLD)
#define LAB_LINUX_CPUID	  (LAB_LOW_TOLD + LAB_PAGE)

struct lab_linux {
	const uint8_t *kernel, *files;
	uint64_t kernel_bytes, files_bytes;
	uint64_t areas; /* by which it calls a monitor; 0: none */
	bool is_blind;
};

/**
 * Put a kernel where it wants to be, and what it is told; the pages above are left
 * to be filled.  The machine stops when it does not fit.
 *
 * @param[out] save  its first registers, at VMPL0
 */
void lab_linux_put(const struct lab_linux *guest, struct lab_save *save);

#endif

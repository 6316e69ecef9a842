/* SPDX-License-Identifier: Apache-2.0 */
/* Registers a processor begins with. */
#ifndef LAB_REAL_H
#define LAB_REAL_H

#include "svm.h"

/** Of one that gets SIPI: in real mode, at page @p vector. */
void lab_real_state(struct lab_save *save, uint8_t vmpl, uint8_t vector);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware puts into a guest at launch of what it says itself. */
#ifndef LAB_TOLD_H
#define LAB_TOLD_H

#include <stdbool.h>
#include <stdint.h>

/** Fill a page with what the firmware vouches for of CPUID. @param xsave  false
 * for a kernel that gives up on XSAVE without XSAVEC (snp/cpuid.h) */
void lab_told_cpuid(uint64_t page, bool xsave);

#endif

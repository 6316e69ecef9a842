/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware tells of CPUID, in a page of the image's. */
#ifndef CBX_ARCH_X86_64_SEV_VC_H
#define CBX_ARCH_X86_64_SEV_VC_H

#include <arch/x86_64/sev/cpuid.h>

extern const struct cbx_cpuid_page cbx_x86_told;

/** The C bit's number; 0: the page is none. */
uint8_t cbx_x86_c_bit(void);

#endif

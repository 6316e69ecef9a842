/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPUID says in a box whose policy withholds it: a processor that no machine
 * is, the same on all of them (doc/adr/0034).
 */
#ifndef CBX_RUNTIME_CPUID_H
#define CBX_RUNTIME_CPUID_H

#include <stdint.h>

struct cbx_cpuid {
	uint32_t a, b, c, d;
};

/**
 * What a processor of that level of x86-64, and no more, answers.
 *
 * Unknown leaves are zero.  The vendor is one whose caches the C library asks
 * for by leaf 4: with one it does not know it copies past the caches always.
 *
 * @param level  1 to CBX_CPUID_LEVELS
 */
struct cbx_cpuid cbx_cpuid_told(uint32_t level, uint32_t leaf, uint32_t sub);

#endif

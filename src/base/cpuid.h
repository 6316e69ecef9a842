/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The levels of x86-64 as CPUID tells them: what a box may be told that its CPU
 * is, and what a CPU must have for that.
 *
 * @source System V ABI, AMD64 supplement, 3.1.1 (micro-architecture levels)
 */
#ifndef CBX_BASE_CPUID_H
#define CBX_BASE_CPUID_H

#include <stdint.h>

#define CBX_CPUID_LEVELS 4u

/** Bytes of XSAVE's standard format, of all that processors have today (AMX): no
 * machine's area is larger. */
#define CBX_CPUID_STATE_BYTES 11008u

/** Where XSAVE's standard format has the high halves of AVX registers. */
#define CBX_CPUID_AVX_BYTES 256u
#define CBX_CPUID_AVX_AT    576u

/** Feature bits: of leaf 1 ECX and EDX, of leaf 7 EBX, of leaf 0x80000001 ECX and
 * EDX. */
struct cbx_cpuid_features {
	uint32_t one_c, one_d, seven_b, more_c, more_d;
};

/** @param level  1 to CBX_CPUID_LEVELS */
static inline struct cbx_cpuid_features cbx_cpuid_features(uint32_t level)
{
	/* FPU TSC CX8 CMOV MMX FXSR SSE SSE2; SYSCALL LM.  No level lists the
	 * time stamp counter, and every program reads it. */
	struct cbx_cpuid_features f = {
		.one_d = 1u << 0 | 1u << 4 | 1u << 8 | 1u << 15 | 1u << 23 |
			 1u << 24 | 1u << 25 | 1u << 26,
		.more_d = 1u << 11 | 1u << 29,
	};

	if (level >= 2) {
		/* SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT; LAHF */
		f.one_c = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 |
			  1u << 23;
		f.more_c = 1u << 0;
	}
	if (level >= 3) {
		/* FMA MOVBE XSAVE OSXSAVE AVX F16C; BMI1 AVX2 BMI2; LZCNT */
		f.one_c |= 1u << 12 | 1u << 22 | 1u << 26 | 1u << 27 |
			   1u << 28 | 1u << 29;
		f.seven_b = 1u << 3 | 1u << 5 | 1u << 8;
		f.more_c |= 1u << 5;
	}
	if (level >= 4) {
		/* AVX512F DQ CD BW VL */
		f.seven_b |=
			1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
	}
	return f;
}

#endif

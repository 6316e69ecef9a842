/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CPU says of itself.
 */
#ifndef CBX_RUNTIME_CPU_H
#define CBX_RUNTIME_CPU_H

#include <base/gatecall_linux.h>

#include "lib.h"

/** From here on CPUID tells that level of x86-64, to the runtime, too; 0: what
 * the machine says.  At start, before all else here. */
void cbx_cpu_init(uint64_t level);

/** A program's instruction faulted.  @return whether it was CPUID that the policy
 * withholds: it is answered, and done */
bool cbx_cpu_trapped(struct cbx_regs *regs);

/** AT_HWCAP. */
uint64_t cbx_cpu_hwcap(void);

/** Bytes a signal frame may need on a stack. */
uint64_t cbx_cpu_signal_stack(void);

/** Whether code here may set its own FS base. */
bool cbx_cpu_fsgsbase(void);

/** Components of extended state, by XCR0's bits. */
#define CBX_CPU_X87_SSE 3ull
#define CBX_CPU_TILES	(3ull << 17)

/** What is switched on. */
uint64_t cbx_cpu_features(void);

/** Whether tile registers can be used here; it does. */
bool cbx_cpu_tiles(void);

/** Whether the time stamp counter runs at one speed for ever. */
bool cbx_cpu_steady_counter(void);

/** /proc/cpuinfo of one CPU. */
void cbx_cpu_describe(struct cbx_text *text);

static inline void cbx_cpu_set_fs(uint64_t base)
{
	__asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
}

static inline void cbx_cpu_set_gs(uint64_t base)
{
	__asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
}

static inline uint64_t cbx_cpu_fs(void)
{
	uint64_t base;

	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static inline uint64_t cbx_cpu_gs(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

#endif

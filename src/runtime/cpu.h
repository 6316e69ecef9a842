/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CPU says of itself.
 */
#ifndef CBX_RUNTIME_CPU_H
#define CBX_RUNTIME_CPU_H

#include "lib.h"

/** AT_HWCAP. */
uint64_t cbx_cpu_hwcap(void);

/** Bytes a signal frame may need on a stack. */
uint64_t cbx_cpu_signal_stack(void);

/** Whether code here may set its own FS base. */
bool cbx_cpu_fsgsbase(void);

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

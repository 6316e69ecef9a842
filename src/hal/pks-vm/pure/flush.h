/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CPUs may hold translations of the host's from before a token: the next
 * value of one counter.  CPUs are numbers below CBX_FLUSH_CPUS.
 */
#ifndef CBX_HAL_PKS_VM_PURE_FLUSH_H
#define CBX_HAL_PKS_VM_PURE_FLUSH_H

#include <base/types.h>

#define CBX_FLUSH_CPUS 64u

/** The next token. */
uint64_t cbx_flush_next(void);

/**
 * A CPU is about to drop every translation and run on another root, and has.
 *
 * @param host  whether that root is the host's
 */
uint64_t cbx_flush_begin(uint32_t cpu, bool host);
void cbx_flush_end(uint32_t cpu, bool host, uint64_t token);

/** Whether the CPU, on the host's root, must drop its translations before the
 * host runs there. */
bool cbx_flush_due(uint32_t cpu);

/** Whether the CPU may use what was there before @p token. */
bool cbx_flush_stale(uint32_t cpu, uint64_t token);

#endif

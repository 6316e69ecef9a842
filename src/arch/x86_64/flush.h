/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CPUs may hold translations of the host's from before a token: the next
 * value of one counter.  CPUs are numbers below CBX_FLUSH_CPUS.
 */
#ifndef CBX_ARCH_X86_64_FLUSH_H
#define CBX_ARCH_X86_64_FLUSH_H

#include <stdatomic.h>

#include <base/types.h>

#define CBX_FLUSH_CPUS 64u

/** The newest token; and for each CPU the token, plus one, from which on are the
 * translations of the host's it may hold, or 0: it holds none.  For the functions
 * below. */
extern _Atomic uint64_t cbx_flush_counter;
extern _Atomic uint64_t cbx_flush_from[CBX_FLUSH_CPUS];

/** The next token. */
uint64_t cbx_flush_next(void);

/**
 * A CPU is about to drop every translation and run on another root, or let the
 * host run there, and has.
 *
 * @param host  whether that root is the host's
 */
static inline uint64_t cbx_flush_begin(uint32_t cpu, bool host)
{
	/* In this order: who counts afterwards finds that this CPU holds
	 * something, or this CPU finds the new count. */
	if (host) {
		atomic_store(&cbx_flush_from[cpu], 1);
	}
	return atomic_load(&cbx_flush_counter);
}
static inline void cbx_flush_end(uint32_t cpu, bool host, uint64_t token)
{
	atomic_store(&cbx_flush_from[cpu], host ? token + 1 : 0);
}

/** Whether the CPU, on the host's root, must drop its translations before the
 * host runs there. */
static inline bool cbx_flush_due(uint32_t cpu)
{
	return atomic_load(&cbx_flush_from[cpu]) <=
	       atomic_load(&cbx_flush_counter);
}

/** Whether the CPU may use what was there before @p token. */
bool cbx_flush_stale(uint32_t cpu, uint64_t token);

#endif

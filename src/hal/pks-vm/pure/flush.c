/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <hal/pks-vm/pure/flush.h>

static struct {
	_Atomic uint64_t loaded; /* what it holds is from this token or after */
	atomic_bool holds;	 /* it may hold translations of the host's */
} cpus[CBX_FLUSH_CPUS];

static _Atomic uint64_t counter;

uint64_t cbx_flush_next(void)
{
	return atomic_fetch_add(&counter, 1) + 1;
}

/* In this order: who counts afterwards finds that this CPU holds something, or
 * this CPU finds the new count. */
uint64_t cbx_flush_begin(uint32_t cpu, bool host)
{
	if (host) {
		atomic_store(&cpus[cpu].holds, true);
	}
	return atomic_load(&counter);
}

void cbx_flush_end(uint32_t cpu, bool host, uint64_t token)
{
	atomic_store(&cpus[cpu].loaded, token);
	atomic_store(&cpus[cpu].holds, host);
}

bool cbx_flush_due(uint32_t cpu)
{
	return atomic_load(&cpus[cpu].loaded) < atomic_load(&counter);
}

bool cbx_flush_stale(uint32_t cpu, uint64_t token)
{
	return atomic_load(&cpus[cpu].holds) &&
	       atomic_load(&cpus[cpu].loaded) < token;
}

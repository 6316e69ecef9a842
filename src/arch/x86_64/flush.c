/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/flush.h>

_Atomic uint64_t cbx_flush_counter;
_Atomic uint64_t cbx_flush_from[CBX_FLUSH_CPUS];

uint64_t cbx_flush_next(void)
{
	return atomic_fetch_add(&cbx_flush_counter, 1) + 1;
}

bool cbx_flush_stale(uint32_t cpu, uint64_t token)
{
	uint64_t from = atomic_load(&cbx_flush_from[cpu]);

	return from != 0 && from <= token;
}

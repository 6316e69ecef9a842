/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that drive devices share. */
#ifndef CBX_HAL_PKS_VM_DEVICE_H
#define CBX_HAL_PKS_VM_DEVICE_H

#include <arch/x86_64/layout.h>
#include <hal/hal.h>
#include <hal/pks-vm/pure/table.h>

/** A lock without a rank, false when it is free: nothing else is taken while
 * it is held. */
static inline void cbx_pks_lock_take(bool *lock)
{
	while (__atomic_exchange_n(lock, true, __ATOMIC_ACQUIRE)) {
		cbx_hal_cpu_relax();
	}
}

static inline void cbx_pks_lock_drop(bool *lock)
{
	__atomic_store_n(lock, false, __ATOMIC_RELEASE);
}

/** Registers in memory, at @p page of this CPU's window from now on.  What was
 * there before has to be flushed by the caller. @return their address */
static inline uint64_t cbx_pks_device_map(uint64_t page, uint64_t address)
{
	uint64_t *table = (uint64_t *)CBX_CPU_AT(CBX_CPU_TABLE_PAGE);

	table[page] = address | CBX_PTE_P | CBX_PTE_W | CBX_PTE_PWT |
		      CBX_PTE_PCD | CBX_PTE_NX |
		      (uint64_t)CBX_KEY_MONITOR << 59;
	return CBX_CPU_AT(page);
}

#endif

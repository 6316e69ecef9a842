/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CPUs want of each other: who was asked by an NMI, who was told to
 * begin.
 */
#ifndef CBX_HAL_PKS_VM_CPUS_H
#define CBX_HAL_PKS_VM_CPUS_H

#include <arch/x86_64/state.h>
#include <hal/hal.h>

/** As cbx_hal_cpu_kick. @return false when it could not be sent */
bool cbx_pks_kick(uint32_t cpu);

/** No other CPU runs a box or the host any more, as soon as it takes an NMI. */
void cbx_pks_stop_others(void);

/** Hear of the NMIs taken so far, if there are new ones; those that are not this
 * HAL's own are the host's. */
void cbx_pks_nmis_hear(void);
static inline void cbx_pks_nmis_take(void)
{
	if (__atomic_load_n(&cbx_x86_cpu()->nmis, __ATOMIC_SEQ_CST) !=
		cbx_x86_cpu()->nmis_seen) {
		cbx_pks_nmis_hear();
	}
}

/**
 * Let a CPU begin with the host.
 *
 * @retval CBX_OK      it has, now or before
 * @retval CBX_E_BUSY  it was asked to: repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_pks_cpu_start(
	uint32_t cpu, uint64_t entry, uint64_t argument);

/** Wait until this CPU is to begin. */
void cbx_pks_cpu_wait(uint64_t *entry, uint64_t *argument);

#endif

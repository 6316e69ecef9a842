/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts: all of them are taken by the monitor, and kept for the host. */
#ifndef CBX_HAL_PKS_VM_IRQ_H
#define CBX_HAL_PKS_VM_IRQ_H

#include <hal/hal.h>
#include <hal/pks-vm/apic.h>

#define CBX_IRQ_FIRST 32u

/** Kept for the host of this CPU; @param vector  less than 256 */
void cbx_pks_irq_keep(uint64_t vector);

/** A vector of at least 32 was taken on this CPU, or the host says so. */
void cbx_pks_irq_taken(uint64_t vector);

/** What other CPUs sent to this one's host is kept now. */
void cbx_pks_irq_collect(void);

/** The host has interrupts off, or on: something kept is to be delivered as
 * soon as it can be. */
void cbx_pks_irq_again(bool enabled);

/** The gates' arguments; as host.h says. */
CBX_MUST_CHECK enum cbx_status cbx_pks_irq_timer(uint64_t ns, uint64_t vector);
CBX_MUST_CHECK enum cbx_status cbx_pks_irq_send(uint64_t cpu, uint64_t vector);
CBX_MUST_CHECK enum cbx_status cbx_pks_irq_line(
	uint64_t line, uint64_t vector, uint64_t cpu, uint64_t flags);

/** Map the controller of the machine's lines in this CPU's window; mask all of
 * them. */
void cbx_pks_lines_map(void);
void cbx_pks_lines_start(void);

/** Lines of it that lead to @p vector and are level-triggered are masked. */
void cbx_pks_lines_taken(uint64_t vector);

#endif

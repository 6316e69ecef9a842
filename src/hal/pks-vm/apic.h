/* SPDX-License-Identifier: Apache-2.0 */
/* The local interrupt controllers; nobody but the monitor reaches them. */
#ifndef CBX_HAL_PKS_VM_APIC_H
#define CBX_HAL_PKS_VM_APIC_H

#include <base/types.h>

/** Vectors of the monitor's own; devices' are below. */
#define CBX_APIC_AGAIN	  0xfcu /* something kept may be delivered now */
#define CBX_APIC_ERROR	  0xfdu
#define CBX_APIC_TIMER	  0xfeu
#define CBX_APIC_SPURIOUS 0xffu

/** Take this CPU's: all its local lines masked but the timer's, no message
 * below 32 heard. */
void cbx_pks_apic_start(void);

/** Measure its timer's rate, the same on every CPU. */
void cbx_pks_apic_timer_start(void);

/** One CBX_APIC_TIMER after @p ns or, if that is too far for it, earlier; 0:
 * none. */
void cbx_pks_apic_timer(uint64_t ns);

/** What was taken is done with. */
void cbx_pks_apic_done(void);

/** Clear the record of errors. */
void cbx_pks_apic_forgive(void);

/** CBX_APIC_AGAIN to this CPU, when it takes interrupts. */
void cbx_pks_apic_again(void);

/** Send a CPU an NMI. @return false when the controller is busy */
CBX_MUST_CHECK bool cbx_pks_apic_nmi(uint32_t cpu);

/** What messages call a CPU. */
uint8_t cbx_pks_apic_id(uint32_t cpu);

#endif

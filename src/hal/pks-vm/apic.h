/* SPDX-License-Identifier: Apache-2.0 */
/* The local interrupt controllers; nobody but the monitor reaches them. */
#ifndef CBX_HAL_PKS_VM_APIC_H
#define CBX_HAL_PKS_VM_APIC_H

#include <base/types.h>

/** Take this CPU's: all its local lines masked, no message below 32 heard. */
void cbx_pks_apic_start(void);

/** Send a CPU an NMI. @return false when the controller is busy */
CBX_MUST_CHECK bool cbx_pks_apic_nmi(uint32_t cpu);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Gates of the backend's that gate.S answers while cbx_pks_enter has not
 * returned: the core hears of none of them. */
#ifndef CBX_HAL_PKS_VM_OWN_H
#define CBX_HAL_PKS_VM_OWN_H

/** What gate.S does next: go on with the host; treat it as any other call, since
 * it is the loop's (CBX_PKS_STOP) or the core's (no such number); do as if the
 * host had stopped, with nothing done, where it goes on. */
#define CBX_PKS_OWN_DONE  0
#define CBX_PKS_OWN_NONE  1
#define CBX_PKS_OWN_LATER 2

#ifndef __ASSEMBLER__

#include <hal/hal.h>

/** A call with a number from CBX_PKS_MEMORY on; the reply is in the scratch
 * page. @return CBX_PKS_OWN_* */
uint32_t cbx_pks_own_call(const struct cbx_call *call);

#endif
#endif

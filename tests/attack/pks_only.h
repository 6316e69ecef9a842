/* SPDX-License-Identifier: Apache-2.0 */
/* What attacks of a host in ring 0 share. */
#ifndef CBX_TESTS_ATTACK_PKS_ONLY_H
#define CBX_TESTS_ATTACK_PKS_ONLY_H

#include "attack/machine_code.h"
#include "support/bare/puppet.h"

/** A gate call of the host's, backend gates included. */
#define pks_gate(id, ...) \
	puppet_gate(id, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/** The host goes to an address of ring 0. @return whether that was let */
bool pks_call(uint64_t va);

/** The frame behind an address of the monitor's or the host kernel's. */
uint64_t pks_frame_of(uint64_t va);

/** A page of the host's that no test gets any more. */
uint64_t pks_keep_page(void);

/** The direct map has nothing of the page; which is in use, and stays as it
 * is. */
void pks_out_of_reach(uint64_t pfn);

/** The monitor's memory is closed to the host. */
void pks_closed(void);

#endif

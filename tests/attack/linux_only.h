/* SPDX-License-Identifier: Apache-2.0 */
/* What attacks on the kernel share. */
#ifndef CBX_TESTS_ATTACK_LINUX_ONLY_H
#define CBX_TESTS_ATTACK_LINUX_ONLY_H

#include "attack/machine_code.h"

/** The box's process; 0 when it is gone. */
int attack_process(const struct machine_box *box);

/** The kernel maps for the box what its table says, no more and no less; a box
 * that is over may map anything. @return false: not for us to see */
bool attack_maps_as_said(const struct machine_box *box);

/** Children this process has. */
uint32_t attack_children(void);

/** Addresses of the system call instructions in the stub.
 * @return how many; at most @p most */
uint32_t attack_stub_calls(
	struct machine_box *box, uint64_t *address, uint32_t most);

#endif

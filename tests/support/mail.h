/* SPDX-License-Identifier: Apache-2.0 */
/* Orders on linux beside those of machine.h: operations of boxcode.h. */
#ifndef CBX_TESTS_SUPPORT_MAIL_H
#define CBX_TESTS_SUPPORT_MAIL_H

#include "support/boxcode.h"
#include "support/machine.h"

/** A script's access for an operation of boxcode.h. */
#define MAIL_OP 0x1000u

/** A thread's slot; NULL when the box has none mapped. */
volatile struct boxcode_slot *mail_of(
	const struct machine_box *box, uint32_t thread);

/** Have thread 0 do @p op with script[0]'s call and address. @return whether
 * it came back from that; script[0].word is what it left */
bool mail_do(struct machine_box *box, uint32_t op);

/** The same, with the words at hand. */
bool mail_call(struct machine_box *box, uint32_t op, uint64_t address,
	uint64_t number, const uint64_t arg[CBX_CALL_ARGS]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A gate call straight past the runtime, as a hostile program makes it. */
#ifndef EXAMPLES_ATTACKS_GATE_H
#define EXAMPLES_ATTACKS_GATE_H

#include <base/gatecall_linux.h>

/* The status of gate @p id with @p arg; *reply holds the rest. */
static inline uint64_t gate(
	uint64_t id, const uint64_t arg[CBX_CALL_ARGS], struct cbx_reply *reply)
{
	struct cbx_call call = { .id = id };

	for (int i = 0; i < CBX_CALL_ARGS; i++) {
		call.arg[i] = arg[i];
	}
	cbx_gatecall(&call, reply);
	return reply->status;
}

#define GATE(NAME, reply, ...)                                                \
	gate(CBX_CALL_##NAME, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ }, \
		(reply))

#endif

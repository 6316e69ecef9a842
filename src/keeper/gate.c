/* SPDX-License-Identifier: Apache-2.0 */
#include <keeper/gate.h>

#include <base/gatecall_linux.h>

enum cbx_status cbx_keeper_next(enum cbx_status last)
{
	const struct cbx_call call = {
		.id = CBX_CALL_KEEPER_NEXT,
		.arg = { (uint64_t)last },
	};
	struct cbx_reply reply;

	cbx_gatecall(&call, &reply);
	return (enum cbx_status)reply.status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the bridge's files share. */
#ifndef CBX_RUNTIME_BRIDGE_INT_H
#define CBX_RUNTIME_BRIDGE_INT_H

#include "bridge.h"
#include "forward.h"

/** A handle of the host's, and the socket it feeds. */
struct cbx_bridge {
	struct cbx_bridge *next;
	struct cbx_socket *socket; /* the peer of the program's; a listener is
	                            * the program's own, held */
	uint64_t handle;
	bool listens;
	bool ended;	/* the host sends nothing more */
	bool told;	/* the host knows that we do not, either */
	bool failed;	/* nothing goes through it any more */
	uint32_t ready; /* LX_POLL*: worth a try */
};

/** Add a bridge; the socket's reference is its.
 * @retval -ENOMEM, -EAGAIN  and the socket is dropped, the handle closed */
CBX_MUST_CHECK int64_t cbx_bridge_add(
	struct cbx_socket *socket, uint64_t handle, bool listens);

/** Carry what can be carried.
 * @return whether something was */
bool cbx_bridge_step(struct cbx_bridge *bridge);

/** What is worth waiting for: LX_POLL*, or 0. */
uint32_t cbx_bridge_wants(const struct cbx_bridge *bridge);

/** Whether nobody needs it any more. */
bool cbx_bridge_over(const struct cbx_bridge *bridge);

/** The address of one end. */
struct cbx_address cbx_bridge_address(const struct cbx_forward_end *end);

#endif

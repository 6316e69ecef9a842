/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP with the host's peers.
 *
 * A connection of the host's is the peer of an ordinary socket of the box; a
 * task of the runtime's own carries bytes between that peer and the host, as
 * far as the policy lets it.  So a program's socket waits, polls and closes as
 * every other one does, and there is one place that talks to the host.
 */
#ifndef CBX_RUNTIME_BRIDGE_H
#define CBX_RUNTIME_BRIDGE_H

#include <confbox/forward.h>

#include "socket.h"

struct cbx_task;

/** socket.c: no file stands for the socket any more; a reference is dropped. */
void cbx_socket_close(struct cbx_socket *socket);

/** socket_meet.c: queue a connection, whose reference it takes, at a
 * listener. */
void cbx_socket_pend(struct cbx_socket *listener, struct cbx_socket *made);

/** Whether the policy gives this address to the host's network.
 * @param call  CBX_FORWARD_CONNECT or _LISTEN */
bool cbx_bridge_has(uint32_t call, const struct cbx_socket *socket,
	const struct cbx_address *address);

/** Connect a new socket to the host's peer.
 * @retval the host's errors, -EACCES, -ENOMEM, -EIO */
CBX_MUST_CHECK int64_t cbx_bridge_connect(
	struct cbx_socket *socket, const struct cbx_address *address);

/** Listen at the host's address that the socket was bound to. */
CBX_MUST_CHECK int64_t cbx_bridge_listen(
	struct cbx_socket *socket, uint32_t backlog);

/** Wait until what was sent is the host's, before the box ends. */
void cbx_bridge_finish(void);

/** Let no call be under way: the box asks for client data, and then there is
 * no host to talk to. */
void cbx_bridge_end(void);

/** Whether @p task is the runtime's own and sleeps in a call: then it was
 * woken. */
bool cbx_bridge_wake(const struct cbx_task *task);

/** The bridge task's first code. */
_Noreturn void cbx_bridge_main(struct cbx_task *task);

#endif

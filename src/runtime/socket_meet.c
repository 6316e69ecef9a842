/* SPDX-License-Identifier: Apache-2.0 */
/* How sockets find each other: listen, connect, accept, shutdown. */
#include "bridge.h"
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "socket.h"

#define BACKLOG_MAX 4096u

int64_t cbx_socket_listen(struct cbx_socket *socket, uint32_t backlog)
{
	int64_t status = 0;

	if (socket->type == LX_SOCK_DGRAM) {
		return -LX_EOPNOTSUPP;
	}
	if (socket->state != CBX_SOCKET_NEW &&
		socket->state != CBX_SOCKET_LISTENING) {
		return -LX_EINVAL;
	}
	if (socket->outside) {
		return cbx_bridge_listen(
			socket, (uint32_t)cbx_min(backlog, BACKLOG_MAX));
	}
	if (!socket->bound) {
		status = socket->family == LX_AF_UNIX
				 ? -LX_EINVAL
				 : cbx_socket_autobind(socket);
	}
	if (status == 0) {
		socket->state = CBX_SOCKET_LISTENING;
		socket->owner.pid = cbx_process_self()->pid;
		socket->backlog = (uint32_t)cbx_min(backlog, BACKLOG_MAX);
		cbx_socket_changed(socket);
	}
	return status;
}

/* A datagram socket's connect sets, or forgets, where it sends to. */
static int64_t connect_datagram(
	struct cbx_socket *socket, const struct cbx_address *address)
{
	struct cbx_socket *to = NULL;
	struct cbx_socket *before = socket->peer;
	int64_t status = 0;

	if (address->family != LX_AF_UNSPEC) {
		status = cbx_socket_find(socket, address, &to);
	}
	if (status == -LX_ECONNREFUSED && socket->family == LX_AF_INET) {
		status = 0; /* it may come to be */
	}
	if (status == 0 && socket->family == LX_AF_INET) {
		status = cbx_socket_autobind(socket);
	}
	if (status != 0) {
		return status;
	}
	socket->peer_name = *address;
	socket->peer = to;
	socket->state = address->family == LX_AF_UNSPEC ? CBX_SOCKET_NEW
							: CBX_SOCKET_CONNECTED;
	if (to != NULL) {
		cbx_socket_hold(to);
	}
	cbx_socket_drop(before);
	return 0;
}

void cbx_socket_pend(struct cbx_socket *listener, struct cbx_socket *made)
{
	if (listener->pending == NULL) {
		listener->pending = made;
	} else {
		listener->pending_last->next = made;
	}
	listener->pending_last = made;
	listener->waiting++;
	cbx_socket_changed(listener);
}

/* Queue a new connection at a listener. */
static int64_t queue_connection(
	struct cbx_socket *socket, struct cbx_socket *listener)
{
	struct cbx_socket *made =
		cbx_socket_create(listener->family, listener->type);

	if (made == NULL) {
		return -LX_ENOMEM;
	}
	made->name = listener->name;
	if (socket->family == LX_AF_INET && made->name.in.address == 0) {
		made->name.in.address =
			cbx_address_in(0x7f000001u, 0).in.address;
	}
	memcpy(made->option, listener->option, sizeof(made->option));
	made->owner = listener->owner;
	cbx_socket_join(socket, made);
	cbx_socket_pend(listener, made);
	return 0;
}

static void name_client(struct cbx_socket *socket)
{
	if (socket->family == LX_AF_INET && socket->name.in.address == 0) {
		socket->name.in.address =
			cbx_address_in(0x7f000001u, 0).in.address;
	}
}

/* Find a listener that has room; it is held. */
static int64_t reach(struct cbx_socket *socket,
	const struct cbx_address *address, uint32_t flags,
	struct cbx_socket **listener)
{
	int64_t deadline = cbx_socket_deadline(socket->send_ns);

	for (;;) {
		int64_t status = cbx_socket_find(socket, address, listener);

		if (status == 0 && (*listener)->state != CBX_SOCKET_LISTENING) {
			status = -LX_ECONNREFUSED;
		}
		if (status != 0) {
			return status;
		}
		cbx_socket_hold(*listener);
		if ((*listener)->waiting <= (*listener)->backlog) {
			return 0;
		}
		status = cbx_socket_wait(*listener, flags, deadline);
		cbx_socket_drop(*listener);
		if (status != 0) {
			return status;
		}
	}
}

static int64_t connect_stream(struct cbx_socket *socket,
	const struct cbx_address *address, uint32_t flags)
{
	struct cbx_socket *listener;
	int64_t status;

	if (cbx_bridge_has(CBX_FORWARD_CONNECT, socket, address)) {
		return cbx_bridge_connect(socket, address);
	}
	status = reach(socket, address, flags, &listener);
	if (status != 0) {
		return status;
	}
	if (socket->state != CBX_SOCKET_NEW) {
		status = -LX_EISCONN; /* another task was faster */
	} else if (socket->family == LX_AF_INET) {
		status = cbx_socket_autobind(socket);
		name_client(socket);
	}
	if (status == 0) {
		status = queue_connection(socket, listener);
		cbx_socket_changed(socket);
	}
	cbx_socket_drop(listener);
	return status;
}

/* What a stream socket that was connected before answers. */
static int64_t connected_before(struct cbx_socket *socket)
{
	if (socket->announced || socket->family == LX_AF_UNIX) {
		return -LX_EISCONN;
	}
	socket->announced = true;
	return cbx_socket_error(socket);
}

int64_t cbx_socket_connect(struct cbx_socket *socket,
	const struct cbx_address *address, uint32_t flags)
{
	bool patient =
		socket->family == LX_AF_INET && (flags & LX_MSG_DONTWAIT) != 0;
	int64_t status;

	if (socket->type == LX_SOCK_DGRAM) {
		return connect_datagram(socket, address);
	}
	if (socket->state == CBX_SOCKET_LISTENING) {
		return socket->family == LX_AF_UNIX ? -LX_EINVAL : -LX_EISCONN;
	}
	if (socket->state != CBX_SOCKET_NEW) {
		return connected_before(socket);
	}
	status = connect_stream(socket, address, flags);
	/* TCP tells a caller that does not wait only later. */
	if (patient && status == -LX_ECONNREFUSED) {
		socket->error = LX_ECONNREFUSED;
	}
	if (patient && (status == 0 || status == -LX_ECONNREFUSED)) {
		return -LX_EINPROGRESS;
	}
	socket->announced = status == 0;
	return status;
}

int64_t cbx_socket_accept(
	struct cbx_socket *socket, uint32_t flags, struct cbx_socket **made)
{
	int64_t deadline = cbx_socket_deadline(socket->receive_ns);

	if (socket->type == LX_SOCK_DGRAM) {
		return -LX_EOPNOTSUPP;
	}
	while (socket->state == CBX_SOCKET_LISTENING &&
		socket->pending == NULL) {
		int64_t status = cbx_socket_wait(socket, flags, deadline);

		if (status != 0) {
			return status;
		}
	}
	if (socket->state != CBX_SOCKET_LISTENING) {
		return -LX_EINVAL;
	}
	*made = socket->pending;
	socket->pending = (*made)->next;
	socket->waiting--;
	(*made)->next = NULL;
	(*made)->announced = true;
	cbx_socket_changed(socket);
	return 0;
}

int64_t cbx_socket_shutdown(struct cbx_socket *socket, uint64_t how)
{
	if (how > LX_SHUT_RDWR) {
		return -LX_EINVAL;
	}
	if (socket->state != CBX_SOCKET_CONNECTED &&
		socket->state != CBX_SOCKET_LISTENING) {
		return -LX_ENOTCONN;
	}
	if (socket->state == CBX_SOCKET_LISTENING &&
		socket->family == LX_AF_INET) {
		socket->state = CBX_SOCKET_NEW;
	}
	socket->shut_read |= how != LX_SHUT_WR;
	socket->shut_write |= how != LX_SHUT_RD;
	cbx_socket_changed(socket);
	cbx_socket_changed(socket->peer);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sending. */
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "signal.h"
#include "socket.h"

#define LETTER_MIN 256u	   /* bytes of a block a small piece of a stream gets */
#define LETTER_MAX 0x8000u /* of a large one */

uint64_t cbx_socket_room(const struct cbx_socket *socket)
{
	uint64_t limit = (uint32_t)socket->option[0][LX_SO_RCVBUF];

	if (cbx_socket_keeps_borders(socket) &&
		socket->letters >= CBX_SOCKET_LETTERS) {
		return 0;
	}
	return limit - cbx_min(limit, socket->bytes);
}

void cbx_letter_add(struct cbx_socket *socket, struct cbx_letter *letter)
{
	letter->next = NULL;
	if (socket->first == NULL) {
		socket->first = letter;
	} else {
		socket->last->next = letter;
	}
	socket->last = letter;
	socket->letters++;
	socket->bytes += letter->end - letter->start;
	cbx_socket_changed(socket);
}

static void free_letter(struct cbx_letter *letter)
{
	cbx_socket_drop(letter->from);
	cbx_parcel_drop(letter->rights);
	cbx_heap_give(letter, sizeof(*letter) + letter->room);
}

void cbx_letter_remove(struct cbx_socket *socket)
{
	struct cbx_letter *letter = socket->first;

	socket->first = letter->next;
	socket->letters--;
	socket->bytes -= letter->end - letter->start;
	free_letter(letter);
}

static struct cbx_letter *make_letter(uint64_t bytes)
{
	uint64_t size = cbx_heap_size(sizeof(struct cbx_letter) + bytes);
	struct cbx_letter *letter = cbx_heap_take(size);

	if (letter != NULL) {
		*letter = (struct cbx_letter){
			.room = size - sizeof(*letter),
		};
	}
	return letter;
}

/* One letter with up to @p bytes of a message in it.  @return bytes */
static int64_t post(struct cbx_socket *to, struct cbx_message_in *message,
	uint64_t bytes, struct cbx_socket *from)
{
	struct cbx_letter *letter =
		make_letter(from != NULL || cbx_socket_keeps_borders(to)
				    ? bytes
				    : cbx_max(bytes, LETTER_MIN));

	if (letter == NULL) {
		return -LX_ENOMEM;
	}
	letter->end = cbx_iovec_take(&message->vector, letter->at, bytes);
	if (letter->end < bytes &&
		(letter->end == 0 || cbx_socket_keeps_borders(to))) {
		free_letter(letter);
		return -LX_EFAULT;
	}
	letter->sender = message->sender;
	letter->rights = message->rights;
	message->rights = NULL;
	letter->from = from;
	if (from != NULL) {
		cbx_socket_hold(from);
	}
	cbx_letter_add(to, letter);
	return (int64_t)letter->end;
}

/* Whether a piece of a stream may go into the letter before it. */
static bool may_join(const struct cbx_socket *to, const struct cbx_letter *last,
	const struct cbx_message_in *message)
{
	return to->first != NULL && message->rights == NULL &&
	       last->rights == NULL && last->end < last->room &&
	       last->sender.pid == message->sender.pid;
}

/* Put up to @p bytes of a stream where the peer reads. */
static int64_t pour(
	struct cbx_socket *to, struct cbx_message_in *message, uint64_t bytes)
{
	struct cbx_letter *last = to->last;
	uint64_t done;

	if (!may_join(to, last, message)) {
		return post(to, message, cbx_min(bytes, LETTER_MAX), NULL);
	}
	done = cbx_iovec_take(&message->vector, last->at + last->end,
		cbx_min(bytes, last->room - last->end));
	last->end += done;
	to->bytes += done;
	cbx_socket_changed(to);
	return done == 0 ? -LX_EFAULT : (int64_t)done;
}

/* Why nothing can be sent any more. */
static int64_t broken(struct cbx_socket *socket, uint32_t flags)
{
	int64_t error = cbx_socket_error(socket);

	if (error != 0 && error != -LX_EPIPE) {
		return error;
	}
	if ((flags & LX_MSG_NOSIGNAL) == 0 && socket->type == LX_SOCK_STREAM) {
		cbx_signal_raise_self(LX_SIGPIPE);
	}
	return -LX_EPIPE;
}

/* 0: the peer can take something. */
static int64_t wait_for_room(struct cbx_socket *socket, uint32_t flags,
	int64_t deadline, uint64_t need)
{
	while (socket->peer != NULL && !socket->shut_write &&
		!socket->peer->shut_read && socket->error == 0 &&
		cbx_socket_room(socket->peer) < need) {
		int64_t status = cbx_socket_wait(socket, flags, deadline);

		if (status != 0) {
			return status;
		}
	}
	if (socket->peer == NULL || socket->shut_write ||
		socket->peer->shut_read || socket->error != 0) {
		return broken(socket, flags);
	}
	return 0;
}

/* TCP takes the first bytes after the peer is gone. */
static bool into_the_void(struct cbx_socket *socket)
{
	if (socket->family != LX_AF_INET || socket->peer != NULL ||
		socket->error != 0 || socket->shut_write) {
		return false;
	}
	socket->error = LX_EPIPE;
	return true;
}

static int64_t send_stream(struct cbx_socket *socket,
	struct cbx_message_in *message, uint32_t flags)
{
	int64_t deadline = cbx_socket_deadline(socket->send_ns);
	uint64_t total = message->vector.total;
	uint64_t done = 0;

	if (socket->state != CBX_SOCKET_CONNECTED) {
		return socket->family == LX_AF_UNIX ? -LX_ENOTCONN
						    : broken(socket, flags);
	}
	if (into_the_void(socket)) {
		return (int64_t)total;
	}
	while (done < total) {
		int64_t part = wait_for_room(socket, flags, deadline, 1);

		if (part == 0) {
			part = pour(socket->peer, message,
				cbx_min(total - done,
					cbx_socket_room(socket->peer)));
		}
		if (part < 0) {
			return done == 0 ? part : (int64_t)done;
		}
		done += (uint64_t)part;
	}
	return (int64_t)done;
}

static int64_t send_sequenced(struct cbx_socket *socket,
	struct cbx_message_in *message, uint32_t flags)
{
	int64_t deadline = cbx_socket_deadline(socket->send_ns);
	uint64_t total = message->vector.total;
	int64_t status;

	if (socket->state != CBX_SOCKET_CONNECTED) {
		return -LX_ENOTCONN;
	}
	if (total > (uint32_t)socket->option[0][LX_SO_SNDBUF] - 32u) {
		return -LX_EMSGSIZE;
	}
	status = wait_for_room(socket, flags, deadline, total);
	return status != 0 ? status : post(socket->peer, message, total, NULL);
}

/* Where a datagram goes; it is held. */
static int64_t datagram_target(struct cbx_socket *socket,
	const struct cbx_message_in *message, struct cbx_socket **to)
{
	int64_t status = 0;

	if (message->to != NULL) {
		status = cbx_socket_find(socket, message->to, to);
	} else if (socket->state != CBX_SOCKET_CONNECTED) {
		return socket->family == LX_AF_UNIX ? -LX_ENOTCONN
						    : -LX_EDESTADDRREQ;
	} else if (socket->family == LX_AF_INET) {
		status = cbx_socket_find(socket, &socket->peer_name, to);
	} else {
		*to = socket->peer;
		status = *to == NULL ? -LX_ENOTCONN : 0;
	}
	if (status == 0 && (*to)->state == CBX_SOCKET_CLOSED) {
		status = -LX_ECONNREFUSED;
		if (*to == socket->peer) {
			socket->peer = NULL;
			socket->state = CBX_SOCKET_NEW;
			cbx_socket_drop(*to);
		}
	}
	/* a socket with a peer hears nobody else */
	if (status == 0 && socket->family == LX_AF_UNIX &&
		(*to)->peer != NULL && (*to)->peer != socket) {
		status = -LX_EPERM;
	}
	if (status == 0) {
		cbx_socket_hold(*to);
	}
	return status;
}

/* Nobody has the port: UDP tells a connected sender at its next call. */
static int64_t lost(struct cbx_socket *socket, uint64_t bytes)
{
	if (socket->state == CBX_SOCKET_CONNECTED) {
		socket->error = LX_ECONNREFUSED;
		cbx_socket_changed(socket);
	}
	return (int64_t)bytes;
}

/* Put a datagram where @p to reads, when there is room; UDP drops it. */
static int64_t deliver(struct cbx_socket *socket, struct cbx_socket *to,
	struct cbx_message_in *message, uint32_t flags)
{
	int64_t deadline = cbx_socket_deadline(socket->send_ns);
	uint64_t total = message->vector.total;

	if (socket->family == LX_AF_INET && cbx_socket_room(to) < total) {
		return (int64_t)total;
	}
	while (to->state != CBX_SOCKET_CLOSED && !to->shut_read &&
		cbx_socket_room(to) < cbx_max(total, 1)) {
		int64_t status = cbx_socket_wait(to, flags, deadline);

		if (status != 0) {
			return status;
		}
	}
	if (to->state == CBX_SOCKET_CLOSED) {
		return -LX_ECONNREFUSED;
	}
	if (to->shut_read) {
		return -LX_EPIPE;
	}
	return post(to, message, total, socket);
}

static int64_t send_datagram(struct cbx_socket *socket,
	struct cbx_message_in *message, uint32_t flags)
{
	uint64_t most =
		socket->family == LX_AF_INET
			? 65507u
			: (uint32_t)socket->option[0][LX_SO_SNDBUF] - 32u;
	struct cbx_socket *to;
	int64_t status = cbx_socket_error(socket);

	if (status == 0 && socket->shut_write) {
		status = broken(socket, flags);
	}
	if (status == 0 && message->vector.total > most) {
		status = -LX_EMSGSIZE;
	}
	if (status == 0 && socket->family == LX_AF_INET) {
		status = cbx_socket_autobind(socket);
	}
	if (status != 0) {
		return status;
	}
	status = datagram_target(socket, message, &to);
	if (status != 0) {
		return status == -LX_ECONNREFUSED &&
				       socket->family == LX_AF_INET
			       ? lost(socket, message->vector.total)
			       : status;
	}
	status = deliver(socket, to, message, flags);
	cbx_socket_drop(to);
	return status;
}

int64_t cbx_socket_send(struct cbx_socket *socket,
	struct cbx_message_in *message, uint32_t flags)
{
	if ((flags & LX_MSG_OOB) != 0) {
		return -LX_EOPNOTSUPP;
	}
	if (socket->type == LX_SOCK_DGRAM) {
		return send_datagram(socket, message, flags);
	}
	if (message->to != NULL && socket->family == LX_AF_UNIX &&
		socket->type == LX_SOCK_STREAM) {
		return socket->state == CBX_SOCKET_CONNECTED ? -LX_EISCONN
							     : -LX_EOPNOTSUPP;
	}
	return socket->type == LX_SOCK_STREAM
		       ? send_stream(socket, message, flags)
		       : send_sequenced(socket, message, flags);
}

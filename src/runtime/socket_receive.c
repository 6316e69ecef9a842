/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving. */
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "socket.h"

/* Whether there will be nothing more to read. */
static bool at_end(const struct cbx_socket *socket)
{
	if (socket->shut_read) {
		return true;
	}
	return socket->type != LX_SOCK_DGRAM &&
	       (socket->peer == NULL || socket->peer->shut_write);
}

/* 1: there is something to read; 0: there never will be. */
static int64_t wait_for_letter(
	struct cbx_socket *socket, uint32_t flags, int64_t deadline)
{
	while (socket->letters == 0) {
		int64_t status = cbx_socket_error(socket);

		if (status == -LX_EPIPE) {
			socket->error = LX_EPIPE; /* the sender's */
			status = 0;
		}
		if (status == 0 && at_end(socket)) {
			return 0;
		}
		if (status == 0) {
			status = cbx_socket_wait(socket, flags, deadline);
		}
		if (status != 0) {
			return status;
		}
	}
	return 1;
}

/* Pass on who sent a letter and what came with it. */
static void pass_on(struct cbx_letter *letter, struct cbx_message_out *message,
	uint32_t flags)
{
	message->sender = letter->sender;
	message->has_sender = true;
	message->from.bytes = 0;
	if (letter->from != NULL) {
		message->from = letter->from->name;
	}
	if (message->rights == NULL) {
		message->rights = letter->rights;
		message->borrowed = (flags & LX_MSG_PEEK) != 0;
		if (!message->borrowed) {
			letter->rights = NULL;
		}
	}
}

static int64_t receive_letter(struct cbx_socket *socket,
	struct cbx_message_out *message, uint32_t flags)
{
	int64_t status = wait_for_letter(
		socket, flags, cbx_socket_deadline(socket->receive_ns));
	struct cbx_letter *letter = socket->first;
	uint64_t whole;
	uint64_t want;
	uint64_t done;

	if (status <= 0) {
		return status;
	}
	whole = letter->end - letter->start;
	want = cbx_min(whole, message->vector.total);
	done = cbx_iovec_put(
		&message->vector, letter->at + letter->start, want);
	if (done < want) {
		return -LX_EFAULT;
	}
	pass_on(letter, message, flags);
	message->flags |= want < whole ? LX_MSG_TRUNC : 0;
	if ((flags & LX_MSG_PEEK) == 0) {
		cbx_letter_remove(socket);
		cbx_socket_changed(socket);
		cbx_socket_changed(socket->peer);
	}
	return (int64_t)((flags & LX_MSG_TRUNC) != 0 ? whole : done);
}

/* Read from the letters of a stream that are there, without waiting. */
static int64_t drain(struct cbx_socket *socket, struct cbx_message_out *message,
	uint32_t flags, uint64_t bytes)
{
	struct cbx_letter *letter = socket->first;
	uint64_t done = 0;

	while (letter != NULL && done < bytes) {
		struct cbx_letter *next = letter->next;
		uint64_t part =
			cbx_min(bytes - done, letter->end - letter->start);
		uint64_t got;

		/* one message's files and sender do not mix with another's */
		if (message->has_sender &&
			(letter->rights != NULL || message->rights != NULL)) {
			break;
		}
		got = cbx_iovec_put(
			&message->vector, letter->at + letter->start, part);
		if (got < part && done + got == 0) {
			return -LX_EFAULT;
		}
		pass_on(letter, message, flags);
		done += got;
		if ((flags & LX_MSG_PEEK) == 0) {
			letter->start += got;
			socket->bytes -= got;
			if (letter->start == letter->end) {
				cbx_letter_remove(socket);
			}
		}
		letter = next;
	}
	return (int64_t)done;
}

static int64_t receive_stream(struct cbx_socket *socket,
	struct cbx_message_out *message, uint32_t flags)
{
	int64_t deadline = cbx_socket_deadline(socket->receive_ns);
	uint64_t total = message->vector.total;
	bool all = (flags & LX_MSG_WAITALL) != 0 && (flags & LX_MSG_PEEK) == 0;
	uint64_t done = 0;

	if (socket->state == CBX_SOCKET_NEW ||
		socket->state == CBX_SOCKET_LISTENING) {
		int64_t error = cbx_socket_error(socket);

		return error != 0		      ? error
		       : socket->family == LX_AF_UNIX ? -LX_EINVAL
						      : -LX_ENOTCONN;
	}
	do {
		int64_t part = wait_for_letter(socket, flags, deadline);

		if (part > 0) {
			part = drain(socket, message, flags, total - done);
			cbx_socket_changed(socket->peer);
		}
		if (part <= 0) {
			return done == 0 ? part : (int64_t)done;
		}
		done += (uint64_t)part;
	} while (all && done < total && message->rights == NULL);
	return (int64_t)done;
}

int64_t cbx_socket_receive(struct cbx_socket *socket,
	struct cbx_message_out *message, uint32_t flags)
{
	if ((flags & LX_MSG_ERRQUEUE) != 0) {
		return -LX_EAGAIN;
	}
	if ((flags & LX_MSG_OOB) != 0) {
		return socket->family == LX_AF_UNIX ? -LX_EOPNOTSUPP
						    : -LX_EINVAL;
	}
	if (socket->type == LX_SOCK_STREAM) {
		return receive_stream(socket, message, flags);
	}
	if (socket->type == LX_SOCK_SEQPACKET &&
		socket->state != CBX_SOCKET_CONNECTED) {
		return -LX_ENOTCONN;
	}
	return receive_letter(socket, message, flags);
}

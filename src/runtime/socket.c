/* SPDX-License-Identifier: Apache-2.0 */
#include "socket.h"

#include "bridge.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "time.h"

struct cbx_socket *cbx_socket_create(uint16_t family, uint8_t type)
{
	struct cbx_socket *socket = cbx_heap_take_zero(sizeof(*socket));

	if (socket == NULL) {
		return NULL;
	}
	socket->refs = 1;
	socket->family = family;
	socket->type = type;
	socket->owner.pid = cbx_process_self()->pid;
	socket->receive_ns = INT64_MAX;
	socket->send_ns = INT64_MAX;
	socket->name = (struct cbx_address){ .bytes = 2, .family = family };
	if (family == LX_AF_INET) {
		socket->name = cbx_address_in(0, 0);
	}
	socket->option[0][LX_SO_SNDBUF] = (int32_t)CBX_SOCKET_BUFFER;
	socket->option[0][LX_SO_RCVBUF] = (int32_t)CBX_SOCKET_BUFFER;
	if (family == LX_AF_INET && type == LX_SOCK_STREAM) {
		socket->option[0][LX_SO_RCVBUF] = (int32_t)CBX_SOCKET_TCP;
	}
	socket->option[0][LX_SO_RCVLOWAT] = 1;
	socket->option[0][LX_SO_SNDLOWAT] = 1;
	return socket;
}

void cbx_socket_hold(struct cbx_socket *socket)
{
	socket->refs++;
}

void cbx_socket_drop(struct cbx_socket *socket)
{
	if (socket != NULL && --socket->refs == 0) {
		cbx_heap_give(socket, sizeof(*socket));
	}
}

struct cbx_socket *cbx_socket_of(const struct cbx_file *file)
{
	return file->ops == &cbx_socket_ops ? file->node->socket : NULL;
}

struct cbx_file *cbx_socket_hold_file(uint64_t fd, int64_t *status)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)fd);

	*status = file == NULL || file->ops == &cbx_path_ops ? -LX_EBADF
		  : cbx_socket_of(file) == NULL		     ? -LX_ENOTSOCK
							     : 0;
	if (*status != 0) {
		return NULL;
	}
	cbx_file_hold(file);
	return file;
}

void cbx_socket_changed(struct cbx_socket *socket)
{
	if (socket != NULL) {
		cbx_wait_wake(&socket->queue, UINT64_MAX);
	}
}

int64_t cbx_socket_deadline(int64_t ns)
{
	int64_t end;

	return ns == INT64_MAX || __builtin_add_overflow(
					  cbx_time_monotonic(), ns, &end)
		       ? INT64_MAX
		       : end;
}

int64_t cbx_socket_wait(
	struct cbx_socket *socket, uint32_t flags, int64_t deadline)
{
	int64_t status;

	if ((flags & LX_MSG_DONTWAIT) != 0) {
		return -LX_EAGAIN;
	}
	status = cbx_wait_on(&socket->queue, deadline);
	return status == -LX_ETIMEDOUT ? -LX_EAGAIN : status;
}

int64_t cbx_socket_error(struct cbx_socket *socket)
{
	int64_t error = socket->error;

	socket->error = 0;
	return -error;
}

void cbx_socket_join(struct cbx_socket *a, struct cbx_socket *b)
{
	a->peer = b;
	b->peer = a;
	cbx_socket_hold(a);
	cbx_socket_hold(b);
	a->other = b->owner;
	b->other = a->owner;
	a->peer_name = b->name;
	b->peer_name = a->name;
	a->state = CBX_SOCKET_CONNECTED;
	b->state = CBX_SOCKET_CONNECTED;
}

/* The peer learns that nobody is there any more. */
static void leave(struct cbx_socket *socket, bool unread)
{
	struct cbx_socket *peer = socket->peer;

	socket->peer = NULL;
	if (peer == NULL) {
		return;
	}
	if (peer->peer == socket && socket->type != LX_SOCK_DGRAM) {
		peer->peer = NULL;
		peer->error = unread ? LX_ECONNRESET : peer->error;
		cbx_socket_drop(socket);
	}
	cbx_socket_changed(peer);
	cbx_socket_drop(peer);
}

static void close_socket(struct cbx_socket *socket)
{
	bool unread = socket->letters != 0;

	cbx_socket_unbind(socket);
	socket->state = CBX_SOCKET_CLOSED;
	while (socket->first != NULL) {
		cbx_letter_remove(socket);
	}
	while (socket->pending != NULL) {
		struct cbx_socket *pending = socket->pending;

		socket->pending = pending->next;
		pending->next = NULL;
		close_socket(pending);
	}
	leave(socket, unread);
	cbx_socket_changed(socket);
	cbx_socket_drop(socket);
}

void cbx_socket_close(struct cbx_socket *socket)
{
	close_socket(socket);
}

uint32_t cbx_socket_flags(const struct cbx_file *file, uint64_t flags)
{
	return (uint32_t)flags |
	       ((file->flags & LX_O_NONBLOCK) != 0 ? LX_MSG_DONTWAIT : 0);
}

static int64_t socket_vector(
	struct cbx_file *file, struct cbx_iovec *vector, bool write)
{
	struct cbx_message_in in = {
		.vector = *vector,
		.sender.pid = cbx_process_self()->pid,
	};
	struct cbx_message_out out = { .vector = *vector };
	int64_t done;

	if (write) {
		return cbx_socket_send(
			file->node->socket, &in, cbx_socket_flags(file, 0));
	}
	if (vector->total == 0) {
		return 0;
	}
	done = cbx_socket_receive(
		file->node->socket, &out, cbx_socket_flags(file, 0));
	cbx_parcel_drop(out.rights);
	return done;
}

static int64_t socket_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_iovec vector;

	(void)at;
	cbx_iovec_one(&vector, va, bytes);
	return socket_vector(file, &vector, false);
}

static int64_t socket_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_iovec vector;

	(void)at;
	cbx_iovec_one(&vector, va, bytes);
	return socket_vector(file, &vector, true);
}

/* Whether what is sent has somewhere to go at once. */
static bool can_send(const struct cbx_socket *socket)
{
	if (socket->type == LX_SOCK_DGRAM) {
		return socket->peer == NULL ||
		       cbx_socket_room(socket->peer) != 0;
	}
	return socket->peer == NULL || socket->shut_write ||
	       cbx_socket_room(socket->peer) != 0;
}

static uint32_t connected_poll(const struct cbx_socket *socket)
{
	const struct cbx_socket *peer = socket->peer;
	bool ended = socket->shut_read || peer == NULL || peer->shut_write;
	bool over = ended && (peer == NULL || socket->shut_write);
	uint32_t ready = 0;

	ready |= ended ? LX_POLLIN | LX_POLLRDNORM | LX_POLLRDHUP : 0u;
	return ready | (over ? LX_POLLHUP : 0u);
}

static uint32_t socket_poll(struct cbx_file *file)
{
	const struct cbx_socket *socket = file->node->socket;
	uint32_t ready = socket->error != 0 ? LX_POLLERR : 0u;

	if (socket->state == CBX_SOCKET_LISTENING) {
		return ready |
		       (socket->pending != NULL ? LX_POLLIN | LX_POLLRDNORM
						: 0u);
	}
	ready |= socket->letters != 0 ? LX_POLLIN | LX_POLLRDNORM : 0u;
	ready |= can_send(socket) ? LX_POLLOUT | LX_POLLWRNORM | LX_POLLWRBAND
				  : 0u;
	if (socket->type == LX_SOCK_DGRAM) {
		return ready | (socket->shut_read ? LX_POLLIN | LX_POLLRDNORM |
							    LX_POLLRDHUP
						  : 0u);
	}
	return ready |
	       (socket->state == CBX_SOCKET_CONNECTED ? connected_poll(socket)
						      : LX_POLLHUP);
}

static struct cbx_wait_queue *socket_queue(struct cbx_file *file)
{
	return &file->node->socket->queue;
}

static uint64_t socket_available(const struct cbx_file *file)
{
	const struct cbx_socket *socket = file->node->socket;

	if (!cbx_socket_keeps_borders(socket)) {
		return socket->bytes;
	}
	return socket->first == NULL
		       ? 0
		       : socket->first->end - socket->first->start;
}

static void socket_close(struct cbx_file *file)
{
	close_socket(file->node->socket);
}

const struct cbx_file_ops cbx_socket_ops = {
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.queue = socket_queue,
	.available = socket_available,
	.close = socket_close,
	.vector = socket_vector,
};

int64_t cbx_socket_open(
	struct cbx_socket *socket, uint32_t flags, struct cbx_file **file)
{
	struct cbx_node *node =
		cbx_node_create(LX_S_IFSOCK | 0777u, cbx_time_coarse());
	int64_t status = -LX_ENOMEM;

	if (node != NULL) {
		cbx_node_hold(node);
		node->socket = socket;
		node->device = CBX_DEVICE_SOCKET;
		status = cbx_file_open(node, flags | LX_O_RDWR, file);
		cbx_node_drop(node);
	}
	if (status != 0) {
		close_socket(socket);
	}
	return status;
}

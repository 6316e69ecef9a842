/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying bytes and connections over a bridge. */
#include "bridge_int.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"

#define MAPPED (0xffffull << 32)

/* The bridge task's own. */
static struct cbx_forward_message out;
static uint8_t in[CBX_FORWARD_BYTES];

struct cbx_address cbx_bridge_address(const struct cbx_forward_end *end)
{
	bool v4 = end->high == 0 && end->low >> 32 == MAPPED >> 32;

	return cbx_address_in(v4 ? (uint32_t)end->low : 0, (uint16_t)end->port);
}

/* The connection broke: both sides learn it. */
static void fail(struct cbx_bridge *bridge, int64_t error)
{
	struct cbx_socket *peer = bridge->socket->peer;

	bridge->failed = true;
	while (bridge->socket->first != NULL) {
		cbx_letter_remove(bridge->socket);
	}
	if (peer != NULL) {
		peer->error = (int32_t)-error;
		cbx_socket_changed(peer);
	}
}

/* @return whether the host said anything but "not now" */
static bool judge(struct cbx_bridge *bridge, int64_t result, uint32_t bit)
{
	if (result == -LX_EAGAIN) {
		bridge->ready &= ~bit;
		return false;
	}
	if (result < 0) {
		fail(bridge, result);
	}
	return result >= 0;
}

static bool post(struct cbx_socket *to, uint64_t bytes)
{
	uint64_t size = cbx_heap_size(sizeof(struct cbx_letter) + bytes);
	struct cbx_letter *letter = cbx_heap_take(size);

	if (letter == NULL) {
		return false;
	}
	*letter = (struct cbx_letter){ .room = size - sizeof(*letter),
		.end = bytes };
	memcpy(letter->at, in, bytes);
	cbx_letter_add(to, letter);
	return true;
}

/* From the host to the program. */
static bool carry_in(struct cbx_bridge *bridge)
{
	struct cbx_socket *peer = bridge->socket->peer;
	uint64_t room = cbx_min(cbx_socket_room(peer), sizeof(in));
	int64_t n =
		cbx_forward_read(bridge->handle, CBX_FORWARD_STREAM, in, room);

	if (!judge(bridge, n, LX_POLLIN)) {
		return bridge->failed;
	}
	peer = bridge->socket->peer; /* it may be gone since */
	if (n == 0) {
		bridge->ended = true;
		bridge->socket->shut_write = true;
		cbx_socket_changed(peer);
		return true;
	}
	if ((uint64_t)n < room) {
		bridge->ready &= ~(uint32_t)LX_POLLIN;
	}
	if (peer != NULL && !post(peer, (uint64_t)n)) {
		fail(bridge, -LX_ENOMEM);
	}
	return true;
}

/* Take bytes the host has off the letters. */
static void consume(struct cbx_socket *socket, uint64_t bytes)
{
	while (bytes != 0) {
		struct cbx_letter *letter = socket->first;
		uint64_t part = cbx_min(bytes, letter->end - letter->start);

		letter->start += part;
		socket->bytes -= part;
		bytes -= part;
		if (letter->start == letter->end) {
			cbx_letter_remove(socket);
		}
	}
}

/* Copy the beginning of the letters. @return how many bytes */
static uint64_t gather(const struct cbx_socket *socket)
{
	uint64_t done = 0;

	for (const struct cbx_letter *letter = socket->first;
		letter != NULL && done < sizeof(out.bytes);
		letter = letter->next) {
		uint64_t part = cbx_min(
			letter->end - letter->start, sizeof(out.bytes) - done);

		memcpy(out.bytes + done, letter->at + letter->start, part);
		done += part;
	}
	return done;
}

/* From the program to the host. */
static bool carry_out(struct cbx_bridge *bridge)
{
	struct cbx_socket *socket = bridge->socket;
	uint64_t bytes = gather(socket);
	int64_t n = cbx_forward_write(
		bridge->handle, CBX_FORWARD_STREAM, &out, bytes);

	if (!judge(bridge, n, LX_POLLOUT)) {
		return bridge->failed;
	}
	consume(socket, (uint64_t)n);
	cbx_socket_changed(socket->peer);
	return true;
}

/* The program sends nothing more. */
static bool is_silent(const struct cbx_bridge *bridge)
{
	const struct cbx_socket *socket = bridge->socket;

	return socket->letters == 0 &&
	       (socket->peer == NULL || socket->peer->shut_write);
}

static bool wants_in(const struct cbx_bridge *bridge)
{
	const struct cbx_socket *peer = bridge->socket->peer;

	return !bridge->ended && peer != NULL && !peer->shut_read &&
	       cbx_socket_room(peer) != 0;
}

/* A connection of the host's waits to be accepted in the box. */
static bool deliver(struct cbx_bridge *bridge, int64_t handle,
	const struct cbx_forward_end ends[2])
{
	struct cbx_socket *listener = bridge->socket;
	struct cbx_socket *made =
		cbx_socket_create(listener->family, listener->type);
	struct cbx_socket *peer =
		cbx_socket_create(listener->family, listener->type);

	if (made == NULL || peer == NULL) {
		cbx_socket_drop(made);
		cbx_socket_drop(peer);
		cbx_forward_close((uint64_t)handle);
		return false;
	}
	made->name = cbx_bridge_address(&ends[0]);
	peer->name = cbx_bridge_address(&ends[1]);
	made->owner = listener->owner;
	cbx_socket_join(made, peer);
	if (cbx_bridge_add(peer, (uint64_t)handle, false) != 0) {
		cbx_socket_drop(made);
		return false;
	}
	cbx_socket_pend(listener, made);
	return true;
}

static bool accept(struct cbx_bridge *bridge)
{
	struct cbx_forward_end ends[2];
	int64_t handle = cbx_forward_accept(bridge->handle, ends);

	if (handle == -LX_EAGAIN) {
		bridge->ready = 0;
		return false;
	}
	if (handle < 0) {
		bridge->failed = true;
		return true;
	}
	if (bridge->socket->state != CBX_SOCKET_LISTENING) {
		cbx_forward_close((uint64_t)handle);
		return true;
	}
	return deliver(bridge, handle, ends);
}

uint32_t cbx_bridge_wants(const struct cbx_bridge *bridge)
{
	const struct cbx_socket *socket = bridge->socket;

	if (bridge->failed) {
		return 0;
	}
	if (bridge->listens) {
		return socket->waiting <= socket->backlog ? LX_POLLIN : 0;
	}
	return (wants_in(bridge) ? LX_POLLIN : 0u) |
	       (socket->letters != 0 ? LX_POLLOUT : 0u);
}

bool cbx_bridge_over(const struct cbx_bridge *bridge)
{
	const struct cbx_socket *socket = bridge->socket;

	if (bridge->listens) {
		return socket->state != CBX_SOCKET_LISTENING;
	}
	return (socket->peer == NULL && socket->letters == 0) ||
	       (bridge->failed && socket->peer == NULL) ||
	       (bridge->ended && bridge->told);
}

bool cbx_bridge_step(struct cbx_bridge *bridge)
{
	uint32_t can = cbx_bridge_wants(bridge) & bridge->ready;
	bool moved = false;

	if (bridge->failed) {
		return false;
	}
	if (bridge->listens) {
		return can != 0 && accept(bridge);
	}
	if ((can & LX_POLLOUT) != 0) {
		moved = carry_out(bridge);
	}
	if ((can & LX_POLLIN) != 0 && !bridge->failed && wants_in(bridge)) {
		moved = carry_in(bridge) || moved;
	}
	if (!bridge->failed && !bridge->told && is_silent(bridge)) {
		bridge->told = true;
		(void)cbx_forward_shutdown(bridge->handle, LX_SHUT_WR);
		moved = true;
	}
	return moved;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The names of sockets: paths, abstract names, ports. */
#include "at.h"
#include "bridge.h"
#include "fs.h"
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "socket.h"
#include "user.h"

#define LOOPBACK   0x7f000001u
#define PORT_FIRST 32768u
#define PORT_COUNT 28232u

/* Sockets with an abstract name or a port. */
static struct cbx_socket *named;

static uint16_t swap16(uint16_t value)
{
	return (uint16_t)(value << 8 | value >> 8);
}

static uint32_t ip_of(const struct cbx_address *address)
{
	return __builtin_bswap32(address->in.address);
}

struct cbx_address cbx_address_in(uint32_t address, uint16_t port)
{
	return (struct cbx_address){
		.bytes = sizeof(struct lx_sockaddr_in),
		.in = { .family = LX_AF_INET,
			.port = swap16(port),
			.address = __builtin_bswap32(address) },
	};
}

int64_t cbx_address_get(
	struct cbx_address *address, uint64_t va, uint64_t bytes)
{
	if ((int32_t)bytes < 2 || bytes > 128) {
		return -LX_EINVAL;
	}
	*address = (struct cbx_address){ .bytes = (uint32_t)bytes };
	if (cbx_user_get(address->raw, va, cbx_min(bytes, CBX_SOCKET_NAME)) !=
		0) {
		return -LX_EFAULT;
	}
	return address->family == LX_AF_UNIX && bytes > CBX_SOCKET_NAME
		       ? -LX_EINVAL
		       : 0;
}

int64_t cbx_address_put(
	const struct cbx_address *address, uint64_t va, uint64_t bytes_va)
{
	uint32_t room;

	if (cbx_user_get(&room, bytes_va, sizeof(room)) != 0) {
		return -LX_EFAULT;
	}
	if ((int32_t)room < 0) {
		return -LX_EINVAL;
	}
	if (cbx_user_put(va, address->raw, cbx_min(room, address->bytes)) !=
		0) {
		return -LX_EFAULT;
	}
	return cbx_user_put(bytes_va, &address->bytes, sizeof(room));
}

static bool is_abstract(const struct cbx_address *address)
{
	return address->bytes > 2 && address->raw[2] == '\0';
}

static bool is_loopback(uint32_t ip)
{
	return ip == 0 || ip >> 24 == 127;
}

/* Whether a packet to @p to reaches the name @p name. */
static bool reaches(
	const struct cbx_address *to, const struct cbx_address *name)
{
	if (name->family == LX_AF_UNIX) {
		return to->bytes == name->bytes &&
		       memcmp(to->raw, name->raw, name->bytes) == 0;
	}
	return to->in.port == name->in.port &&
	       (ip_of(name) == 0 || ip_of(to) == 0 || ip_of(name) == ip_of(to));
}

static struct cbx_socket *find_named(
	const struct cbx_address *to, uint16_t family, uint8_t type)
{
	struct cbx_socket *s = named;

	while (s != NULL &&
		(s->family != family || s->type != type ||
			(family == LX_AF_INET && type == LX_SOCK_STREAM &&
				s->state != CBX_SOCKET_LISTENING) ||
			!reaches(to, &s->name))) {
		s = s->next;
	}
	return s;
}

/* Whether two may have one port. */
static bool may_share(const struct cbx_socket *a, const struct cbx_socket *b)
{
	if (a->family != LX_AF_INET) {
		return false;
	}
	if (a->option[0][LX_SO_REUSEPORT] != 0 &&
		b->option[0][LX_SO_REUSEPORT] != 0) {
		return true;
	}
	return a->option[0][LX_SO_REUSEADDR] != 0 &&
	       b->option[0][LX_SO_REUSEADDR] != 0 &&
	       b->state != CBX_SOCKET_LISTENING;
}

static bool taken(
	const struct cbx_socket *socket, const struct cbx_address *address)
{
	for (const struct cbx_socket *s = named; s != NULL; s = s->next) {
		if (s->family == socket->family && s->type == socket->type &&
			reaches(address, &s->name) && !may_share(socket, s)) {
			return true;
		}
	}
	return false;
}

static int64_t give_name(
	struct cbx_socket *socket, const struct cbx_address *address)
{
	if (taken(socket, address)) {
		return -LX_EADDRINUSE;
	}
	socket->name = *address;
	socket->bound = true;
	socket->next = named;
	named = socket;
	return 0;
}

int64_t cbx_socket_autobind(struct cbx_socket *socket)
{
	static uint32_t last;
	int64_t status = -LX_EADDRINUSE;

	if (socket->bound) {
		return 0;
	}
	for (uint32_t i = 0; i < PORT_COUNT && status != 0; i++) {
		struct cbx_address name = cbx_address_in(ip_of(&socket->name),
			(uint16_t)(PORT_FIRST + last % PORT_COUNT));

		if (socket->family == LX_AF_UNIX) {
			struct cbx_text text = { .at = (char *)name.raw + 3,
				.size = 5 };

			name = (struct cbx_address){ .bytes = 8,
				.family = LX_AF_UNIX };
			cbx_text_put_hex(&text, last & 0xfffffu, 5);
		}
		last++;
		status = give_name(socket, &name);
	}
	return status;
}

/* Make the path that names a socket. */
static int64_t bind_path(
	struct cbx_socket *socket, const struct cbx_address *address)
{
	char path[CBX_SOCKET_NAME] = { 0 };
	struct cbx_walk walk;
	int64_t status;

	memcpy(path, address->raw + 2, address->bytes - 2);
	status = cbx_path_walk(cbx_process_self()->cwd, path, false, &walk);
	if (status != 0) {
		return status;
	}
	if (walk.node != NULL) {
		return -LX_EADDRINUSE;
	}
	if (socket->bound || socket->state != CBX_SOCKET_NEW) {
		return -LX_EINVAL;
	}
	status = cbx_fs_check_new(&walk);
	if (status != 0) {
		return status;
	}
	socket->node = cbx_fs_make(walk.dir, walk.name, walk.length,
		LX_S_IFSOCK | (0777u & ~cbx_process_self()->umask));
	if (socket->node == NULL) {
		return -LX_ENOSPC;
	}
	cbx_node_hold(socket->node);
	cbx_node_touch(walk.dir);
	socket->node->socket = socket;
	socket->name = *address;
	socket->name.bytes = 2 + (uint32_t)strlen(path) + 1;
	socket->bound = true;
	return 0;
}

static int64_t bind_in(
	struct cbx_socket *socket, const struct cbx_address *address)
{
	struct cbx_address name;

	if (address->bytes < sizeof(struct lx_sockaddr_in)) {
		return -LX_EINVAL;
	}
	if (!is_loopback(ip_of(address))) {
		return -LX_EADDRNOTAVAIL;
	}
	name = cbx_address_in(ip_of(address), swap16(address->in.port));
	if (name.in.port == 0) {
		socket->name = name;
		return cbx_socket_autobind(socket);
	}
	return give_name(socket, &name);
}

int64_t cbx_socket_bind(
	struct cbx_socket *socket, const struct cbx_address *address)
{
	if (address->family != socket->family) {
		return socket->family == LX_AF_UNIX ? -LX_EINVAL
						    : -LX_EAFNOSUPPORT;
	}
	if (socket->family == LX_AF_UNIX && address->bytes > 2 &&
		!is_abstract(address)) {
		return bind_path(socket, address);
	}
	if (socket->bound || socket->state != CBX_SOCKET_NEW) {
		return -LX_EINVAL;
	}
	if (cbx_bridge_has(CBX_FORWARD_LISTEN, socket, address)) {
		socket->name = *address;
		socket->outside = true;
		socket->bound = true;
		return 0;
	}
	if (socket->family == LX_AF_INET) {
		return bind_in(socket, address);
	}
	return address->bytes == 2 ? cbx_socket_autobind(socket)
				   : give_name(socket, address);
}

void cbx_socket_unbind(struct cbx_socket *socket)
{
	struct cbx_socket **at = &named;

	if (socket->node != NULL) {
		socket->node->socket = NULL;
		cbx_node_drop(socket->node);
		socket->node = NULL;
		return;
	}
	while (*at != NULL && *at != socket) {
		at = &(*at)->next;
	}
	if (*at == socket) {
		*at = socket->next;
		socket->next = NULL;
	}
}

static int64_t find_path(
	const struct cbx_address *address, struct cbx_socket **to)
{
	char path[CBX_SOCKET_NAME] = { 0 };
	struct cbx_walk walk;
	int64_t status;

	memcpy(path, address->raw + 2, address->bytes - 2);
	status = cbx_path_walk(cbx_process_self()->cwd, path, true, &walk);
	if (status != 0 || walk.node == NULL) {
		return status != 0 ? status : -LX_ENOENT;
	}
	if (!cbx_node_is(walk.node, LX_S_IFSOCK) || walk.node->socket == NULL) {
		return -LX_ECONNREFUSED;
	}
	*to = walk.node->socket;
	return 0;
}

static int64_t check_family(
	const struct cbx_socket *from, const struct cbx_address *address)
{
	if (from->family == LX_AF_INET &&
		address->bytes < sizeof(struct lx_sockaddr_in)) {
		return -LX_EINVAL;
	}
	if (address->family != from->family) {
		return from->family == LX_AF_UNIX ? -LX_EINVAL
						  : -LX_EAFNOSUPPORT;
	}
	if (from->family == LX_AF_UNIX) {
		return address->bytes <= 2 ? -LX_EINVAL : 0;
	}
	return is_loopback(ip_of(address)) ? 0 : -LX_ENETUNREACH;
}

int64_t cbx_socket_find(const struct cbx_socket *from,
	const struct cbx_address *address, struct cbx_socket **to)
{
	int64_t status = check_family(from, address);

	if (status != 0) {
		return status;
	}
	if (from->family == LX_AF_UNIX && !is_abstract(address)) {
		status = find_path(address, to);
	} else {
		*to = find_named(address, from->family, from->type);
		status = *to == NULL ? -LX_ECONNREFUSED : 0;
	}
	if (status == 0 && (*to)->type != from->type) {
		return -LX_EPROTOTYPE;
	}
	return status;
}

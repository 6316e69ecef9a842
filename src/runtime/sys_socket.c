/* SPDX-License-Identifier: Apache-2.0 */
/* The calls about sockets themselves. */
#include "linux.h"
#include "task.h"
#include "socket.h"
#include "syscall.h"
#include "user.h"

static int64_t check_kind(uint64_t family, uint64_t type, uint64_t protocol)
{
	uint32_t kind = (uint32_t)type & LX_SOCK_TYPE;

	if (family != LX_AF_UNIX && family != LX_AF_INET) {
		return -LX_EAFNOSUPPORT;
	}
	if (((uint32_t)type & ~(LX_SOCK_TYPE | LX_SOCK_NONBLOCK |
				      LX_SOCK_CLOEXEC)) != 0) {
		return -LX_EINVAL;
	}
	if (family == LX_AF_UNIX) {
		if (protocol > 1) {
			return -LX_EPROTONOSUPPORT;
		}
		return kind == LX_SOCK_STREAM || kind == LX_SOCK_DGRAM ||
				       kind == LX_SOCK_RAW ||
				       kind == LX_SOCK_SEQPACKET
			       ? 0
			       : -LX_ESOCKTNOSUPPORT;
	}
	if (kind != LX_SOCK_STREAM && kind != LX_SOCK_DGRAM) {
		return kind == LX_SOCK_RAW ? -LX_EPROTONOSUPPORT
					   : -LX_ESOCKTNOSUPPORT;
	}
	return protocol == 0 || protocol == (kind == LX_SOCK_STREAM
							    ? LX_IPPROTO_TCP
							    : LX_IPPROTO_UDP)
		       ? 0
		       : -LX_EPROTONOSUPPORT;
}

static int64_t create(const uint64_t *arg, struct cbx_socket **socket)
{
	int64_t status = check_kind(
		(uint32_t)arg[0], (uint32_t)arg[1], (uint32_t)arg[2]);
	uint8_t type = (uint8_t)(arg[1] & LX_SOCK_TYPE);

	if (status != 0) {
		return status;
	}
	if (type == LX_SOCK_RAW) {
		type = LX_SOCK_DGRAM; /* as the kernel has it for AF_UNIX */
	}
	*socket = cbx_socket_create((uint16_t)arg[0], type);
	return *socket == NULL ? -LX_ENOMEM : 0;
}

/* A descriptor for a socket, whose reference it takes. */
static int64_t describe(struct cbx_socket *socket, uint32_t flags)
{
	struct cbx_file *file;
	int64_t fd = cbx_socket_open(socket, flags & LX_SOCK_NONBLOCK, &file);

	if (fd != 0) {
		return fd;
	}
	fd = cbx_fd_add(file, 0, (flags & LX_SOCK_CLOEXEC) != 0);
	if (fd < 0) {
		cbx_file_drop(file);
	}
	return fd;
}

int64_t cbx_sys_socket(const uint64_t *arg)
{
	struct cbx_socket *socket;
	int64_t status = create(arg, &socket);

	return status != 0 ? status : describe(socket, (uint32_t)arg[1]);
}

int64_t cbx_sys_socketpair(const uint64_t *arg)
{
	struct cbx_socket *one;
	struct cbx_socket *two;
	int64_t first;
	int64_t second;
	int32_t fd[2];
	int64_t status = create(arg, &one);

	if (status == 0 && arg[0] != LX_AF_UNIX) {
		cbx_socket_drop(one);
		status = -LX_EOPNOTSUPP;
	}
	if (status != 0) {
		return status;
	}
	status = create(arg, &two);
	if (status != 0) {
		cbx_socket_drop(one);
		return status;
	}
	cbx_socket_join(one, two);
	first = describe(one, (uint32_t)arg[1]);
	second = describe(two, (uint32_t)arg[1]);
	fd[0] = (int32_t)first;
	fd[1] = (int32_t)second;
	status = first < 0 ? first : second < 0 ? second : 0;
	if (status == 0) {
		status = cbx_user_put(arg[3], fd, sizeof(fd));
	}
	if (status != 0 && first >= 0) {
		cbx_fd_close((uint64_t)first);
	}
	if (status != 0 && second >= 0) {
		cbx_fd_close((uint64_t)second);
	}
	return status;
}

int64_t cbx_sys_bind(const uint64_t *arg)
{
	struct cbx_address address;
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file == NULL) {
		return status;
	}
	status = cbx_address_get(&address, arg[1], arg[2]);
	if (status == 0) {
		status = cbx_socket_bind(file->node->socket, &address);
	}
	cbx_file_drop(file);
	return status;
}

int64_t cbx_sys_connect(const uint64_t *arg)
{
	struct cbx_address address;
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file == NULL) {
		return status;
	}
	status = cbx_address_get(&address, arg[1], arg[2]);
	if (status == 0) {
		status = cbx_socket_connect(file->node->socket, &address,
			cbx_socket_flags(file, 0));
	}
	cbx_file_drop(file);
	return status;
}

int64_t cbx_sys_listen(const uint64_t *arg)
{
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file != NULL) {
		status =
			cbx_socket_listen(file->node->socket, (uint32_t)arg[1]);
		cbx_file_drop(file);
	}
	return status;
}

static int64_t accept(
	const struct cbx_file *file, const uint64_t *arg, uint32_t flags)
{
	struct cbx_socket *made;
	int64_t fd = cbx_socket_accept(
		file->node->socket, cbx_socket_flags(file, 0), &made);
	struct cbx_address peer;

	if (fd != 0) {
		return fd;
	}
	peer = made->peer_name;
	fd = describe(made, flags);
	if (fd >= 0 && arg[1] != 0) {
		int64_t status = cbx_address_put(&peer, arg[1], arg[2]);

		if (status != 0) {
			cbx_fd_close((uint64_t)fd);
			return status;
		}
	}
	return fd;
}

int64_t cbx_sys_accept4(const uint64_t *arg)
{
	int64_t status;
	struct cbx_file *file;

	if ((arg[3] & ~(uint64_t)(LX_SOCK_NONBLOCK | LX_SOCK_CLOEXEC)) != 0) {
		return -LX_EINVAL;
	}
	file = cbx_socket_hold_file(arg[0], &status);
	if (file != NULL) {
		status = accept(file, arg, (uint32_t)arg[3]);
		cbx_file_drop(file);
	}
	return status;
}

int64_t cbx_sys_accept(const uint64_t *arg)
{
	const uint64_t four[4] = { arg[0], arg[1], arg[2], 0 };

	return cbx_sys_accept4(four);
}

int64_t cbx_sys_shutdown(const uint64_t *arg)
{
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file != NULL) {
		status = cbx_socket_shutdown(file->node->socket, arg[1]);
		cbx_file_drop(file);
	}
	return status;
}

int64_t cbx_sys_getsockname(const uint64_t *arg)
{
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file != NULL) {
		status = cbx_address_put(
			&file->node->socket->name, arg[1], arg[2]);
		cbx_file_drop(file);
	}
	return status;
}

int64_t cbx_sys_getpeername(const uint64_t *arg)
{
	const struct cbx_socket *socket;
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file == NULL) {
		return status;
	}
	socket = file->node->socket;
	status = socket->state != CBX_SOCKET_CONNECTED ||
				 (socket->family == LX_AF_INET &&
					 socket->type == LX_SOCK_STREAM &&
					 socket->peer == NULL)
			 ? -LX_ENOTCONN
			 : cbx_address_put(&socket->peer_name, arg[1], arg[2]);
	cbx_file_drop(file);
	return status;
}

int64_t cbx_sys_setsockopt(const uint64_t *arg)
{
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file != NULL) {
		status = cbx_socket_set_option(file->node->socket, arg);
		cbx_file_drop(file);
	}
	return status;
}

int64_t cbx_sys_getsockopt(const uint64_t *arg)
{
	int64_t status;
	struct cbx_file *file = cbx_socket_hold_file(arg[0], &status);

	if (file != NULL) {
		status = cbx_socket_get_option(file->node->socket, arg);
		cbx_file_drop(file);
	}
	return status;
}

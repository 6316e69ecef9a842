/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarded calls on TCP sockets. */
#include <client/serve_table.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

#define MAPPED (0xffffull << 32) /* low half's upper part of an IPv4 address */

/* The address that arguments port, high, low name. @return its size; 0: none */
static socklen_t address_of(const uint64_t *arg, union address *to)
{
	uint64_t half[2] = { htobe64(arg[1]), htobe64(arg[2]) };

	*to = (union address){ 0 };
	if (arg[0] > UINT16_MAX) {
		return 0;
	}
	if (arg[1] == 0 && arg[2] >> 32 == MAPPED >> 32) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons((uint16_t)arg[0]);
		to->v4.sin_addr.s_addr = htonl((uint32_t)arg[2]);
		return sizeof(to->v4);
	}
	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_port = htons((uint16_t)arg[0]);
	memcpy(&to->v6.sin6_addr, half, sizeof(half));
	return sizeof(to->v6);
}

static struct cbx_forward_end end_of(const union address *from)
{
	struct cbx_forward_end end = { 0 };
	uint64_t half[2];

	if (from->any.sa_family == AF_INET) {
		end.port = ntohs(from->v4.sin_port);
		end.low = MAPPED | ntohl(from->v4.sin_addr.s_addr);
	} else if (from->any.sa_family == AF_INET6) {
		memcpy(half, &from->v6.sin6_addr, sizeof(half));
		end.port = ntohs(from->v6.sin6_port);
		end.high = be64toh(half[0]);
		end.low = be64toh(half[1]);
	}
	return end;
}

static struct cbx_forward_end own_end(int fd)
{
	union address address = { 0 };
	socklen_t size = sizeof(address);

	(void)getsockname(fd, &address.any, &size);
	return end_of(&address);
}

int64_t cbx_serve_ends(struct cbx_serve_call *call, int64_t handle)
{
	int fd = call->server->open[handle].fd;
	union address address = { 0 };
	socklen_t size = sizeof(address);
	struct cbx_forward_end end[2];
	int64_t status;

	(void)getpeername(fd, &address.any, &size);
	end[0] = own_end(fd);
	end[1] = end_of(&address);
	status = cbx_serve_answer(call, end, sizeof(end));
	if (status != 0) {
		cbx_serve_close(&call->server->open[handle]);
	}
	return status != 0 ? status : handle;
}

static int make_socket(const union address *address)
{
	int one = 1;
	int fd = socket(address->any.sa_family,
		SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	if (fd >= 0) {
		(void)setsockopt(
			fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	return fd;
}

int64_t cbx_serve_connect_call(struct cbx_serve_call *call)
{
	union address address;
	socklen_t size = address_of(call->arg, &address);
	int fd = size == 0 ? -1 : make_socket(&address);
	int64_t handle;

	if (fd < 0) {
		return size == 0 ? -EINVAL : -errno;
	}
	if (connect(fd, &address.any, size) != 0 && errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		return -error;
	}
	handle = cbx_serve_add(call->server, CBX_SERVE_SOCKET, fd);
	return handle < 0 ? handle : cbx_serve_connecting(call, handle);
}

int64_t cbx_serve_listen_call(struct cbx_serve_call *call)
{
	union address address;
	socklen_t size = address_of(call->arg, &address);
	int backlog = call->arg[3] > 4096 ? 4096 : (int)call->arg[3];
	int fd = size == 0 ? -1 : make_socket(&address);
	struct cbx_forward_end end;
	int one = 1;

	if (fd < 0) {
		return size == 0 ? -EINVAL : -errno;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
		bind(fd, &address.any, size) != 0 || listen(fd, backlog) != 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	end = own_end(fd);
	if (cbx_serve_answer(call, &end, sizeof(end)) != 0) {
		close(fd);
		return -ERANGE;
	}
	return cbx_serve_add(call->server, CBX_SERVE_LISTENER, fd);
}

int64_t cbx_serve_accept_call(struct cbx_serve_call *call)
{
	const struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_LISTENER);
	int64_t handle;
	int one = 1;
	int fd;

	if (open == NULL) {
		return -EBADF;
	}
	fd = accept4(open->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		return -errno;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	handle = cbx_serve_add(call->server, CBX_SERVE_SOCKET, fd);
	return handle < 0 ? handle : cbx_serve_ends(call, handle);
}

int64_t cbx_serve_shutdown_call(struct cbx_serve_call *call)
{
	const struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_SOCKET);

	if (open == NULL) {
		return -EBADF;
	}
	if (call->arg[1] > SHUT_RDWR) {
		return -EINVAL;
	}
	return shutdown(open->fd, (int)call->arg[1]) == 0 ? 0 : -errno;
}

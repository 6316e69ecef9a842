/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/gdb.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <tools/say.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

static int fail(const char *where)
{
	cbx_say("--gdb: %s: %s; name another port or path", where,
		strerror(errno));
	return CBX_CODE_FAILED;
}

/* @return the address's size; 0: it is none */
static socklen_t read_address(const char *where, union address *address)
{
	char *end;
	unsigned long port;

	*address = (union address){ 0 };
	if (strchr(where, '/') != NULL) {
		address->un.sun_family = AF_UNIX;
		if (strlen(where) >= sizeof(address->un.sun_path)) {
			return 0;
		}
		memcpy(address->un.sun_path, where, strlen(where));
		return sizeof(address->un);
	}
	port = strtoul(where, &end, 10);
	address->in.sin_family = AF_INET;
	address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address->in.sin_port = htons((uint16_t)port);
	return *end != '\0' || where[0] == '-' || port > UINT16_MAX
		       ? 0
		       : sizeof(address->in);
}

static void say_where(int listener, const char *where)
{
	union address address = { 0 };
	socklen_t size = sizeof(address);

	if (strchr(where, '/') != NULL) {
		cbx_say("waiting for gdb: target remote %s", where);
	} else if (getsockname(listener, &address.any, &size) == 0) {
		cbx_say("waiting for gdb: target remote 127.0.0.1:%u",
			ntohs(address.in.sin_port));
	}
}

static int accept_one(int listener, const char *where, int *fd)
{
	int one = 1;

	say_where(listener, where);
	do {
		*fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (*fd < 0 && errno == EINTR);
	if (*fd < 0) {
		return fail(where);
	}
	(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return 0;
}

int cbx_gdb_accept(const char *where, int *fd)
{
	union address address;
	socklen_t size = read_address(where, &address);
	int listener;
	int code;

	if (size == 0) {
		errno = EINVAL;
		return fail(where);
	}
	listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, &address.any, size) != 0 ||
		listen(listener, 1) != 0) {
		code = fail(where);
	} else {
		code = accept_one(listener, where, fd);
	}
	if (listener >= 0) {
		close(listener);
	}
	if (address.any.sa_family == AF_UNIX) {
		(void)unlink(where);
	}
	return code;
}

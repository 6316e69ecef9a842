/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/send_socket.h>

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <tools/say.h>

/* The colon before a port: digits after it, no slash before. */
static const char *port_of(const char *to)
{
	const char *colon = strrchr(to, ':');

	return colon != NULL && colon != to && colon[1] != '\0' &&
			       strspn(colon + 1, "0123456789") ==
				       strlen(colon + 1) &&
			       strchr(to, '/') == NULL
		       ? colon
		       : NULL;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

bool cbx_send_is_address(const char *to)
{
	return port_of(to) != NULL || is_socket(to);
}

static int connect_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			       sizeof(address)) != 0) {
		int error = errno;

		(void)close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

static int connect_first(const struct addrinfo *at)
{
	int fd = -1;

	errno = EADDRNOTAVAIL;
	for (; at != NULL && fd < 0; at = at->ai_next) {
		int error;

		fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC,
			at->ai_protocol);
		if (fd < 0 || connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
			continue;
		}
		error = errno;
		(void)close(fd);
		errno = error;
		fd = -1;
	}
	return fd;
}

/* HOST:PORT; an address of IPv6 in brackets, or not. @return -1, said why */
static int connect_port(const char *to)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	const char *port = port_of(to);
	bool brackets = to[0] == '[' && port[-1] == ']';
	char *host = strndup(to + (brackets ? 1 : 0),
		(size_t)(port - to) - (brackets ? 2 : 0));
	struct addrinfo *found = NULL;
	int code = host == NULL ? EAI_MEMORY
				: getaddrinfo(host, port + 1, &want, &found);
	int fd = -1;

	if (code != 0) {
		cbx_say("%s: %s; check the address", to, gai_strerror(code));
	} else {
		fd = connect_first(found);
		if (fd < 0) {
			cbx_say("%s: %s; is the service running?", to,
				strerror(errno));
		}
		freeaddrinfo(found);
	}
	free(host);
	return fd;
}

int cbx_send_connect(const char *to)
{
	int fd;

	if (port_of(to) != NULL) {
		return connect_port(to);
	}
	fd = connect_path(to);
	if (fd < 0) {
		cbx_say("%s: %s; is the service running?", to, strerror(errno));
	}
	return fd;
}

bool cbx_send_read(int fd, void *bytes, size_t size)
{
	char *at = bytes;

	while (size != 0) {
		ssize_t n = read(fd, at, size);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			errno = n == 0 ? 0 : errno;
			return false;
		}
		at += n;
		size -= (size_t)n;
	}
	return true;
}

bool cbx_send_write(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size != 0) {
		ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

		if (n < 0 && errno == ENOTSOCK) {
			n = write(fd, at, size);
		}
		if (n < 0 && errno != EINTR) {
			return false;
		}
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

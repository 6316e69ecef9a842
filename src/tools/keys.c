/* SPDX-License-Identifier: Apache-2.0 */
/* Have a key service release the root of sealing keys to the monitor. */
#include <tools/commands.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <confbox/release.h>
#include <tools/say.h>

#define PATIENCE_SECONDS 30

/* @return a connection, or -1 and errno */
static int connect_to(const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(name.sun_path)) {
		errno = ENAMETOOLONG;
	} else {
		memcpy(name.sun_path, path, strlen(path) + 1);
		if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			    sizeof(patience)) == 0 &&
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
				sizeof(patience)) == 0 &&
			connect(fd, (const struct sockaddr *)&name,
				sizeof(name)) == 0) {
			return fd;
		}
	}
	if (fd >= 0) {
		int error = errno;

		close(fd);
		errno = error;
	}
	return -1;
}

int cbx_keys_fetch(struct cbx_context *context, const char *path)
{
	int fd = connect_to(path);
	enum cbx_status status;

	if (fd < 0) {
		cbx_say("%s: %s; name the socket of a key service that runs",
			path, strerror(errno));
		return CBX_CODE_FAILED;
	}
	status = cbx_release_ask(context, fd);
	close(fd);
	if (status != CBX_OK) {
		cbx_say_error();
	}
	return status == CBX_OK ? 0 : CBX_CODE_FAILED;
}

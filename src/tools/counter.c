/* SPDX-License-Identifier: Apache-2.0 */
/* confbox counter: keep counters for boxes here, or on another machine. */
#include <tools/commands.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <signal.h>
#include <unistd.h>

#include <tools/say.h>

/* A caller that is silent so long is left. */
#define PATIENCE_SECONDS 2

static int fail_socket(const char *path, int error)
{
	cbx_say("%s: %s; name a socket that can be made there", path,
		strerror(error));
	return -1;
}

/* What a service left that is gone can be made anew; nothing but a socket. */
static bool is_left(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;
	bool left = fd >= 0 && lstat(name->sun_path, &st) == 0 &&
		    S_ISSOCK(st.st_mode) &&
		    connect(fd, (const struct sockaddr *)name, sizeof(*name)) !=
			    0 &&
		    errno == ECONNREFUSED;

	if (fd >= 0) {
		close(fd);
	}
	return left;
}

static int bind_at(int fd, const struct sockaddr_un *name)
{
	mode_t mask = umask(0077);
	int status = bind(fd, (const struct sockaddr *)name, sizeof(*name));

	if (status != 0 && errno == EADDRINUSE && is_left(name) &&
		unlink(name->sun_path) == 0) {
		status = bind(fd, (const struct sockaddr *)name, sizeof(*name));
	}
	umask(mask);
	return status;
}

/* @return a listening socket, or -1 after saying why not */
static int listen_at(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(name.sun_path)) {
		return fail_socket(path, ENAMETOOLONG);
	}
	memcpy(name.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return fail_socket(path, errno);
	}
	if (bind_at(fd, &name) != 0 || listen(fd, SOMAXCONN) != 0) {
		int error = errno;

		close(fd);
		return fail_socket(path, error);
	}
	return fd;
}

static void serve_one(const struct cbx_counter_service *service, int listener)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		return;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		    sizeof(patience)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof(patience)) == 0) {
		(void)cbx_counter_serve(service, fd);
	}
	close(fd);
}

/* One question at a time, until somebody wants an end. */
static int serve(const struct cbx_counter_service *service, const char *path)
{
	struct pollfd wait[2] = { { .events = POLLIN }, { .events = POLLIN } };
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	wait[0].fd = listen_at(path);
	wait[1].fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (wait[0].fd < 0 || wait[1].fd < 0) {
		return CBX_CODE_FAILED;
	}
	while (poll(wait, 2, -1) > 0 && wait[1].revents == 0) {
		serve_one(service, wait[0].fd);
	}
	close(wait[0].fd);
	close(wait[1].fd);
	(void)unlink(path);
	return 0;
}

static void print_name(const uint8_t id[32])
{
	for (size_t i = 0; i < 32; i++) {
		(void)printf("%02x", id[i]);
	}
	(void)printf("\n");
}

static int keep(const char *directory, const char *path)
{
	struct cbx_counter_service service;
	uint8_t id[32];
	int code;

	if (cbx_counter_directory(directory, &service, id) != CBX_OK) {
		cbx_say_error();
		return CBX_CODE_FAILED;
	}
	print_name(id);
	code = cbx_say_flush();
	if (code == 0 && path != NULL) {
		code = serve(&service, path);
	}
	cbx_counter_close(&service);
	return code;
}

int cbx_command_counter(char **argv)
{
	if (argv[0] != NULL && strcmp(argv[0], "--help") == 0) {
		(void)printf("usage: confbox counter DIRECTORY [--listen "
			     "SOCKET]\n\n"
			     "Print the name of the counter service kept in a "
			     "directory, which is made with a\nkey of its own "
			     "when it is not there; with --listen serve its "
			     "counters at a UNIX\nsocket.\n");
		return cbx_say_flush();
	}
	if (argv[0] == NULL || argv[0][0] == '-' ||
		(argv[1] != NULL &&
			(strcmp(argv[1], "--listen") != 0 || argv[2] == NULL ||
				argv[3] != NULL))) {
		cbx_say("counter: write confbox counter DIRECTORY [--listen "
			"SOCKET]");
		return CBX_CODE_FAILED;
	}
	return keep(argv[0], argv[1] == NULL ? NULL : argv[2]);
}

/* A directory without a key is none of counters, or one whose making was interrupted.
 * No blob asks for a new one, whose name nobody has seen: the path is mistyped. */
static bool is_none(const char *path)
{
	int folder = open(path, O_PATH | O_CLOEXEC);
	bool none = (folder < 0 || faccessat(folder, "key", F_OK, 0) != 0) &&
		    errno == ENOENT;

	if (folder >= 0) {
		close(folder);
	}
	return none;
}

int cbx_counter_find(const char *path, struct cbx_counter_service *service)
{
	uint8_t id[32];
	struct stat st;
	bool socket = stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
	enum cbx_status status;

	if (!socket && is_none(path)) {
		cbx_say("%s: no counters are kept there; confbox counter makes "
			"such a directory, and says its name",
			path);
		return CBX_CODE_FAILED;
	}
	status = socket ? cbx_counter_socket(path, service)
			: cbx_counter_directory(path, service, id);
	if (status != CBX_OK) {
		cbx_say_error();
	}
	return status == CBX_OK ? 0 : CBX_CODE_FAILED;
}

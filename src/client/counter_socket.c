/* SPDX-License-Identifier: Apache-2.0 */
/* Counters kept elsewhere: questions and answers over a stream. */
#include <client/counter.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <client/error.h>

#define PATIENCE_SECONDS 10

/* Every byte, and no signal when nobody is there. @return 0 or -errno */
static int send_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size != 0) {
		ssize_t n = send(fd, from, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		from += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int receive_all(int fd, void *bytes, size_t size)
{
	uint8_t *to = bytes;

	while (size != 0) {
		ssize_t n = recv(fd, to, size, 0);

		if (n == 0) {
			return -ECONNRESET;
		}
		if (n < 0 && errno != EINTR) {
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
		to += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int exchange(int fd, const struct sockaddr_un *name,
	const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int status;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		    sizeof(patience)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof(patience)) != 0 ||
		connect(fd, (const struct sockaddr *)name, sizeof(*name)) !=
			0) {
		return -errno;
	}
	status = send_all(fd, question, sizeof(*question));
	return status == 0 ? receive_all(fd, answer, sizeof(*answer)) : status;
}

int cbx_counter_socket_ask(void *arg,
	const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	struct cbx_counter_answer got;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int status;

	if (fd < 0) {
		return -errno;
	}
	status = exchange(fd, arg, question, &got);
	close(fd);
	if (status == 0) {
		*answer = got;
	}
	return status;
}

enum cbx_status cbx_counter_socket(
	const char *path, struct cbx_counter_service *service)
{
	struct sockaddr_un *name;
	size_t length = strlen(path);

	if (length == 0 || length >= sizeof(name->sun_path)) {
		return cbx_fail(CBX_E_INVALID,
			"%s: no name for a socket; one has at most %zu bytes",
			path, sizeof(name->sun_path) - 1);
	}
	name = calloc(1, sizeof(*name));
	if (name == NULL) {
		return cbx_fail_memory("a counter's socket");
	}
	name->sun_family = AF_UNIX;
	memcpy(name->sun_path, path, length);
	*service = (struct cbx_counter_service){ name, cbx_counter_socket_ask };
	return CBX_OK;
}

uint64_t cbx_counter_serve(const struct cbx_counter_service *service, int fd)
{
	uint64_t count = 0;

	for (;;) {
		struct cbx_counter_question question;
		struct cbx_counter_answer answer;

		if (receive_all(fd, &question, sizeof(question)) != 0 ||
			service->ask(service->arg, &question, &answer) != 0 ||
			send_all(fd, &answer, sizeof(answer)) != 0) {
			return count;
		}
		count++;
	}
}

int64_t cbx_counter_forward(const struct cbx_counter_service *service,
	const struct cbx_forward_call *call, void *data, size_t *bytes)
{
	struct cbx_counter_question question;
	struct cbx_counter_answer answer;
	int status;

	if (*bytes != sizeof(question) || call->max < sizeof(answer)) {
		*bytes = 0;
		return -EINVAL;
	}
	memcpy(&question, data, sizeof(question));
	*bytes = 0;
	status = service->ask(service->arg, &question, &answer);
	if (status != 0) {
		return status < 0 ? status : -EIO;
	}
	memcpy(data, &answer, sizeof(answer));
	*bytes = sizeof(answer);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service in user mode of the test host: clients come by its lines, each gets
 * a box of its own.
 *
 *   serve CLIENTS IMAGE...
 *
 * The first image is for the clients of /dev/line0, the second for those of
 * /dev/line1, ...; "clone:IMAGE" makes it a template, and each box a clone.  It
 * ends after so many clients; 0: never.
 *
 * A Linux has no such lines: with SERVE_PORT in the environment they are that port
 * of the machine's, the next one, ....
 */
#include <confbox/service.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINES 3
#ifndef MOST_NS
#define MOST_NS 60000000000u /* for one client */
#endif
#define CLONE	"clone:"
#define BUFFERS (32u << 20)

struct line {
	char path[16];
	int listener; /* 0: none */
	struct cbx_image *image;
	bool clones;
	struct cbx_template *template; /* of clones */
};

static struct cbx_context *context;
static struct line lines[LINES];
static unsigned long left; /* clients still to come; ULONG_MAX: no end */

static void complain(const char *what)
{
	(void)fprintf(stderr, "%s: %s\n", what, cbx_error_last()->text);
}

static bool wait_for_client(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&poller, 1, -1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static enum cbx_status make_box(const struct line *line, struct cbx_box **box)
{
	return line->template == NULL
		       ? cbx_box_load(context, line->image, box)
		       : cbx_template_clone(line->template, 0, box);
}

/* One client, from its first byte to its last. */
static void serve(const struct line *line, int fd)
{
	struct cbx_box *box = NULL;

	if (make_box(line, &box) != CBX_OK) {
		complain("no box for a client");
		return;
	}
	if (cbx_box_serve(box, fd, MOST_NS) != CBX_OK) {
		complain("a client was not served");
	}
	cbx_box_destroy(box);
}

static bool is_over(void)
{
	return __atomic_load_n(&left, __ATOMIC_SEQ_CST) == 0;
}

static void *serve_line(void *arg)
{
	const struct line *line = arg;

	while (!is_over()) {
		int fd = line->listener != 0
				 ? accept(line->listener, NULL, NULL)
				 : open(line->path, O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			perror(line->path);
			exit(2);
		}
		if (wait_for_client(fd)) {
			serve(line, fd);
		}
		(void)close(fd);
		if (left != ULONG_MAX &&
			__atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST) == 0) {
			exit(0); /* the other lines wait for nobody */
		}
	}
	return NULL;
}

/* The program, as far as the point where it is a template. */
static enum cbx_status make_template(struct line *line)
{
	const struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = 2 };

	return cbx_template_create(context, line->image, &run, &line->template);
}

static bool listen_at(struct line *line, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	line->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return line->listener > 0 &&
	       bind(line->listener, (struct sockaddr *)&address,
		       sizeof(address)) == 0 &&
	       listen(line->listener, 1) == 0;
}

static bool load(int number, const char *image)
{
	bool clone = strncmp(image, CLONE, sizeof(CLONE) - 1) == 0;
	struct line *line = &lines[number];
	const char *port = getenv("SERVE_PORT");

	if (port != NULL &&
		!listen_at(line, (uint16_t)(strtoul(port, NULL, 10) +
					    (unsigned int)number))) {
		perror(port);
		return false;
	}
	(void)snprintf(line->path, sizeof(line->path), "/dev/line%d", number);
	line->clones = clone;
	return cbx_image_load(image + (clone ? sizeof(CLONE) - 1 : 0),
		       &line->image) == CBX_OK;
}

/* What the boxes of all lines need at once: nobody else has the machine's, but
 * all of it would have to be made zero. */
static bool open_context(int count)
{
	struct cbx_options options = { .size = sizeof(options),
		.memory_bytes = BUFFERS };

	for (int i = 0; i < count; i++) {
		struct cbx_image_info info = { .size = sizeof(info) };

		if (cbx_image_query(lines[i].image, &info) != CBX_OK) {
			return false;
		}
		options.memory_bytes +=
			(lines[i].clones ? 2 : 1) * info.memory_bytes;
	}
	return cbx_context_open(&options, &context) == CBX_OK;
}

static bool prepare(int count, char **images)
{
	for (int i = 0; i < count; i++) {
		if (!load(i, images[i])) {
			return false;
		}
	}
	if (!open_context(count)) {
		return false;
	}
	for (int i = 0; i < count; i++) {
		if (lines[i].clones && make_template(&lines[i]) != CBX_OK) {
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	pthread_t threads[LINES];
	int count = argc - 2;

	if (count < 1 || count > LINES) {
		(void)fprintf(stderr, "usage: serve CLIENTS IMAGE...\n");
		return 2;
	}
	left = strtoul(argv[1], NULL, 10);
	left = left == 0 ? ULONG_MAX : left;
	if (!prepare(count, argv + 2)) {
		complain("serve");
		return 2;
	}
	for (int i = 0; i < count; i++) {
		if (pthread_create(&threads[i], NULL, serve_line, &lines[i]) !=
			0) {
			return 2;
		}
	}
	for (int i = 0; i < count; i++) {
		(void)pthread_join(threads[i], NULL);
	}
	return 0;
}

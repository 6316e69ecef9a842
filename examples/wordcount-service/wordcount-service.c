/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service at a TCP port: counts the lines, words and bytes of what a client
 * sends, in a box of its own for each, and sees neither text nor numbers.
 *
 *   ./wordcount-service PORT [wc's options]
 *   confbox send --to localhost:PORT --verify-policy FILE < document
 *
 * It prints the measurement that clients have to expect; who does not believe it
 * computes it:
 *
 *   confbox measure --confine --memory 64M -- /bin/busybox wc
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <confbox/service.h>

#ifndef MOST_NS
#define MOST_NS 60000000000u /* for one client */
#endif
#ifndef MEMORY_BYTES
#define MEMORY_BYTES (64u << 20) /* of the program */
#endif
#ifndef OUTPUT_PAGES
#define OUTPUT_PAGES 0 /* of an answer: as usual */
#endif

static struct cbx_context *context;
static struct cbx_image *image;

static void complain(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, cbx_error_last()->text);
}

/* One client, from its first byte to its last. */
static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct cbx_box *box;

	if (cbx_box_load(context, image, &box) != CBX_OK) {
		complain("no box for a client");
	} else {
		if (cbx_box_serve(box, fd, MOST_NS) != CBX_OK) {
			complain("a client was not served");
		}
		cbx_box_destroy(box);
	}
	close(fd);
	return NULL;
}

static void serve_all(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0) {
			continue;
		}
		if (pthread_create(
			    &thread, NULL, serve, (void *)(intptr_t)fd) != 0) {
			close(fd);
			continue;
		}
		pthread_detach(thread);
	}
}

/* On this machine only: whoever serves others listens on another address. */
static int listen_at(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1;

	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) !=
			0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 16) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		perror(port);
		exit(1);
	}
	printf("port %u\n", ntohs(address.sin_port));
	return fd;
}

static void print_measurement(void)
{
	uint8_t digest[CBX_DIGEST_BYTES];

	if (cbx_image_measure(image, digest) != CBX_OK) {
		complain("measurement");
		exit(1);
	}
	printf("measurement ");
	for (size_t i = 0; i < sizeof(digest); i++) {
		printf("%02x", digest[i]);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	const char *wc[16] = { "/bin/busybox", "wc" };
	struct cbx_program program = { .size = sizeof(program),
		.path = "/bin/busybox",
		.argv = wc,
		.memory_bytes = MEMORY_BYTES,
		.output_pages = OUTPUT_PAGES,
		.flags = CBX_PROGRAM_CONFINE };

	if (argc < 2 || argc > 15) {
		fputs("usage: wordcount-service PORT [wc's options]\n", stderr);
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		wc[i] = argv[i];
	}
	if (cbx_image_build(&program, &image) != CBX_OK) {
		complain("wordcount-service");
		return 1;
	}
	print_measurement();
	if (cbx_context_open(NULL, &context) != CBX_OK) {
		complain("wordcount-service");
		return 1;
	}
	int listener = listen_at(argv[1]);

	fflush(stdout);
	serve_all(listener);
}

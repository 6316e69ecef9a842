/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key service: it keeps a root, and releases it to monitors that meet its
 * policy, so that what boxes seal survives them on machines that have no root
 * of their own (doc/sealing.md).
 *
 *   key-service POLICY ROOT SOCKET
 *
 * POLICY is an appraisal policy, ROOT a file of 32 random bytes, SOCKET a UNIX
 * socket to be made.  One asker at a time; a line for each on standard output.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <confbox/appraisal.h>
#include <confbox/release.h>

#define NONCE_BYTES   32u
#define EVIDENCE_MOST 65536u
#define POLICY_MOST   (1u << 20)
#define PATIENCE      10 /* seconds for an asker */

struct service {
	struct cbx_appraisal *appraisal;
	uint8_t root[CBX_RELEASE_ROOT_BYTES];
	struct cbx_verdict *verdict;
	uint8_t evidence[EVIDENCE_MOST];
};

static _Noreturn void fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "key-service: %s: %s\n", what, why);
	exit(1);
}

/* ---- files ---- */

/* A whole file of at most @p most bytes, for ever. */
static struct cbx_span read_file(const char *path, size_t most)
{
	FILE *file = fopen(path, "re");
	uint8_t *bytes = malloc(most + 1);
	size_t size;

	if (file == NULL || bytes == NULL) {
		fail(path, strerror(errno));
	}
	size = fread(bytes, 1, most + 1, file);
	if (ferror(file) != 0 || size > most) {
		fail(path, "it cannot be read, or is too long");
	}
	(void)fclose(file);
	return (struct cbx_span){ bytes, size };
}

static void read_policy(struct service *service, const char *path)
{
	char message[256];

	service->appraisal = cbx_appraisal_read(
		read_file(path, POLICY_MOST), message, sizeof(message));
	if (service->appraisal == NULL) {
		fail(path, message);
	}
	if (cbx_appraisal_root_file(service->appraisal, 0) != NULL) {
		fail(path, "roots of the policy's own are not read here");
	}
}

static void read_root(struct service *service, const char *path)
{
	struct cbx_span root = read_file(path, sizeof(service->root));

	if (root.size != sizeof(service->root)) {
		fail(path, "not 32 bytes");
	}
	memcpy(service->root, root.bytes, root.size);
}

/* ---- an asker ---- */

static bool send_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size != 0) {
		ssize_t n = send(fd, from, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR) {
			return false;
		}
		from += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool receive_all(int fd, void *bytes, size_t size)
{
	uint8_t *to = bytes;

	while (size != 0) {
		ssize_t n = recv(fd, to, size, 0);

		if (n == 0 || (n < 0 && errno != EINTR)) {
			return false;
		}
		to += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Challenge, and get what is to be verified. */
static bool receive_evidence(
	struct service *service, int fd, uint8_t *nonce, uint32_t *size)
{
	return getrandom(nonce, NONCE_BYTES, 0) == (ssize_t)NONCE_BYTES &&
	       send_all(fd, nonce, NONCE_BYTES) &&
	       receive_all(fd, size, sizeof(*size)) && *size != 0 &&
	       *size <= sizeof(service->evidence) &&
	       receive_all(fd, service->evidence, *size);
}

static enum cbx_refusal verify(
	struct service *service, const uint8_t *nonce, uint32_t size)
{
	service->appraisal->nonce = (struct cbx_span){ nonce, NONCE_BYTES };
	service->appraisal->now = (int64_t)time(NULL);
	return cbx_verify_monitor(service->verdict,
		(struct cbx_span){ service->evidence, size }, NULL,
		service->appraisal);
}

static void say_released(const struct service *service)
{
	const struct cbx_claim *backend =
		cbx_verdict_claim(service->verdict, "monitor.backend");
	const char *text = (const char *)backend->value.span.bytes;
	uint8_t name[CBX_RELEASE_NAME_BYTES];

	if (cbx_release_name(service->root, text, name) != CBX_ACCEPTED) {
		return;
	}
	(void)printf("released ");
	for (size_t i = 0; i < sizeof(name); i++) {
		(void)printf("%02x", name[i]);
	}
	(void)printf(" to %s\n", text);
}

static void say_refused(const struct service *service, enum cbx_refusal why)
{
	(void)printf("refused %s: %s\n", cbx_refusal_word(why),
		cbx_verdict_detail(service->verdict));
}

static void answer(struct service *service, int fd)
{
	uint8_t nonce[NONCE_BYTES];
	uint8_t message[CBX_RELEASE_MESSAGE_BYTES];
	uint32_t size;
	uint32_t word;
	enum cbx_refusal why;

	if (!receive_evidence(service, fd, nonce, &size)) {
		(void)printf("nothing to verify\n");
		return;
	}
	why = verify(service, nonce, size);
	if (why == CBX_ACCEPTED) {
		why = cbx_release_seal(
			service->verdict, service->root, message);
	}
	word = (uint32_t)why;
	if (why != CBX_ACCEPTED) {
		say_refused(service, why);
		(void)send_all(fd, &word, sizeof(word));
		return;
	}
	if (send_all(fd, &word, sizeof(word)) &&
		send_all(fd, message, sizeof(message))) {
		say_released(service);
	}
}

/* ---- the socket ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(name.sun_path)) {
		fail(path, strerror(ENAMETOOLONG));
	}
	memcpy(name.sun_path, path, strlen(path) + 1);
	(void)umask(0077);
	if (fd < 0 ||
		bind(fd, (const struct sockaddr *)&name, sizeof(name)) != 0 ||
		listen(fd, SOMAXCONN) != 0) {
		fail(path, strerror(errno));
	}
	return fd;
}

int main(int argc, char **argv)
{
	static struct service service;
	const struct timeval patience = { .tv_sec = PATIENCE };
	int listener;

	if (argc != 4) {
		fail("usage", "key-service POLICY ROOT SOCKET");
	}
	read_policy(&service, argv[1]);
	read_root(&service, argv[2]);
	service.verdict = cbx_verdict_create();
	if (service.verdict == NULL) {
		fail("verdict", "no memory, or no cryptography");
	}
	listener = listen_at(argv[3]);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			continue;
		}
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof(patience));
		answer(&service, fd);
		(void)fflush(stdout);
		close(fd);
	}
}

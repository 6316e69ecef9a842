/* SPDX-License-Identifier: Apache-2.0 */
/* confbox send: to a box whose evidence is accepted, and to nobody else. */
#include <tools/commands.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <confbox/client.h>
#include <confbox/service.h>
#include <tools/say.h>
#include <tools/send_answer.h>
#include <tools/send_socket.h>
#include <tools/verify_line.h>
#include <tools/verify_policy.h>
#include <tools/verify_print.h>

/* Input that is sealed at once. */
#define CHUNK ((size_t)1 << 18)

static int out_of_memory(void)
{
	cbx_say("send: out of memory; free memory");
	return CBX_CODE_FAILED;
}

/* A session with the box, if the evidence is accepted.
 * @return 0, or the exit status after saying why not */
static int accept_box(struct cbx_verify_line *line, struct cbx_span evidence,
	struct cbx_client **client)
{
	struct cbx_endorsements endorsements =
		cbx_verify_line_endorsements(line);
	struct cbx_verdict *verdict = cbx_verdict_create();
	struct cbx_verify_policy policy;
	int code = cbx_verify_policy_read(&policy, line) == 0 ? 0
							      : CBX_CODE_FAILED;

	if (code == 0 && verdict == NULL) {
		code = out_of_memory();
	} else if (code == 0 && cbx_verify_box(verdict, evidence, &endorsements,
					&policy.appraisal) != CBX_ACCEPTED) {
		cbx_verify_print_refused(verdict);
		code = CBX_SEND_REFUSED;
	} else if (code == 0) {
		enum cbx_client_error error = cbx_client_start(verdict, client);

		code = error == CBX_CLIENT_OK ? 0
					      : cbx_send_error("send", error);
	}
	cbx_verify_policy_finish(&policy);
	cbx_verdict_destroy(verdict);
	return code;
}

/* ---- the message ---- */

/* As much as there is, up to a chunk.  @return bytes, or -1 */
static ssize_t read_input(uint8_t *data)
{
	size_t size = 0;
	ssize_t n = 1;

	while (n != 0 && size < CHUNK) {
		n = read(STDIN_FILENO, data + size, CHUNK - size);
		if (n < 0 && errno != EINTR) {
			cbx_say("standard input: %s; nothing was given to the "
				"program",
				strerror(errno));
			return -1;
		}
		size += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)size;
}

static int seal_chunk(struct cbx_client *client, int fd, const char *to,
	struct cbx_span data, struct cbx_client_room *room)
{
	enum cbx_client_error error =
		cbx_client_seal(client, data, data.size < CHUNK ? 1 : 0, room);

	if (error != CBX_CLIENT_OK) {
		return cbx_send_error("send", error);
	}
	if (!cbx_send_write(fd, room->bytes, room->used)) {
		cbx_say("%s: %s; it was not sent whole, and nobody can read "
			"part of it",
			to, strerror(errno));
		return CBX_CODE_FAILED;
	}
	room->used = 0;
	return 0;
}

/* Standard input, sealed. */
static int send_message(struct cbx_client *client, int fd, const char *to)
{
	size_t most = cbx_client_sealed_size(client, CHUNK);
	struct cbx_client_room room = { .bytes = malloc(most), .size = most };
	uint8_t *data = malloc(CHUNK);
	ssize_t n = (ssize_t)CHUNK;
	int code = 0;

	if (room.bytes == NULL || data == NULL) {
		code = out_of_memory();
	}
	while (code == 0 && n == (ssize_t)CHUNK) {
		n = read_input(data);
		code = n < 0 ? CBX_CODE_FAILED
			     : seal_chunk(client, fd, to,
				       (struct cbx_span){ data, (size_t)n },
				       &room);
	}
	free(room.bytes);
	free(data);
	return code;
}

/* ---- to a service ---- */

static bool ask(struct cbx_verify_line *line, int fd)
{
	struct cbx_hello hello = { .magic = { 0 } };

	memcpy(hello.magic, CBX_HELLO_MAGIC, sizeof(hello.magic));
	if (getrandom(hello.nonce, sizeof(hello.nonce), 0) !=
		(ssize_t)sizeof(hello.nonce)) {
		return false;
	}
	memcpy(line->nonce, hello.nonce, sizeof(hello.nonce));
	line->nonce_size = sizeof(hello.nonce);
	return cbx_send_write(fd, &hello, sizeof(hello));
}

/* A line of a service's, as far as it can be printed. */
static int say_sorry(const char *to, uint8_t *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e) {
			text[i] = '?';
		}
	}
	cbx_say("%s: the service says: %.*s", to, (int)size,
		(const char *)text);
	return CBX_CODE_FAILED;
}

static int no_offer(const char *to)
{
	cbx_say("%s: it does not offer evidence%s%s; is it a service for "
		"confbox send?",
		to, errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
	return CBX_CODE_FAILED;
}

/* @param evidence  evidence[CBX_EVIDENCE_ROOM] */
static int read_offer(
	const char *to, int fd, struct cbx_span *span, uint8_t *evidence)
{
	struct cbx_offer offer;
	bool sorry;

	if (!cbx_send_read(fd, &offer, sizeof(offer))) {
		return no_offer(to);
	}
	errno = 0;
	sorry = memcmp(offer.magic, CBX_SORRY_MAGIC, sizeof(offer.magic)) == 0;
	if ((!sorry && memcmp(offer.magic, CBX_OFFER_MAGIC,
			       sizeof(offer.magic)) != 0) ||
		offer.size > (sorry ? CBX_SORRY_BYTES : CBX_EVIDENCE_ROOM) ||
		!cbx_send_read(fd, evidence, (size_t)offer.size)) {
		return no_offer(to);
	}
	*span = (struct cbx_span){ evidence, (size_t)offer.size };
	return sorry ? say_sorry(to, evidence, (size_t)offer.size) : 0;
}

static int meet(
	struct cbx_verify_line *line, int fd, struct cbx_client **client)
{
	uint8_t *evidence = malloc(CBX_EVIDENCE_ROOM);
	struct cbx_span span = { 0 };
	int code = 0;

	if (evidence == NULL) {
		code = out_of_memory();
	} else if (!ask(line, fd)) {
		code = no_offer(line->to);
	} else {
		code = read_offer(line->to, fd, &span, evidence);
	}
	if (code == 0) {
		code = accept_box(line, span, client);
	}
	free(evidence);
	return code;
}

static int send_to_service(struct cbx_verify_line *line)
{
	struct cbx_client *client = NULL;
	int fd = cbx_send_connect(line->to);
	int code = fd < 0 ? CBX_CODE_FAILED : meet(line, fd, &client);

	if (code == 0) {
		code = send_message(client, fd, line->to);
	}
	if (code == 0) {
		(void)shutdown(fd, SHUT_WR); /* there is no more to wait for */
		code = cbx_send_answer(client, fd, line->to);
	}
	cbx_client_end(client);
	if (fd >= 0) {
		(void)close(fd);
	}
	return code;
}

/* ---- to a file ---- */

/* A file of its own, for nobody else.  @return -1 after saying why not */
static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		cbx_say("%s: %s; name a file that is not there yet", path,
			strerror(errno));
	}
	return fd;
}

static int keep_session(const struct cbx_client *client, const char *path)
{
	uint8_t saved[CBX_CLIENT_SAVED_BYTES];
	enum cbx_client_error error = cbx_client_save(client, saved);
	int fd;
	bool kept;

	if (error != CBX_CLIENT_OK) {
		return cbx_send_error("send", error);
	}
	fd = create(path);
	kept = fd >= 0 && cbx_send_write(fd, saved, sizeof(saved)) &&
	       fsync(fd) == 0;
	explicit_bzero(saved, sizeof(saved));
	if (fd >= 0 && !kept) {
		cbx_say("%s: %s; make room", path, strerror(errno));
		(void)unlink(path);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return kept ? 0 : CBX_CODE_FAILED;
}

static int send_to_file(struct cbx_verify_line *line)
{
	struct cbx_client *client = NULL;
	int code = accept_box(line, line->evidence.span[0], &client);
	int fd = code == 0 ? create(line->to) : -1;

	if (code == 0) {
		code = fd < 0 ? CBX_CODE_FAILED
			      : send_message(client, fd, line->to);
	}
	if (code == 0) {
		code = keep_session(client, line->session);
	}
	if (fd >= 0) {
		(void)close(fd);
		if (code != 0) {
			(void)unlink(line->to);
		}
	}
	cbx_client_end(client);
	return code;
}

static int send_where(struct cbx_verify_line *line)
{
	bool address = cbx_send_is_address(line->to);

	if (line->evidence.count != 0) {
		if (!address) {
			return send_to_file(line);
		}
		cbx_say("--to: %s is a service; --evidence and --session go "
			"with a file to write",
			line->to);
		return CBX_CODE_FAILED;
	}
	if (!address) {
		cbx_say("--to: %s is neither HOST:PORT nor a socket; for a "
			"file "
			"to write add --evidence and --session",
			line->to);
		return CBX_CODE_FAILED;
	}
	return send_to_service(line);
}

int cbx_command_send(char **argv)
{
	struct cbx_verify_line line;
	int code = cbx_verify_line_read(&line, CBX_VERIFY_SEND, argv);

	if (code != 0) {
		code = CBX_CODE_FAILED;
	} else if (line.help) {
		cbx_verify_line_help(CBX_VERIFY_SEND);
		code = cbx_say_flush();
	} else {
		code = send_where(&line);
	}
	cbx_verify_line_finish(&line);
	return code;
}

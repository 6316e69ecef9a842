/* SPDX-License-Identifier: Apache-2.0 */
/* A client at a socket: what the box asks for comes from there. */
#include <confbox/service.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <client/error.h>
#include <client/stream.h>

struct answer {
	struct cbx_box *box;
	int fd;
	struct cbx_patience patience;
	bool met;		/* it has the evidence */
	enum cbx_status failed; /* and why it has not */
};

static bool read_all(struct answer *answer, void *bytes, size_t size)
{
	uint8_t *at = bytes;
	int64_t n = 1;

	while (size != 0 && n > 0) {
		n = cbx_stream_read(answer->fd, at, size, &answer->patience);
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return size == 0;
}

static bool write_all(struct answer *answer, const void *bytes, size_t size)
{
	return cbx_stream_write(answer->fd, bytes, size, &answer->patience) ==
	       (int64_t)size;
}

static bool write_part(struct answer *answer, const char *magic,
	const void *bytes, size_t size)
{
	struct cbx_offer offer = { .size = size };

	memcpy(offer.magic, magic, sizeof(offer.magic));
	return write_all(answer, &offer, sizeof(offer)) &&
	       write_all(answer, bytes, size);
}

/* The client, if it is still there, hears why. */
static enum cbx_status sorry(struct answer *answer, enum cbx_status status)
{
	const char *text = cbx_error_last()->text;

	(void)write_part(answer, CBX_SORRY_MAGIC, text, strlen(text));
	return status;
}

static enum cbx_status send_evidence(
	struct answer *answer, const struct cbx_hello *hello, uint8_t *evidence)
{
	const struct cbx_evidence_want want = { .size = sizeof(want),
		.nonce = hello->nonce,
		.nonce_bytes = sizeof(hello->nonce) };
	size_t size = CBX_EVIDENCE_ROOM;
	enum cbx_status status =
		cbx_box_evidence(answer->box, &want, evidence, &size);

	if (status != CBX_OK) {
		return sorry(answer, status);
	}
	return write_part(answer, CBX_OFFER_MAGIC, evidence, size)
		       ? CBX_OK
		       : cbx_fail(CBX_E_INVALID,
				 "the client does not take the evidence");
}

/* The challenge and its answer. */
static enum cbx_status meet(struct answer *answer)
{
	struct cbx_hello hello;
	enum cbx_status status;
	uint8_t *evidence;

	if (!read_all(answer, &hello, sizeof(hello))) {
		return cbx_fail(CBX_E_INVALID,
			"the client went away before its challenge");
	}
	if (memcmp(hello.magic, CBX_HELLO_MAGIC, sizeof(hello.magic)) != 0) {
		return sorry(answer,
			cbx_fail(CBX_E_INVALID,
				"the client's challenge is none; talk to it "
				"with confbox send"));
	}
	evidence = malloc(CBX_EVIDENCE_ROOM);
	if (evidence == NULL) {
		return sorry(answer, cbx_fail_memory("evidence"));
	}
	status = send_evidence(answer, &hello, evidence);
	free(evidence);
	return status;
}

/* cbx_run's input: the challenge is answered before the first byte. */
static int64_t input(void *arg, void *buf, size_t size)
{
	struct answer *answer = arg;

	if (!answer->met) {
		answer->failed = meet(answer);
		answer->met = answer->failed == CBX_OK;
	}
	if (!answer->met) {
		return -EIO;
	}
	return cbx_stream_read(answer->fd, buf, size, &answer->patience);
}

static int64_t output(
	void *arg, enum cbx_port port, const void *buf, size_t size)
{
	struct answer *answer = arg;

	if (port != CBX_PORT_CLIENT) {
		return (int64_t)size; /* before it has a client: to nobody */
	}
	return cbx_stream_write(answer->fd, buf, size, &answer->patience);
}

/* Why there was no service. */
static enum cbx_status not_served(
	struct answer *answer, enum cbx_status status, bool confined)
{
	if (answer->failed != CBX_OK) {
		return answer->failed;
	}
	if (status == CBX_OK && !confined && !answer->met) {
		status = cbx_fail(CBX_E_STATE,
			"the program never asked for its client's data; it "
			"has to read standard input");
	}
	return answer->met ? status : sorry(answer, status);
}

enum cbx_status cbx_box_serve(struct cbx_box *box, int fd, uint64_t timeout_ns)
{
	struct answer answer = { .box = box,
		.fd = fd,
		.patience = { .wake = -1,
			.until_ns = timeout_ns == 0
					    ? UINT64_MAX
					    : cbx_until_ns(timeout_ns) } };
	struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = -1,
		.flags = CBX_RUN_SEALED,
		.timeout_ns = timeout_ns,
		.arg = &answer,
		.input = input,
		.output = output };
	struct cbx_result result = { .size = sizeof(result) };
	enum cbx_status status = cbx_box_run(box, &run, &result);

	if (status == CBX_OK && result.confined) {
		return CBX_OK;
	}
	return not_served(&answer, status, result.confined);
}

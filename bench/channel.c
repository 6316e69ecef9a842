/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_channel PROGRAM [--quick]: a client's data on its way into a box.
 *
 * PROGRAM is a static one that reads its standard input and ends.  The message
 * is sealed beforehand; counted is from there to the box having all of it: the
 * host's copy, the gates, the keeper's opening, the copy into the box.  Beside
 * it the library opens the same records, and nothing else.  All on one core.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <client/sealed.h>
#include <confbox/confbox.h>

#include "bench.h"

#define PIECE (1u << 20)

struct channel {
	struct cbx_box *box;
	size_t data_bytes;
	uint8_t *message; /* message[room] */
	size_t room;
	size_t bytes, sent;
	uint64_t began; /* the message is there */
	uint64_t took;	/* ns until the box had it */
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_channel: %s: %s\n", what,
		cbx_error_last()->text);
	exit(EXIT_FAILURE);
}

/* Meet the box, which waits, and seal it all. */
static void seal(struct channel *c)
{
	static uint8_t evidence[CBX_EVIDENCE_ROOM];
	static const uint8_t nonce[32];
	static uint8_t data[PIECE];
	const struct cbx_evidence_want want = { .size = sizeof(want),
		.nonce = nonce,
		.nonce_bytes = sizeof(nonce) };
	struct cbx_channel_session session;
	struct cbx_channel_room room = { c->message, c->room, 0 };
	size_t size = sizeof(evidence);

	if (cbx_box_evidence(c->box, &want, evidence, &size) != CBX_OK ||
		!cbx_sealed_start(
			&session, (struct cbx_span){ evidence, size })) {
		fail("no session");
	}
	for (size_t at = 0; at < c->data_bytes; at += PIECE) {
		size_t n =
			c->data_bytes - at < PIECE ? c->data_bytes - at : PIECE;

		if (!cbx_sealed_put(&session, (struct cbx_span){ data, n },
			    at + n == c->data_bytes, &room)) {
			fail("no record");
		}
	}
	c->bytes = room.used;
	cbx_sealed_end(&session);
}

static int64_t input(void *arg, void *buf, size_t size)
{
	struct channel *c = arg;

	if (c->bytes == 0) {
		seal(c);
		c->began = bench_now();
	}
	if (size > c->bytes - c->sent) {
		size = c->bytes - c->sent;
	}
	memcpy(buf, c->message + c->sent, size);
	c->sent += size;
	return (int64_t)size;
}

/* An exit was served: the one for input is the message's. */
static void served(
	void *arg, uint64_t thread, enum cbx_exit_reason reason, uint64_t ns)
{
	struct channel *c = arg;

	(void)thread;
	(void)ns;
	if (reason == CBX_EXIT_INPUT && c->began != 0) {
		c->took = bench_now() - c->began;
	}
}

static int64_t output(
	void *arg, enum cbx_port port, const void *buf, size_t size)
{
	(void)arg;
	(void)port;
	(void)buf;
	return (int64_t)size;
}

/* One box, one message: ns. */
static uint64_t deliver(struct cbx_context *context,
	const struct cbx_image *image, struct channel *c)
{
	const struct cbx_run run = { .size = sizeof(run),
		.flags = CBX_RUN_SEALED,
		.arg = c,
		.input = input,
		.output = output,
		.exit = served };
	struct cbx_result result = { .size = sizeof(result) };

	c->bytes = c->sent = 0;
	c->began = c->took = 0;
	if (cbx_box_load(context, image, &c->box) != CBX_OK ||
		cbx_box_run(c->box, &run, &result) != CBX_OK) {
		fail("no run");
	}
	cbx_box_destroy(c->box);
	if (c->took == 0 || c->sent != c->bytes) {
		fail("the message was not taken");
	}
	return c->took;
}

/* The library alone, on records of the same size: ns. */
static uint64_t bare(size_t bytes)
{
	static const uint8_t key[CBX_AEAD_KEY], nonce[CBX_AEAD_NONCE];
	static uint8_t plain[CBX_CHANNEL_DATA_BYTES];
	static uint8_t record[CBX_CHANNEL_DATA_BYTES + CBX_AEAD_TAG];
	const struct cbx_span head = { nonce, sizeof(nonce) };
	struct cbx_aead aead;
	uint64_t since;

	if (psa_crypto_init() != PSA_SUCCESS ||
		!cbx_aead_start(
			&aead, (struct cbx_span){ key, sizeof(key) }, nonce) ||
		!cbx_aead_seal(&aead, head,
			(struct cbx_span){ plain, sizeof(plain) }, record)) {
		fail("no AES-GCM");
	}
	since = bench_now();
	for (size_t at = 0; at < bytes; at += sizeof(plain)) {
		aead.sequence = 0;
		if (!cbx_aead_open(&aead, head,
			    (struct cbx_span){ record, sizeof(record) },
			    plain)) {
			fail("AES-GCM");
		}
	}
	since = bench_now() - since;
	cbx_aead_stop(&aead);
	return since;
}

/* A target is one for what the least of several rounds says. */
static void measure(const char *program, size_t mb, int rounds)
{
	const char *const argv[] = { "busybox", "head", "-c", "1", NULL };
	const struct cbx_program shape = { .size = sizeof(shape),
		.path = program,
		.argv = argv,
		.memory_bytes = 256u << 20,
		.flags = CBX_PROGRAM_CONFINE };
	const struct cbx_options options = { .size = sizeof(options),
		.memory_bytes = 320u << 20 };
	struct channel c = { .data_bytes = mb * 1000000 };
	double least[2] = { 0 };
	struct cbx_context *context;
	struct cbx_image *image;
	char what[64];

	c.room = c.data_bytes + c.data_bytes / 512 + PIECE;
	c.message = malloc(c.room);
	if (c.message == NULL ||
		cbx_context_open(&options, &context) != CBX_OK ||
		cbx_image_build(&shape, &image) != CBX_OK) {
		fail("no box");
	}
	for (int i = 0; i < rounds; i++) {
		least[0] = bench_least(
			least[0], (double)deliver(context, image, &c) / 1e6);
		least[1] =
			bench_least(least[1], (double)bare(c.data_bytes) / 1e6);
	}
	snprintf(what, sizeof(what), "%zu MB of a client's into its box", mb);
	bench_print(&(struct bench_row){ .what = what,
		.figure = least[0],
		.unit = "ms",
		.against = "AES-256-GCM of them, bare",
		.baseline = least[1],
		.most = rounds > 1 ? 1 / 0.7 : 0 });
	cbx_image_destroy(image);
	cbx_context_close(context);
	free(c.message);
}

int main(int argc, char **argv)
{
	bool quick = argc == 3 && strcmp(argv[2], "--quick") == 0;
	cpu_set_t one;

	if (argc != 2 && !quick) {
		fprintf(stderr, "usage: bench_channel BUSYBOX [--quick]\n");
		return EXIT_FAILURE;
	}
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0) {
		fail("no core of its own");
	}
	bench_heading("The client's channel, on one core");
	measure(argv[1], quick ? 5u : 100u, quick ? 1 : 5);
	return EXIT_SUCCESS;
}

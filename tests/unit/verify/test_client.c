/* SPDX-License-Identifier: Apache-2.0 */
/* A client's session, and a box's end of it made by hand from doc/channel.md. */
#include "maker.h"

#include <stdio.h>

#include <confbox/client.h>
#include <trust/hpke.h>
#include <verify/span.h>
#include <verify/verdict.h>

#define PAGES	    2u
#define FRAME	    (PAGES * CBX_PAGE_SIZE)
#define HEADER	    0x50u
#define RECORD	    0x10u
#define TAG	    16u
#define MESSAGE_MAX (1u << 20)

struct bench {
	struct cbx_verdict *verdict;
	struct keeper keeper;
	struct facts facts;
	struct made made;
	psa_key_id_t box_key;
	struct cbx_client *client;
	uint8_t message[MESSAGE_MAX];
	struct cbx_client_room room;
	struct cbx_hpke hpke;	/* the box's end */
	struct cbx_aead output; /* likewise */
	uint8_t got[MESSAGE_MAX];
	size_t got_size;
	uint8_t frame[FRAME];
};

/* What the box's evidence says now; a session when it is accepted. */
static enum cbx_client_error start(struct bench *bench)
{
	const struct cbx_appraisal appraisal = {
		.size = sizeof(appraisal),
		.flags = CBX_APPRAISE_NO_HARDWARE,
	};

	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	assert_int_equal(cbx_verify_box(bench->verdict, made_span(&bench->made),
				 NULL, &appraisal),
		CBX_ACCEPTED);
	return cbx_client_start(bench->verdict, &bench->client);
}

static int make(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->verdict = cbx_verdict_create();
	bench->keeper = keeper_make();
	bench->facts = evidence_facts();
	bench->facts.policy[1] = PAGES;
	assert_true(cbx_x25519_generate(&bench->box_key, bench->facts.box_key));
	bench->room = (struct cbx_client_room){ bench->message,
		sizeof(bench->message), 0 };
	assert_int_equal(start(bench), CBX_CLIENT_OK);
	*state = bench;
	return 0;
}

static int drop(void **state)
{
	struct bench *bench = *state;

	cbx_client_end(bench->client);
	cbx_verdict_destroy(bench->verdict);
	cbx_hpke_end(&bench->hpke);
	cbx_aead_stop(&bench->output);
	(void)psa_destroy_key(bench->box_key);
	(void)psa_destroy_key(bench->keeper.key);
	free(bench);
	return 0;
}

/* ----------------------------------------------------------- the box's end */

static void export(
	struct bench *bench, const char *label, uint8_t *to, size_t size)
{
	assert_true(cbx_hpke_export(&bench->hpke,
		(struct cbx_span){ (const uint8_t *)label, strlen(label) },
		(struct cbx_hkdf_output){ to, size }));
}

/* Read the header; false: the key of the box does not fit it. */
static void receive_header(struct bench *bench)
{
	uint8_t info[32 + 32 + 48] = "libconfbox channel 1";
	const struct cbx_claim *digest =
		cbx_verdict_claim(bench->verdict, "box.digest");
	static const uint8_t zero[8];
	uint8_t key[32];
	uint8_t nonce[12];

	assert_true(bench->room.used >= HEADER);
	assert_memory_equal(bench->message, "CBXCHAN1", 8);
	assert_memory_equal(bench->message + 0x48, zero, 8);
	memcpy(info + 32, bench->message + 8, 32);
	memcpy(info + 64, digest->value.span.bytes, 48);
	assert_true(cbx_hpke_receive(&bench->hpke, CBX_HPKE_AES_256_GCM,
		bench->box_key, bench->message + 0x28,
		(struct cbx_span){ info, sizeof(info) }));
	export(bench, "libconfbox output key", key, sizeof(key));
	export(bench, "libconfbox output nonce", nonce, sizeof(nonce));
	assert_true(cbx_aead_start(
		&bench->output, (struct cbx_span){ key, sizeof(key) }, nonce));
}

static uint64_t le(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size-- > 0) {
		value = value << 8 | bytes[size];
	}
	return value;
}

/* Open the record at @p at.  @return its size; 0: it does not open */
static size_t receive_record(struct bench *bench, size_t at, bool *final)
{
	const uint8_t *record = bench->message + at;
	size_t size = (size_t)le(record, 4);

	assert_true(size <= 65504);
	assert_int_equal(le(record + 8, 8), bench->hpke.aead.sequence);
	assert_true(le(record + 4, 4) <= 1);
	*final = le(record + 4, 4) == 1;
	if (!cbx_hpke_open(&bench->hpke, (struct cbx_span){ record, RECORD },
		    (struct cbx_span){ record + RECORD, size + TAG },
		    bench->got + bench->got_size)) {
		return 0;
	}
	bench->got_size += size;
	return RECORD + size + TAG;
}

/* Receive the whole message. */
static void receive(struct bench *bench)
{
	size_t at = HEADER;
	bool final = false;

	receive_header(bench);
	while (at < bench->room.used) {
		size_t size;

		assert_false(final);
		size = receive_record(bench, at, &final);
		assert_int_not_equal(size, 0);
		assert_true(size <= 65536);
		at += size;
	}
	assert_int_equal(at, bench->room.used);
	assert_true(final);
}

/* The plaintext of a frame. */
static void frame_plain(uint8_t plain[FRAME - TAG], uint32_t kind,
	uint32_t port, struct cbx_span data)
{
	memset(plain, 0, FRAME - TAG);
	for (int i = 0; i < 8; i++) {
		plain[i] = (uint8_t)(data.size >> (8 * i));
	}
	plain[8] = (uint8_t)kind;
	plain[12] = (uint8_t)port;
	if (data.size != 0) {
		memcpy(plain + 32, data.bytes, data.size);
	}
}

static struct cbx_span answer_plain(
	struct bench *bench, const uint8_t plain[FRAME - TAG])
{
	assert_true(cbx_aead_seal(&bench->output, (struct cbx_span){ 0 },
		(struct cbx_span){ plain, FRAME - TAG }, bench->frame));
	return (struct cbx_span){ bench->frame, FRAME };
}

static struct cbx_span answer(
	struct bench *bench, uint32_t port, const char *text)
{
	uint8_t plain[FRAME - TAG];

	frame_plain(plain, 1, port, cbx_span_text(text));
	return answer_plain(bench, plain);
}

static struct cbx_span answer_end(
	struct bench *bench, uint8_t status, uint8_t reason)
{
	uint8_t plain[FRAME - TAG];

	frame_plain(plain, 2, 0, (struct cbx_span){ 0 });
	plain[16] = status;
	plain[24] = reason;
	return answer_plain(bench, plain);
}

/* ------------------------------------------------------------------ tests */

static enum cbx_client_error seal(
	struct bench *bench, const void *data, size_t size, int final)
{
	return cbx_client_seal(bench->client, (struct cbx_span){ data, size },
		final, &bench->room);
}

static void data_of_any_size_arrives(void **state)
{
	static const size_t sizes[] = { 0, 1, 65503, 65504, 65505, 131008,
		131009, 500000 };
	static uint8_t data[500000];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(i * 7 + i / 251);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bench *bench;
		size_t size = sizes[i];

		assert_int_equal(make((void **)&bench), 0);
		assert_int_equal(cbx_client_sealed_size(bench->client, size),
			HEADER + size +
				32 * (size == 0 ? 1 : (size + 65503) / 65504));
		assert_int_equal(seal(bench, data, size, 1), CBX_CLIENT_OK);
		assert_int_equal(bench->room.used,
			HEADER + size +
				32 * (size == 0 ? 1 : (size + 65503) / 65504));
		receive(bench);
		assert_int_equal(bench->got_size, size);
		assert_memory_equal(bench->got, data, size);
		assert_int_equal(drop((void **)&bench), 0);
	}
}

static void data_comes_in_parts(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(seal(bench, "", 0, 0), CBX_CLIENT_OK);
	assert_int_equal(bench->room.used, 0);
	assert_int_equal(seal(bench, "one ", 4, 0), CBX_CLIENT_OK);
	assert_int_equal(seal(bench, "two ", 4, 0), CBX_CLIENT_OK);
	assert_int_equal(seal(bench, "", 0, 1), CBX_CLIENT_OK);
	receive(bench);
	assert_int_equal(bench->got_size, 8);
	assert_memory_equal(bench->got, "one two ", 8);
	assert_int_equal(seal(bench, "more", 4, 0), CBX_CLIENT_E_STATE);
	assert_int_equal(seal(bench, "", 0, 1), CBX_CLIENT_E_STATE);
}

static void what_finds_no_room_is_not_sealed(void **state)
{
	struct bench *bench = *state;
	size_t needed = cbx_client_sealed_size(bench->client, 10);

	bench->room.size = needed - 1;
	assert_int_equal(seal(bench, "0123456789", 10, 1), CBX_CLIENT_E_ROOM);
	assert_int_equal(bench->room.used, 0);
	bench->room.used = bench->room.size + 1;
	assert_int_equal(seal(bench, "0123456789", 10, 1), CBX_CLIENT_E_ROOM);
	bench->room.used = 0;
	bench->room.size = needed;
	assert_int_equal(seal(bench, "0123456789", 10, 1), CBX_CLIENT_OK);
	receive(bench);
	assert_int_equal(bench->got_size, 10);
	assert_int_equal(
		cbx_client_sealed_size(bench->client, SIZE_MAX), SIZE_MAX);
	assert_int_equal(
		cbx_client_sealed_size(bench->client, SIZE_MAX - 40), SIZE_MAX);
}

static void nothing_of_the_data_is_in_the_message(void **state)
{
	static const char secret[] = "a secret that is long enough";
	struct bench *bench = *state;

	assert_int_equal(seal(bench, secret, sizeof(secret), 1), CBX_CLIENT_OK);
	assert_null(memmem(bench->message, bench->room.used, secret + 4, 8));
}

static void two_sessions_have_nothing_in_common(void **state)
{
	struct bench *bench = *state;
	uint8_t first[HEADER];

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	memcpy(first, bench->message, HEADER);
	cbx_client_end(bench->client);
	assert_int_equal(start(bench), CBX_CLIENT_OK);
	bench->room.used = 0;
	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	assert_memory_not_equal(first + 8, bench->message + 8, 32);
	assert_memory_not_equal(first + 0x28, bench->message + 0x28, 32);
	assert_memory_equal(first + 0x48, bench->message + 0x48, 8);
}

/* Every byte that the host carries, but the session and enc, whose change makes
 * another key. */
static void a_changed_record_does_not_open(void **state)
{
	struct bench *bench = *state;
	bool final;

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	receive_header(bench);
	for (size_t at = HEADER + RECORD; at < bench->room.used; at++) {
		bench->message[at] ^= 1;
		assert_int_equal(receive_record(bench, HEADER, &final), 0);
		bench->message[at] ^= 1;
	}
	bench->message[HEADER + 4] ^= 1; /* final or not */
	assert_int_equal(receive_record(bench, HEADER, &final), 0);
	bench->message[HEADER + 4] ^= 1;
	assert_int_not_equal(receive_record(bench, HEADER, &final), 0);
}

/* A box whose claims changed since its evidence has another digest. */
static void a_box_that_changed_opens_nothing(void **state)
{
	struct bench *bench = *state;
	struct cbx_client *client = bench->client;
	bool final;

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	bench->client = NULL;
	bench->facts.input_bytes = 1;
	assert_int_equal(start(bench), CBX_CLIENT_OK);
	receive_header(bench); /* with the new digest */
	assert_int_equal(receive_record(bench, HEADER, &final), 0);
	cbx_client_end(client);
}

static void another_box_opens_nothing(void **state)
{
	struct bench *bench = *state;
	uint8_t public[CBX_X25519];
	bool final;

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	(void)psa_destroy_key(bench->box_key);
	assert_true(cbx_x25519_generate(&bench->box_key, public));
	receive_header(bench);
	assert_int_equal(receive_record(bench, HEADER, &final), 0);
}

static void the_answer_is_read_to_its_end(void **state)
{
	struct bench *bench = *state;
	struct cbx_client_frame opened;

	assert_int_equal(cbx_client_frame_size(bench->client), FRAME);
	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	receive(bench);
	assert_int_equal(cbx_client_open(bench->client,
				 answer(bench, 1, "an answer"), &opened),
		CBX_CLIENT_OK);
	assert_int_equal(opened.end, 0);
	assert_int_equal(opened.port, 1);
	assert_true(cbx_span_equal(opened.data, cbx_span_text("an answer")));
	assert_int_equal(cbx_client_open(bench->client,
				 answer(bench, 2, "a remark"), &opened),
		CBX_CLIENT_OK);
	assert_int_equal(opened.port, 2);
	assert_int_equal(
		cbx_client_open(bench->client, answer(bench, 1, ""), &opened),
		CBX_CLIENT_OK);
	assert_int_equal(opened.data.size, 0);
	assert_int_equal(cbx_client_open(bench->client, answer_end(bench, 3, 2),
				 &opened),
		CBX_CLIENT_OK);
	assert_int_equal(opened.end, 1);
	assert_int_equal(opened.status, 3);
	assert_int_equal(opened.reason, 2);
	assert_int_equal(opened.data.size, 0);
	assert_int_equal(cbx_client_open(bench->client,
				 answer(bench, 1, "more"), &opened),
		CBX_CLIENT_E_STATE);
}

static void frames_come_after_all_data(void **state)
{
	struct bench *bench = *state;
	struct cbx_client_frame opened;
	uint8_t saved[CBX_CLIENT_SAVED_BYTES];

	assert_int_equal(seal(bench, "data", 4, 0), CBX_CLIENT_OK);
	receive_header(bench);
	assert_int_equal(cbx_client_open(bench->client,
				 answer(bench, 1, "early"), &opened),
		CBX_CLIENT_E_STATE);
	assert_int_equal(
		cbx_client_save(bench->client, saved), CBX_CLIENT_E_STATE);
	assert_true(
		cbx_span_is_zero((struct cbx_span){ saved, sizeof(saved) }));
}

static void frames_of_another_order_do_not_open(void **state)
{
	struct bench *bench = *state;
	struct cbx_client_frame opened;
	uint8_t first[FRAME];

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	receive(bench);
	memcpy(first, answer(bench, 1, "first").bytes, FRAME);
	(void)answer(bench, 1, "second");
	assert_int_equal(
		cbx_client_open(bench->client,
			(struct cbx_span){ bench->frame, FRAME }, &opened),
		CBX_CLIENT_E_FRAME); /* the second, first */
	assert_int_equal(opened.data.size, 0);
	assert_int_equal(cbx_client_open(bench->client,
				 (struct cbx_span){ first, FRAME }, &opened),
		CBX_CLIENT_OK);
	assert_int_equal(cbx_client_open(bench->client,
				 (struct cbx_span){ first, FRAME }, &opened),
		CBX_CLIENT_E_FRAME); /* again */
	assert_int_equal(
		cbx_client_open(bench->client,
			(struct cbx_span){ bench->frame, FRAME }, &opened),
		CBX_CLIENT_OK);
	assert_true(cbx_span_equal(opened.data, cbx_span_text("second")));
}

static void a_changed_frame_does_not_open(void **state)
{
	struct bench *bench = *state;
	struct cbx_client_frame opened;
	struct cbx_span frame;

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	receive(bench);
	frame = answer(bench, 1, "text");
	for (size_t at = 0; at < FRAME; at += 37) {
		bench->frame[at] ^= 0x10;
		assert_int_equal(cbx_client_open(bench->client, frame, &opened),
			CBX_CLIENT_E_FRAME);
		bench->frame[at] ^= 0x10;
	}
	frame.size--;
	assert_int_equal(cbx_client_open(bench->client, frame, &opened),
		CBX_CLIENT_E_FRAME);
	frame.size = 0;
	assert_int_equal(cbx_client_open(bench->client, frame, &opened),
		CBX_CLIENT_E_FRAME);
	frame.size = FRAME;
	assert_int_equal(
		cbx_client_open(bench->client, frame, &opened), CBX_CLIENT_OK);
}

static void another_sessions_frame_does_not_open(void **state)
{
	struct bench *bench = *state;
	struct cbx_client_frame opened;

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	receive(bench);
	(void)answer(bench, 1, "text");
	cbx_client_end(bench->client);
	assert_int_equal(start(bench), CBX_CLIENT_OK);
	bench->room.used = 0;
	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	assert_int_equal(
		cbx_client_open(bench->client,
			(struct cbx_span){ bench->frame, FRAME }, &opened),
		CBX_CLIENT_E_FRAME);
}

/* Frames that open, and are what no keeper writes. */
static void a_frame_that_makes_no_sense_ends_the_session(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} rows[] = {
		{ 8, 0 }, { 8, 3 }, { 11, 1 },	       /* kind */
		{ 12, 0 }, { 12, 3 }, { 13, 1 },       /* port */
		{ 16, 1 }, { 24, 1 }, { 31, 1 },       /* data has no end */
		{ 7, 1 }, { 1, 0x20 }, { 0, 3 },       /* size */
		{ FRAME - TAG - 1, 1 }, { 32 + 4, 1 }, /* padding */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *bench;
		struct cbx_client_frame opened;
		uint8_t plain[FRAME - TAG];

		assert_int_equal(make((void **)&bench), 0);
		assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
		receive(bench);
		frame_plain(plain, 1, 1, cbx_span_text("text"));
		plain[rows[i].at] = rows[i].byte;
		if (cbx_client_open(bench->client, answer_plain(bench, plain),
			    &opened) != CBX_CLIENT_E_LIBRARY) {
			fail_msg("byte %zu: %u", rows[i].at, rows[i].byte);
		}
		assert_int_equal(cbx_client_open(bench->client,
					 answer(bench, 1, "text"), &opened),
			CBX_CLIENT_E_LIBRARY);
		assert_int_equal(drop((void **)&bench), 0);
	}
}

static void an_end_has_a_known_reason_and_no_data(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		enum cbx_client_error error;
	} rows[] = {
		{ 24, 4, CBX_CLIENT_OK },
		{ 24, 5, CBX_CLIENT_E_LIBRARY },
		{ 12, 1, CBX_CLIENT_E_LIBRARY },
		{ 0, 1, CBX_CLIENT_E_LIBRARY },
		{ 32, 1, CBX_CLIENT_E_LIBRARY },
		{ 23, 0xff, CBX_CLIENT_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *bench;
		struct cbx_client_frame opened;
		uint8_t plain[FRAME - TAG];

		assert_int_equal(make((void **)&bench), 0);
		assert_int_equal(seal(bench, "", 0, 1), CBX_CLIENT_OK);
		receive(bench);
		frame_plain(plain, 2, 0, (struct cbx_span){ 0 });
		plain[rows[i].at] = rows[i].byte;
		assert_int_equal(cbx_client_open(bench->client,
					 answer_plain(bench, plain), &opened),
			rows[i].error);
		assert_int_equal(drop((void **)&bench), 0);
	}
}

static void a_saved_session_reads_the_rest(void **state)
{
	struct bench *bench = *state;
	struct cbx_client_frame opened;
	uint8_t saved[CBX_CLIENT_SAVED_BYTES];

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	receive(bench);
	assert_int_equal(cbx_client_open(bench->client,
				 answer(bench, 1, "first"), &opened),
		CBX_CLIENT_OK);
	assert_int_equal(cbx_client_save(bench->client, saved), CBX_CLIENT_OK);
	cbx_client_end(bench->client);
	assert_int_equal(
		cbx_client_restore(saved, &bench->client), CBX_CLIENT_OK);
	assert_int_equal(cbx_client_frame_size(bench->client), FRAME);
	assert_int_equal(seal(bench, "more", 4, 1), CBX_CLIENT_E_STATE);
	assert_int_equal(cbx_client_open(bench->client,
				 answer(bench, 1, "second"), &opened),
		CBX_CLIENT_OK);
	assert_true(cbx_span_equal(opened.data, cbx_span_text("second")));
	assert_int_equal(cbx_client_open(bench->client, answer_end(bench, 0, 0),
				 &opened),
		CBX_CLIENT_OK);
	assert_int_equal(
		cbx_client_save(bench->client, saved), CBX_CLIENT_E_STATE);
}

static void what_is_no_saved_session_is_refused(void **state)
{
	struct bench *bench = *state;
	uint8_t saved[CBX_CLIENT_SAVED_BYTES];
	struct cbx_client *client;
	static const size_t wrong[] = { 0, 7, 52, 54, 55, 64, 71 };

	assert_int_equal(seal(bench, "data", 4, 1), CBX_CLIENT_OK);
	assert_int_equal(cbx_client_save(bench->client, saved), CBX_CLIENT_OK);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		saved[wrong[i]] ^= 0x81;
		assert_int_equal(
			cbx_client_restore(saved, &client), CBX_CLIENT_E_SAVED);
		assert_null(client);
		saved[wrong[i]] ^= 0x81;
	}
	assert_int_equal(cbx_client_restore(saved, &client), CBX_CLIENT_OK);
	cbx_client_end(client);
	cbx_client_end(NULL);
}

/* T05: nothing is sealed to evidence that was not accepted. */
static void only_an_accepted_box_gets_data(void **state)
{
	struct bench *bench = *state;
	struct cbx_appraisal appraisal = { .size = sizeof(appraisal) };
	struct cbx_verdict *fresh = cbx_verdict_create();
	struct cbx_client *client;

	assert_int_equal(
		cbx_client_start(fresh, &client), CBX_CLIENT_E_VERDICT);
	assert_null(client);
	assert_int_equal(cbx_verify_box(fresh, made_span(&bench->made), NULL,
				 &appraisal),
		CBX_REFUSED_NO_HARDWARE);
	assert_non_null(cbx_verdict_claim(fresh, "box.channel-key"));
	assert_int_equal(
		cbx_client_start(fresh, &client), CBX_CLIENT_E_VERDICT);
	appraisal.flags = CBX_APPRAISE_NO_HARDWARE;
	bench->facts.has_box = false;
	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	assert_int_equal(cbx_verify_monitor(fresh, made_span(&bench->made),
				 NULL, &appraisal),
		CBX_ACCEPTED);
	assert_int_equal(
		cbx_client_start(fresh, &client), CBX_CLIENT_E_VERDICT);
	cbx_verdict_destroy(fresh);
}

static void a_box_that_takes_no_clients_data_gets_none(void **state)
{
	struct bench *bench = *state;

	cbx_client_end(bench->client);
	bench->facts.policy[0] = 32; /* the host is its client */
	assert_int_equal(start(bench), CBX_CLIENT_E_BOX);
	assert_null(bench->client);
	bench->facts.policy[0] = 0;
	bench->facts.state = 3;
	bench->facts.flags = CBX_BOX_CONFINED;
	assert_int_equal(start(bench), CBX_CLIENT_E_BOX);
	bench->facts.state = 5;
	bench->facts.flags = CBX_BOX_TEMPLATE;
	assert_int_equal(start(bench), CBX_CLIENT_E_BOX);
	bench->facts.state = 2;
	bench->facts.flags = 0;
	bench->facts.policy[1] = 0;
	assert_int_equal(start(bench), CBX_CLIENT_E_BOX);
	bench->facts.policy[1] = 65;
	assert_int_equal(start(bench), CBX_CLIENT_E_BOX);
	bench->facts.policy[1] = 64;
	assert_int_equal(start(bench), CBX_CLIENT_OK);
}

/* A box key of small order is in the evidence: no secret is shared with it. */
static void a_key_that_is_no_good_gets_no_session(void **state)
{
	struct bench *bench = *state;

	cbx_client_end(bench->client);
	memset(bench->facts.box_key, 0, sizeof(bench->facts.box_key));
	assert_int_equal(start(bench), CBX_CLIENT_E_LIBRARY);
	assert_null(bench->client);
}

static void every_error_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i <= CBX_CLIENT_E_LIBRARY; i++) {
		const char *text =
			cbx_client_error_text((enum cbx_client_error)i);

		assert_string_not_equal(text, "unknown");
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(
				text, cbx_client_error_text(
					      (enum cbx_client_error)j));
		}
	}
}

int main(void)
{
#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_any_size_arrives),
		BENCH_TEST(data_comes_in_parts),
		BENCH_TEST(what_finds_no_room_is_not_sealed),
		BENCH_TEST(nothing_of_the_data_is_in_the_message),
		BENCH_TEST(two_sessions_have_nothing_in_common),
		BENCH_TEST(a_changed_record_does_not_open),
		BENCH_TEST(a_box_that_changed_opens_nothing),
		BENCH_TEST(another_box_opens_nothing),
		BENCH_TEST(the_answer_is_read_to_its_end),
		BENCH_TEST(frames_come_after_all_data),
		BENCH_TEST(frames_of_another_order_do_not_open),
		BENCH_TEST(a_changed_frame_does_not_open),
		BENCH_TEST(another_sessions_frame_does_not_open),
		cmocka_unit_test(a_frame_that_makes_no_sense_ends_the_session),
		cmocka_unit_test(an_end_has_a_known_reason_and_no_data),
		BENCH_TEST(a_saved_session_reads_the_rest),
		BENCH_TEST(what_is_no_saved_session_is_refused),
		BENCH_TEST(only_an_accepted_box_gets_data),
		BENCH_TEST(a_box_that_takes_no_clients_data_gets_none),
		BENCH_TEST(a_key_that_is_no_good_gets_no_session),
		cmocka_unit_test(every_error_has_a_text_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

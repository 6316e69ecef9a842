/* SPDX-License-Identifier: Apache-2.0 */
/* A host between a client and its box: it carries all they say. */
#include <string.h>

#include <trust/cose.h>

#include "attack/attack.h"
#include "support/client.h"

#define STEP 20000000ull /* 20 ms */

static struct client client;
static struct client other;

/* A READY box with a channel, which waits for its client. @return its thread */
static uint64_t waiting(struct machine_box *box)
{
	struct cbx_policy policy = machine_policy();

	policy.flags = 0;
	policy.wake_step = STEP;
	machine_building(box, &policy);
	must(BOX_FINALIZE, box->handle);
	return client_await(box);
}

static void confine_refused(
	const struct machine_box *box, uint64_t thread, uint64_t bytes)
{
	uint64_t status =
		gate(BOX_CONFINE, box->handle, thread, box->io, bytes).status;

	assert_true(status == CBX_E_DENIED || status == CBX_E_INVALID);
	assert_int_equal(must(BOX_QUERY, box->handle), CBX_DOMAIN_READY);
}

/* Enter until a frame is there. */
static void await_frame(struct machine_box *box, uint32_t wanted)
{
	uint32_t reason;

	do {
		reason = machine_enter(box);
		if (reason == CBX_EXIT_IDLE) {
			machine_wait(box->exit.ret[1]);
		} else if (reason == CBX_EXIT_INTERRUPTED) {
			machine_wait(cbx_hal_ticks() + STEP / 8);
		}
	} while (reason == CBX_EXIT_IDLE || reason == CBX_EXIT_INTERRUPTED);
	assert_int_equal(reason, wanted);
}

void attack_x15_output_opens_for_its_client_alone(void **state)
{
	/* No other test leaves it in memory of the host's. */
	static const char alone[] = "for this one only";
	static uint8_t plain[CBX_PAGE_SIZE];
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	thread = waiting(&box);
	client_meet(&other, &box);
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, alone, sizeof(alone), true);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	bytes = client_seal(&other, &box, CLIENT_TEXT, 8, true);
	refuse(E_STATE, BOX_CONFINE, box.handle, thread, box.io, bytes);
	while (!machine_finished(&box, 0)) {
		(void)machine_enter(&box);
	}
	box.script[0].access = 0;
	box.script[0].call = (struct cbx_call){ .id = CBX_CALL_CHANNEL_WRITE,
		.arg = { CBX_PORT_OUTPUT, MACHINE_DATA, sizeof(alone) } };
	machine_begin(&box, 0);
	await_frame(&box, CBX_EXIT_OUTPUT);
	assert_false(ask_host_finds(alone, sizeof(alone)));
	assert_false(client_open(&other, &box, 1, plain));
	assert_true(client_open(&client, &box, 1, plain));
	assert_memory_equal(
		plain + sizeof(struct cbx_output), alone, sizeof(alone));
	while (!machine_finished(&box, 0)) {
		(void)machine_enter(&box);
	}
	(void)in_box(&box, END, 3);
	await_frame(&box, CBX_EXIT_ENDED);
	assert_false(client_open(&other, &box, 1, plain));
	assert_true(client_open(&client, &box, 1, plain));
	client_end(&other);
	client_end(&client);
}

void attack_h08_evidence_of_another_time_is_of_no_use(void **state)
{
	struct machine_box old;
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	/* A box like it that was: its evidence is kept, its key is gone. */
	(void)waiting(&old);
	client_meet(&client, &old);
	machine_erase(&old);
	thread = waiting(&box);
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	confine_refused(&box, thread, bytes);
	client_end(&client);
	/* Each answers its own question. */
	assert_int_equal(client_ask(&client, &box, 0x11, 32), CBX_OK);
	assert_int_equal(client_ask(&other, &box, 0x12, 32), CBX_OK);
	assert_int_equal(client.evidence_bytes, other.evidence_bytes);
	assert_memory_not_equal(
		client.evidence, other.evidence, client.evidence_bytes);
	/* This box is another matter. */
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	client_end(&client);
}

/* Whether the signature in the evidence is good for its own key. */
static bool signed_well(struct client *evidence)
{
	struct cbx_cbor items[128];
	struct cbx_cose_sign1 sign1;
	struct cbx_cose_key key;
	uint8_t point[CBX_COSE_POINT];
	size_t size;

	if (cbx_cose_sign1_read((struct cbx_span){ evidence->evidence,
					evidence->evidence_bytes },
		    CBX_COSE_ACCEPT_ES384 | CBX_COSE_PLAIN,
		    &sign1) != CBX_COSE_FINE ||
		cbx_cbor_decode(sign1.payload, CBX_CBOR_DETERMINISTIC, items,
			128) != CBX_CBOR_FINE ||
		!cbx_cose_key_read(
			cbx_cbor_find(
				cbx_cbor_find(cbx_cbor_find_text(
						      cbx_cbor_find(items,
							      CBX_EAT_SUBMODS),
						      CBX_SUBMOD_MONITOR),
					CBX_EAT_CNF),
				CBX_EAT_CNF_KEY),
			&key)) {
		return false;
	}
	size = cbx_cose_key_point(&key, point);
	return cbx_cose_sign1_verify(&sign1, (struct cbx_span){ point, size });
}

/* Where @p bytes stand in the evidence. */
static uint8_t *find(struct client *evidence, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i + size <= evidence->evidence_bytes; i++) {
		if (memcmp(evidence->evidence + i, bytes, size) == 0) {
			return evidence->evidence + i;
		}
	}
	fail_msg("it is not there");
	return NULL;
}

void attack_t01_exchanged_channel_key_is_noticed(void **state)
{
	struct cbx_channel_to to;
	struct machine_box box;
	struct machine_box mine;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	thread = waiting(&box);
	(void)waiting(&mine);
	/* The host puts another box's key, which it is the client of, there. */
	assert_int_equal(client_ask(&other, &mine, 0x4e, 32), CBX_OK);
	assert_true(cbx_evidence_channel(
		(struct cbx_span){ other.evidence, other.evidence_bytes },
		&to));
	client_meet(&client, &box);
	assert_true(signed_well(&client));
	client_end(&client);
	{
		struct cbx_channel_to own;
		uint8_t *at;

		assert_true(
			cbx_evidence_channel((struct cbx_span){ client.evidence,
						     client.evidence_bytes },
				&own));
		at = find(&client, own.key, sizeof(own.key));
		memcpy(at, to.key, sizeof(to.key));
	}
	assert_false(signed_well(&client));
	/* A client that did not look seals to nobody who was meant. */
	assert_true(cbx_sealed_start(&client.session,
		(struct cbx_span){ client.evidence, client.evidence_bytes }));
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	confine_refused(&box, thread, bytes);
	client_end(&client);
}

void attack_t04_evidence_shows_all_a_box_is_made_of(void **state)
{
	struct machine_box lender;
	struct machine_box box;
	struct cbx_reply digest;

	(void)state;
	attack_borrow(&lender, &box);
	must(BOX_FINALIZE, box.handle);
	assert_int_equal(client_ask(&client, &box, 0x33, 16), CBX_OK);
	digest = gate(BOX_DIGEST, lender.handle, CBX_DIGEST_MEASUREMENT);
	assert_int_equal(digest.status, CBX_OK);
	(void)find(&client, (const uint8_t *)digest.ret, CBX_DIGEST_BYTES);
	digest = gate(BOX_DIGEST, box.handle, CBX_DIGEST_MEASUREMENT);
	(void)find(&client, (const uint8_t *)digest.ret, CBX_DIGEST_BYTES);
	/* What it was told since, too. */
	(void)in_box(&box, CHANNEL_READ, CBX_PORT_INPUT, MACHINE_DATA, 8);
	must(BOX_REPLY, box.handle, box.exit.ret[1], 8, box.io, 8);
	assert_int_equal(client_ask(&client, &box, 0x33, 16), CBX_OK);
	digest = gate(BOX_DIGEST, box.handle, CBX_DIGEST_INPUT);
	(void)find(&client, (const uint8_t *)digest.ret, CBX_DIGEST_BYTES);
}

void attack_t05_data_without_a_session_reach_no_box(void **state)
{
	uint8_t forged[sizeof(struct cbx_channel_header) + 16 + 8 + 16] =
		CBX_CHANNEL_MAGIC;
	const struct cbx_channel_record record = { 8, CBX_CHANNEL_FINAL, 0 };
	struct machine_box box;
	uint64_t thread;

	(void)state;
	thread = waiting(&box);
	/* In plain, or sealed to nobody: not a byte goes in. */
	machine_put(box.io, CLIENT_TEXT, sizeof(CLIENT_TEXT));
	confine_refused(&box, thread, sizeof(CLIENT_TEXT));
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io,
		sizeof(CLIENT_TEXT), CBX_CONFINE_LAST);
	memset(forged + 8, 9, 64);
	memcpy(forged + sizeof(struct cbx_channel_header), &record,
		sizeof(record));
	machine_put(box.io, forged, sizeof(forged));
	confine_refused(&box, thread, sizeof(forged));
	memset(forged + 40, 0, 32); /* a key of small order */
	machine_put(box.io, forged, sizeof(forged));
	confine_refused(&box, thread, sizeof(forged));
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[6], 0);
}

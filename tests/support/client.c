/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <trust/cose.h>

#include "support/ask.h"
#include "support/client.h"

static void put_bytes(
	const struct machine_box *box, const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += CBX_PAGE_SIZE) {
		size_t n =
			size - at < CBX_PAGE_SIZE ? size - at : CBX_PAGE_SIZE;

		assert_true(at / CBX_PAGE_SIZE < box->io_count);
		machine_put(box->io + at / CBX_PAGE_SIZE, bytes + at, n);
	}
}

static void get_bytes(
	const struct machine_box *box, uint64_t from, uint8_t *to, size_t size)
{
	for (size_t at = 0; at < size; at += CBX_PAGE_SIZE) {
		size_t n =
			size - at < CBX_PAGE_SIZE ? size - at : CBX_PAGE_SIZE;

		assert_true(ask_host_read(
			box->io + from + at / CBX_PAGE_SIZE, 0, to + at, n));
	}
}

uint64_t client_ask(struct client *client, const struct machine_box *box,
	uint8_t byte, size_t bytes)
{
	uint8_t nonce[CBX_PAGE_SIZE];
	struct cbx_reply reply;

	memset(nonce, byte, sizeof(nonce));
	machine_put(box->io, nonce, sizeof(nonce));
	do {
		reply = gate(BOX_EVIDENCE, box->handle, box->io, bytes,
			box->io + 1, box->io_count - 1);
	} while (reply.status == CBX_E_BUSY);
	if (reply.status == CBX_OK) {
		client->evidence_bytes = (size_t)reply.ret[0];
		assert_in_range(
			reply.ret[0], 1, (box->io_count - 1) * CBX_PAGE_SIZE);
		get_bytes(box, 1, client->evidence, client->evidence_bytes);
	}
	return reply.status;
}

/* The signature is the key's that the evidence names. */
static void assert_signed(const struct client *client)
{
	const struct cbx_span evidence = { client->evidence,
		client->evidence_bytes };
	struct cbx_cbor items[128];
	struct cbx_cose_sign1 sign1;
	struct cbx_cose_key key;
	uint8_t point[CBX_COSE_POINT];
	const struct cbx_cbor *cnf;
	size_t size;

	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	assert_int_equal(
		cbx_cose_sign1_read(evidence,
			CBX_COSE_ACCEPT_ES384 | CBX_COSE_PLAIN, &sign1),
		CBX_COSE_FINE);
	assert_int_equal(cbx_cbor_decode(sign1.payload, CBX_CBOR_DETERMINISTIC,
				 items, 128),
		CBX_CBOR_FINE);
	cnf = cbx_cbor_find(
		cbx_cbor_find_text(cbx_cbor_find(items, CBX_EAT_SUBMODS),
			CBX_SUBMOD_MONITOR),
		CBX_EAT_CNF);
	assert_true(
		cbx_cose_key_read(cbx_cbor_find(cnf, CBX_EAT_CNF_KEY), &key));
	size = cbx_cose_key_point(&key, point);
	assert_true(cbx_cose_sign1_verify(
		&sign1, (struct cbx_span){ point, size }));
}

void client_meet(struct client *client, const struct machine_box *box)
{
	assert_int_equal(client_ask(client, box, 0x4e, 32), CBX_OK);
	assert_signed(client);
	assert_true(cbx_sealed_start(&client->session,
		(struct cbx_span){ client->evidence, client->evidence_bytes }));
}

uint64_t client_seal(struct client *client, const struct machine_box *box,
	const void *data, size_t size, bool final)
{
	static uint8_t message[CBX_IO_BYTES_MAX];
	struct cbx_channel_room room = { message, sizeof(message), 0 };

	client->session.final = false; /* a client may go on for ever */
	assert_true(cbx_sealed_put(&client->session,
		(struct cbx_span){ data, size }, final, &room));
	assert_int_not_equal(room.used, 0);
	put_bytes(box, message, room.used);
	return room.used;
}

uint64_t client_await(struct machine_box *box)
{
	struct cbx_reply reply = in_box(box, CHANNEL_READ, CBX_PORT_CLIENT,
		MACHINE_DATA, CBX_PAGE_SIZE);

	assert_int_equal(reply.status, MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)box->exit.ret[0], CBX_EXIT_INPUT);
	return box->exit.ret[1];
}

void client_confine(struct client *client, struct machine_box *box)
{
	uint64_t thread = client_await(box);
	uint64_t bytes;

	client_meet(client, box);
	bytes = client_seal(
		client, box, CLIENT_TEXT, sizeof(CLIENT_TEXT), true);
	must(BOX_CONFINE, box->handle, thread, box->io, bytes);
	assert_int_equal(must(BOX_QUERY, box->handle), CBX_DOMAIN_CONFINED);
}

bool client_open(struct client *client, const struct machine_box *box,
	uint64_t pages, uint8_t *plain)
{
	static uint8_t frame[CBX_IO_BYTES_MAX];
	size_t size = (size_t)pages * CBX_PAGE_SIZE;

	get_bytes(box, 0, frame, size);
	return cbx_sealed_open(
		&client->session, (struct cbx_span){ frame, size }, plain);
}

void client_end(struct client *client)
{
	cbx_sealed_end(&client->session);
}

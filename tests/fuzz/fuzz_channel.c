/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's message on its way to a box, through a host that writes: what the
 * keeper opens is what the client sealed, from the beginning on, or nothing.
 *
 * Input: whether the session is open already (a byte below FRESH), then edits of
 * a genuine message of four records, and its pieces: each is three bytes of where
 * (little-endian, modulo the message) and one to XOR, or, where that is 0, the
 * end of a piece that is handed over.
 */
#include "fuzz.h"

#include <string.h>

#include <psa/crypto.h>

#include <keeper/secret.h>
#include <keeper/serve.h>
#include <keeper/work.h>
#include <trust/session.h>

#define RECORDS	   4u
#define DATA	   300u /* of a record */
#define MESSAGE	   2048u
#define EDITS_MAX  16u
#define EDIT_BYTES 4u
#define FRESH	   0xf0u

static struct cbx_desk began; /* a box that waits for its client */
static uint8_t message[MESSAGE];
static size_t message_bytes;
static uint8_t plain[RECORDS * DATA];

static void make_box(struct cbx_channel_peer *peer)
{
	psa_key_id_t key;

	began = (struct cbx_desk){ .op = CBX_DESK_OPEN };
	began.box.number = 1;
	began.box.state = 2;
	began.monitor.backend = CBX_BACKEND_MOCK;
	FUZZ_ASSERT(cbx_secret_start());
	FUZZ_ASSERT(cbx_secret_channel(1, &key, peer->key));
	FUZZ_ASSERT(psa_destroy_key(key) == PSA_SUCCESS);
	FUZZ_ASSERT(cbx_claims_box_digest(&began.box, peer->digest));
}

static void make_message(void)
{
	struct cbx_channel_room room = { message, sizeof(message), 0 };
	struct cbx_channel_session session;
	struct cbx_channel_peer peer;

	make_box(&peer);
	for (size_t i = 0; i < sizeof(plain); i++) {
		plain[i] = (uint8_t)(i % 251);
	}
	FUZZ_ASSERT(cbx_session_start(&session, &peer));
	for (size_t i = 0; i < RECORDS; i++) {
		FUZZ_ASSERT(cbx_session_seal(&session,
			(struct cbx_span){ plain + i * DATA, DATA },
			i + 1 == RECORDS, &room));
	}
	cbx_session_end(&session);
	message_bytes = room.used;
}

/* Hand over a piece: it is taken as a whole and continues what was taken, or
 * changes nothing. */
static bool give(struct cbx_desk *desk, struct cbx_span piece, size_t *taken)
{
	const struct cbx_desk before = *desk;
	uint8_t *data = malloc(piece.size + 1);
	enum cbx_status status;

	FUZZ_ASSERT(data != NULL);
	memcpy(data, piece.bytes, piece.size);
	desk->size = piece.size;
	desk->count = 0;
	status = cbx_keeper_serve(desk, data, piece.size);
	if (status == CBX_OK) {
		FUZZ_ASSERT(desk->size <= sizeof(plain) - *taken);
		FUZZ_ASSERT(memcmp(data, plain + *taken, desk->size) == 0);
		*taken += desk->size;
		FUZZ_ASSERT((desk->count == 1) == (*taken == sizeof(plain)));
	} else {
		FUZZ_ASSERT(status == CBX_E_INVALID || status == CBX_E_DENIED ||
			    status == CBX_E_STATE);
		FUZZ_ASSERT(memcmp(&desk->session, &before.session,
				    sizeof(before.session)) == 0);
	}
	free(data);
	return status == CBX_OK;
}

static size_t place(const uint8_t *edit)
{
	return ((size_t)edit[0] | (size_t)edit[1] << 8 |
		       (size_t)edit[2] << 16) %
	       message_bytes;
}

/* A box whose session is open, by the first record: opening one takes a hundred
 * times as long as the rest. */
static struct cbx_desk opened;
static size_t opened_from, opened_taken;

static void make_opened(void)
{
	opened_from = sizeof(struct cbx_channel_header) +
		      sizeof(struct cbx_channel_record) + DATA +
		      CBX_AEAD_TAG_BYTES;
	opened = began;
	FUZZ_ASSERT(give(&opened, (struct cbx_span){ message, opened_from },
		&opened_taken));
	FUZZ_ASSERT(opened_taken == DATA);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	uint8_t altered[MESSAGE];
	struct cbx_desk desk;
	size_t from = 0, taken = 0, edits = 0;

	if (message_bytes == 0) {
		make_message();
		make_opened();
	}
	memcpy(altered, message, message_bytes);
	desk = began;
	if (size != 0 && input[0] < FRESH) {
		desk = opened;
		from = opened_from;
		taken = opened_taken;
	}
	input += size != 0 ? 1 : 0;
	size -= size != 0 ? 1 : 0;
	for (size_t i = 0; i + EDIT_BYTES <= size && edits < EDITS_MAX;
		i += EDIT_BYTES, edits++) {
		size_t at = place(input + i);

		if (input[i + 3] != 0) {
			altered[at] ^= input[i + 3];
		} else if (at > from) {
			(void)give(&desk,
				(struct cbx_span){ altered + from, at - from },
				&taken);
			from = at;
		} else {
			(void)give(&desk,
				(struct cbx_span){ altered + at, from - at },
				&taken);
		}
	}
	if (from < message_bytes) {
		bool last = give(&desk,
			(struct cbx_span){
				altered + from, message_bytes - from },
			&taken);

		FUZZ_ASSERT(edits != 0 || last); /* as sent, it arrives */
	}
	FUZZ_ASSERT(edits != 0 || taken == sizeof(plain));
	return 0;
}

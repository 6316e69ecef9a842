/* SPDX-License-Identifier: Apache-2.0 */
/* A client's session with a box that a verdict accepted. */
#include <confbox/client.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include <trust/session.h>
#include <trust/turn.h>
#include <verify/span.h>
#include <verify/verdict.h>

#define SAVED_MAGIC	 "CBXSESS1"
#define OUTPUT_PAGES_MAX 64u
#define STATE_READY	 "ready"

struct cbx_client {
	struct cbx_channel_session session;
	size_t frame_size;
	uint8_t *plain; /* plain[frame_size] */
};

/* A saved session: little-endian, as the machine that saved it. */
struct saved {
	char magic[8];
	uint8_t key[CBX_AEAD_KEY];
	uint8_t nonce[CBX_AEAD_NONCE];
	uint32_t frame_size;
	uint64_t frame;	   /* the next one's number */
	uint64_t reserved; /* zero */
};
_Static_assert(sizeof(struct saved) == CBX_CLIENT_SAVED_BYTES, "no padding");

const char *cbx_client_error_text(enum cbx_client_error error)
{
	switch (error) {
	case CBX_CLIENT_OK:
		return "done";
	case CBX_CLIENT_E_VERDICT:
		return "the evidence of no box was accepted";
	case CBX_CLIENT_E_BOX:
		return "the box takes no client's data";
	case CBX_CLIENT_E_STATE:
		return "not at this point of a session";
	case CBX_CLIENT_E_ROOM:
		return "more bytes than there is room for";
	case CBX_CLIENT_E_FRAME:
		return "not the next frame of this session";
	case CBX_CLIENT_E_SAVED:
		return "no saved session";
	case CBX_CLIENT_E_LIBRARY:
		return "no memory, or the cryptographic library failed";
	default:
		return "unknown";
	}
}

/* ------------------------------------------------------------ beginning -- */

/* Room for frames; NULL when there is none. */
static struct cbx_client *make(size_t frame_size)
{
	struct cbx_client *client = calloc(1, sizeof(*client));

	if (client == NULL) {
		return NULL;
	}
	client->frame_size = frame_size;
	client->plain = malloc(frame_size);
	if (client->plain == NULL) {
		free(client);
		return NULL;
	}
	return client;
}

void cbx_client_end(struct cbx_client *client)
{
	if (client != NULL) {
		cbx_psa_take_turn();
		cbx_session_end(&client->session);
		cbx_psa_end_turn();
		mbedtls_platform_zeroize(client->plain, client->frame_size);
		free(client->plain);
		free(client);
	}
}

/* Bytes of a claim, if it has so many. */
static bool take(const struct cbx_verdict *verdict, const char *name,
	uint8_t *to, size_t size)
{
	const struct cbx_claim *claim = cbx_verdict_claim(verdict, name);

	if (claim == NULL || claim->value.kind != CBX_VALUE_BYTES ||
		claim->value.span.size != size) {
		return false;
	}
	memcpy(to, claim->value.span.bytes, size);
	return true;
}

static bool is_number(
	const struct cbx_verdict *verdict, const char *name, uint64_t *number)
{
	const struct cbx_claim *claim = cbx_verdict_claim(verdict, name);
	bool is = claim != NULL && (claim->value.kind == CBX_VALUE_NUMBER ||
					   claim->value.kind == CBX_VALUE_FLAG);

	*number = is ? claim->value.number : 0;
	return is;
}

/* The box's key and digest, out of a verdict that accepted it. */
static bool read_peer(
	const struct cbx_verdict *verdict, struct cbx_channel_peer *peer)
{
	return cbx_verdict_reason(verdict) == CBX_ACCEPTED &&
	       strcmp(verdict->kind, "box") == 0 &&
	       take(verdict, "box.channel-key", peer->key, sizeof(peer->key)) &&
	       take(verdict, "box.digest", peer->digest, sizeof(peer->digest));
}

/* The size of the box's frames; 0 when it takes no client's data. */
static size_t read_frame_size(const struct cbx_verdict *verdict)
{
	const struct cbx_claim *state = cbx_verdict_claim(verdict, "box.state");
	uint64_t pages;
	uint64_t plain;

	if (state == NULL ||
		!cbx_span_equal(
			state->value.span, cbx_span_text(STATE_READY)) ||
		!is_number(verdict, "box.policy.plain", &plain) || plain != 0 ||
		!is_number(verdict, "box.policy.output-pages", &pages) ||
		pages == 0 || pages > OUTPUT_PAGES_MAX) {
		return 0;
	}
	return (size_t)pages * CBX_PAGE_SIZE;
}

enum cbx_client_error cbx_client_start(
	const struct cbx_verdict *verdict, struct cbx_client **client)
{
	struct cbx_channel_peer peer;
	struct cbx_client *made;
	bool started;
	size_t frame_size;

	*client = NULL;
	if (!read_peer(verdict, &peer)) {
		return CBX_CLIENT_E_VERDICT;
	}
	frame_size = read_frame_size(verdict);
	if (frame_size == 0) {
		return CBX_CLIENT_E_BOX;
	}
	made = make(frame_size);
	if (made == NULL) {
		return CBX_CLIENT_E_LIBRARY;
	}
	cbx_psa_take_turn();
	started = cbx_session_start(&made->session, &peer);
	cbx_psa_end_turn();
	if (!started) {
		cbx_client_end(made);
		return CBX_CLIENT_E_LIBRARY;
	}
	*client = made;
	return CBX_CLIENT_OK;
}

/* ---------------------------------------------------- sealing, opening -- */

size_t cbx_client_sealed_size(const struct cbx_client *client, size_t data_size)
{
	return cbx_session_sealed_size(&client->session, data_size);
}

enum cbx_client_error cbx_client_seal(struct cbx_client *client,
	struct cbx_span data, int final, struct cbx_client_room *room)
{
	struct cbx_channel_room sealed = { room->bytes, room->size,
		room->used };
	bool made;

	if (client->session.final) {
		return CBX_CLIENT_E_STATE;
	}
	if (room->used > room->size ||
		((data.size != 0 || final != 0) &&
			cbx_client_sealed_size(client, data.size) >
				room->size - room->used)) {
		return CBX_CLIENT_E_ROOM;
	}
	cbx_psa_take_turn();
	made = cbx_session_seal(&client->session, data, final != 0, &sealed);
	cbx_psa_end_turn();
	if (!made) {
		return CBX_CLIENT_E_LIBRARY;
	}
	room->used = sealed.used;
	return CBX_CLIENT_OK;
}

size_t cbx_client_frame_size(const struct cbx_client *client)
{
	return client->frame_size;
}

/* Whether frames may come. */
static bool may_open(const struct cbx_client *client)
{
	return client->session.final && !client->session.ended &&
	       !client->session.broken;
}

enum cbx_client_error cbx_client_open(struct cbx_client *client,
	struct cbx_span frame, struct cbx_client_frame *opened)
{
	struct cbx_channel_frame found;
	bool opens;

	*opened = (struct cbx_client_frame){ 0 };
	if (client->session.broken) {
		return CBX_CLIENT_E_LIBRARY;
	}
	if (!may_open(client)) {
		return CBX_CLIENT_E_STATE;
	}
	if (frame.size != client->frame_size) {
		return CBX_CLIENT_E_FRAME;
	}
	cbx_psa_take_turn();
	opens = cbx_session_open(
		&client->session, frame, client->plain, &found);
	cbx_psa_end_turn();
	if (!opens) {
		return client->session.broken ? CBX_CLIENT_E_LIBRARY
					      : CBX_CLIENT_E_FRAME;
	}
	*opened = (struct cbx_client_frame){
		.end = found.end ? 1 : 0,
		.port = (int)found.port,
		.data = found.data,
		.status = found.status,
		.reason = found.reason,
	};
	return CBX_CLIENT_OK;
}

/* -------------------------------------------------------------- pausing -- */

enum cbx_client_error cbx_client_save(
	const struct cbx_client *client, uint8_t saved[CBX_CLIENT_SAVED_BYTES])
{
	struct saved made = {
		.frame_size = (uint32_t)client->frame_size,
		.frame = client->session.output.sequence,
	};

	memset(saved, 0, CBX_CLIENT_SAVED_BYTES);
	if (!may_open(client)) {
		return CBX_CLIENT_E_STATE;
	}
	memcpy(made.magic, SAVED_MAGIC, sizeof(made.magic));
	memcpy(made.key, client->session.output_key, sizeof(made.key));
	memcpy(made.nonce, client->session.output.nonce, sizeof(made.nonce));
	memcpy(saved, &made, sizeof(made));
	mbedtls_platform_zeroize(&made, sizeof(made));
	return CBX_CLIENT_OK;
}

static bool saved_valid(const struct saved *saved)
{
	return memcmp(saved->magic, SAVED_MAGIC, sizeof(saved->magic)) == 0 &&
	       saved->frame_size != 0 &&
	       saved->frame_size % CBX_PAGE_SIZE == 0 &&
	       saved->frame_size <= OUTPUT_PAGES_MAX * CBX_PAGE_SIZE &&
	       saved->reserved == 0;
}

enum cbx_client_error cbx_client_restore(
	const uint8_t saved[CBX_CLIENT_SAVED_BYTES], struct cbx_client **client)
{
	enum cbx_client_error error = CBX_CLIENT_E_LIBRARY;
	struct cbx_client *made;
	struct saved read;
	bool resumed = false;

	*client = NULL;
	memcpy(&read, saved, sizeof(read));
	if (!saved_valid(&read)) {
		return CBX_CLIENT_E_SAVED;
	}
	made = cbx_psa_start() ? make(read.frame_size) : NULL;
	if (made != NULL) {
		cbx_psa_take_turn();
		resumed = cbx_session_resume(
			&made->session, read.key, read.nonce, read.frame);
		cbx_psa_end_turn();
	}
	if (resumed) {
		*client = made;
		made = NULL;
		error = CBX_CLIENT_OK;
	}
	cbx_client_end(made);
	mbedtls_platform_zeroize(&read, sizeof(read));
	return error;
}

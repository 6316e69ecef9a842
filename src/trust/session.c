/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/session.h>

#include <string.h>

#include <mbedtls/platform_util.h>

/* What a record is more than its data. */
#define RECORD_MORE (sizeof(struct cbx_channel_record) + CBX_AEAD_TAG)

/* A frame that was opened: doc/channel.md. */
#define FRAME_HEADER 32u
#define FRAME_DATA   1u
#define FRAME_END    2u

/* label || session || digest, all of fixed length. */
struct info {
	char label[CBX_LABEL_BYTES];
	uint8_t session[CBX_SESSION_BYTES];
	uint8_t digest[CBX_DIGEST_BYTES];
};
_Static_assert(sizeof(struct info) == CBX_CHANNEL_INFO_BYTES, "doc/channel.md");

static bool export(const struct cbx_hpke *hpke, const char *label,
	uint8_t *bytes, size_t size)
{
	return cbx_hpke_export(hpke,
		(struct cbx_span){ (const uint8_t *)label, strlen(label) },
		(struct cbx_hkdf_output){ bytes, size });
}

/* The keys of what the box answers. */
static bool start_output(struct cbx_channel_session *session)
{
	uint8_t nonce[CBX_AEAD_NONCE];

	return export(&session->hpke, CBX_OUTPUT_KEY, session->output_key,
		       sizeof(session->output_key)) &&
	       export(&session->hpke, CBX_OUTPUT_NONCE, nonce, sizeof(nonce)) &&
	       cbx_aead_start(&session->output,
		       (struct cbx_span){ session->output_key,
			       sizeof(session->output_key) },
		       nonce);
}

bool cbx_session_start(struct cbx_channel_session *session,
	const struct cbx_channel_peer *peer)
{
	struct info info = { .label = CBX_CHANNEL_LABEL };
	bool made;

	*session = (struct cbx_channel_session){ 0 };
	memcpy(session->header.magic, CBX_CHANNEL_MAGIC,
		sizeof(session->header.magic));
	if (psa_generate_random(session->header.session,
		    sizeof(session->header.session)) != PSA_SUCCESS) {
		return false;
	}
	memcpy(info.session, session->header.session, sizeof(info.session));
	memcpy(info.digest, peer->digest, sizeof(info.digest));
	made = cbx_hpke_send(&session->hpke, CBX_HPKE_AES_256_GCM, peer->key,
		       (struct cbx_span){
			       (const uint8_t *)&info, sizeof(info) },
		       session->header.enc) &&
	       start_output(session);
	if (!made) {
		cbx_session_end(session);
	}
	return made;
}

bool cbx_session_resume(struct cbx_channel_session *session,
	const uint8_t output_key[CBX_AEAD_KEY],
	const uint8_t output_nonce[CBX_AEAD_NONCE], uint64_t frame)
{
	*session = (struct cbx_channel_session){ .begun = true, .final = true };
	memcpy(session->output_key, output_key, CBX_AEAD_KEY);
	if (!cbx_aead_start(&session->output,
		    (struct cbx_span){ output_key, CBX_AEAD_KEY },
		    output_nonce)) {
		cbx_session_end(session);
		return false;
	}
	session->output.sequence = frame;
	return true;
}

/* -------------------------------------------------------------- sealing -- */

static size_t header_size(const struct cbx_channel_session *session)
{
	return session->begun ? 0 : sizeof(session->header);
}

size_t cbx_session_sealed_size(
	const struct cbx_channel_session *session, size_t data_size)
{
	size_t full = data_size / CBX_CHANNEL_DATA_BYTES;
	size_t records = full + (data_size % CBX_CHANNEL_DATA_BYTES != 0 ||
					data_size == 0);
	size_t more = header_size(session);

	if (records > (SIZE_MAX - more - data_size) / RECORD_MORE) {
		return SIZE_MAX;
	}
	return more + data_size + records * RECORD_MORE;
}

size_t cbx_session_fits(const struct cbx_channel_session *session, size_t room)
{
	size_t more = header_size(session);
	size_t whole;
	size_t rest;

	if (room < more) {
		return 0;
	}
	room -= more;
	whole = room / CBX_CHANNEL_RECORD_BYTES;
	rest = room % CBX_CHANNEL_RECORD_BYTES;
	return whole * CBX_CHANNEL_DATA_BYTES +
	       (rest > RECORD_MORE ? rest - RECORD_MORE : 0);
}

static void append(
	struct cbx_channel_room *room, const void *bytes, size_t size)
{
	memcpy(room->bytes + room->used, bytes, size);
	room->used += size;
}

/* One record. */
static bool seal_record(struct cbx_channel_session *session,
	struct cbx_span data, bool final, struct cbx_channel_room *room)
{
	const struct cbx_channel_record record = {
		.size = (uint32_t)data.size,
		.flags = final ? CBX_CHANNEL_FINAL : 0,
		.sequence = session->hpke.aead.sequence,
	};

	append(room, &record, sizeof(record));
	if (!cbx_hpke_seal(&session->hpke,
		    (struct cbx_span){
			    (const uint8_t *)&record, sizeof(record) },
		    data, room->bytes + room->used)) {
		return false;
	}
	room->used += data.size + CBX_AEAD_TAG;
	return true;
}

/* All of the data; there is room. */
static bool seal_all(struct cbx_channel_session *session, struct cbx_span data,
	bool final, struct cbx_channel_room *room)
{
	size_t done = 0;

	do {
		struct cbx_span part = { data.bytes, data.size - done };

		if (part.size > CBX_CHANNEL_DATA_BYTES) {
			part.size = CBX_CHANNEL_DATA_BYTES;
		}
		if (part.size != 0) {
			part.bytes += done;
		}
		done += part.size;
		if (!seal_record(
			    session, part, final && done == data.size, room)) {
			return false;
		}
	} while (done < data.size);
	return true;
}

bool cbx_session_seal(struct cbx_channel_session *session, struct cbx_span data,
	bool final, struct cbx_channel_room *room)
{
	size_t before = room->used;

	if (session->final || session->broken) {
		return false;
	}
	if (data.size == 0 && !final) {
		return true;
	}
	if (cbx_session_sealed_size(session, data.size) >
		room->size - room->used) {
		return false;
	}
	if (!session->begun) {
		append(room, &session->header, sizeof(session->header));
	}
	if (!seal_all(session, data, final, room)) {
		memset(room->bytes + before, 0, room->used - before);
		room->used = before;
		session->broken = true;
		return false;
	}
	session->begun = true;
	session->final = final;
	return true;
}

/* -------------------------------------------------------------- opening -- */

static uint64_t number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--) {
		value = value << 8 | bytes[i - 1];
	}
	return value;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++) {
		any |= bytes[i];
	}
	return any == 0;
}

/* Read a frame's plaintext of that size. */
static bool read_frame(
	const uint8_t *plain, size_t size, struct cbx_channel_frame *frame)
{
	uint64_t bytes = number(plain, 8);
	uint64_t kind = number(plain + 8, 4);

	*frame = (struct cbx_channel_frame){
		.end = kind == FRAME_END,
		.port = (uint32_t)number(plain + 12, 4),
		.status = number(plain + 16, 8),
		.reason = number(plain + 24, 8),
	};
	if (bytes > size - FRAME_HEADER ||
		!is_zero(plain + FRAME_HEADER + bytes,
			size - FRAME_HEADER - bytes)) {
		return false;
	}
	if (kind == FRAME_END) {
		return bytes == 0 && frame->port == 0 &&
		       frame->reason <= CBX_END_LOST;
	}
	frame->data = (struct cbx_span){ plain + FRAME_HEADER, bytes };
	return kind == FRAME_DATA && frame->status == 0 && frame->reason == 0 &&
	       (frame->port == CBX_PORT_OUTPUT ||
		       frame->port == CBX_PORT_ERROR);
}

bool cbx_session_open(struct cbx_channel_session *session,
	struct cbx_span sealed, uint8_t *plain, struct cbx_channel_frame *frame)
{
	*frame = (struct cbx_channel_frame){ 0 };
	if (session->ended || session->broken ||
		sealed.size < FRAME_HEADER + CBX_AEAD_TAG ||
		!cbx_aead_open(&session->output, (struct cbx_span){ 0 }, sealed,
			plain)) {
		return false;
	}
	if (!read_frame(plain, sealed.size - CBX_AEAD_TAG, frame)) {
		*frame = (struct cbx_channel_frame){ 0 };
		session->broken = true;
		return false;
	}
	session->ended = frame->end;
	return true;
}

void cbx_session_end(struct cbx_channel_session *session)
{
	cbx_hpke_end(&session->hpke);
	cbx_aead_stop(&session->output);
	mbedtls_platform_zeroize(session, sizeof(*session));
	session->broken = true; /* of no use any more */
}

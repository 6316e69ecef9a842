/* SPDX-License-Identifier: Apache-2.0 */
/* A client's session with a box: opening what it sends, sealing what it gets
 * (doc/channel.md). */
#include <string.h>

#include <mbedtls/platform_util.h>

#include <keeper/secret.h>
#include <keeper/work.h>
#include <trust/hpke.h>

/* A message on its way, and what came of it so far. */
struct opening {
	const uint8_t *data;
	size_t size;
	size_t at; /* what was read */
	struct cbx_session session;
	struct cbx_aead aead;	    /* messages to the box */
	uint8_t log[CBX_PAGE_SIZE]; /* of a record: header, tags */
	size_t log_bytes;
	uint8_t *plain;
	size_t plain_bytes;
};

static uint8_t buffer[CBX_IO_BYTES_MAX];

static bool is_zero(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++) {
		any |= at[i];
	}
	return any == 0;
}

/* The info of a message to whoever the digest describes. */
static void make_info(const char *label, const uint8_t *session,
	const uint8_t *digest, uint8_t info[CBX_CHANNEL_INFO_BYTES])
{
	cbx_secret_label(label, info);
	memcpy(info + CBX_LABEL_BYTES, session, CBX_SESSION_BYTES);
	memcpy(info + CBX_LABEL_BYTES + CBX_SESSION_BYTES, digest,
		CBX_DIGEST_BYTES);
}

/* A message's recipient and what it is bound to. */
struct recipient {
	const char *magic;
	const char *label;
	uint64_t number; /* of the channel key */
	uint8_t digest[CBX_DIGEST_BYTES];
};

/* Begin to receive; the header has been read. */
static enum cbx_status receive(struct cbx_hpke *hpke,
	const struct recipient *to, const struct cbx_channel_header *header)
{
	uint8_t info[CBX_CHANNEL_INFO_BYTES];
	uint8_t public[CBX_X25519_BYTES];
	enum cbx_status status = CBX_OK;
	psa_key_id_t key;

	if (memcmp(header->magic, to->magic, sizeof(header->magic)) != 0 ||
		header->reserved != 0) {
		return CBX_E_INVALID;
	}
	if (!cbx_secret_channel(to->number, &key, public)) {
		return CBX_E_HARDWARE;
	}
	make_info(to->label, header->session, to->digest, info);
	if (!cbx_hpke_receive(hpke, CBX_HPKE_AES_256_GCM, key, header->enc,
		    (struct cbx_span){ info, sizeof(info) })) {
		status = CBX_E_DENIED; /* a key of small order, say */
	}
	(void)psa_destroy_key(key);
	return status;
}

static bool export(const struct cbx_hpke *hpke, const char *label,
	uint8_t *bytes, size_t size)
{
	return cbx_hpke_export(hpke,
		(struct cbx_span){ (const uint8_t *)label, strlen(label) },
		(struct cbx_hkdf_output){ bytes, size });
}

/* Put a context's keys into the session. */
static bool keep_keys(struct cbx_session *session, const struct cbx_hpke *hpke)
{
	session->open = 1;
	memcpy(session->nonce, hpke->aead.nonce, sizeof(session->nonce));
	return cbx_aead_key(&hpke->aead, session->key) &&
	       export(hpke, CBX_OUTPUT_KEY, session->output_key,
		       sizeof(session->output_key)) &&
	       export(hpke, CBX_OUTPUT_NONCE, session->output_nonce,
		       sizeof(session->output_nonce));
}

/* Copy the next @p size bytes of the message. */
static bool read_next(struct opening *o, void *to, size_t size)
{
	if (size > o->size - o->at) {
		return false;
	}
	memcpy(to, o->data + o->at, size);
	o->at += size;
	return true;
}

static bool log_put(struct opening *o, const void *bytes, size_t size)
{
	if (size > sizeof(o->log) - o->log_bytes) {
		return false;
	}
	memcpy(o->log + o->log_bytes, bytes, size);
	o->log_bytes += size;
	return true;
}

/* The header of a message opens the session. */
static enum cbx_status open_session(
	struct opening *o, const struct cbx_facts *box)
{
	struct recipient to = { CBX_CHANNEL_MAGIC, CBX_CHANNEL_LABEL,
		box->number, { 0 } };
	struct cbx_channel_header header;
	struct cbx_hpke hpke = { 0 };
	enum cbx_status status;

	if (!read_next(o, &header, sizeof(header)) ||
		!log_put(o, &header, sizeof(header)) ||
		!cbx_claims_box_digest(box, to.digest)) {
		return CBX_E_INVALID;
	}
	status = receive(&hpke, &to, &header);
	if (status == CBX_OK && !keep_keys(&o->session, &hpke)) {
		status = CBX_E_HARDWARE;
	}
	cbx_hpke_end(&hpke);
	return status;
}

/* Whether a record may come next. */
static bool record_valid(
	const struct opening *o, const struct cbx_channel_record *record)
{
	bool final = record->flags == CBX_CHANNEL_FINAL;

	return o->session.complete == 0 &&
	       record->sequence == o->session.record &&
	       (final || (record->flags == 0 && record->size != 0)) &&
	       record->size <= CBX_CHANNEL_DATA_BYTES &&
	       record->size + CBX_AEAD_TAG_BYTES <= o->size - o->at;
}

static enum cbx_status open_record(struct opening *o)
{
	struct cbx_channel_record record;
	struct cbx_span sealed;

	if (!read_next(o, &record, sizeof(record)) ||
		!record_valid(o, &record)) {
		return CBX_E_INVALID;
	}
	sealed = (struct cbx_span){ o->data + o->at,
		record.size + CBX_AEAD_TAG_BYTES };
	o->at += sealed.size;
	if (!log_put(o, o->data + o->at - CBX_AEAD_TAG_BYTES,
		    CBX_AEAD_TAG_BYTES)) {
		return CBX_E_INVALID;
	}
	if (!cbx_aead_open(&o->aead,
		    (struct cbx_span){
			    (const uint8_t *)&record, sizeof(record) },
		    sealed, o->plain + o->plain_bytes)) {
		return CBX_E_DENIED;
	}
	o->plain_bytes += record.size;
	o->session.record++;
	o->session.complete = record.flags;
	return CBX_OK;
}

static enum cbx_status open_records(struct opening *o)
{
	enum cbx_status status = CBX_OK;

	if (!cbx_aead_start(&o->aead,
		    (struct cbx_span){ o->session.key, sizeof(o->session.key) },
		    o->session.nonce)) {
		return CBX_E_HARDWARE;
	}
	o->aead.sequence = o->session.record;
	do {
		status = open_record(o);
	} while (status == CBX_OK && o->at < o->size);
	cbx_aead_stop(&o->aead);
	return status;
}

static bool session_valid(const struct cbx_session *session)
{
	return session->open == 1 ||
	       (session->open == 0 && is_zero(session, sizeof(*session)));
}

static enum cbx_status open_piece(
	struct opening *o, const struct cbx_facts *box)
{
	enum cbx_status status = CBX_OK;

	if (o->session.open == 0) {
		status = open_session(o, box);
	}
	return status == CBX_OK ? open_records(o) : status;
}

/* The piece is all there: the answer. */
static enum cbx_status finish_piece(
	struct cbx_desk *request, struct cbx_work work, const struct opening *o)
{
	const struct cbx_record record = {
		.kind = CBX_RECORD_CHANNEL,
		.address = request->session.record,
		.info = o->session.complete,
		.info2 = o->plain_bytes,
		.length = o->log_bytes,
	};

	if (!cbx_work_extend(request->digest, &record, o->log)) {
		return CBX_E_HARDWARE;
	}
	memcpy(work.data, o->plain, o->plain_bytes);
	request->size = o->plain_bytes;
	request->count = o->session.complete;
	request->session = o->session;
	return CBX_OK;
}

enum cbx_status cbx_work_open(struct cbx_desk *request, struct cbx_work work)
{
	struct opening o = {
		.data = work.data,
		.size = (size_t)request->size,
		.session = request->session,
		.plain = buffer,
	};
	enum cbx_status status;

	if (request->size > work.room || request->size > sizeof(buffer) ||
		!session_valid(&request->session)) {
		return CBX_E_INVALID;
	}
	status = open_piece(&o, &request->box);
	if (status == CBX_OK) {
		status = finish_piece(request, work, &o);
	}
	mbedtls_platform_zeroize(buffer, o.plain_bytes);
	mbedtls_platform_zeroize(&o.session, sizeof(o.session));
	return status;
}

enum cbx_status cbx_work_seal(struct cbx_desk *request, struct cbx_work work)
{
	struct cbx_session *session = &request->session;
	struct cbx_aead aead;
	bool sealed;

	if (request->size < CBX_AEAD_TAG_BYTES || request->size > work.room ||
		request->size > sizeof(buffer) || session->open != 1 ||
		session->frame == UINT64_MAX) {
		return CBX_E_INVALID;
	}
	if (!cbx_aead_start(&aead,
		    (struct cbx_span){
			    session->output_key, sizeof(session->output_key) },
		    session->output_nonce)) {
		return CBX_E_HARDWARE;
	}
	aead.sequence = session->frame;
	sealed = cbx_aead_seal(&aead, (struct cbx_span){ 0 },
		(struct cbx_span){
			work.data, (size_t)request->size - CBX_AEAD_TAG_BYTES },
		buffer);
	cbx_aead_stop(&aead);
	if (!sealed) {
		return CBX_E_HARDWARE;
	}
	memcpy(work.data, buffer, (size_t)request->size);
	session->frame++;
	return CBX_OK;
}

/* The one record of a root's message. */
static enum cbx_status open_root(struct cbx_hpke *hpke, struct cbx_work work,
	uint8_t root[CBX_ROOT_KEY_BYTES])
{
	const uint8_t *at = work.data + sizeof(struct cbx_channel_header);
	struct cbx_channel_record record;

	memcpy(&record, at, sizeof(record));
	if (record.size != CBX_ROOT_KEY_BYTES || record.sequence != 0 ||
		record.flags != CBX_CHANNEL_FINAL) {
		return CBX_E_INVALID;
	}
	return cbx_hpke_open(hpke,
		       (struct cbx_span){
			       (const uint8_t *)&record, sizeof(record) },
		       (struct cbx_span){ at + sizeof(record),
			       CBX_ROOT_KEY_BYTES + CBX_AEAD_TAG_BYTES },
		       root)
		       ? CBX_OK
		       : CBX_E_DENIED;
}

#define ROOT_BYTES                                                       \
	(sizeof(struct cbx_channel_header) +                             \
		sizeof(struct cbx_channel_record) + CBX_ROOT_KEY_BYTES + \
		CBX_AEAD_TAG_BYTES)

enum cbx_status cbx_work_root(struct cbx_desk *request, struct cbx_work work)
{
	struct recipient to = { CBX_ROOT_MAGIC, CBX_ROOT_LABEL, 0, { 0 } };
	uint8_t root[CBX_ROOT_KEY_BYTES];
	struct cbx_channel_header header;
	struct cbx_hpke hpke = { 0 };
	enum cbx_status status;

	if (request->size != ROOT_BYTES || request->size > work.room ||
		!cbx_claims_monitor_digest(&request->monitor, to.digest)) {
		return CBX_E_INVALID;
	}
	if (cbx_claims_root(&request->monitor) != CBX_ROOT_NONE) {
		return CBX_E_STATE;
	}
	memcpy(&header, work.data, sizeof(header));
	status = receive(&hpke, &to, &header);
	if (status == CBX_OK) {
		status = open_root(&hpke, work, root);
	}
	if (status == CBX_OK) {
		cbx_secret_keep_root(CBX_ROOT_RELEASED, root);
	}
	cbx_hpke_end(&hpke);
	mbedtls_platform_zeroize(root, sizeof(root));
	return status;
}

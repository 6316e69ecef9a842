/* SPDX-License-Identifier: Apache-2.0 */
#include <client/sealed.h>

#include <string.h>

#include <client/evidence.h>
#include <trust/turn.h>

/* What a record is more than its data. */
#define RECORD_MORE (sizeof(struct cbx_channel_record) + CBX_AEAD_TAG_BYTES)

static struct cbx_span text(const char *label)
{
	return (struct cbx_span){ (const uint8_t *)label, strlen(label) };
}

/* label || session || digest of the box's claims */
static bool make_info(const struct cbx_sealed *sealed, struct cbx_span box,
	uint8_t info[CBX_CHANNEL_INFO_BYTES])
{
	size_t size = 0;

	memset(info, 0, CBX_LABEL_BYTES);
	memcpy(info, CBX_CHANNEL_LABEL, strlen(CBX_CHANNEL_LABEL));
	memcpy(info + CBX_LABEL_BYTES, sealed->header.session,
		CBX_SESSION_BYTES);
	return psa_hash_compute(PSA_ALG_SHA_384, box.bytes, box.size,
		       info + CBX_LABEL_BYTES + CBX_SESSION_BYTES,
		       CBX_DIGEST_BYTES, &size) == PSA_SUCCESS &&
	       size == CBX_DIGEST_BYTES;
}

/* The keys of what the box answers. */
static bool start_output(struct cbx_sealed *sealed)
{
	uint8_t nonce[CBX_AEAD_NONCE];
	uint8_t key[CBX_AEAD_KEY];
	bool made = cbx_hpke_export(&sealed->hpke, text(CBX_OUTPUT_KEY),
			    (struct cbx_hkdf_output){ key, sizeof(key) }) &&
		    cbx_hpke_export(&sealed->hpke, text(CBX_OUTPUT_NONCE),
			    (struct cbx_hkdf_output){ nonce, sizeof(nonce) }) &&
		    cbx_aead_start(&sealed->output,
			    (struct cbx_span){ key, sizeof(key) }, nonce);

	memset(key, 0, sizeof(key));
	return made;
}

static bool start(struct cbx_sealed *sealed, struct cbx_span evidence)
{
	uint8_t info[CBX_CHANNEL_INFO_BYTES];
	struct cbx_channel_to to;

	*sealed = (struct cbx_sealed){ .first = true };
	memcpy(sealed->header.magic, CBX_CHANNEL_MAGIC,
		sizeof(sealed->header.magic));
	if (!cbx_evidence_channel(evidence, &to) ||
		psa_crypto_init() != PSA_SUCCESS ||
		psa_generate_random(sealed->header.session,
			CBX_SESSION_BYTES) != PSA_SUCCESS ||
		!make_info(sealed, to.box, info) ||
		!cbx_hpke_send(&sealed->hpke, CBX_HPKE_AES_256_GCM, to.key,
			(struct cbx_span){ info, sizeof(info) },
			sealed->header.enc)) {
		return false;
	}
	sealed->open = start_output(sealed);
	if (!sealed->open) {
		cbx_hpke_end(&sealed->hpke);
	}
	return sealed->open;
}

bool cbx_sealed_start(struct cbx_sealed *sealed, struct cbx_span evidence)
{
	bool started;

	cbx_psa_take_turn();
	started = start(sealed, evidence);
	cbx_psa_end_turn();
	return started;
}

size_t cbx_sealed_fits(const struct cbx_sealed *sealed, size_t room)
{
	size_t fits;
	size_t rest;

	if (sealed->first) {
		room -= room < sizeof(sealed->header) ? room
						      : sizeof(sealed->header);
	}
	fits = room / CBX_CHANNEL_RECORD_BYTES * CBX_CHANNEL_DATA_BYTES;
	rest = room % CBX_CHANNEL_RECORD_BYTES;
	return fits + (rest > RECORD_MORE ? rest - RECORD_MORE : 0);
}

/* One record. @return its size, or 0 */
static size_t put_record(struct cbx_sealed *sealed, struct cbx_span data,
	bool final, uint8_t *to)
{
	const struct cbx_channel_record record = {
		.size = (uint32_t)data.size,
		.flags = final ? CBX_CHANNEL_FINAL : 0,
		.sequence = sealed->hpke.aead.sequence,
	};

	bool made;

	memcpy(to, &record, sizeof(record));
	cbx_psa_take_turn();
	made = cbx_hpke_seal(&sealed->hpke,
		(struct cbx_span){ (const uint8_t *)&record, sizeof(record) },
		data, to + sizeof(record));
	cbx_psa_end_turn();
	return made ? data.size + RECORD_MORE : 0;
}

size_t cbx_sealed_put(struct cbx_sealed *sealed, struct cbx_span data,
	bool final, uint8_t *to)
{
	size_t done = 0;
	size_t put = 0;
	size_t n;

	if (sealed->first) {
		memcpy(to, &sealed->header, sizeof(sealed->header));
		put = sizeof(sealed->header);
		sealed->first = false;
	}
	do {
		struct cbx_span part = { data.bytes + done, data.size - done };

		if (part.size > CBX_CHANNEL_DATA_BYTES) {
			part.size = CBX_CHANNEL_DATA_BYTES;
		}
		done += part.size;
		n = put_record(
			sealed, part, final && done == data.size, to + put);
		put += n;
	} while (n != 0 && done < data.size);
	return n != 0 ? put : 0;
}

bool cbx_sealed_open(
	struct cbx_sealed *sealed, struct cbx_span frame, uint8_t *plain)
{
	struct cbx_output header;
	bool opened;

	if (!sealed->open || frame.size < sizeof(header) + CBX_OUTPUT_TAIL) {
		return false;
	}
	cbx_psa_take_turn();
	opened = cbx_aead_open(
		&sealed->output, (struct cbx_span){ 0 }, frame, plain);
	cbx_psa_end_turn();
	if (!opened) {
		return false;
	}
	memcpy(&header, plain, sizeof(header));
	return header.bytes <= frame.size - sizeof(header) - CBX_OUTPUT_TAIL;
}

void cbx_sealed_end(struct cbx_sealed *sealed)
{
	if (sealed->open) {
		cbx_psa_take_turn();
		cbx_hpke_end(&sealed->hpke);
		cbx_aead_stop(&sealed->output);
		cbx_psa_end_turn();
	}
	sealed->open = false;
}

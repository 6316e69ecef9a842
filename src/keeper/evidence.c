/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: claims, the platform's report, a signature (doc/evidence.md). */
#include <string.h>

#include <keeper/secret.h>
#include <keeper/work.h>
#include <trust/cose.h>

/* The envelope around the claims. */
#define ENVELOPE_BYTES 128u

static uint8_t payload[CBX_EVIDENCE_BYTES_MAX - ENVELOPE_BYTES];

static bool nonce_valid(const struct cbx_desk *request)
{
	return request->nonce_bytes >= CBX_NONCE_BYTES_MIN &&
	       request->nonce_bytes <= CBX_NONCE_BYTES_MAX;
}

static psa_status_t hash_report_data(
	psa_hash_operation_t *hash, const struct cbx_desk *request)
{
	uint8_t point[CBX_P384_POINT_BYTES];
	uint8_t label[CBX_LABEL_BYTES];
	psa_key_id_t key;
	psa_status_t status = cbx_secret_signer(&key, point)
				      ? psa_hash_setup(hash, PSA_ALG_SHA_512)
				      : PSA_ERROR_GENERIC_ERROR;

	cbx_secret_label(CBX_REPORT_DATA_LABEL, label);
	if (status == PSA_SUCCESS) {
		status = psa_hash_update(hash, label, sizeof(label));
	}
	if (status == PSA_SUCCESS) {
		status = psa_hash_update(hash, point, sizeof(point));
	}
	if (status == PSA_SUCCESS) {
		status = psa_hash_update(
			hash, request->nonce, (size_t)request->nonce_bytes);
	}
	return status;
}

enum cbx_status cbx_work_report_data(struct cbx_desk *request)
{
	psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
	size_t size = 0;
	psa_status_t status;

	if (!nonce_valid(request)) {
		return CBX_E_INVALID;
	}
	status = hash_report_data(&hash, request);
	if (status == PSA_SUCCESS) {
		status = psa_hash_finish(
			&hash, request->key, sizeof(request->key), &size);
	}
	if (status != PSA_SUCCESS) {
		(void)psa_hash_abort(&hash);
	}
	return status == PSA_SUCCESS && size == CBX_REPORT_DATA_BYTES
		       ? CBX_OK
		       : CBX_E_HARDWARE;
}

static const char *platform_name(uint32_t platform)
{
	static const char *const names[] = {
		[CBX_PLATFORM_NONE] = "none",
		[CBX_PLATFORM_SNP] = "snp",
		[CBX_PLATFORM_TDX] = "tdx",
		[CBX_PLATFORM_CCA] = "cca",
		[CBX_PLATFORM_TEST] = "test",
	};

	return platform < sizeof(names) / sizeof(names[0]) ? names[platform]
							   : NULL;
}

static bool evidence_valid(const struct cbx_desk *request, struct cbx_work work)
{
	bool none = request->monitor.platform == CBX_PLATFORM_NONE;

	return nonce_valid(request) && work.room != 0 &&
	       request->size <= work.room &&
	       request->endorsements <= request->size &&
	       platform_name(request->monitor.platform) != NULL &&
	       none == (request->size == 0);
}

/* An entry of SNP's table of certificates: a GUID, offset, length. */
#define ENTRY	    24u
#define ENTRY_GUID  16u
#define ENTRY_WORDS (ENTRY_GUID + 4)

static uint64_t read_word(const uint8_t *bytes)
{
	return bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
	       (uint64_t)bytes[3] << 24;
}

/* How much of the pages SNP's host gave is its table: the head, as far as an
 * entry of zeros, and what it points at.  0: there is nothing in it; one that is
 * no table is told whole.  Nothing of it is believed here. */
static size_t table_bytes(const uint8_t *table, size_t bytes)
{
	static const uint8_t end[ENTRY];
	size_t most = 0;

	for (size_t at = 0; at + ENTRY <= bytes; at += ENTRY) {
		uint64_t last = read_word(table + at + ENTRY_GUID) +
				read_word(table + at + ENTRY_WORDS);

		if (memcmp(table + at, end, ENTRY) == 0) {
			return at == 0 || most >= at + ENTRY ? most : bytes;
		}
		if (last > bytes) {
			break;
		}
		most = last > most ? (size_t)last : most;
	}
	return bytes;
}

/* What the platform says: data[size], the last endorsements of them apart. */
static void put_platform(struct cbx_cbor_writer *writer,
	const struct cbx_desk *request, const uint8_t *data)
{
	size_t report = (size_t)(request->size - request->endorsements);
	size_t more = (size_t)request->endorsements;

	if (request->monitor.platform == CBX_PLATFORM_SNP) {
		more = table_bytes(data + report, more);
	}
	cbx_cbor_put_map(writer,
		1 + (request->size != 0 ? 1u : 0u) + (more != 0 ? 1u : 0u));
	cbx_cbor_put_int(writer, CBX_LABEL_KIND);
	cbx_cbor_put_text(writer, platform_name(request->monitor.platform));
	if (request->size != 0) {
		cbx_cbor_put_int(writer, CBX_LABEL_REPORT);
		cbx_cbor_put_bytes(writer, data, report);
	}
	if (more != 0) {
		cbx_cbor_put_int(writer, CBX_LABEL_ENDORSEMENTS);
		cbx_cbor_put_bytes(writer, data + report, more);
	}
}

static bool put_claims(struct cbx_cbor_writer *writer,
	const struct cbx_desk *request, const uint8_t *data)
{
	bool box = request->box.number != 0;
	bool made = true;

	cbx_cbor_put_map(writer, 3);
	cbx_cbor_put_int(writer, CBX_EAT_NONCE);
	cbx_cbor_put_bytes(
		writer, request->nonce, (size_t)request->nonce_bytes);
	cbx_cbor_put_int(writer, CBX_EAT_PROFILE);
	cbx_cbor_put_text(writer, CBX_EVIDENCE_PROFILE);
	cbx_cbor_put_int(writer, CBX_EAT_SUBMODS);
	cbx_cbor_put_map(writer, box ? 3 : 2);
	if (box) {
		cbx_cbor_put_text(writer, CBX_SUBMOD_BOX);
		made = cbx_claims_box(writer, &request->box);
	}
	cbx_cbor_put_text(writer, CBX_SUBMOD_MONITOR);
	made = cbx_claims_monitor(writer, &request->monitor) && made;
	cbx_cbor_put_text(writer, CBX_SUBMOD_PLATFORM);
	put_platform(writer, request, data);
	return made;
}

enum cbx_status cbx_work_evidence(
	struct cbx_desk *request, struct cbx_work work)
{
	struct cbx_cbor_writer claims = { .bytes = payload,
		.size = sizeof(payload) };
	struct cbx_cbor_writer token = { .bytes = work.data,
		.size = work.room < CBX_EVIDENCE_BYTES_MAX
				? work.room
				: CBX_EVIDENCE_BYTES_MAX };
	uint8_t point[CBX_P384_POINT_BYTES];
	struct cbx_span made;
	psa_key_id_t key;

	if (!evidence_valid(request, work) ||
		!put_claims(&claims, request, work.data)) {
		return CBX_E_INVALID;
	}
	made = cbx_cbor_written(&claims);
	if (made.size == 0 || !cbx_secret_signer(&key, point) ||
		!cbx_cose_sign1_write(key, made, &token)) {
		return CBX_E_HARDWARE;
	}
	request->size = cbx_cbor_written(&token).size;
	return request->size != 0 ? CBX_OK : CBX_E_HARDWARE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model's keeper: the real one's contract, with a cheap digest instead of
 * SHA-384.  What is compared is the log.
 */
#include <string.h>

#include <keeper/serve.h>
#include <model/digest.h>

static void report(const struct cbx_facts *box, struct cbx_report *report)
{
	report->number = box->number;
	report->flags = box->flags;
	memcpy(report->measurement, box->measurement, CBX_DIGEST_BYTES);
	memcpy(report->input_digest, box->input_digest, CBX_DIGEST_BYTES);
	memcpy(report->signer, box->signer.key, CBX_DIGEST_BYTES);
	memcpy(report->family, box->signer.family, CBX_FAMILY_BYTES);
	report->version = box->signer.version;
	memset(report->mac, 0x4d, sizeof(report->mac));
}

static enum cbx_status check(const struct cbx_report *report)
{
	for (size_t i = 0; i < sizeof(report->mac); i++) {
		if (report->mac[i] != 0x4d) {
			return CBX_E_DENIED;
		}
	}
	return CBX_OK;
}

static enum cbx_status sign(
	struct cbx_signer *signer, const struct cbx_signature *signature)
{
	if (signature->key[0] != 0) {
		return CBX_E_DENIED;
	}
	memset(signer->key, 0x53, sizeof(signer->key));
	memcpy(signer->family, signature->family, CBX_FAMILY_BYTES);
	signer->version = signature->version;
	return CBX_OK;
}

/* What is not measuring.  No record opens; a signature that begins with a zero
 * byte is good, and so is a root of so many bytes that 8 divides them. */
static enum cbx_status serve_other(struct cbx_desk *desk, uint8_t *data)
{
	const uint64_t said[2] = { desk->box.number != 0, desk->nonce_bytes };

	switch (desk->op) {
	case CBX_DESK_EVIDENCE:
		if (desk->nonce_bytes < 16) {
			return CBX_E_INVALID;
		}
		memcpy(data, said, sizeof(said));
		desk->size = sizeof(said);
		return CBX_OK;
	case CBX_DESK_REPORT:
		report(&desk->box, (struct cbx_report *)(void *)data);
		return CBX_OK;
	case CBX_DESK_REPORT_CHECK:
		return check((const struct cbx_report *)(const void *)data);
	case CBX_DESK_SIGNER:
		return sign(&desk->box.signer,
			(const struct cbx_signature *)(const void *)data);
	case CBX_DESK_SEAL_KEY:
		memset(desk->key, (int)desk->count, sizeof(desk->key));
		desk->monitor.root = CBX_ROOT_RELEASED;
		return CBX_OK;
	case CBX_DESK_ROOT:
		return desk->size % 8 == 0 ? CBX_OK : CBX_E_DENIED;
	case CBX_DESK_OPEN:
		return CBX_E_DENIED;
	default:
		return CBX_E_UNSUPPORTED;
	}
}

enum cbx_status cbx_keeper_serve(
	struct cbx_desk *desk, uint8_t *data, size_t data_bytes)
{
	struct cbx_record record = desk->record;

	if (desk->op != CBX_DESK_EXTEND) {
		return serve_other(desk, data);
	}
	if (desk->count == 0 || desk->count > CBX_RANGE_PAGES_MAX ||
		data_bytes < CBX_DESK_DATA_PAGES * (size_t)CBX_PAGE_SIZE) {
		return CBX_E_INVALID;
	}
	for (uint64_t i = 0; i < desk->count; i++) {
		const uint8_t *page = data + i * CBX_PAGE_SIZE;

		if (i + 1 == desk->count) {
			record.length = desk->last_length;
		}
		if (record.length > CBX_PAGE_SIZE ||
			(record.length != 0 && i >= CBX_DESK_DATA_PAGES)) {
			return CBX_E_INVALID;
		}
		model_digest(desk->digest, &record, sizeof(record),
			record.length != 0 ? page : NULL, record.length);
		record.address += CBX_PAGE_SIZE;
	}
	return CBX_OK;
}

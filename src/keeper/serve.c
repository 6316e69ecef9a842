/* SPDX-License-Identifier: Apache-2.0 */
#include <keeper/secret.h>
#include <keeper/serve.h>
#include <keeper/work.h>

#include <string.h>

#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

#include <trust/chain.h>

static enum cbx_status to_status(psa_status_t status)
{
	if (status == PSA_SUCCESS) {
		return CBX_OK;
	}
	return status == PSA_ERROR_INSUFFICIENT_MEMORY ? CBX_E_NOMEM
						       : CBX_E_HARDWARE;
}

/* Bytes of data a request is about; its count and lengths are valid. */
static uint64_t data_needed(const struct cbx_desk *request)
{
	if (request->record.length == 0 && request->last_length == 0) {
		return 0;
	}
	return (request->count - 1) * CBX_PAGE_SIZE + request->last_length;
}

static bool lengths_valid(const struct cbx_desk *request)
{
	uint64_t count_max =
		request->record.length == 0 && request->last_length == 0
			? CBX_RANGE_PAGES_MAX
			: CBX_DESK_DATA_PAGES;

	return request->count >= 1 && request->count <= count_max &&
	       request->record.length <= CBX_PAGE_SIZE &&
	       request->last_length <= CBX_PAGE_SIZE;
}

static bool extend_valid(
	const struct cbx_desk *request, const uint8_t *data, size_t data_bytes)
{
	if (!lengths_valid(request) || data_needed(request) > data_bytes) {
		return false;
	}
	return (request->count - 1) * CBX_PAGE_SIZE <=
		       UINT64_MAX - request->record.address &&
	       (data != NULL || data_bytes == 0);
}

/* Record @p index of the request, as the log holds it. */
static struct cbx_record record_at(
	const struct cbx_desk *request, uint64_t index)
{
	struct cbx_record record = request->record;

	record.address += index * CBX_PAGE_SIZE;
	if (index + 1 == request->count) {
		record.length = request->last_length;
	}
	return record;
}

static enum cbx_status extend(
	struct cbx_desk *request, const uint8_t *data, size_t data_bytes)
{
	if (!extend_valid(request, data, data_bytes)) {
		return CBX_E_INVALID;
	}

	psa_status_t status = psa_crypto_init();

	for (uint64_t i = 0; i < request->count && status == PSA_SUCCESS; i++) {
		struct cbx_record record = record_at(request, i);
		const uint8_t *page =
			record.length == 0 ? NULL : data + i * CBX_PAGE_SIZE;

		status = cbx_chain_extend(request->digest, &record, page);
	}
	return to_status(status);
}

bool cbx_work_extend(uint8_t digest[CBX_DIGEST_BYTES],
	const struct cbx_record *record, const uint8_t *data)
{
	return cbx_chain_extend(digest, record, data) == PSA_SUCCESS;
}

/* Read the request once; no later line can see the shared copy. */
static void copy_request(
	struct cbx_desk *request, const struct cbx_desk *desk, size_t size)
{
	memcpy(request, desk, size);
	__asm__ volatile("" : : : "memory");
}

/* Evidence tells it, and not only its digest. */
static bool is_boot_log(const struct cbx_record *record)
{
	static const char boot[sizeof(record->kind)] = CBX_RECORD_BOOT;

	return memcmp(record->kind, boot, sizeof(boot)) == 0;
}

static enum cbx_status serve_extend(
	struct cbx_desk *desk, const uint8_t *data, size_t data_bytes)
{
	struct cbx_desk request;
	enum cbx_status status;

	copy_request(&request, desk, offsetof(struct cbx_desk, size));
	status = extend(&request, data, data_bytes);
	if (status == CBX_OK && is_boot_log(&request.record)) {
		cbx_secret_keep_boot_log(
			(struct cbx_span){ data, (size_t)request.last_length });
	}
	if (status == CBX_OK) {
		memcpy(desk->digest, request.digest, sizeof(desk->digest));
	}
	return status;
}

static enum cbx_status work_on(
	uint64_t op, struct cbx_desk *request, struct cbx_work work)
{
	switch (op) {
	case CBX_DESK_REPORT_DATA:
		return cbx_work_report_data(request);
	case CBX_DESK_EVIDENCE:
		return cbx_work_evidence(request, work);
	case CBX_DESK_OPEN:
		return cbx_work_open(request, work);
	case CBX_DESK_SEAL:
		return cbx_work_seal(request, work);
	case CBX_DESK_SIGNER:
		return cbx_work_signer(request, work);
	case CBX_DESK_REPORT:
		return cbx_work_report(request, work);
	case CBX_DESK_REPORT_CHECK:
		return cbx_work_report_check(work);
	case CBX_DESK_SEAL_KEY:
		return cbx_work_seal_key(request);
	case CBX_DESK_ROOT:
		return cbx_work_root(request, work);
	case CBX_DESK_LETTER:
		return cbx_work_letter(work);
	default:
		return CBX_E_UNSUPPORTED;
	}
}

enum cbx_status cbx_keeper_serve(
	struct cbx_desk *desk, uint8_t *data, size_t data_bytes)
{
	const struct cbx_work work = { data, data_bytes };
	struct cbx_desk request;
	enum cbx_status status;
	uint64_t op = desk->op;

	if (op == CBX_DESK_EXTEND) {
		return serve_extend(desk, data, data_bytes);
	}
	copy_request(&request, desk, sizeof(request));
	if (!cbx_secret_start()) {
		return CBX_E_HARDWARE;
	}
	status = work_on(request.op, &request, work);
	if (status == CBX_OK) {
		memcpy(desk, &request, sizeof(request));
	}
	mbedtls_platform_zeroize(&request, sizeof(request));
	return status;
}

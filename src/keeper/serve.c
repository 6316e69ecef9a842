/* SPDX-License-Identifier: Apache-2.0 */
#include <keeper/serve.h>

#include <string.h>

#include <psa/crypto.h>

static enum cbx_status to_status(psa_status_t status)
{
	if (status == PSA_SUCCESS) {
		return CBX_OK;
	}
	return status == PSA_ERROR_INSUFFICIENT_MEMORY ? CBX_E_NOMEM
						       : CBX_E_HARDWARE;
}

/* Read the request once; no later line can see the shared copy. */
static struct cbx_desk copy_request(const struct cbx_desk *desk)
{
	struct cbx_desk request;

	memcpy(&request, desk, sizeof(request));
	__asm__ volatile("" : : : "memory");
	return request;
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

static psa_status_t hash_parts(psa_hash_operation_t *hash,
	const uint8_t *digest, const struct cbx_record *record,
	const uint8_t *data)
{
	psa_status_t status = psa_hash_setup(hash, PSA_ALG_SHA_384);

	if (status == PSA_SUCCESS) {
		status = psa_hash_update(hash, digest, CBX_DIGEST_BYTES);
	}
	if (status == PSA_SUCCESS) {
		status = psa_hash_update(
			hash, (const uint8_t *)record, sizeof(*record));
	}
	if (status == PSA_SUCCESS && record->length != 0) {
		status = psa_hash_update(hash, data, (size_t)record->length);
	}
	return status;
}

/* digest := SHA-384(digest || record || data) */
static psa_status_t extend_one(
	uint8_t *digest, const struct cbx_record *record, const uint8_t *data)
{
	psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
	size_t size = 0;
	psa_status_t status = hash_parts(&hash, digest, record, data);

	if (status == PSA_SUCCESS) {
		status =
			psa_hash_finish(&hash, digest, CBX_DIGEST_BYTES, &size);
	}
	if (status != PSA_SUCCESS) {
		(void)psa_hash_abort(&hash);
		return status;
	}
	return size == CBX_DIGEST_BYTES ? PSA_SUCCESS : PSA_ERROR_GENERIC_ERROR;
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

		status = extend_one(request->digest, &record, page);
	}
	return to_status(status);
}

enum cbx_status cbx_keeper_serve(
	struct cbx_desk *desk, const uint8_t *data, size_t data_bytes)
{
	struct cbx_desk request = copy_request(desk);

	if (request.op != CBX_DESK_EXTEND) {
		return CBX_E_UNSUPPORTED;
	}

	enum cbx_status status = extend(&request, data, data_bytes);

	if (status == CBX_OK) {
		memcpy(desk->digest, request.digest, sizeof(desk->digest));
	}
	return status;
}

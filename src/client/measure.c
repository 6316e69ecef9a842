/* SPDX-License-Identifier: Apache-2.0 */
/* The measurement of an image, as the monitor will compute it
 * (doc/measurement.md). */
#include <pthread.h>
#include <string.h>

#include <psa/crypto.h>

#include <base/desk.h>
#include <base/types.h>
#include <client/error.h>
#include <client/image.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static psa_status_t ready;

static void init_crypto(void)
{
	ready = psa_crypto_init();
}

static psa_status_t hash_parts(psa_hash_operation_t *hash,
	const uint8_t *digest, const struct cbx_record *record,
	const void *data)
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
static psa_status_t extend(uint8_t digest[CBX_DIGEST_BYTES],
	const struct cbx_record *record, const void *data)
{
	psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
	psa_status_t status = hash_parts(&hash, digest, record, data);
	size_t size;

	if (status == PSA_SUCCESS) {
		status =
			psa_hash_finish(&hash, digest, CBX_DIGEST_BYTES, &size);
	}
	if (status != PSA_SUCCESS) {
		(void)psa_hash_abort(&hash);
	}
	return status;
}

static psa_status_t extend_image(
	uint8_t digest[CBX_DIGEST_BYTES], const struct cbx_image *image);

static psa_status_t extend_data_page(uint8_t digest[CBX_DIGEST_BYTES],
	const struct cbx_segment *segment, uint64_t offset)
{
	struct cbx_record record = { CBX_RECORD_PAGE, segment->va + offset,
		segment->rights, 0, CBX_PAGE_SIZE };
	uint64_t left = segment->byte_count - offset;
	uint8_t page[CBX_PAGE_SIZE];

	if (left >= CBX_PAGE_SIZE) {
		return extend(digest, &record, segment->bytes + offset);
	}
	memset(page, 0, sizeof(page));
	memcpy(page, segment->bytes + offset, (size_t)left);
	return extend(digest, &record, page);
}

static psa_status_t extend_segment(
	uint8_t digest[CBX_DIGEST_BYTES], const struct cbx_segment *segment)
{
	uint64_t data_pages = cbx_pages_of(segment->byte_count);
	psa_status_t status = PSA_SUCCESS;

	for (uint64_t i = 0; i < data_pages && status == PSA_SUCCESS; i++) {
		status = extend_data_page(digest, segment, i * CBX_PAGE_SIZE);
	}
	for (uint64_t i = data_pages;
		i < segment->page_count && status == PSA_SUCCESS; i++) {
		struct cbx_record record = { CBX_RECORD_ZERO,
			segment->va + i * CBX_PAGE_SIZE, segment->rights, 0,
			0 };

		status = extend(digest, &record, NULL);
	}
	return status;
}

/* What is borrowed first is a template: a clone's, or of a shared file, whose
 * box was told nothing. */
static psa_status_t extend_lender(uint8_t digest[CBX_DIGEST_BYTES],
	const struct cbx_image *image, uint32_t i)
{
	const struct cbx_record record = { CBX_RECORD_TEMPLATE, 0, 0, 0,
		sizeof(image->lender[i]) };
	struct cbx_lender_digests lender = image->lender[i];
	psa_status_t status = PSA_SUCCESS;

	if (image->share[i] != NULL) {
		memset(&lender, 0, sizeof(lender));
		status = extend_image(lender.measurement, image->share[i]);
	}
	return status == PSA_SUCCESS ? extend(digest, &record, &lender)
				     : status;
}

static psa_status_t extend_image(
	uint8_t digest[CBX_DIGEST_BYTES], const struct cbx_image *image)
{
	struct cbx_record policy = { CBX_RECORD_POLICY, 0, 0, 0,
		sizeof(image->policy) };
	struct cbx_record thread = { CBX_RECORD_THREAD, image->entry,
		image->stack, image->arg, 0 };
	struct cbx_record finalize = { CBX_RECORD_FINALIZE, 0, 0, 0, 0 };
	psa_status_t status = extend(digest, &policy, &image->policy);

	for (uint32_t i = 0; i < image->lender_count && status == PSA_SUCCESS;
		i++) {
		status = extend_lender(digest, image, i);
	}
	for (uint32_t i = 0; i < image->segment_count && status == PSA_SUCCESS;
		i++) {
		status = extend_segment(digest, &image->segment[i]);
	}
	if (status == PSA_SUCCESS) {
		status = extend(digest, &thread, NULL);
	}
	if (status == PSA_SUCCESS) {
		status = extend(digest, &finalize, NULL);
	}
	return status;
}

enum cbx_status cbx_image_measure(
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES])
{
	uint8_t chain[CBX_DIGEST_BYTES] = { 0 };
	psa_status_t status;

	(void)pthread_once(&once, init_crypto);
	status = ready == PSA_SUCCESS ? extend_image(chain, image) : ready;
	if (status != PSA_SUCCESS) {
		return cbx_fail(CBX_E_HARDWARE,
			"cannot measure the image: PSA error %d", (int)status);
	}
	memcpy(digest, chain, sizeof(chain));
	return CBX_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The measurements of an image, as the monitor will compute them
 * (doc/measurement.md). */
#include <string.h>

#include <psa/crypto.h>

#include <base/desk.h>
#include <base/types.h>
#include <client/error.h>
#include <client/image.h>
#include <client/measure.h>
#include <trust/turn.h>

psa_status_t cbx_chain_start(void)
{
	return cbx_psa_start() ? PSA_SUCCESS : PSA_ERROR_BAD_STATE;
}

enum cbx_status cbx_chain_give(uint8_t digest[CBX_DIGEST_BYTES],
	const uint8_t chain[CBX_DIGEST_BYTES], psa_status_t status)
{
	if (status != PSA_SUCCESS) {
		return cbx_fail(CBX_E_HARDWARE,
			"cannot measure it: PSA error %d", (int)status);
	}
	memcpy(digest, chain, CBX_DIGEST_BYTES);
	return CBX_OK;
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
		return cbx_chain_extend(
			digest, &record, segment->bytes + offset);
	}
	memset(page, 0, sizeof(page));
	memcpy(page, segment->bytes + offset, (size_t)left);
	return cbx_chain_extend(digest, &record, page);
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

		status = cbx_chain_extend(digest, &record, NULL);
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
	return status == PSA_SUCCESS
		       ? cbx_chain_extend(digest, &record, &lender)
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
	psa_status_t status = cbx_chain_extend(digest, &policy, &image->policy);

	for (uint32_t i = 0; i < image->lender_count && status == PSA_SUCCESS;
		i++) {
		status = extend_lender(digest, image, i);
	}
	for (uint32_t i = 0; i < image->segment_count && status == PSA_SUCCESS;
		i++) {
		status = extend_segment(digest, &image->segment[i]);
	}
	if (status == PSA_SUCCESS) {
		status = cbx_chain_extend(digest, &thread, NULL);
	}
	if (status == PSA_SUCCESS) {
		status = cbx_chain_extend(digest, &finalize, NULL);
	}
	return status;
}

enum cbx_status cbx_image_measure(
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES])
{
	uint8_t chain[CBX_DIGEST_BYTES] = { 0 };
	psa_status_t status = cbx_chain_start();

	if (status == PSA_SUCCESS) {
		status = extend_image(chain, image);
	}
	return cbx_chain_give(digest, chain, status);
}

static bool in_runtime(const struct cbx_segment *segment)
{
	return segment->va >= CBX_RUNTIME_VA && segment->va < CBX_RUNTIME_END;
}

enum cbx_status cbx_image_measure_runtime(
	const struct cbx_image *image, uint8_t digest[CBX_DIGEST_BYTES])
{
	psa_status_t status = cbx_chain_start();
	uint8_t chain[CBX_DIGEST_BYTES] = { 0 };

	for (uint32_t i = 0; i < image->segment_count && status == PSA_SUCCESS;
		i++) {
		if (in_runtime(&image->segment[i])) {
			status = extend_segment(chain, &image->segment[i]);
		}
	}
	return cbx_chain_give(digest, chain, status);
}

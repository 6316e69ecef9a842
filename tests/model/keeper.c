/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model's keeper: the real one's contract, with a cheap digest instead of
 * SHA-384.  What is compared is the log.
 */
#include <string.h>

#include <keeper/serve.h>
#include <model/digest.h>

enum cbx_status cbx_keeper_serve(
	struct cbx_desk *desk, const uint8_t *data, size_t data_bytes)
{
	struct cbx_record record = desk->record;

	if (desk->op != CBX_DESK_EXTEND || desk->count == 0 ||
		desk->count > CBX_RANGE_PAGES_MAX ||
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

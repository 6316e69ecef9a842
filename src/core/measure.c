/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/copy.h>
#include <core/keeper.h>
#include <core/measure.h>

enum cbx_status cbx_measure(const struct cbx_domain *d,
	const struct cbx_record *record, uint64_t count,
	struct cbx_digest *digest)
{
	if (d->keeper) {
		return CBX_OK;
	}
	return cbx_keeper_extend(record, count, record->length, digest);
}

enum cbx_status cbx_measure_bytes(const struct cbx_domain *d,
	const struct cbx_record *record, uint64_t size,
	struct cbx_digest *digest)
{
	uint64_t count = size == 0 ? 1 : cbx_pages_of(size);
	uint64_t last = size - (count - 1) * CBX_PAGE_SIZE;
	struct cbx_record each = *record;

	CBX_ASSERT(size <= CBX_IO_BYTES_MAX);
	if (d->keeper) {
		return CBX_OK;
	}
	each.length = count > 1 ? CBX_PAGE_SIZE : last;
	return cbx_keeper_extend(&each, count, last, digest);
}

enum cbx_status cbx_measure_fetch(uint64_t pfn, uint64_t size)
{
	uint64_t count = cbx_pages_of(size);

	CBX_ASSERT(count <= CBX_DESK_DATA_PAGES);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t part = size - i * CBX_PAGE_SIZE;
		uint8_t *data = cbx_keeper_data(i);
		enum cbx_status status = cbx_copy_from_host(pfn + i, data,
			part < CBX_PAGE_SIZE ? (size_t)part : CBX_PAGE_SIZE);

		cbx_hal_page_unmap(data);
		if (status != CBX_OK) {
			return status;
		}
	}
	return CBX_OK;
}

void cbx_measure_deliver(
	const struct cbx_space *space, struct cbx_va va, uint64_t size)
{
	for (uint64_t n = 0; n < size; n += CBX_PAGE_SIZE) {
		uint64_t part = size - n;
		const uint8_t *data = cbx_keeper_data(n >> CBX_PAGE_SHIFT);
		enum cbx_status status = cbx_copy_to_box(space,
			(struct cbx_va){ va.a + n }, data,
			part < CBX_PAGE_SIZE ? (size_t)part : CBX_PAGE_SIZE);

		cbx_hal_page_unmap(data);
		CBX_ASSERT(status == CBX_OK);
	}
}

enum cbx_status cbx_measure_give(struct cbx_io io, uint64_t size)
{
	enum cbx_status status = CBX_OK;

	for (uint64_t n = 0; n < size && status == CBX_OK; n += CBX_PAGE_SIZE) {
		const uint8_t *data = cbx_keeper_data(n >> CBX_PAGE_SHIFT);
		uint64_t part = size - n;

		status = cbx_copy_to_host(io, n, data,
			part < CBX_PAGE_SIZE ? part : CBX_PAGE_SIZE);
		cbx_hal_page_unmap(data);
	}
	return status;
}

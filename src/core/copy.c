/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <core/copy.h>
#include <hal/hal.h>

/* Bytes from @p at to the end of its page, at most @p size. */
static size_t in_page(uint64_t at, uint64_t size)
{
	uint64_t room = CBX_PAGE_SIZE - at % CBX_PAGE_SIZE;

	return size < room ? (size_t)size : (size_t)room;
}

bool cbx_copy_host_range(uint64_t pfn, uint64_t count, uint8_t bit)
{
	if (!cbx_range_fits(pfn, count, cbx_hal_page_count())) {
		return false;
	}
	for (uint64_t i = 0; i < count; i++) {
		if (!cbx_page_host_may(pfn + i, bit)) {
			return false;
		}
	}
	return true;
}

enum cbx_status cbx_copy_from_host(uint64_t pfn, void *dst, size_t size)
{
	const void *page;

	if (!cbx_page_host_may(pfn, CBX_VIEW_R)) {
		return CBX_E_DENIED;
	}
	page = cbx_hal_page_map((struct cbx_pfn){ pfn });
	memcpy(dst, page, size);
	cbx_hal_page_unmap(page);
	return CBX_OK;
}

/* Map the page that holds @p va, if the space has the rights; NULL if not. */
static uint8_t *map_box(
	const struct cbx_space *space, struct cbx_va va, uint8_t rights)
{
	struct cbx_va page = { va.a - va.a % CBX_PAGE_SIZE };
	struct cbx_mapping mapping;

	if (!cbx_arch_space_lookup(&space->arch, page, &mapping) ||
		(mapping.rights.bits & rights) != rights) {
		return NULL;
	}
	return cbx_hal_page_map(mapping.pfn);
}

bool cbx_copy_box_range(const struct cbx_space *space, struct cbx_va va,
	uint64_t size, uint8_t rights)
{
	if (!cbx_va_bytes_valid(va, size)) {
		return false;
	}
	for (uint64_t n = 0; n < size; n += in_page(va.a + n, size - n)) {
		const uint8_t *page =
			map_box(space, (struct cbx_va){ va.a + n }, rights);

		if (page == NULL) {
			return false;
		}
		cbx_hal_page_unmap(page);
	}
	return true;
}

enum cbx_status cbx_copy_from_box(
	const struct cbx_space *space, struct cbx_va va, void *dst, size_t size)
{
	if (!cbx_va_bytes_valid(va, size)) {
		return CBX_E_FAULT;
	}
	for (size_t n = 0, part; n < size; n += part) {
		struct cbx_va at = { va.a + n };
		const uint8_t *page = map_box(space, at, CBX_RIGHT_R);

		if (page == NULL) {
			return CBX_E_FAULT;
		}
		part = in_page(at.a, size - n);
		memcpy((uint8_t *)dst + n, page + at.a % CBX_PAGE_SIZE, part);
		cbx_hal_page_unmap(page);
	}
	return CBX_OK;
}

enum cbx_status cbx_copy_to_box(const struct cbx_space *space, struct cbx_va va,
	const void *src, size_t size)
{
	if (!cbx_copy_box_range(space, va, size, CBX_RIGHT_W)) {
		return CBX_E_FAULT;
	}
	for (size_t n = 0, part; n < size; n += part) {
		struct cbx_va at = { va.a + n };
		uint8_t *page = map_box(space, at, CBX_RIGHT_W);

		part = in_page(at.a, size - n);
		memcpy(page + at.a % CBX_PAGE_SIZE, (const uint8_t *)src + n,
			part);
		cbx_hal_page_unmap(page);
	}
	return CBX_OK;
}

enum cbx_status cbx_copy_to_host(
	struct cbx_io io, uint64_t offset, const void *src, uint64_t size)
{
	if (!cbx_range_fits(offset, size, io.pages << CBX_PAGE_SHIFT)) {
		return CBX_E_NOMEM;
	}
	for (uint64_t n = 0, part; n < size; n += part) {
		uint64_t at = offset + n;
		struct cbx_pfn pfn = { io.pfn + (at >> CBX_PAGE_SHIFT) };
		bool may = cbx_page_host_may(pfn.n, CBX_VIEW_W);
		uint8_t *page = may ? cbx_hal_host_map(pfn) : NULL;

		if (page == NULL) {
			return CBX_E_DENIED;
		}
		part = in_page(at, size - n);
		if (src == NULL) {
			memset(page + at % CBX_PAGE_SIZE, 0, part);
		} else {
			memcpy(page + at % CBX_PAGE_SIZE,
				(const uint8_t *)src + n, part);
		}
		cbx_hal_host_unmap(pfn, page);
	}
	return CBX_OK;
}

enum cbx_status cbx_copy_box_to_host(const struct cbx_space *space,
	struct cbx_va va, struct cbx_io io, uint64_t offset, uint64_t size)
{
	enum cbx_status status = CBX_OK;

	if (!cbx_va_bytes_valid(va, size)) {
		return CBX_E_FAULT;
	}
	for (uint64_t n = 0, part; n < size && status == CBX_OK; n += part) {
		struct cbx_va at = { va.a + n };
		const uint8_t *page = map_box(space, at, CBX_RIGHT_R);

		if (page == NULL) {
			return CBX_E_FAULT;
		}
		part = in_page(at.a, size - n);
		status = cbx_copy_to_host(
			io, offset + n, page + at.a % CBX_PAGE_SIZE, part);
		cbx_hal_page_unmap(page);
	}
	return status;
}

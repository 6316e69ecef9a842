/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of whole pages. */
#include <base/string.h>
#include <hal/hal.h>

void cbx_hal_page_copy(struct cbx_pfn to, struct cbx_pfn from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		void *dst = cbx_hal_page_map(cbx_pfn_add(to, i));
		const void *src = cbx_hal_page_map(cbx_pfn_add(from, i));

		memcpy(dst, src, CBX_PAGE_SIZE);
		cbx_hal_page_unmap(src);
		cbx_hal_page_unmap(dst);
	}
}

void cbx_hal_page_scrub(struct cbx_pfn pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		void *page = cbx_hal_page_map(cbx_pfn_add(pfn, i));

		memset(page, 0, CBX_PAGE_SIZE);
		cbx_hal_page_unmap(page);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <base/string.h>
#include <hal/hal.h>
#include <hal/snp/host.h>
#include <monitor/snp/tell.h>

#define VERSION 1u /* of the calls */

/** The secrets page, as far as it matters here. @source AMD 56860, 7.3; 58019, 3 */
struct secrets {
	uint8_t first[0x20];
	uint8_t key[4][0x20];
	uint8_t system[0xa0];
	uint64_t base, bytes, area; /* 140 */
	uint32_t version;
	uint8_t vmpl;
	uint8_t rest[0xea3];
};
CBX_AT(0x020, 128, secrets, key);
CBX_AT(0x140, 8, secrets, base);
CBX_AT(0x15c, 1, secrets, vmpl);
CBX_SIZE(0x1000, secrets);

/* From the first page of the monitor's to the last, as the loader has them. */
static void say_where(const struct cbx_boot *boot, struct secrets *secrets)
{
	uint64_t first = 0;
	uint64_t end = 0;

	for (uint32_t i = boot->ranges; i > 0; i--) {
		const struct cbx_boot_range *r = &boot->range[i - 1];

		if (r->kind == CBX_BOOT_MONITOR) {
			first = r->first;
			end = end == 0 ? r->first + r->count : end;
		}
	}
	secrets->base = first << CBX_PAGE_SHIFT;
	secrets->bytes = (end - first) << CBX_PAGE_SHIFT;
}

void cbx_snp_tell(
	const struct cbx_boot *boot, const void *secrets, struct cbx_pfn area)
{
	const struct cbx_pfn pfn = { boot->secrets >> CBX_PAGE_SHIFT };
	struct secrets *page;

	if (boot->secrets == 0) {
		return;
	}
	page = cbx_hal_page_map(pfn);
	memcpy(page, secrets, CBX_PAGE_SIZE);
	memset(page->key, 0, CBX_SNP_HOST * sizeof(page->key[0]));
	page->area = area.n << CBX_PAGE_SHIFT;
	page->version = VERSION;
	page->vmpl = CBX_SNP_HOST;
	say_where(boot, page);
	cbx_hal_page_unmap(page);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <monitor/snp/boot.h>

static bool is_ram(uint32_t kind)
{
	return kind == CBX_BOOT_RAM || kind == CBX_BOOT_BARE;
}

uint32_t cbx_boot_kind(
	const struct cbx_boot *boot, struct cbx_pfn first, uint64_t count)
{
	for (uint32_t i = 0; i < boot->ranges; i++) {
		const struct cbx_boot_range *r = &boot->range[i];

		if (first.n >= r->first &&
			cbx_range_fits(first.n - r->first, count, r->count)) {
			return r->kind;
		}
	}
	return 0;
}

/* A page of validated memory that the host will have; or none. */
static bool is_place(const struct cbx_boot *boot, uint64_t address)
{
	const struct cbx_pfn pfn = { address >> CBX_PAGE_SHIFT };

	return address == 0 ||
	       (address % CBX_PAGE_SIZE == 0 &&
		       cbx_boot_kind(boot, pfn, 1) == CBX_BOOT_RAM);
}

bool cbx_boot_sound(const struct cbx_boot *boot, uint64_t page_max)
{
	uint64_t end = 0;

	if (boot->magic != CBX_BOOT_MAGIC || boot->cpus == 0 ||
		boot->tsc_khz == 0 || boot->ranges > CBX_BOOT_RANGES) {
		return false;
	}
	for (uint32_t i = 0; i < boot->ranges; i++) {
		const struct cbx_boot_range *r = &boot->range[i];

		if (r->first < end || r->count == 0 || r->kind == 0 ||
			r->kind > CBX_BOOT_TABLES ||
			!cbx_range_fits(r->first, r->count, page_max)) {
			return false;
		}
		end = r->first + r->count;
	}
	return is_place(boot, boot->registers) && is_place(boot, boot->secrets);
}

uint64_t cbx_boot_pages(const struct cbx_boot *boot)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < boot->ranges; i++) {
		const struct cbx_boot_range *r = &boot->range[i];

		if (is_ram(r->kind) || r->kind == CBX_BOOT_MONITOR) {
			pages = r->first + r->count;
		}
	}
	return pages;
}

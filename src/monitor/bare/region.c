/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map, and what the monitor carves for itself. */
#include <base/string.h>
#include <monitor/bare/bare.h>

#define LOW_END 0x100000000ull /* what is mapped at its own address */

/* Numbers of pages are 32 bits wide in the core. */
#define PAGES_MAX 0xffffffffull

static uint64_t carve_next;
static uint64_t carve_limit;

static void append(struct cbx_x86_boot *boot, uint64_t first, uint64_t count,
	enum cbx_x86_kind kind)
{
	if (boot->region_count == CBX_X86_REGIONS_MAX) {
		cbx_bare_fail("the memory map has too many entries");
	}
	boot->region[boot->region_count++] = (struct cbx_x86_region){
		.first = first,
		.count = count,
		.kind = kind,
	};
}

void cbx_bare_region(struct cbx_x86_boot *boot, uint64_t address,
	uint64_t bytes, enum cbx_x86_kind kind)
{
	uint64_t end = address + bytes;
	uint64_t first = address == 0 ? 1 : cbx_pages_of(address); /* hal.h */
	uint64_t last = end >> CBX_PAGE_SHIFT;

	if (end < address) {
		cbx_bare_fail("the memory map passes the end of addresses");
	}
	if (kind != CBX_X86_RAM) { /* touched at all is taken whole */
		first = address >> CBX_PAGE_SHIFT;
		last = cbx_pages_of(end);
	}
	if (last <= first || first >= PAGES_MAX) {
		return;
	}
	last = last < PAGES_MAX ? last : PAGES_MAX;
	append(boot, first, last - first, kind);
}

static void insert(struct cbx_x86_region *region, uint32_t i)
{
	struct cbx_x86_region moved = region[i];

	for (; i > 0 && region[i - 1].first > moved.first; i--) {
		region[i] = region[i - 1];
	}
	region[i] = moved;
}

static bool is_ram(const struct cbx_x86_region *region)
{
	return region->kind == CBX_X86_RAM;
}

/* A page that two ranges claim is not memory. */
static void cut(struct cbx_x86_region *low, struct cbx_x86_region *high)
{
	uint64_t end = low->first + low->count;

	if (end <= high->first) {
		return;
	}
	if (is_ram(low) && is_ram(high)) {
		cbx_bare_fail("the memory map overlaps");
	}
	if (is_ram(low)) {
		if (end > high->first + high->count) {
			cbx_bare_fail("the memory map overlaps");
		}
		low->count = high->first - low->first;
	} else {
		uint64_t over = end - high->first;

		over = over < high->count ? over : high->count;
		high->first += over;
		high->count -= over;
	}
}

void cbx_bare_regions_finish(struct cbx_x86_boot *boot)
{
	struct cbx_x86_region *region = boot->region;

	for (uint32_t i = 1; i < boot->region_count; i++) {
		insert(region, i);
	}
	for (uint32_t i = 1; i < boot->region_count; i++) {
		cut(&region[i - 1], &region[i]);
	}
	for (uint32_t i = 0; i < boot->region_count; i++) {
		if (is_ram(&region[i]) && region[i].count != 0) {
			boot->page_count = region[i].first + region[i].count;
		}
	}
	if (boot->page_count == 0) {
		cbx_bare_fail("no memory");
	}
}

void cbx_bare_region_split(struct cbx_x86_boot *boot, uint64_t first,
	uint64_t count, enum cbx_x86_kind kind)
{
	for (uint32_t i = 0; i < boot->region_count; i++) {
		struct cbx_x86_region *r = &boot->region[i];
		uint64_t end = r->first + r->count;

		if (is_ram(r) && first >= r->first && first < end &&
			count <= end - first) {
			r->count = first - r->first;
			append(boot, first, count, kind);
			append(boot, first + count, end - (first + count),
				CBX_X86_RAM);
			return;
		}
	}
	cbx_bare_fail("the image or its module is not in memory");
}

void cbx_bare_carve_start(const struct cbx_x86_boot *boot, uint64_t address)
{
	uint64_t page = address >> CBX_PAGE_SHIFT;

	for (uint32_t i = 0; i < boot->region_count; i++) {
		const struct cbx_x86_region *r = &boot->region[i];

		if (is_ram(r) && page >= r->first &&
			page - r->first < r->count) {
			carve_limit = (r->first + r->count) << CBX_PAGE_SHIFT;
		}
	}
	if (carve_limit > LOW_END) {
		carve_limit = LOW_END;
	}
	if (boot->module_address >= address &&
		boot->module_address < carve_limit) {
		carve_limit = boot->module_address & ~(CBX_PAGE_SIZE - 1ull);
	}
	carve_next = address;
}

uint64_t cbx_bare_carve(uint64_t pages)
{
	uint64_t at = carve_next;

	if (carve_limit < at || (carve_limit - at) >> CBX_PAGE_SHIFT < pages) {
		cbx_bare_fail("no room for the monitor after its image");
	}
	carve_next += pages << CBX_PAGE_SHIFT;
	memset((void *)at, 0, pages << CBX_PAGE_SHIFT);
	return at;
}

uint64_t cbx_bare_carve_end(void)
{
	return carve_next;
}

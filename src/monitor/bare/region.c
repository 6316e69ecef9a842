/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map, and what the monitor carves for itself. */
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

static bool is_ram(const struct cbx_x86_region *region)
{
	return region->kind == CBX_X86_RAM;
}

/* A page that the map also calls something else is not memory; what lies
 * behind it becomes a region at the end. */
static void take_away(struct cbx_x86_boot *boot, struct cbx_x86_region *ram,
	const struct cbx_x86_region *other)
{
	uint64_t end = ram->first + ram->count;
	uint64_t other_end = other->first + other->count;

	if (other_end <= ram->first || other->first >= end) {
		return;
	}
	if (is_ram(other)) {
		cbx_bare_fail("the memory map overlaps");
	}
	if (other_end < end && other->first > ram->first) {
		append(boot, other_end, end - other_end, CBX_X86_RAM);
		end = other->first;
	} else if (other_end < end) {
		ram->first = other_end;
	} else {
		end = other->first > ram->first ? other->first : ram->first;
	}
	ram->count = end - ram->first;
}

void cbx_bare_regions_finish(struct cbx_x86_boot *boot)
{
	for (uint32_t i = 0; i < boot->region_count; i++) {
		struct cbx_x86_region *ram = &boot->region[i];

		for (uint32_t j = 0; is_ram(ram) && j < boot->region_count;
			j++) {
			if (j != i) {
				take_away(boot, ram, &boot->region[j]);
			}
		}
		if (is_ram(ram) && ram->count != 0 &&
			ram->first + ram->count > boot->page_count) {
			boot->page_count = ram->first + ram->count;
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
	cbx_bare_clear(at, pages);
	return at;
}

uint64_t cbx_bare_carve_end(void)
{
	return carve_next;
}

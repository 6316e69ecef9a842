/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"
#include "say.h"
#include "svm.h"

#define PVH_MAGIC 0x336ec578u
#define BELOW_4G  0x100000000ull

struct pvh {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp, map;
	uint32_t map_count, reserved;
};

struct pvh_module {
	uint64_t address, bytes, command_line, reserved;
};

struct pvh_range {
	uint64_t start, bytes;
	uint32_t type, reserved;
};

extern uint8_t lab_image_end[];

struct lab_machine lab_machine;
static uint64_t free_page;

static uint64_t lab_start(void)
{
	return (uint64_t)lab_image;
}

void *lab_page(void)
{
	uint64_t page = free_page;

	if (page >= LAB_CHIP) {
		lab_stop("no page is left at", page);
	}
	free_page += LAB_PAGE;
	return memset((void *)page, 0, LAB_PAGE);
}

static void add(uint64_t start, uint64_t end, uint32_t type)
{
	if (start >= end) {
		return;
	}
	if (lab_machine.map_count == LAB_E820_MAX) {
		lab_stop("the memory map is too long", LAB_E820_MAX);
	}
	lab_machine.map[lab_machine.map_count++] =
		(struct lab_range){ start, end - start, type };
}

/* What of a range lies between the two pieces the lab keeps. */
static void add_around(uint64_t start, uint64_t end, uint32_t type)
{
	const uint64_t kept[][2] = { { LAB_LOW_PAGE, LAB_LOW_END },
		{ lab_start(), lab_start() + LAB_RESERVED } };

	for (int i = 0; i < 2; i++) {
		if (kept[i][0] >= start && kept[i][1] <= end) {
			add(start, kept[i][0], type);
			add(kept[i][0], kept[i][1], LAB_E820_KEPT);
			start = kept[i][1];
		}
	}
	add(start, end, type);
}

/* What the firmware took from the end of memory, it has its tables in. */
static uint32_t type_of(const struct pvh_range *range)
{
	return range->type == LAB_E820_KEPT && range->start >= lab_start() &&
			       (range->start & ~(LAB_PAGE - 1)) ==
				       lab_machine.ram_end
		       ? LAB_E820_TABLES
		       : range->type;
}

static void read_map(const struct pvh_range *map, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t end = map[i].start + map[i].bytes;

		if (map[i].type == LAB_E820_RAM && end > BELOW_4G) {
			lab_stop("memory above 4 GiB is not modelled", end);
		}
		if (map[i].type == LAB_E820_RAM && end > lab_machine.ram_end) {
			lab_machine.ram_end = end & ~(LAB_PAGE - 1);
		}
		add_around(map[i].start, end, type_of(&map[i]));
	}
	if (lab_machine.ram_end < lab_start() + LAB_RESERVED) {
		lab_stop("too little memory", lab_machine.ram_end);
	}
}

/* The firmware's: no instruction of a guest, and no host, changes that. */
static void keep(uint64_t start, uint64_t end)
{
	const struct snp_update update = { .assigned = true,
		.immutable = true };

	for (uint64_t page = start; page < end; page += LAB_PAGE) {
		struct snp_update at = update;

		at.gpa = page;
		if (snp_rmpupdate(&lab_machine.rmp, page, &at) != SNP_SUCCESS) {
			lab_stop("cannot keep the page", page);
		}
	}
}

static void start_table(void)
{
	struct snp_rmp *rmp = &lab_machine.rmp;
	uint64_t bytes;

	rmp->pages = lab_machine.ram_end / LAB_PAGE;
	bytes = rmp->pages * sizeof(*rmp->entry);
	rmp->entry = lab_page();
	for (uint64_t got = LAB_PAGE; got < bytes; got += LAB_PAGE) {
		lab_page(); /* one after the other */
	}
	keep(lab_start(), lab_start() + LAB_RESERVED);
	keep(LAB_LOW_PAGE, LAB_LOW_VMSA);
}

void lab_machine_start(uint64_t info)
{
	const struct pvh *pvh = (const struct pvh *)info;
	const struct pvh_module *module;

	if (pvh->magic != PVH_MAGIC || pvh->version < 1) {
		lab_stop("not started by PVH:", pvh->magic);
	}
	free_page = (uint64_t)lab_image_end;
	read_map((const struct pvh_range *)pvh->map, pvh->map_count);
	lab_machine.rsdp = pvh->rsdp;
	lab_machine.command_line = (const char *)pvh->command_line;
	if (pvh->module_count != 0) {
		module = (const struct pvh_module *)pvh->modules;
		lab_machine.module = (const uint8_t *)module->address;
		lab_machine.module_bytes = module->bytes;
	}
	start_table();
}

void lab_machine_mark(uint64_t start, uint64_t end, uint32_t type)
{
	static struct lab_range old[LAB_E820_MAX];
	uint32_t count = lab_machine.map_count;
	bool is_found = false;

	end = (end + LAB_PAGE - 1) & ~(LAB_PAGE - 1);
	memcpy(old, lab_machine.map, sizeof(old));
	lab_machine.map_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t first = old[i].start;
		uint64_t last = first + old[i].bytes;

		if (start >= first && end <= last) {
			is_found = true;
			add(first, start, old[i].type);
			add(start, end, type);
			first = end;
		}
		add(first, last, old[i].type);
	}
	if (!is_found) {
		lab_stop("the machine has not all memory from", start);
	}
}

uint32_t lab_machine_type(uint64_t gpa)
{
	for (uint32_t i = 0; i < lab_machine.map_count; i++) {
		const struct lab_range *r = &lab_machine.map[i];

		if (gpa >= r->start && gpa - r->start < r->bytes) {
			return r->type;
		}
	}
	return 0;
}

bool lab_is_ram(uint64_t gpa)
{
	uint32_t type = lab_machine_type(gpa);

	return type == LAB_E820_RAM || type >= LAB_E820_MONITOR ||
	       (type == LAB_E820_KEPT && gpa < lab_machine.ram_end &&
		       (gpa >= lab_start() || gpa < LAB_LOW_END));
}

bool lab_is_shared(uint64_t gpa)
{
	const struct snp_rmp_entry *entry = snp_rmp_find(&lab_machine.rmp, gpa);

	return lab_is_ram(gpa) && entry != NULL &&
	       (entry->flags & SNP_RMP_ASSIGNED) == 0;
}

bool lab_is_tables(uint64_t gpa)
{
	return lab_machine_type(gpa) == LAB_E820_TABLES;
}

void *lab_guest(uint64_t gpa, uint64_t bytes)
{
	const struct snp_rmp_entry *entry;

	if (bytes > LAB_PAGE - (gpa & (LAB_PAGE - 1)) || !lab_is_ram(gpa)) {
		return NULL;
	}
	entry = snp_rmp_find(&lab_machine.rmp, gpa);
	if (entry == NULL || (entry->flags & SNP_RMP_IMMUTABLE) != 0) {
		return NULL;
	}
	return (void *)gpa;
}

static bool update(uint64_t gpa, bool immutable)
{
	const struct snp_update update = { .gpa = gpa,
		.asid = LAB_ASID,
		.assigned = true,
		.immutable = immutable };

	return lab_is_ram(gpa) &&
	       snp_rmpupdate(&lab_machine.rmp, gpa, &update) == SNP_SUCCESS;
}

bool lab_assign(uint64_t gpa)
{
	return update(gpa, false);
}

bool lab_launch(uint64_t gpa, uint8_t rights, bool vmsa)
{
	const uint8_t each[SNP_VMPLS] = { 0, rights, rights, rights };

	return update(gpa, true) && snp_launch_page(&lab_machine.rmp, gpa, each,
					    vmsa) == SNP_SUCCESS;
}

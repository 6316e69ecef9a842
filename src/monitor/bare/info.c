/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader says: PVH's start information or multiboot2's. */
#include <monitor/bare/bare.h>

#define PVH_MAGIC	 0x336ec578u
#define MULTIBOOT2_MAGIC 0x36d76289u

/* Of E820, PVH and multiboot2 alike. */
#define MEMORY_RAM 1u

struct pvh {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t map;
	uint32_t map_count;
	uint32_t reserved;
};
CBX_SIZE(0x38, pvh);

struct pvh_module {
	uint64_t address;
	uint64_t bytes;
	uint64_t command_line;
	uint64_t reserved;
};

struct range {
	uint64_t address;
	uint64_t bytes;
	uint32_t type;
	uint32_t reserved;
};
CBX_SIZE(0x18, range);

struct tag {
	uint32_t type;
	uint32_t bytes;
};
enum tag_type {
	TAG_END = 0,
	TAG_MODULE = 3,
	TAG_MAP = 6,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
};
struct tag_module {
	struct tag tag;
	uint32_t start;
	uint32_t end;
};
struct tag_map {
	struct tag tag;
	uint32_t entry_bytes;
	uint32_t version;
};

static void add_range(struct cbx_x86_boot *boot, const struct range *range)
{
	cbx_bare_region(boot, range->address, range->bytes,
		range->type == MEMORY_RAM ? CBX_X86_RAM : CBX_X86_RESERVED);
}

static void read_pvh(const struct pvh *pvh, struct cbx_x86_boot *boot)
{
	const struct range *map = (const struct range *)pvh->map;
	const struct pvh_module *module =
		(const struct pvh_module *)pvh->modules;

	if (pvh->version < 1 || pvh->map_count == 0) {
		cbx_bare_fail("the loader gives no memory map");
	}
	for (uint32_t i = 0; i < pvh->map_count; i++) {
		add_range(boot, &map[i]);
	}
	boot->rsdp = pvh->rsdp;
	if (pvh->module_count != 0) {
		boot->module_address = module->address;
		boot->module_bytes = module->bytes;
	}
}

static void read_map(const struct tag_map *map, struct cbx_x86_boot *boot)
{
	const uint8_t *at = (const uint8_t *)(map + 1);
	const uint8_t *end = (const uint8_t *)map + map->tag.bytes;

	if (map->entry_bytes < sizeof(struct range)) {
		cbx_bare_fail("the loader's memory map is malformed");
	}
	for (; end - at >= map->entry_bytes; at += map->entry_bytes) {
		add_range(boot, (const struct range *)(const void *)at);
	}
}

static void read_tag(const struct tag *tag, struct cbx_x86_boot *boot)
{
	if (tag->type == TAG_MAP) {
		read_map((const struct tag_map *)(const void *)tag, boot);
	}
	if (tag->type == TAG_ACPI_OLD || tag->type == TAG_ACPI_NEW) {
		boot->rsdp = (uint64_t)(tag + 1);
	}
	if (tag->type == TAG_MODULE && boot->module_address == 0) {
		const struct tag_module *module =
			(const struct tag_module *)(const void *)tag;

		boot->module_address = module->start;
		boot->module_bytes = module->end - module->start;
	}
}

static void read_multiboot2(uint64_t info, struct cbx_x86_boot *boot)
{
	uint64_t end = info + *(const uint32_t *)info;
	uint64_t at = info + 8;

	while (at + sizeof(struct tag) <= end) {
		const struct tag *tag = (const struct tag *)at;

		if (tag->type == TAG_END || tag->bytes < sizeof(*tag)) {
			break;
		}
		read_tag(tag, boot);
		at += (tag->bytes + 7u) & ~7ull;
	}
}

void cbx_bare_info(uint32_t magic, uint64_t info, struct cbx_x86_boot *boot)
{
	const struct pvh *pvh = (const struct pvh *)info;

	if (magic == MULTIBOOT2_MAGIC) {
		read_multiboot2(info, boot);
	} else if (pvh->magic == PVH_MAGIC) {
		read_pvh(pvh, boot);
	} else {
		cbx_bare_fail("unknown loader");
	}
	cbx_bare_region(boot, 0, CBX_BOOT_PA, CBX_X86_RESERVED);
	cbx_bare_regions_finish(boot);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs and the IOMMU in ACPI's tables.  A table that lies about CPUs costs
 * CPUs, not safety: each one runs on a window of its own or not at all.  One
 * that lies about the IOMMU is the loader's or the hypervisor's lie. */
#include <arch/x86_64/cpu.h>
#include <base/string.h>
#include <monitor/bare/bare.h>

#define BIOS_START 0xe0000ull
#define BIOS_END   0x100000ull
#define LOW_END	   0x100000000ull
#define TABLE_MAX  0x10000u

#define ENTRY_LOCAL 0 /* a local APIC */
#define ENABLED	    1u

struct __attribute__((packed)) root_pointer {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length; /* from here on: revision 2 */
	uint64_t xsdt;
};

struct __attribute__((packed)) table {
	char signature[4];
	uint32_t length;
	uint8_t other[28];
};
CBX_SIZE(36, table);

struct __attribute__((packed)) local {
	uint8_t type;
	uint8_t length;
	uint8_t processor;
	uint8_t id;
	uint32_t flags;
};

/* Remapping units, and what belongs to one; by bytes. */
#define UNITS_AT	 48
#define UNIT_FLAGS	 4
#define UNIT_BASE	 8
#define UNIT_BYTES	 16
#define SCOPE_BUS	 5
#define SCOPE_BYTES	 8
#define SCOPE_BRIDGE	 2
#define SCOPE_CONTROLLER 3

static bool sums_to_zero(const void *at, uint32_t bytes)
{
	const uint8_t *byte = at;
	uint8_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++) {
		sum = (uint8_t)(sum + byte[i]);
	}
	return sum == 0;
}

static bool is_root(const struct root_pointer *root)
{
	return memcmp(root->signature, "RSD PTR ", 8) == 0 &&
	       sums_to_zero(root, 20);
}

static const struct root_pointer *find_root(uint64_t rsdp)
{
	if (rsdp != 0 && rsdp < LOW_END - sizeof(struct root_pointer)) {
		const struct root_pointer *root =
			(const struct root_pointer *)rsdp;

		return is_root(root) ? root : NULL;
	}
	for (uint64_t at = BIOS_START; at < BIOS_END; at += 16) {
		if (is_root((const struct root_pointer *)at)) {
			return (const struct root_pointer *)at;
		}
	}
	return NULL;
}

static const struct table *table_at(uint64_t address)
{
	const struct table *table = (const struct table *)address;

	if (address == 0 || address >= LOW_END - TABLE_MAX ||
		table->length < sizeof(*table) || table->length > TABLE_MAX ||
		!sums_to_zero(table, table->length)) {
		return NULL;
	}
	return table;
}

/* Entries of the list are 4 or 8 bytes wide. */
static const struct table *find_in(
	uint64_t list, uint32_t width, const char *signature)
{
	const struct table *lists = table_at(list);
	const uint8_t *at;

	if (lists == NULL) {
		return NULL;
	}
	at = (const uint8_t *)(lists + 1);
	for (uint32_t left = lists->length - (uint32_t)sizeof(*lists);
		left >= width; left -= width, at += width) {
		uint64_t address = 0;
		const struct table *table;

		memcpy(&address, at, width);
		table = table_at(address);
		if (table != NULL &&
			memcmp(table->signature, signature, 4) == 0) {
			return table;
		}
	}
	return NULL;
}

static bool is_other(const struct local *local)
{
	uint8_t own = (uint8_t)(cbx_x86_cpuid(1, 0).ebx >> 24);

	return local->type == ENTRY_LOCAL && local->length == sizeof(*local) &&
	       (local->flags & ENABLED) != 0 && local->id != own;
}

static uint32_t list(const struct table *table, uint8_t *id, uint32_t most)
{
	const uint8_t *at = (const uint8_t *)(table + 1) + 8;
	const uint8_t *end = (const uint8_t *)table + table->length;
	uint32_t count = 0;

	while (end - at >= 2 && at[1] >= 2 && end - at >= at[1]) {
		const struct local *local = (const struct local *)at;

		if (is_other(local) && count < most) {
			id[count++] = local->id;
		}
		at += at[1];
	}
	return count;
}

static const struct table *find(uint64_t rsdp, const char *signature)
{
	const struct root_pointer *root = find_root(rsdp);

	if (root == NULL) {
		return NULL;
	}
	return root->revision >= 2 && root->xsdt != 0
		       ? find_in(root->xsdt, sizeof(uint64_t), signature)
		       : find_in(root->rsdt, sizeof(uint32_t), signature);
}

uint32_t cbx_bare_others(uint64_t rsdp, uint8_t *id, uint32_t most)
{
	const struct table *table = find(rsdp, "APIC");

	return table != NULL ? list(table, id, most) : 0;
}

/* What lies below a bridge goes with it. */
static void add_scope(struct cbx_x86_boot *boot, const uint8_t *scope)
{
	uint8_t bus = scope[SCOPE_BUS];
	uint8_t place =
		(uint8_t)(scope[SCOPE_BUS + 1] << 3 | scope[SCOPE_BUS + 2]);

	if (scope[0] == SCOPE_CONTROLLER) {
		boot->iommu_source = (uint16_t)(bus << 8 | place);
	} else if (scope[0] <= SCOPE_BRIDGE && bus == 0 &&
		   scope[1] == SCOPE_BYTES) {
		boot->iommu_devices[place / 64] |= 1ull << place % 64;
	}
}

static void add_unit(
	struct cbx_x86_boot *boot, const uint8_t *at, const uint8_t *end)
{
	memcpy(&boot->iommu, at + UNIT_BASE, sizeof(boot->iommu));
	if ((at[UNIT_FLAGS] & 1) != 0) { /* everything */
		memset(boot->iommu_devices, 0xff, sizeof(boot->iommu_devices));
	}
	at += UNIT_BYTES;
	while (end - at >= SCOPE_BYTES && at[1] >= SCOPE_BYTES) {
		add_scope(boot, at);
		at += at[1];
	}
}

void cbx_bare_iommu(struct cbx_x86_boot *boot)
{
	const struct table *table = find(boot->rsdp, "DMAR");
	const uint8_t *at;
	const uint8_t *end;
	uint32_t units = 0;

	if (table == NULL) {
		return;
	}
	at = (const uint8_t *)table + UNITS_AT;
	end = (const uint8_t *)table + table->length;
	while (end - at >= UNIT_BYTES) {
		uint16_t type;
		uint16_t length;

		memcpy(&type, at, sizeof(type));
		memcpy(&length, at + sizeof(type), sizeof(length));
		if (length < sizeof(type) + sizeof(length) ||
			length > end - at) {
			break;
		}
		if (type == 0 && length >= UNIT_BYTES) {
			units++;
			add_unit(boot, at, at + length);
		}
		at += length;
	}
	if (units != 1) {
		boot->iommu = 0;
	}
}

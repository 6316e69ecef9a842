/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs and the IOMMU in ACPI's tables.  A table that lies about CPUs costs
 * CPUs, not safety: each one runs on a window of its own or not at all.  One
 * that lies about the IOMMU is the loader's or the hypervisor's lie. */
#include <arch/x86_64/cpu.h>
#include <base/string.h>
#include <monitor/bare/bare.h>

#define LOW_END	  0x100000000ull
#define TABLE_MAX 0x10000u

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

static const struct root_pointer *find_root(uint64_t rsdp)
{
	const struct root_pointer *root = (const struct root_pointer *)rsdp;

	return rsdp != 0 && rsdp < LOW_END - sizeof(*root) &&
			       memcmp(root->signature, "RSD PTR ", 8) == 0 &&
			       sums_to_zero(root, 20)
		       ? root
		       : NULL;
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

/* Bytes of a record that begins with its type and its length, @p width bytes
 * each, and has no less than @p least; 0: it is not there. */
static uint32_t record(
	const uint8_t *at, const uint8_t *end, uint32_t width, uint32_t least)
{
	uint32_t bytes = 0;

	if (end - at < least) {
		return 0;
	}
	memcpy(&bytes, at + width, width);
	return bytes >= least && bytes <= end - at ? bytes : 0;
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
	uint32_t n;

	for (; (n = record(at, end, 1, 2)) != 0; at += n) {
		const struct local *local = (const struct local *)at;

		if (is_other(local) && count < most) {
			id[count++] = local->id;
		}
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
	uint32_t n;

	memcpy(&boot->iommu, at + UNIT_BASE, sizeof(boot->iommu));
	if ((at[UNIT_FLAGS] & 1) != 0) { /* everything */
		memset(boot->iommu_devices, 0xff, sizeof(boot->iommu_devices));
	}
	for (at += UNIT_BYTES; (n = record(at, end, 1, SCOPE_BYTES)) != 0;
		at += n) {
		add_scope(boot, at);
	}
}

void cbx_bare_iommu(struct cbx_x86_boot *boot)
{
	const struct table *table = find(boot->rsdp, "DMAR");
	const uint8_t *at;
	const uint8_t *end;
	uint32_t units = 0;
	uint32_t n;

	if (table == NULL) {
		return;
	}
	at = (const uint8_t *)table + UNITS_AT;
	end = (const uint8_t *)table + table->length;
	for (; (n = record(at, end, 2, 4)) != 0; at += n) {
		if (at[0] == 0 && at[1] == 0 && n >= UNIT_BYTES) {
			units++;
			add_unit(boot, at, at + n);
		}
	}
	if (units != 1) {
		boot->iommu = 0;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI's tables as a loader leaves them, well-formed and not. */
#include "client/unit.h"

#include <cpuid.h>
#include <sys/mman.h>

#include <arch/x86_64/cpu.h>
#include <monitor/bare/bare.h>

struct cbx_x86_cpuid cbx_x86_cpuid(uint32_t leaf, uint32_t sub)
{
	struct cbx_x86_cpuid r;

	__cpuid_count(leaf, sub, r.eax, r.ebx, r.ecx, r.edx);
	return r;
}

#define AREA 0x10000u
#define RSDP 0u
#define RSDT 0x100u
#define XSDT 0x200u
#define APIC 0x400u
#define DMAR 0x800u
#define HEAD 36u
#define MOST 8u

static uint8_t *area; /* below 4 GiB, as all that start-up reads */
static uint8_t own;   /* this CPU's controller */

static int map_area(void **state)
{
	void *at = mmap(NULL, 2 * AREA, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	(void)state;
	if (at == MAP_FAILED) {
		return -1;
	}
	area = at;
	own = (uint8_t)(cbx_x86_cpuid(1, 0).ebx >> 24);
	return 0;
}

static uint64_t address(uint32_t offset)
{
	return (uint64_t)(uintptr_t)area + offset;
}

static void put(uint32_t offset, const void *bytes, size_t size)
{
	memcpy(area + offset, bytes, size);
}

static void put_le(uint32_t offset, uint64_t value, size_t size)
{
	put(offset, &value, size); /* x86 */
}

/* Make a byte such that all of them add to zero. */
static void sum(uint32_t offset, uint32_t size, uint32_t at)
{
	uint8_t total = 0;

	area[offset + at] = 0;
	for (uint32_t i = 0; i < size; i++) {
		total = (uint8_t)(total + area[offset + i]);
	}
	area[offset + at] = (uint8_t)-total;
}

static void finish_table(uint32_t offset, const char *name, uint32_t size)
{
	put(offset, name, 4);
	put_le(offset + 4, size, 4);
	sum(offset, size, 9);
}

/* Root pointer, and a list of the two tables, by 4 or 8 bytes. */
static void put_lists(bool wide)
{
	uint32_t width = wide ? 8 : 4;
	uint32_t list = wide ? XSDT : RSDT;

	put(RSDP, "RSD PTR ", 8);
	area[RSDP + 15] = wide ? 2 : 0;
	put_le(RSDP + 16, wide ? 0 : address(RSDT), 4);
	put_le(RSDP + 24, wide ? address(XSDT) : 0, 8);
	sum(RSDP, 20, 8);
	put_le(list + HEAD, address(DMAR), width);
	put_le(list + HEAD + width, address(APIC), width);
	finish_table(list, wide ? "XSDT" : "RSDT", HEAD + 2 * width);
}

static uint32_t put_local(uint32_t at, uint8_t id, uint32_t flags)
{
	const uint8_t head[] = { 0, 8, 0, id };

	put(at, head, sizeof(head));
	put_le(at + 4, flags, 4);
	return at + 8;
}

static void put_cpus(void)
{
	uint32_t at = put_local(APIC + HEAD + 8, own, 1);

	put(at, "\x01\x0c", 2); /* another kind of record */
	at = put_local(at + 12, (uint8_t)(own + 1), 1);
	at = put_local(at, (uint8_t)(own + 2), 0); /* not enabled */
	at = put_local(at, (uint8_t)(own + 3), 1);
	finish_table(APIC, "APIC", at - APIC);
}

/* One remapping unit with the interrupt controller and a device. */
static uint32_t put_unit(uint32_t at, uint64_t base, uint8_t flags)
{
	static const uint8_t scopes[] = { 3, 8, 0, 0, 0, 0xff, 0, 0, 1, 8, 0, 0,
		0, 0, 3, 2 };

	put_le(at, 0, 2);
	put_le(at + 2, 16 + sizeof(scopes), 2);
	area[at + 4] = flags;
	put_le(at + 8, base, 8);
	put(at + 16, scopes, sizeof(scopes));
	return at + 16 + (uint32_t)sizeof(scopes);
}

static void put_dmar(unsigned int units)
{
	uint32_t at = DMAR + 48;

	for (unsigned int i = 0; i < units; i++) {
		at = put_unit(at, 0xfed90000 + 0x1000 * i, 0);
	}
	finish_table(DMAR, "DMAR", at - DMAR);
}

static void put_all(bool wide)
{
	memset(area, 0, 2 * AREA);
	put_lists(wide);
	put_cpus();
	put_dmar(1);
}

static uint32_t others(uint8_t *id, uint32_t most)
{
	return cbx_bare_others(address(RSDP), id, most);
}

static void other_cpus_are_found_by_either_list(void **state)
{
	uint8_t id[MOST];

	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		put_all(wide != 0);
		assert_int_equal(others(id, MOST), 2);
		assert_int_equal(id[0], (uint8_t)(own + 1));
		assert_int_equal(id[1], (uint8_t)(own + 3));
		assert_int_equal(others(id, 1), 1);
		assert_int_equal(others(id, 0), 0);
	}
}

static void no_tables_are_no_cpus(void **state)
{
	uint8_t id[MOST];

	(void)state;
	put_all(true);
	assert_int_equal(cbx_bare_others(0, id, MOST), 0);
	assert_int_equal(cbx_bare_others(0xffffffff, id, MOST), 0);
	assert_int_equal(cbx_bare_others(UINT64_MAX, id, MOST), 0);
	assert_int_equal(cbx_bare_others(address(RSDT), id, MOST), 0);
}

/* Any byte of a table changed: its sum is wrong, so it is not there. */
static void an_altered_table_is_not_there(void **state)
{
	static const struct {
		uint32_t at;
		uint32_t size;
	} part[] = { { RSDP, 20 }, { XSDT, HEAD + 16 }, { APIC, HEAD + 44 } };
	uint8_t id[MOST];

	(void)state;
	for (size_t p = 0; p < sizeof(part) / sizeof(part[0]); p++) {
		for (uint32_t i = 0; i < part[p].size; i++) {
			put_all(true);
			area[part[p].at + i] ^= 0x10;
			assert_int_equal(others(id, MOST), 0);
		}
	}
}

static void lengths_that_lie_end_the_reading(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 35, 0x10001, 0xffffffff };
	uint8_t id[MOST];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		put_all(true);
		put_le(APIC + 4, lengths[i], 4);
		assert_int_equal(others(id, MOST), 0);
	}
	/* A table that ends in its head, and records that pass its end. */
	for (uint32_t size = HEAD; size < HEAD + 44; size++) {
		put_all(true);
		finish_table(APIC, "APIC", size);
		assert_in_range(others(id, MOST), 0, 1);
	}
	put_all(true);
	area[APIC + HEAD + 8 + 8 + 1] = 0; /* a record of no bytes */
	finish_table(APIC, "APIC", HEAD + 44);
	assert_int_equal(others(id, MOST), 0);
}

static void the_one_iommu_is_found_with_what_belongs_to_it(void **state)
{
	struct cbx_x86_boot boot = { .rsdp = address(RSDP) };

	(void)state;
	put_all(true);
	cbx_bare_iommu(&boot);
	assert_int_equal(boot.iommu, 0xfed90000);
	assert_int_equal(boot.iommu_source, 0xff00);
	assert_int_equal(boot.iommu_devices[0], 1ull << (3 << 3 | 2));
	boot = (struct cbx_x86_boot){ .rsdp = address(RSDP) };
	put_unit(DMAR + 48, 0xfed90000, 1);
	finish_table(DMAR, "DMAR", 48 + 32);
	cbx_bare_iommu(&boot);
	assert_int_equal(boot.iommu_devices[3], UINT64_MAX);
}

static void several_iommus_or_none_are_none(void **state)
{
	(void)state;
	for (unsigned int units = 0; units < 4; units++) {
		struct cbx_x86_boot boot = { .rsdp = address(RSDP) };

		put_all(false);
		put_dmar(units);
		cbx_bare_iommu(&boot);
		assert_int_equal(boot.iommu, units == 1 ? 0xfed90000 : 0);
	}
	for (uint32_t size = HEAD; size < 48 + 16; size++) {
		struct cbx_x86_boot boot = { .rsdp = address(RSDP) };

		put_all(true);
		finish_table(DMAR, "DMAR", size);
		cbx_bare_iommu(&boot);
		assert_int_equal(boot.iommu, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_cpus_are_found_by_either_list),
		cmocka_unit_test(no_tables_are_no_cpus),
		cmocka_unit_test(an_altered_table_is_not_there),
		cmocka_unit_test(lengths_that_lie_end_the_reading),
		cmocka_unit_test(
			the_one_iommu_is_found_with_what_belongs_to_it),
		cmocka_unit_test(several_iommus_or_none_are_none),
	};

	return cmocka_run_group_tests(tests, map_area, NULL);
}

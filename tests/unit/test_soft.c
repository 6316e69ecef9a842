/* SPDX-License-Identifier: Apache-2.0 */
/* The page table walked in software, over the mock's pages. */
#include <stdlib.h>
#include <string.h>

#include <arch/soft/entry.h>
#include <arch/soft/table.h>

#include "support/check.h"

#define ROOT	   10u
#define FIRST_FREE 11u
#define MIB	   (1024ull * 1024)
#define GIB	   (1024 * MIB)

/* A table, and the pages it was given. */
struct fixture {
	struct cbx_soft_table table;
	uint64_t next_free;
};

static const struct cbx_rights rw = { CBX_RIGHT_R | CBX_RIGHT_W };
static const struct cbx_rights rx = { CBX_RIGHT_R | CBX_RIGHT_X };

static struct cbx_va at(uint64_t va)
{
	return (struct cbx_va){ va };
}

static struct cbx_pfn page(uint64_t n)
{
	return (struct cbx_pfn){ n };
}

static struct fixture make(void)
{
	struct fixture f = { .next_free = FIRST_FREE };

	memset(mock_page(page(ROOT)), 0, CBX_PAGE_SIZE);
	cbx_soft_create(&f.table, page(ROOT));
	return f;
}

static void give(struct fixture *f, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		memset(mock_page(page(f->next_free)), 0, CBX_PAGE_SIZE);
		cbx_soft_give(&f->table, page(f->next_free++));
	}
}

static void map(struct fixture *f, uint64_t va, uint64_t pfn, uint64_t count)
{
	give(f, cbx_soft_tables(&f->table, at(va), count));
	cbx_soft_map(&f->table, at(va), page(pfn), count, rw);
}

/* Tables that a CPU may still walk are no spares before they are settled. */
static void unmap(struct fixture *f, uint64_t va, uint64_t count)
{
	uint64_t before = f->table.spares;

	cbx_soft_unmap(&f->table, at(va), count);
	if (CBX_ENTRY_WALKED) {
		uint64_t retired = f->table.retireds;

		assert_int_equal(f->table.spares, before);
		cbx_soft_settle(&f->table);
		assert_int_equal(f->table.spares, before + retired);
	}
	assert_int_equal(f->table.retireds, 0);
}

static uint64_t needed(const struct fixture *f, uint64_t va, uint64_t count)
{
	return cbx_soft_tables(&f->table, at(va), count);
}

static bool is_mapped(const struct fixture *f, uint64_t va)
{
	struct cbx_pfn pfn;
	struct cbx_rights rights;

	return cbx_soft_lookup(&f->table, at(va), &pfn, &rights);
}

static void assert_maps(const struct fixture *f, uint64_t va, uint64_t pfn,
	struct cbx_rights rights)
{
	struct cbx_pfn found = { 0 };
	struct cbx_rights allowed = { 0 };

	assert_true(cbx_soft_lookup(&f->table, at(va), &found, &allowed));
	assert_int_equal(found.n, pfn);
	assert_int_equal(allowed.bits, rights.bits);
}

static void an_empty_table_maps_nothing(void **state)
{
	struct fixture f = make();
	struct cbx_va va = { 0 };
	struct cbx_pfn pfn;
	struct cbx_rights rights;

	(void)state;
	assert_false(is_mapped(&f, 0));
	assert_false(is_mapped(&f, CBX_VA_MIN));
	assert_false(is_mapped(&f, UINT64_MAX));
	assert_false(cbx_soft_next(&f.table, &va, &pfn, &rights));
	assert_int_equal(va.a, 0);
}

static void tables_needed_is_exact(void **state)
{
	static const struct {
		uint64_t va;
		uint64_t count;
		uint64_t tables;
	} rows[] = {
		{ CBX_VA_MIN, 0, 0 },
		{ CBX_VA_MIN, 1, 3 },
		{ 2 * MIB, 512, 3 },
		{ 2 * MIB, 513, 4 },
		{ 2 * MIB - 4096, 2, 4 },
		{ GIB - 4096, 1, 3 },
		{ GIB - 4096, 2, 5 },
		{ 512 * GIB - 4096, 2, 6 },
		{ CBX_VA_MAX - 4096, 1, 3 },
		{ GIB, 3 * 512, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f = make();

		assert_int_equal(
			needed(&f, rows[i].va, rows[i].count), rows[i].tables);
		give(&f, rows[i].tables);
		assert_int_equal(needed(&f, rows[i].va, rows[i].count), 0);
		cbx_soft_map(
			&f.table, at(rows[i].va), page(0), rows[i].count, rw);
		assert_int_equal(f.table.spares, 0);
	}
}

static void tables_that_are_there_are_not_needed_again(void **state)
{
	struct fixture f = make();

	(void)state;
	map(&f, GIB, 1, 1);
	assert_int_equal(needed(&f, GIB + 4096, 1), 0);
	assert_int_equal(needed(&f, GIB + 2 * MIB, 1), 1);
	assert_int_equal(needed(&f, 2 * GIB, 1), 2);
	assert_int_equal(needed(&f, 512 * GIB, 1), 3);
	assert_int_equal(needed(&f, GIB + 2 * MIB - 4096, 2), 1);
}

static void spares_count_towards_what_is_needed(void **state)
{
	struct fixture f = make();

	(void)state;
	give(&f, 2);
	assert_int_equal(needed(&f, GIB, 1), 1);
	give(&f, 2);
	assert_int_equal(needed(&f, GIB, 1), 0);
}

static void a_range_is_mapped_page_by_page(void **state)
{
	struct fixture f = make();
	uint64_t va = 2 * MIB - 3 * 4096;

	(void)state;
	map(&f, va, 1000, 600);
	for (uint64_t i = 0; i < 600; i++) {
		assert_maps(&f, va + i * 4096, 1000 + i, rw);
	}
	assert_maps(&f, va + 4095, 1000, rw);
	assert_false(is_mapped(&f, va - 4096));
	assert_false(is_mapped(&f, va + 600 * 4096));
	assert_false(is_mapped(&f, va + (1ull << 48)));
	assert_int_equal(f.table.mapped, 600);
}

static void every_combination_of_rights_is_kept(void **state)
{
	struct fixture f = make();

	(void)state;
	give(&f, 3);
	for (uint8_t bits = 1; bits <= CBX_RIGHTS; bits++) {
		struct cbx_rights rights = { bits };
		uint64_t va = GIB + bits * 4096ull;

		cbx_soft_map(&f.table, at(va), page(bits), 1, rights);
		assert_maps(&f, va, bits, rights);
	}
}

#ifdef CBX_ENTRY_USER
/* Read, write, execute and key of a leaf as the CPU reads it, per set of
 * rights: it cannot tell writing from reading, and what is only executed has
 * key 1. */
static void leaves_mean_to_the_cpu_what_they_should(void **state)
{
	static const struct {
		bool write;
		bool execute;
		uint64_t key;
	} rows[CBX_RIGHTS + 1] = {
		[1] = { false, false, 0 },
		[2] = { true, false, 0 },
		[3] = { true, false, 0 },
		[4] = { false, true, 1 },
		[5] = { false, true, 0 },
		[6] = { true, true, 0 },
		[7] = { true, true, 0 },
	};

	(void)state;
	for (uint8_t bits = 1; bits <= CBX_RIGHTS; bits++) {
		uint64_t leaf = cbx_entry_leaf(
			page(0xabcdef), (struct cbx_rights){ bits });

		assert_int_equal(leaf & 5, 5); /* present, user */
		assert_int_equal(leaf >> 1 & 1, rows[bits].write);
		assert_int_equal(leaf >> 63, !rows[bits].execute);
		assert_int_equal(leaf >> 59 & 15, rows[bits].key);
		assert_int_equal(leaf >> 12 & 0xffffffffff,
			0xabcdef | CBX_X86_PRIVATE >> 12);
		assert_int_equal(leaf & 0x1f8, 0);
	}
	/* A link leaves all of it to the leaf. */
	assert_int_equal(
		cbx_entry_page(page(0x123)), 0x123007 | CBX_X86_PRIVATE);
}
#endif

static void the_largest_page_number_is_kept(void **state)
{
	struct fixture f = make();

	(void)state;
	map(&f, GIB, UINT32_MAX - 1, 1);
	assert_maps(&f, GIB, UINT32_MAX - 1, rw);
}

static void protect_changes_rights_and_nothing_else(void **state)
{
	struct fixture f = make();
	uint64_t va = 2 * MIB - 2 * 4096;

	(void)state;
	map(&f, va, 50, 4);
	cbx_soft_protect(&f.table, at(va + 4096), 2, rx);
	assert_maps(&f, va, 50, rw);
	assert_maps(&f, va + 4096, 51, rx);
	assert_maps(&f, va + 2 * 4096, 52, rx);
	assert_maps(&f, va + 3 * 4096, 53, rw);
	assert_int_equal(f.table.mapped, 4);
}

static void unmap_leaves_the_neighbours(void **state)
{
	struct fixture f = make();
	uint64_t va = 2 * MIB - 2 * 4096;

	(void)state;
	map(&f, va, 50, 4);
	unmap(&f, va + 4096, 2);
	assert_maps(&f, va, 50, rw);
	assert_false(is_mapped(&f, va + 4096));
	assert_false(is_mapped(&f, va + 2 * 4096));
	assert_maps(&f, va + 3 * 4096, 53, rw);
	assert_int_equal(f.table.mapped, 2);
}

static void empty_tables_become_spares(void **state)
{
	struct fixture f = make();

	(void)state;
	map(&f, 512 * GIB - 4096, 1, 2);
	assert_int_equal(f.table.spares, 0);
	unmap(&f, 512 * GIB, 1);
	assert_int_equal(f.table.spares, 3);
	unmap(&f, 512 * GIB - 4096, 1);
	assert_int_equal(f.table.spares, 6);
	assert_int_equal(needed(&f, 512 * GIB - 4096, 2), 0);
	map(&f, 512 * GIB - 4096, 7, 2);
	assert_maps(&f, 512 * GIB, 8, rw);
}

static void next_finds_translations_in_order(void **state)
{
	static const uint64_t where[] = { CBX_VA_MIN, 2 * MIB - 4096, 2 * MIB,
		GIB, 512 * GIB, CBX_VA_MAX - 4096 };
	const size_t count = sizeof(where) / sizeof(where[0]);
	struct fixture f = make();
	struct cbx_va va = { 0 };
	struct cbx_pfn pfn;
	struct cbx_rights rights;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		map(&f, where[count - 1 - i], 100 + i, 1);
	}
	for (size_t i = 0; i < count; i++) {
		assert_true(cbx_soft_next(&f.table, &va, &pfn, &rights));
		assert_int_equal(va.a, where[i]);
		assert_int_equal(pfn.n, 100 + count - 1 - i);
		assert_int_equal(rights.bits, rw.bits);
		va = cbx_va_add(va, 1);
	}
	assert_false(cbx_soft_next(&f.table, &va, &pfn, &rights));
	assert_int_equal(va.a, CBX_VA_MAX);
}

static void next_starts_at_the_page_that_holds_the_address(void **state)
{
	struct fixture f = make();
	struct cbx_va va = { GIB + 123 };
	struct cbx_va beyond = { UINT64_MAX };
	struct cbx_pfn pfn;
	struct cbx_rights rights;

	(void)state;
	map(&f, GIB, 9, 1);
	assert_true(cbx_soft_next(&f.table, &va, &pfn, &rights));
	assert_int_equal(va.a, GIB);
	assert_false(cbx_soft_next(&f.table, &beyond, &pfn, &rights));
}

static void each_table_page_comes_back_once_and_the_root_last(void **state)
{
	struct fixture f = make();
	bool seen[256] = { false };
	uint64_t count = 0;
	struct cbx_pfn pfn = { 0 };

	(void)state;
	map(&f, CBX_VA_MIN, 1, 1);
	map(&f, 512 * GIB - 4096, 1, 2);
	give(&f, 2);
	unmap(&f, CBX_VA_MIN, 1);
	unmap(&f, 512 * GIB - 4096, 2);
	while (cbx_soft_take(&f.table, &pfn)) {
		assert_false(seen[pfn.n]);
		seen[pfn.n] = true;
		count++;
	}
	assert_int_equal(pfn.n, ROOT);
	assert_int_equal(count, f.next_free - ROOT);
	assert_false(is_mapped(&f, CBX_VA_MIN));
}

static void no_page_stays_mapped_for_the_monitor(void **state)
{
	struct fixture f = make();
	struct cbx_va va = { 0 };
	struct cbx_pfn pfn;
	struct cbx_rights rights;

	(void)state;
	map(&f, 2 * MIB - 4096, 1, 2);
	cbx_soft_protect(&f.table, at(2 * MIB), 1, rx);
	assert_true(cbx_soft_next(&f.table, &va, &pfn, &rights));
	assert_false(is_mapped(&f, GIB));
	unmap(&f, 2 * MIB - 4096, 2);
	assert_true(cbx_soft_take(&f.table, &pfn));
	assert_int_equal(mock_maps(), 0);
}

/* A walk against a plain array: SLOTS places, near and far from each other. */
#define SLOTS 64u

static uint64_t slot_va(uint64_t slot)
{
	static const uint64_t base[] = { CBX_VA_MIN, 2 * MIB, GIB,
		512 * GIB - 4 * 4096, 3 * 512 * GIB, CBX_VA_MAX - 16 * 4096,
		7 * GIB + 510 * 4096, 9 * GIB - 2 * MIB };

	return base[slot / 8] + slot % 8 * 4096;
}

static void check_slots(const struct fixture *f, const uint64_t *want)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < SLOTS; i++) {
		assert_int_equal(is_mapped(f, slot_va(i)), want[i] != 0);
		if (want[i] != 0) {
			assert_maps(f, slot_va(i), want[i], rw);
			count++;
		}
	}
	assert_int_equal(f->table.mapped, count);
}

static void a_random_walk_agrees_with_an_array(void **state)
{
	struct fixture f = make();
	uint64_t want[SLOTS] = { 0 };
	unsigned int seed = 7;

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t slot = (uint64_t)rand_r(&seed) % SLOTS;

		if (want[slot] != 0) {
			unmap(&f, slot_va(slot), 1);
			want[slot] = 0;
		} else {
			want[slot] = i + 1;
			map(&f, slot_va(slot), i + 1, 1);
		}
		if (i % 500 == 0) {
			check_slots(&f, want);
		}
	}
	assert_true(f.next_free < 64);
}

static void mapping_what_is_mapped_replaces_it(void **state)
{
	struct fixture f = make();
	uint64_t spares;
	struct cbx_rights rights;
	struct cbx_pfn pfn;

	(void)state;
	map(&f, GIB, 1, 3);
	spares = f.table.spares;
	cbx_soft_map(&f.table, at(GIB + 4096), page(9), 1, rx);
	assert_true(cbx_soft_lookup(&f.table, at(GIB + 4096), &pfn, &rights));
	assert_int_equal(pfn.n, 9);
	assert_int_equal(rights.bits, rx.bits);
	assert_true(cbx_soft_lookup(&f.table, at(GIB + 8192), &pfn, &rights));
	assert_int_equal(pfn.n, 3);
	assert_int_equal(f.table.mapped, 3);
	assert_int_equal(f.table.spares, spares);
}

static void mapping_what_is_partly_mapped_stops_the_machine(void **state)
{
	struct fixture f = make();

	(void)state;
	map(&f, GIB, 1, 2);
	expect_assert_failure(
		cbx_soft_map(&f.table, at(GIB + 4096), page(9), 2, rw));
}

static void mapping_without_tables_stops_the_machine(void **state)
{
	struct fixture f = make();

	(void)state;
	give(&f, 2);
	expect_assert_failure(cbx_soft_map(&f.table, at(GIB), page(9), 1, rw));
}

static void bad_ranges_and_rights_stop_the_machine(void **state)
{
	struct fixture f = make();
	const struct cbx_rights none = { 0 };
	const struct cbx_rights unknown = { 8 };

	(void)state;
	give(&f, 3);
	expect_assert_failure(cbx_soft_map(&f.table, at(0), page(9), 1, rw));
	expect_assert_failure(
		cbx_soft_map(&f.table, at(GIB + 1), page(9), 1, rw));
	expect_assert_failure(
		cbx_soft_map(&f.table, at(CBX_VA_MAX), page(9), 1, rw));
	expect_assert_failure(
		cbx_soft_map(&f.table, at(GIB), page(9), 1, none));
	expect_assert_failure(
		cbx_soft_map(&f.table, at(GIB), page(9), 1, unknown));
	expect_assert_failure(cbx_soft_tables(&f.table, at(GIB), UINT64_MAX));
}

static void changing_what_is_not_mapped_stops_the_machine(void **state)
{
	struct fixture f = make();

	(void)state;
	map(&f, GIB, 1, 1);
	expect_assert_failure(cbx_soft_unmap(&f.table, at(GIB), 2));
	expect_assert_failure(cbx_soft_unmap(&f.table, at(2 * GIB), 1));
	expect_assert_failure(
		cbx_soft_protect(&f.table, at(GIB + 4096), 1, rx));
}

static void taking_tables_that_are_in_use_stops_the_machine(void **state)
{
	struct fixture f = make();
	struct cbx_pfn pfn;

	(void)state;
	map(&f, GIB, 1, 1);
	expect_assert_failure(cbx_soft_take(&f.table, &pfn));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(an_empty_table_maps_nothing),
		CHECK(tables_needed_is_exact),
		CHECK(tables_that_are_there_are_not_needed_again),
		CHECK(spares_count_towards_what_is_needed),
		CHECK(a_range_is_mapped_page_by_page),
		CHECK(every_combination_of_rights_is_kept),
#ifdef CBX_ENTRY_USER
		CHECK(leaves_mean_to_the_cpu_what_they_should),
#endif
		CHECK(the_largest_page_number_is_kept),
		CHECK(protect_changes_rights_and_nothing_else),
		CHECK(unmap_leaves_the_neighbours),
		CHECK(empty_tables_become_spares),
		CHECK(next_finds_translations_in_order),
		CHECK(next_starts_at_the_page_that_holds_the_address),
		CHECK(each_table_page_comes_back_once_and_the_root_last),
		CHECK(no_page_stays_mapped_for_the_monitor),
		CHECK(a_random_walk_agrees_with_an_array),
		CHECK(mapping_what_is_mapped_replaces_it),
		CHECK(mapping_what_is_partly_mapped_stops_the_machine),
		CHECK(mapping_without_tables_stops_the_machine),
		CHECK(bad_ranges_and_rights_stop_the_machine),
		CHECK(changing_what_is_not_mapped_stops_the_machine),
		CHECK(taking_tables_that_are_in_use_stops_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

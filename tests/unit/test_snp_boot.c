/* SPDX-License-Identifier: Apache-2.0 */
/* What a loader tells the monitor, and what of it is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <monitor/snp/boot.h>

#define PAGES 1000u
#define PFN(n_)            \
	((struct cbx_pfn){ \
		.n = (n_), \
	})

static struct cbx_boot boot;

static int begin(void **state)
{
	(void)state;
	boot = (struct cbx_boot){
		.magic = CBX_BOOT_MAGIC,
		.cpus = 2,
		.ranges = 5,
		.tsc_khz = 1000,
		.registers = 7 << CBX_PAGE_SHIFT,
		.secrets = 99 << CBX_PAGE_SHIFT,
		.range = { { 1, 99, CBX_BOOT_RAM }, { 100, 20, CBX_BOOT_KEPT },
			{ 200, 100, CBX_BOOT_MONITOR },
			{ 300, 500, CBX_BOOT_BARE },
			{ 999, 1, CBX_BOOT_TABLES } },
	};
	return 0;
}

static bool is_sound(void)
{
	return cbx_boot_sound(&boot, PAGES);
}

static void a_loader_that_means_well_is_believed(void **state)
{
	(void)state;
	assert_true(is_sound());
	boot.registers = 0;
	boot.secrets = 0;
	assert_true(is_sound());
}

static void a_page_nobody_filled_is_not(void **state)
{
	(void)state;
	boot.magic++;
	assert_false(is_sound());
	begin(state);
	boot.cpus = 0;
	assert_false(is_sound());
	begin(state);
	boot.tsc_khz = 0;
	assert_false(is_sound());
	begin(state);
	boot.ranges = CBX_BOOT_RANGES + 1;
	assert_false(is_sound());
}

static void ranges_are_in_order_and_do_not_overlap(void **state)
{
	(void)state;
	boot.range[1].first = 99;
	assert_false(is_sound());
	begin(state);
	boot.range[0].count = 100;
	assert_false(is_sound());
	begin(state);
	boot.range[2].first = 50;
	assert_false(is_sound());
}

static void no_range_is_empty_unknown_or_beyond_the_end(void **state)
{
	(void)state;
	boot.range[1].count = 0;
	assert_false(is_sound());
	begin(state);
	boot.range[1].kind = 0;
	assert_false(is_sound());
	begin(state);
	boot.range[1].kind = CBX_BOOT_TABLES + 1;
	assert_false(is_sound());
	begin(state);
	boot.range[4].count = 2;
	assert_false(is_sound());
	begin(state);
	boot.range[4].first = ~0ull;
	assert_false(is_sound());
}

static void what_is_for_the_host_is_a_page_of_validated_memory(void **state)
{
	static const uint64_t bad[] = { 0x7008, 100 << CBX_PAGE_SHIFT,
		250 << CBX_PAGE_SHIFT, 400 << CBX_PAGE_SHIFT,
		999 << CBX_PAGE_SHIFT, ~0xfffull };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(state);
		boot.registers = bad[i];
		assert_false(is_sound());
		begin(state);
		boot.secrets = bad[i];
		assert_false(is_sound());
	}
}

static void a_kind_is_that_of_all_the_pages(void **state)
{
	(void)state;
	assert_int_equal(cbx_boot_kind(&boot, PFN(1), 99), CBX_BOOT_RAM);
	assert_int_equal(cbx_boot_kind(&boot, PFN(299), 1), CBX_BOOT_MONITOR);
	assert_int_equal(cbx_boot_kind(&boot, PFN(1), 100), 0);
	assert_int_equal(cbx_boot_kind(&boot, PFN(0), 1), 0);
	assert_int_equal(cbx_boot_kind(&boot, PFN(150), 1), 0);
	assert_int_equal(cbx_boot_kind(&boot, PFN(1), ~0ull), 0);
	assert_int_equal(cbx_boot_kind(&boot, PFN(~0ull), 2), 0);
}

static void memory_ends_where_the_last_of_it_does(void **state)
{
	(void)state;
	assert_int_equal(cbx_boot_pages(&boot), 800);
	boot.ranges = 2;
	assert_int_equal(cbx_boot_pages(&boot), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_loader_that_means_well_is_believed, begin),
		cmocka_unit_test_setup(a_page_nobody_filled_is_not, begin),
		cmocka_unit_test_setup(
			ranges_are_in_order_and_do_not_overlap, begin),
		cmocka_unit_test_setup(
			no_range_is_empty_unknown_or_beyond_the_end, begin),
		cmocka_unit_test_setup(
			what_is_for_the_host_is_a_page_of_validated_memory,
			begin),
		cmocka_unit_test_setup(a_kind_is_that_of_all_the_pages, begin),
		cmocka_unit_test_setup(
			memory_ends_where_the_last_of_it_does, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Memory maps of every kind of loader, and what the monitor makes of them. */
#include "client/unit.h"

#include <monitor/bare/bare.h>

static jmp_buf failed;
static const char *why_failed;

_Noreturn void cbx_bare_fail(const char *why)
{
	why_failed = why;
	longjmp(failed, 1);
}

/* Nothing is carved: these numbers are of no memory. */
void cbx_bare_clear(uint64_t address, uint64_t pages)
{
	(void)address;
	(void)pages;
	abort();
}

struct range {
	uint64_t first;
	uint64_t end;
	enum cbx_x86_kind kind;
};
#define RAM(first, end)                 \
	{                               \
		first, end, CBX_X86_RAM \
	}
#define RESERVED(first, end)                 \
	{                                    \
		first, end, CBX_X86_RESERVED \
	}
#define RANGES 8

static struct cbx_x86_boot boot;

/* NULL, or why the map is refused. */
static const char *finish(const struct range *range)
{
	boot = (struct cbx_x86_boot){ 0 };
	why_failed = NULL;
	if (setjmp(failed) == 0) {
		for (size_t i = 0; i < RANGES && range[i].end != 0; i++) {
			cbx_bare_region(&boot, range[i].first * CBX_PAGE_SIZE,
				(range[i].end - range[i].first) * CBX_PAGE_SIZE,
				range[i].kind);
		}
		cbx_bare_regions_finish(&boot);
	}
	return why_failed;
}

/* How often a page is RAM. */
static unsigned int times(uint64_t page)
{
	unsigned int sum = 0;

	for (uint32_t i = 0; i < boot.region_count; i++) {
		const struct cbx_x86_region *r = &boot.region[i];

		sum += r->kind == CBX_X86_RAM && page >= r->first &&
		       page - r->first < r->count;
	}
	return sum;
}

static bool named(
	const struct range *range, uint64_t page, enum cbx_x86_kind kind)
{
	for (size_t i = 0; i < RANGES && range[i].end != 0; i++) {
		if (range[i].kind == kind && page >= range[i].first &&
			page < range[i].end) {
			return true;
		}
	}
	return false;
}

static const struct range fine[][RANGES] = {
	{ RAM(1, 100) },
	{ RAM(1, 100), RESERVED(100, 120), RAM(120, 200) },
	{ RAM(120, 200), RESERVED(100, 120), RAM(1, 100) },
	{ RAM(1, 100), RESERVED(90, 120), RAM(110, 200) },
	{ RESERVED(50, 150), RAM(10, 60), RAM(140, 200) },
	/* Reserved ranges within each other: the outer one still counts. */
	{ RESERVED(10, 100), RESERVED(20, 30), RAM(50, 200) },
	{ RESERVED(10, 100), RESERVED(20, 30), RESERVED(25, 60), RAM(40, 41),
		RAM(50, 200) },
	{ RAM(1, 5), RESERVED(10, 300), RESERVED(10, 20), RAM(100, 200) },
	{ RAM(10, 100), RESERVED(10, 20), RESERVED(15, 25), RESERVED(90, 100),
		RESERVED(80, 95) },
	{ RAM(10, 100), RESERVED(5, 200), RAM(200, 201) },
	/* Holes. */
	{ RAM(1, 100), RESERVED(20, 30), RESERVED(40, 50), RESERVED(25, 35),
		RESERVED(99, 101) },
};

static void a_page_is_memory_once_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		uint64_t end = 0;

		assert_null(finish(fine[i]));
		for (uint64_t page = 0; page < 400; page++) {
			bool ram = named(fine[i], page, CBX_X86_RAM) &&
				   !named(fine[i], page, CBX_X86_RESERVED);

			assert_int_equal(times(page), ram ? 1 : 0);
			end = ram ? page + 1 : end;
		}
		assert_int_equal(boot.page_count, end);
	}
}

static void maps_that_contradict_themselves_are_refused(void **state)
{
	static const struct range bad[][RANGES] = {
		{ RAM(1, 100), RAM(99, 200) },
		{ RAM(1, 100), RAM(1, 100) },
		{ RAM(1, 100), RAM(20, 30) },
		{ RESERVED(1, 100) },
		{ RESERVED(1, 100), RAM(10, 20) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_non_null(finish(bad[i]));
	}
}

static void a_map_past_the_end_of_addresses_is_refused(void **state)
{
	(void)state;
	boot = (struct cbx_x86_boot){ 0 };
	if (setjmp(failed) == 0) {
		cbx_bare_region(&boot, UINT64_MAX - 4095, 8192, CBX_X86_RAM);
		fail();
	}
	if (setjmp(failed) == 0) {
		for (uint64_t i = 0; i <= CBX_X86_REGIONS_MAX; i++) {
			cbx_bare_region(&boot, (2 * i + 1) * CBX_PAGE_SIZE,
				CBX_PAGE_SIZE, CBX_X86_RAM);
		}
		fail();
	}
	assert_int_equal(boot.region_count, CBX_X86_REGIONS_MAX);
}

static void parts_of_pages_are_no_memory_and_wholly_reserved(void **state)
{
	(void)state;
	boot = (struct cbx_x86_boot){ 0 };
	cbx_bare_region(&boot, 4097, 3 * 4096 - 2, CBX_X86_RAM);
	cbx_bare_region(&boot, 4 * 4096 + 1, 4096, CBX_X86_RESERVED);
	cbx_bare_region(&boot, 8192 + 1, 4096, CBX_X86_RAM); /* none whole */
	assert_int_equal(boot.region_count, 2);
	assert_int_equal(boot.region[0].first, 2);
	assert_int_equal(boot.region[0].count, 1);
	assert_int_equal(boot.region[1].first, 4);
	assert_int_equal(boot.region[1].count, 2);
}

static void a_region_is_split_where_it_lies(void **state)
{
	static const struct range map[RANGES] = { RAM(10, 100),
		RESERVED(100, 120) };

	(void)state;
	assert_null(finish(map));
	cbx_bare_region_split(&boot, 20, 5, CBX_X86_MONITOR);
	assert_int_equal(times(19) + times(25), 2);
	assert_int_equal(times(20) + times(24), 0);
	if (setjmp(failed) == 0) {
		cbx_bare_region_split(&boot, 98, 3, CBX_X86_MONITOR);
		fail();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_memory_once_or_not_at_all),
		cmocka_unit_test(maps_that_contradict_themselves_are_refused),
		cmocka_unit_test(a_map_past_the_end_of_addresses_is_refused),
		cmocka_unit_test(
			parts_of_pages_are_no_memory_and_wholly_reserved),
		cmocka_unit_test(a_region_is_split_where_it_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

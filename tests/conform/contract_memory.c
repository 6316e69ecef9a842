/* SPDX-License-Identifier: Apache-2.0 */
/* hal.h: memory, views, and the small services. */
#include <string.h>

#include "conform/contract.h"

static void fill(uint64_t pfn, uint8_t seed, uint8_t *page)
{
	for (uint32_t i = 0; i < CBX_PAGE_SIZE; i++) {
		page[i] = (uint8_t)(seed + i * 7);
	}
	(void)ask_host_write(pfn, 0, page, CBX_PAGE_SIZE);
}

static void a_view_of_nothing_hides_the_page_and_keeps_its_bytes(void **state)
{
	struct cbx_pfn pfn = contract_host_pages(3);
	uint8_t wrote[3][CBX_PAGE_SIZE];
	uint8_t got[CBX_PAGE_SIZE];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		fill(pfn.n + i, (uint8_t)(3 + i), wrote[i]);
	}
	contract_view(pfn, 3, CBX_VIEW_NONE);
	for (uint32_t i = 0; i < 3; i++) {
		assert_false(ask_host_may(pfn.n + i, CBX_VIEW_R));
		assert_false(ask_host_may(pfn.n + i, CBX_VIEW_W));
		ask_page(pfn.n + i, 0, got, sizeof(got));
		assert_memory_equal(got, wrote[i], sizeof(got));
	}
	assert_false(ask_host_finds(wrote[1], 64));
	contract_view(pfn, 3, CBX_VIEW_ALL);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(ask_host_read(pfn.n + i, 0, got, sizeof(got)));
		assert_memory_equal(got, wrote[i], sizeof(got));
		assert_true(ask_host_may(pfn.n + i, CBX_VIEW_W));
	}
}

static void a_view_set_twice_is_set_once(void **state)
{
	struct cbx_pfn pfn = contract_host_pages(2);
	uint8_t wrote[CBX_PAGE_SIZE];
	uint8_t got[CBX_PAGE_SIZE];

	(void)state;
	fill(pfn.n, 9, wrote);
	for (uint32_t i = 0; i < 2; i++) {
		contract_view(pfn, 1, CBX_VIEW_NONE);
		contract_view(pfn, 2, CBX_VIEW_NONE);
	}
	assert_false(ask_host_may(pfn.n, CBX_VIEW_R));
	for (uint32_t i = 0; i < 2; i++) {
		contract_view(pfn, 2, CBX_VIEW_R | CBX_VIEW_W);
	}
	assert_true(ask_host_read(pfn.n, 0, got, sizeof(got)));
	assert_memory_equal(got, wrote, sizeof(got));
}

/* Rounded down, never up, where the hardware cannot express it. */
static void a_view_gives_no_more_than_it_says(void **state)
{
	struct cbx_pfn pfn = contract_host_pages(1);
	bool exact = (cbx_hal_caps().bits & CBX_CAP_VIEW_FAULTS) != 0;

	(void)state;
	contract_view(pfn, 1, CBX_VIEW_R);
	assert_true(!exact || !ask_host_may(pfn.n, CBX_VIEW_W));
	assert_true(ask_host_may(pfn.n, CBX_VIEW_R));
	contract_view(pfn, 1, CBX_VIEW_R | CBX_VIEW_W);
	assert_true(ask_host_may(pfn.n, CBX_VIEW_R));
	assert_true(ask_host_may(pfn.n, CBX_VIEW_W));
	contract_view(pfn, 1, CBX_VIEW_NONE);
	assert_false(ask_host_may(pfn.n, CBX_VIEW_R));
	assert_false(ask_host_may(pfn.n, CBX_VIEW_W));
}

/* What the host writes to a page it lost is lost, also when it gets it back. */
static void nothing_written_in_vain_ever_arrives(void **state)
{
	struct cbx_pfn pfn = contract_pages(1);
	const uint64_t word = 0x1122334455667788;

	(void)state;
	(void)ask_host_write(pfn.n, 64, &word, sizeof(word));
	assert_true(ask_zero(pfn.n));
	contract_view(pfn, 1, CBX_VIEW_ALL);
	assert_true(ask_zero(pfn.n));
	assert_false(ask_host_finds(&word, sizeof(word)));
}

static void a_scrubbed_page_is_zero_for_every_reader(void **state)
{
	struct cbx_pfn pfn = contract_host_pages(3);
	uint8_t wrote[CBX_PAGE_SIZE];
	uint8_t got[CBX_PAGE_SIZE];
	static const uint8_t zero[CBX_PAGE_SIZE];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		fill(pfn.n + i, 1, wrote);
	}
	contract_view(pfn, 3, CBX_VIEW_NONE);
	cbx_hal_page_scrub(pfn, 2);
	assert_true(ask_zero(pfn.n));
	assert_true(ask_zero(pfn.n + 1));
	assert_false(ask_zero(pfn.n + 2));
	contract_view(pfn, 3, CBX_VIEW_ALL);
	assert_true(ask_host_read(pfn.n + 1, 0, got, sizeof(got)));
	assert_memory_equal(got, zero, sizeof(got));
	assert_true(ask_host_read(pfn.n + 2, 0, got, sizeof(got)));
	assert_memory_equal(got, wrote, sizeof(got));
}

static void a_copy_is_what_the_pages_were_and_no_more(void **state)
{
	struct cbx_pfn pfn = contract_host_pages(6);
	uint8_t wrote[CBX_PAGE_SIZE];
	uint8_t got[CBX_PAGE_SIZE];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		fill(pfn.n + i, (uint8_t)(i + 3), wrote);
	}
	contract_view(pfn, 6, CBX_VIEW_NONE);
	cbx_hal_page_scrub(cbx_pfn_add(pfn, 3), 3);
	cbx_hal_page_copy(cbx_pfn_add(pfn, 3), cbx_pfn_add(pfn, 1), 2);
	cbx_hal_page_copy(cbx_pfn_add(pfn, 5), pfn, 0);
	assert_true(ask_zero(pfn.n + 5));
	assert_false(ask_zero(pfn.n));
	cbx_hal_page_copy(pfn, cbx_pfn_add(pfn, 5), 1);
	assert_true(ask_zero(pfn.n));
	contract_view(pfn, 6, CBX_VIEW_ALL);
	for (uint32_t i = 1; i < 3; i++) {
		assert_true(ask_host_read(pfn.n + i, 0, wrote, sizeof(wrote)));
		assert_int_not_equal(wrote[0] | wrote[1], 0);
		assert_true(ask_host_read(pfn.n + 2 + i, 0, got, sizeof(got)));
		assert_memory_equal(got, wrote, sizeof(got));
	}
}

static void a_map_shows_the_page_whoever_has_it(void **state)
{
	struct cbx_pfn pfn = contract_host_pages(1);
	uint8_t wrote[CBX_PAGE_SIZE];
	uint8_t *page;

	(void)state;
	fill(pfn.n, 5, wrote);
	page = cbx_hal_page_map(pfn);
	assert_memory_equal(page, wrote, sizeof(wrote));
	page[100] = 0xab;
	cbx_hal_page_unmap(page);
	assert_true(ask_host_read(pfn.n, 100, wrote, 1));
	assert_int_equal(wrote[0], 0xab);
	contract_view(pfn, 1, CBX_VIEW_NONE);
	page = cbx_hal_page_map(pfn);
	assert_int_equal(page[100], 0xab);
	page[101] = 0xcd;
	cbx_hal_page_unmap(page);
	contract_view(pfn, 1, CBX_VIEW_ALL);
	assert_true(ask_host_read(pfn.n, 101, wrote, 1));
	assert_int_equal(wrote[0], 0xcd);
}

static void every_map_of_a_cpu_is_there_at_once(void **state)
{
	struct cbx_pfn pfn = contract_pages(CBX_HAL_MAPS);
	uint8_t *page[CBX_HAL_MAPS];

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < CBX_HAL_MAPS; i++) {
			page[i] = cbx_hal_page_map(cbx_pfn_add(pfn, i));
			page[i][0] = (uint8_t)(i + 1);
		}
		for (uint32_t i = 0; i < CBX_HAL_MAPS; i++) {
			assert_int_equal(page[i][0], i + 1);
		}
		for (uint32_t i = 0; i < CBX_HAL_MAPS; i++) { /* any order */
			cbx_hal_page_unmap(page[i * 5 % CBX_HAL_MAPS]);
		}
	}
}

static void released_pages_are_the_hosts_until_they_are_accepted(void **state)
{
	struct cbx_pfn pfn = contract_host_pages(2);
	uint64_t done;

	(void)state;
	contract_view(pfn, 2, CBX_VIEW_NONE);
	assert_int_equal(cbx_hal_page_release(pfn, 2, &done), CBX_OK);
	assert_int_equal(done, 2);
	for (uint32_t i = 0; i < 2 && contract_host_names_shared(); i++) {
		assert_true(ask_host_may(pfn.n + i, CBX_VIEW_R));
		assert_true(ask_host_may(pfn.n + i, CBX_VIEW_W));
	}
	assert_int_equal(cbx_hal_page_accept(pfn, 2, &done), CBX_OK);
	assert_int_equal(done, 2);
	for (uint32_t i = 0; i < 2; i++) {
		assert_false(ask_host_may(pfn.n + i, CBX_VIEW_R));
		assert_false(ask_host_may(pfn.n + i, CBX_VIEW_W));
		assert_false(ask_hypervisor_may(pfn.n + i));
	}
	cbx_hal_page_scrub(pfn, 2);
	contract_view(pfn, 2, CBX_VIEW_ALL);
	assert_true(ask_zero(pfn.n));
}

static void flush_tokens_grow_and_complete(void **state)
{
	uint64_t first = cbx_hal_view_flush();
	uint64_t second = cbx_hal_view_flush();

	(void)state;
	assert_true(first >= 1);
	assert_true(second > first);
	assert_true(cbx_hal_view_flushed(0));
	while (!cbx_hal_view_flushed(second)) {
		cbx_hal_cpu_relax();
	}
	assert_true(cbx_hal_view_flushed(first));
}

static void the_memory_map_is_within_memory_and_does_not_overlap(void **state)
{
	struct cbx_hal_region a;
	struct cbx_hal_region b;
	uint64_t ram = 0;
	uint32_t count = 0;

	(void)state;
	assert_true(cbx_hal_page_count() < UINT32_MAX);
	for (; cbx_hal_memory(count, &a); count++) {
		assert_true(cbx_range_fits(
			a.first.n, a.count, cbx_hal_page_count()));
		ram += a.kind == CBX_HAL_RAM ? a.count : 0;
		/* A handle of 0 is none. */
		assert_true(a.first.n != 0 || a.kind == CBX_HAL_MONITOR);
		for (uint32_t j = 0; j < count; j++) {
			assert_true(cbx_hal_memory(j, &b));
			assert_true(a.first.n >= b.first.n + b.count ||
				    b.first.n >= a.first.n + a.count);
		}
	}
	assert_true(ram != 0);
	assert_false(cbx_hal_memory(count, &a));
	assert_false(cbx_hal_memory(UINT32_MAX, &a));
}

static void time_chance_and_place(void **state)
{
	uint8_t a[100];
	uint8_t b[100];
	uint64_t last = cbx_hal_ticks();

	(void)state;
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	assert_int_equal(cbx_hal_random(a, sizeof(a) - 1), CBX_OK);
	assert_int_equal(cbx_hal_random(b, sizeof(b)), CBX_OK);
	assert_memory_not_equal(a, b, sizeof(a) - 1);
	assert_int_equal(a[99], 0); /* no byte too many */
	for (uint32_t i = 0; i < 1000; i++) {
		uint64_t now = cbx_hal_ticks();

		assert_true(now >= last);
		last = now;
	}
	assert_true(cbx_hal_cpu_count() >= 1);
	assert_true(cbx_hal_cpu() < cbx_hal_cpu_count());
	assert_ptr_equal(cbx_hal_cpu_rank(), cbx_hal_cpu_rank());
}

const struct CMUnitTest contract_memory[] = {
	CONTRACT(a_view_of_nothing_hides_the_page_and_keeps_its_bytes),
	CONTRACT(a_view_set_twice_is_set_once),
	CONTRACT(a_view_gives_no_more_than_it_says),
	CONTRACT(nothing_written_in_vain_ever_arrives),
	CONTRACT(a_scrubbed_page_is_zero_for_every_reader),
	CONTRACT(a_copy_is_what_the_pages_were_and_no_more),
	CONTRACT(a_map_shows_the_page_whoever_has_it),
	CONTRACT(every_map_of_a_cpu_is_there_at_once),
	CONTRACT(released_pages_are_the_hosts_until_they_are_accepted),
	CONTRACT(flush_tokens_grow_and_complete),
	CONTRACT(the_memory_map_is_within_memory_and_does_not_overlap),
	CONTRACT(time_chance_and_place),
};
const size_t contract_memory_count =
	sizeof(contract_memory) / sizeof(contract_memory[0]);

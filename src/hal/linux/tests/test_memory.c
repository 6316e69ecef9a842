/* SPDX-License-Identifier: Apache-2.0 */
/* Guest-physical memory: views move bytes between the two files. */
#include "box.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hal/linux/memory.h>

#define FIRST 1000u
#define COUNT 32u

static uint8_t *service; /* the service's mapping of the host file */

static int map_service(void **state)
{
	(void)state;
	service = mmap(NULL, cbx_hal_page_count() * CBX_PAGE_SIZE,
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		cbx_linux_memory_fd(CBX_FILE_HOST), 0);
	return service == MAP_FAILED;
}

static uint8_t *service_page(uint64_t pfn)
{
	return service + pfn * CBX_PAGE_SIZE;
}

static void set_view(uint64_t pfn, uint64_t count, uint8_t bits)
{
	uint64_t done = 99;

	assert_int_equal(cbx_hal_view_set((struct cbx_pfn){ pfn }, count,
				 (struct cbx_view){ bits }, &done),
		CBX_OK);
	assert_int_equal(done, count);
	assert_true(cbx_hal_view_flushed(cbx_hal_view_flush()));
}

static uint8_t peek(uint64_t pfn)
{
	const uint8_t *page = cbx_hal_page_map((struct cbx_pfn){ pfn });
	uint8_t byte = *page;

	cbx_hal_page_unmap(page);
	return byte;
}

static void fill(uint64_t pfn, uint64_t count, uint8_t byte)
{
	memset(service_page(pfn), byte, count * CBX_PAGE_SIZE);
}

static void a_taken_page_keeps_its_bytes_and_reads_zero(void **state)
{
	(void)state;
	fill(FIRST, COUNT, 0x5e);
	set_view(FIRST, COUNT, CBX_VIEW_NONE);
	for (uint64_t i = 0; i < COUNT; i++) {
		assert_int_equal(service_page(FIRST + i)[17], 0);
		assert_int_equal(peek(FIRST + i), 0x5e);
	}
	set_view(FIRST, COUNT, CBX_VIEW_ALL);
	for (uint64_t i = 0; i < COUNT; i++) {
		assert_int_equal(service_page(FIRST + i)[17], 0x5e);
	}
}

static void what_the_host_writes_in_vain_is_lost(void **state)
{
	(void)state;
	fill(FIRST, 1, 0x11);
	set_view(FIRST, 1, CBX_VIEW_NONE);
	fill(FIRST, 1, 0x22);
	assert_int_equal(peek(FIRST), 0x11);
	cbx_hal_page_scrub((struct cbx_pfn){ FIRST }, 1);
	assert_int_equal(peek(FIRST), 0);
	set_view(FIRST, 1, CBX_VIEW_R | CBX_VIEW_W);
	assert_int_equal(*service_page(FIRST), 0);
}

static void setting_a_view_twice_is_setting_it_once(void **state)
{
	(void)state;
	fill(FIRST, 2, 0x33);
	set_view(FIRST + 1, 1, CBX_VIEW_NONE);
	set_view(FIRST, 2, CBX_VIEW_NONE);
	set_view(FIRST, 2, CBX_VIEW_NONE);
	assert_int_equal(peek(FIRST), 0x33);
	assert_int_equal(peek(FIRST + 1), 0x33);
	set_view(FIRST, 2, CBX_VIEW_ALL);
	set_view(FIRST, 2, CBX_VIEW_R);
	assert_int_equal(*service_page(FIRST), 0x33);
	assert_int_equal(*service_page(FIRST + 1), 0x33);
}

/* Every third page has bytes, every second is taken, then all are. */
static void mixed_ranges_move_what_is_there(void **state)
{
	const uint64_t pages = 512;

	(void)state;
	fill(FIRST, pages, 0);
	for (uint64_t i = 0; i < pages; i += 3) {
		fill(FIRST + i, 1, (uint8_t)(i | 1));
	}
	for (uint64_t i = 0; i < pages; i += 2) {
		set_view(FIRST + i, 1, CBX_VIEW_NONE);
	}
	set_view(FIRST, pages, CBX_VIEW_NONE);
	for (uint64_t i = 0; i < pages; i++) {
		uint8_t expected = i % 3 == 0 ? (uint8_t)(i | 1) : 0;

		assert_int_equal(peek(FIRST + i), expected);
		assert_int_equal(*service_page(FIRST + i), 0);
	}
	cbx_hal_page_scrub((struct cbx_pfn){ FIRST }, pages);
	set_view(FIRST, pages, CBX_VIEW_ALL);
	for (uint64_t i = 0; i < pages; i++) {
		assert_int_equal(*service_page(FIRST + i), 0);
	}
}

/* Whether a page of the private file has memory. */
static bool has_memory(uint64_t pfn)
{
	off_t at = (off_t)(pfn * CBX_PAGE_SIZE);

	return lseek(cbx_linux_memory_fd(CBX_FILE_PRIVATE), at, SEEK_DATA) ==
	       at;
}

/* Every third page has bytes; some of where they go have others. */
static void a_copy_of_zeros_takes_no_memory(void **state)
{
	const uint64_t to = FIRST + COUNT;

	(void)state;
	fill(FIRST, 2 * COUNT, 0);
	for (uint64_t i = 0; i < COUNT; i += 3) {
		fill(FIRST + i, 1, (uint8_t)(i | 1));
	}
	for (int i = 0; i < 2; i++) {
		set_view(FIRST, 2 * COUNT, CBX_VIEW_NONE);
		cbx_hal_page_copy((struct cbx_pfn){ to },
			(struct cbx_pfn){ FIRST }, COUNT);
		for (uint64_t k = 0; k < COUNT; k++) {
			assert_int_equal(has_memory(to + k), k % 3 == 0);
			assert_int_equal(peek(to + k), k % 3 == 0 ? k | 1 : 0);
		}
		set_view(FIRST, 2 * COUNT, CBX_VIEW_ALL);
		fill(to, COUNT, 0x77);
	}
	fill(FIRST, 2 * COUNT, 0);
}

static void the_memory_map_is_the_whole_machine(void **state)
{
	struct cbx_hal_region region;

	(void)state;
	assert_true(cbx_hal_memory(0, &region));
	assert_int_equal(region.kind, CBX_HAL_MONITOR);
	assert_int_equal(region.first.n, 0);
	assert_int_equal(region.count, 1);
	assert_true(cbx_hal_memory(1, &region));
	assert_int_equal(region.kind, CBX_HAL_RAM);
	assert_int_equal(region.first.n, 1);
	assert_int_equal(region.count, cbx_hal_page_count() - 1);
	assert_false(cbx_hal_memory(2, &region));
}

static void random_bytes_differ_and_time_passes(void **state)
{
	uint64_t a[2] = { 0 };
	uint64_t b[2] = { 0 };
	uint64_t before = cbx_hal_ticks();

	(void)state;
	assert_int_equal(cbx_hal_random(a, sizeof(a)), CBX_OK);
	assert_int_equal(cbx_hal_random(b, sizeof(b)), CBX_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_true(cbx_hal_ticks() > before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_taken_page_keeps_its_bytes_and_reads_zero),
		cmocka_unit_test(what_the_host_writes_in_vain_is_lost),
		cmocka_unit_test(setting_a_view_twice_is_setting_it_once),
		cmocka_unit_test(mixed_ranges_move_what_is_there),
		cmocka_unit_test(a_copy_of_zeros_takes_no_memory),
		cmocka_unit_test(the_memory_map_is_the_whole_machine),
		cmocka_unit_test(random_bytes_differ_and_time_passes),
	};

	machine_start();
	return cmocka_run_group_tests_name(
		"linux memory", tests, map_service, NULL);
}

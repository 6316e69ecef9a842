/* SPDX-License-Identifier: Apache-2.0 */
/* Pages into the confidential VM and out of it, with a hypervisor that refuses,
 * stops and lies: each call succeeds, or says how far it came. */
#include "snp/machine.h"

#define FIRST 100ull

static uint64_t done;

static const struct cbx_snp_two_ways two = {
	.pfn = { MACHINE_GHCB },
	.hidden = machine_memory[MACHINE_GHCB],
	.shared = machine_memory[MACHINE_GHCB],
};

static int boot(void **state)
{
	machine_boot(state);
	assert_null(cbx_snp_ghcb_start(&two, MACHINE_C));
	machine.states = 0;
	done = 777;
	return 0;
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(machine.maps, 0);
	return 0;
}

static enum cbx_status accept(uint64_t first, uint64_t count)
{
	return cbx_hal_page_accept((struct cbx_pfn){ first }, count, &done);
}

static enum cbx_status release(uint64_t first, uint64_t count)
{
	return cbx_hal_page_release((struct cbx_pfn){ first }, count, &done);
}

static enum cbx_status view(uint64_t first, uint64_t count, uint8_t bits)
{
	return cbx_hal_view_set((struct cbx_pfn){ first }, count,
		(struct cbx_view){ bits }, &done);
}

/* Pages from @p from to @p to are the monitor's, and nobody else's. */
static void are_accepted(uint64_t from, uint64_t to)
{
	for (uint64_t pfn = from; pfn < to; pfn++) {
		assert_true(machine_is_valid(pfn));
		for (uint8_t vmpl = 1; vmpl < CBX_RMP_VMPLS; vmpl++) {
			assert_int_equal(machine_rights(pfn, vmpl), 0);
		}
	}
}

static void pages_are_accepted(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 600), CBX_OK);
	assert_int_equal(done, 600);
	are_accepted(FIRST, FIRST + 600);
	assert_false(machine_is_private(FIRST - 1));
	assert_false(machine_is_private(FIRST + 600));
	assert_int_equal(machine.lists, 3);
}

static void no_pages_are_nothing(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 0), CBX_OK);
	assert_int_equal(done, 0);
	assert_int_equal(machine.lists, 0);
}

/* Refused at every place of a range of several lists. */
static void what_is_refused_is_told_and_nothing_else_changes(void **state)
{
	static const uint64_t places[] = { 0, 1, 252, 253, 254, 299 };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		boot(state);
		machine.refuse = FIRST + places[i];
		assert_int_equal(accept(FIRST, 300), CBX_E_HARDWARE);
		assert_int_equal(done, places[i]);
		are_accepted(FIRST, FIRST + done);
		for (uint64_t pfn = FIRST + done; pfn < FIRST + 300; pfn++) {
			assert_false(machine_is_private(pfn));
		}
	}
}

static void a_hypervisor_that_stops_is_asked_again(void **state)
{
	(void)state;
	machine.most = 40;
	assert_int_equal(accept(FIRST, 300), CBX_OK);
	assert_int_equal(done, 300);
	are_accepted(FIRST, FIRST + 300);
}

static void it_is_asked_a_fixed_number_of_times(void **state)
{
	(void)state;
	machine.most = 10;
	assert_int_equal(accept(FIRST, 300), CBX_E_BUSY);
	assert_int_equal(done, 80);
	are_accepted(FIRST, FIRST + 80);
	assert_int_equal(accept(FIRST + 80, 10), CBX_OK);
	machine.most = 0;
	machine.lists = 0;
	assert_int_equal(accept(FIRST + 90, 10), CBX_E_BUSY);
	assert_int_equal(done, 0);
	assert_int_equal(machine.lists, 8);
	machine.most = NEVER;
	machine.no_list = true;
	assert_int_equal(accept(FIRST + 90, 10), CBX_E_BUSY);
	assert_int_equal(done, 0);
}

/* It was accepted before: its double is at another address. */
static void a_page_that_is_valid_stops_the_machine(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 1), CBX_OK);
	expect_assert_failure((void)!accept(FIRST, 1));
	machine.maps = 0;
}

static void what_the_processor_refuses_is_half_accepted(void **state)
{
	static const uint32_t codes[] = { 3, 6 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t first = FIRST + 10 * i;

		machine.at = first + 2;
		machine.pvalidate = codes[i];
		assert_int_equal(accept(first, 4), CBX_E_BUSY);
		assert_int_equal(done, 2);
		are_accepted(first, first + 2);
		assert_false(machine_is_valid(first + 2));
		machine.pvalidate = 0;
		assert_int_equal(accept(first + 2, 2), CBX_OK);
		are_accepted(first, first + 4);
	}
}

static void a_page_somebody_may_touch_is_not_accepted(void **state)
{
	(void)state;
	for (uint8_t vmpl = 1; vmpl < CBX_RMP_VMPLS; vmpl++) {
		uint64_t first = FIRST + 10ull * vmpl;

		machine.at = first + 1;
		machine.at_vmpl = vmpl;
		machine.rmpadjust = 3;
		assert_int_equal(accept(first, 3), CBX_E_BUSY);
		assert_int_equal(done, 1);
		assert_false(machine_is_valid(first + 1));
		machine.rmpadjust = 0;
		assert_int_equal(accept(first + 1, 2), CBX_OK);
		are_accepted(first, first + 3);
	}
}

/* Rescinded and validated again, a page keeps rights that somebody had. */
static void rights_from_before_are_taken(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 1), CBX_OK);
	for (uint8_t vmpl = 1; vmpl < CBX_RMP_VMPLS; vmpl++) {
		machine_set_rights(FIRST, vmpl, 0xf);
	}
	assert_int_equal(
		cbx_snp_pvalidate(machine_memory[FIRST], false).code, 0);
	assert_int_equal(accept(FIRST, 1), CBX_OK);
	are_accepted(FIRST, FIRST + 1);
}

/* Codes by which only the monitor can be wrong. */
static void a_wrong_request_stops_the_machine(void **state)
{
	static const uint32_t codes[] = { 1, 2, 9 };

	(void)state;
	assert_int_equal(accept(FIRST, 2), CBX_OK);
	machine.at = FIRST;
	for (size_t i = 0; i < 3; i++) {
		machine.rmpadjust = codes[i];
		expect_assert_failure((void)!view(FIRST, 1, 0));
		machine.rmpadjust = 0;
		machine.pvalidate = codes[i];
		expect_assert_failure((void)!accept(FIRST, 1));
		expect_assert_failure((void)!release(FIRST, 1));
		machine.pvalidate = 0;
	}
	machine.maps = 0;
}

static void pages_are_released(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 3), CBX_OK);
	assert_int_equal(release(FIRST, 2), CBX_OK);
	assert_int_equal(done, 2);
	assert_false(machine_is_private(FIRST));
	assert_false(machine_is_private(FIRST + 1));
	are_accepted(FIRST + 2, FIRST + 3);
}

static void a_release_that_is_refused_is_half_one(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 4), CBX_OK);
	machine.refuse = FIRST + 1;
	assert_int_equal(release(FIRST, 4), CBX_E_BUSY);
	assert_int_equal(done, 1);
	assert_false(machine_is_private(FIRST));
	assert_true(machine_is_private(FIRST + 1));
	assert_false(machine_is_valid(FIRST + 1));
	are_accepted(FIRST + 2, FIRST + 4);
	machine.refuse = NEVER;
	assert_int_equal(release(FIRST + 1, 3), CBX_OK);
	assert_int_equal(done, 3);
	assert_false(machine_is_private(FIRST + 3));
}

static void an_answer_that_is_none_is_half_a_release(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 1), CBX_OK);
	machine.answer = 0x16;
	assert_int_equal(release(FIRST, 1), CBX_E_BUSY);
	assert_int_equal(done, 0);
}

/* Nothing is given to the hypervisor that is still valid. */
static void what_cannot_be_rescinded_is_not_released(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 2), CBX_OK);
	machine.at = FIRST + 1;
	machine.pvalidate = 3;
	machine.states = 0;
	assert_int_equal(release(FIRST, 2), CBX_E_BUSY);
	assert_int_equal(done, 1);
	assert_int_equal(machine.states, 1);
	machine.pvalidate = 6;
	assert_int_equal(release(FIRST + 1, 1), CBX_E_HARDWARE);
	assert_true(machine_is_valid(FIRST + 1));
}

static void a_view_is_the_hosts_alone(void **state)
{
	(void)state;
	assert_int_equal(accept(FIRST, 3), CBX_OK);
	assert_int_equal(view(FIRST, 2, CBX_VIEW_R | CBX_VIEW_W), CBX_OK);
	assert_int_equal(done, 2);
	assert_int_equal(machine_rights(FIRST, 1), 3);
	assert_int_equal(machine_rights(FIRST + 1, 1), 3);
	assert_int_equal(machine_rights(FIRST + 1, 2), 0);
	assert_int_equal(machine_rights(FIRST + 2, 1), 0);
}

static void a_view_that_is_refused_is_the_one_before(void **state)
{
	static const struct {
		uint32_t code;
		enum cbx_status status;
	} rows[] = { { 3, CBX_E_BUSY }, { 6, CBX_E_HARDWARE } };

	(void)state;
	assert_int_equal(accept(FIRST, 3), CBX_OK);
	machine.at = FIRST + 1;
	for (size_t i = 0; i < 2; i++) {
		machine.rmpadjust = rows[i].code;
		assert_int_equal(view(FIRST, 3, CBX_VIEW_R), rows[i].status);
		assert_int_equal(done, 1);
		assert_int_equal(machine_rights(FIRST, 1), 1);
		assert_int_equal(machine_rights(FIRST + 1, 1), 0);
		assert_int_equal(machine_rights(FIRST + 2, 1), 0);
	}
}

/* Pages beside them keep their bytes, and the source does. */
static void pages_are_scrubbed_and_copied(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		memset(machine_memory[FIRST + i], (int)(0x10 + i),
			CBX_PAGE_SIZE);
	}
	cbx_hal_page_copy(
		(struct cbx_pfn){ FIRST + 10 }, (struct cbx_pfn){ FIRST }, 2);
	assert_memory_equal(machine_memory[FIRST + 10], machine_memory[FIRST],
		2 * CBX_PAGE_SIZE);
	assert_int_equal(machine_memory[FIRST + 12][0], 0);
	cbx_hal_page_scrub((struct cbx_pfn){ FIRST + 1 }, 3);
	assert_int_equal(machine_memory[FIRST][CBX_PAGE_SIZE - 1], 0x10);
	for (uint32_t i = 0; i < 3 * CBX_PAGE_SIZE; i++) {
		assert_int_equal(machine_memory[FIRST + 1 + i / CBX_PAGE_SIZE]
					       [i % CBX_PAGE_SIZE],
			0);
	}
	assert_int_equal(machine_memory[FIRST + 4][0], 0x14);
}

/* No size leaves a byte as it was, or touches one behind. */
static void random_bytes_are_as_many_as_asked(void **state)
{
	uint8_t bytes[64];
	uint8_t seen[64] = { 0 };

	(void)state;
	for (size_t size = 0; size < sizeof(bytes); size++) {
		for (uint32_t round = 0; round < 20; round++) {
			memset(bytes, 0, sizeof(bytes));
			assert_int_equal(cbx_hal_random(bytes, size), CBX_OK);
			for (size_t i = size; i < sizeof(bytes); i++) {
				assert_int_equal(bytes[i], 0);
			}
			if (size > 0) {
				seen[size] |= bytes[size - 1];
			}
		}
		assert_true(size == 0 || seen[size] != 0);
	}
}

/* What is written for the host lies where it reads, if it may do all there. */
static void the_hosts_pages_are_written_in_place(void **state)
{
	const struct cbx_pfn pfn = { FIRST };
	uint8_t *page;

	(void)state;
	assert_int_equal(accept(FIRST, 1), CBX_OK);
	for (uint8_t bits = 0; bits < CBX_VIEW_ALL; bits++) {
		assert_int_equal(view(FIRST, 1, bits), CBX_OK);
		assert_null(cbx_hal_host_map(pfn));
		assert_int_equal(machine.maps, 0);
	}
	assert_int_equal(view(FIRST, 1, CBX_VIEW_ALL), CBX_OK);
	page = cbx_hal_host_map(pfn);
	assert_ptr_equal(page, machine_memory[FIRST]);
	assert_int_equal(machine.maps, 1);
	cbx_hal_host_unmap(pfn, page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_are_accepted),
		TEST(no_pages_are_nothing),
		TEST(what_is_refused_is_told_and_nothing_else_changes),
		TEST(a_hypervisor_that_stops_is_asked_again),
		TEST(it_is_asked_a_fixed_number_of_times),
		TEST(a_page_that_is_valid_stops_the_machine),
		TEST(what_the_processor_refuses_is_half_accepted),
		TEST(a_page_somebody_may_touch_is_not_accepted),
		TEST(rights_from_before_are_taken),
		TEST(a_wrong_request_stops_the_machine),
		TEST(pages_are_released),
		TEST(a_release_that_is_refused_is_half_one),
		TEST(an_answer_that_is_none_is_half_a_release),
		TEST(what_cannot_be_rescinded_is_not_released),
		TEST(a_view_is_the_hosts_alone),
		TEST(a_view_that_is_refused_is_the_one_before),
		TEST(pages_are_scrubbed_and_copied),
		TEST(random_bytes_are_as_many_as_asked),
		TEST(the_hosts_pages_are_written_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

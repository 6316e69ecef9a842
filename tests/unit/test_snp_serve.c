/* SPDX-License-Identifier: Apache-2.0 */
/* What a stock kernel asks: calling areas, and pages it takes and gives up. */
#include "snp/asker.h"

#define ENTRY(pfn, bits) ((uint64_t)(pfn) << CBX_PAGE_SHIFT | (bits))
#define VALIDATE	 4u
#define SAME		 8u
#define LARGE		 1u

static uint64_t *const list = (uint64_t *)machine_memory[LIST];

static void what_is_not_served_is_told_as_that(void **state)
{
	(void)state;
	assert_int_equal(ask(4, 0, 0, 0), CBX_SVSM_NO_CALL);
	assert_int_equal(ask(5, 0, 0, 0), CBX_SVSM_NO_CALL);
	assert_int_equal(ask(8, 0, 0, 0), CBX_SVSM_NO_CALL);
	assert_int_equal(ask(2ull << 32, 0, 0, 0), CBX_SVSM_NO_PROTOCOL);
	assert_int_equal(ask(7, 0, 0, 0), CBX_SVSM_BAD_REQUEST);
	assert_int_equal(ask(7, 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(own->rcx, 0);
}

static void versions_are_told_of_what_is_served(void **state)
{
	(void)state;
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(own->rcx, 1ull << 32 | 1);
	assert_int_equal(ask(6, 2, 0, 0), CBX_SVSM_OK);
	assert_int_equal(own->rcx, 0);
	assert_int_equal(ask(6, 2ull << 32 | 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(own->rcx, 0);
}

static void a_calling_area_is_a_page_that_is_the_hosts_own(void **state)
{
	static const uint64_t bad[] = { 0, SHARED, CLOSED, MACHINE_VMSA,
		MACHINE_GHCB, 500 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			ask(0, page(bad[i]), 0, 0), CBX_SVSM_BAD_ADDRESS);
		assert_int_equal(cbx_snp_vcpus[0].area.n, MACHINE_AREA);
	}
	machine_memory[AREA][0] = 1;
	assert_int_equal(ask(0, page(AREA), 0, 0), CBX_SVSM_OK);
	assert_int_equal(machine_memory[AREA][0], 0);
	assert_int_equal(cbx_snp_vcpus[0].area.n, AREA);
	assert_int_equal(ask(0, page(AREA), 0, 0), CBX_SVSM_OK);
}

static void a_calling_area_stays_the_hosts(void **state)
{
	(void)state;
	assert_int_equal(ask(0, page(AREA), 0, 0), CBX_SVSM_OK);
	assert_int_equal(view(AREA, NONE), CBX_E_HARDWARE);
	assert_int_equal(machine_rights(AREA, 1), CBX_VIEW_ALL);
	assert_int_equal(ask(0, page(OTHER), 0, 0), CBX_SVSM_OK);
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(view(AREA, NONE), CBX_OK);
	assert_int_equal(ask(0, page(AREA), 0, 0), CBX_SVSM_BAD_ADDRESS);
}

static bool validate(uint64_t head)
{
	list[0] = head;
	return begin(CBX_SVSM_PVALIDATE, page(LIST), 0, 0);
}

static bool more(enum cbx_status status)
{
	const struct cbx_reply reply = { .status = (uint64_t)status };

	return cbx_snp_serve_more(0, &reply, &event);
}

static void expect_event(uint64_t pfn, bool shared)
{
	assert_int_equal(event.kind, CBX_EVENT_PAGE_STATE);
	assert_int_equal(event.pfn.n, pfn);
	assert_int_equal(event.count, 1);
	assert_int_equal(event.shared, shared);
}

static void the_core_is_asked_for_each_page(void **state)
{
	(void)state;
	list[1] = ENTRY(20, VALIDATE);
	list[2] = ENTRY(512, LARGE);
	list[3] = ENTRY(22, 0);
	assert_true(validate(3));
	expect_event(20, false);
	for (uint64_t n = 0; n < 512; n++) {
		assert_true(more(CBX_OK));
		assert_int_equal(list[0], 1 << 16 | 3);
		expect_event(512 + n, true);
	}
	assert_true(more(CBX_OK));
	assert_int_equal(list[0], 2 << 16 | 3);
	expect_event(22, true);
	assert_false(more(CBX_OK));
	assert_int_equal(result(), CBX_SVSM_OK);
	assert_int_equal(list[0], 3 << 16 | 3);
	assert_int_equal(own->rcx, page(LIST));
}

static void a_list_goes_on_where_it_says(void **state)
{
	(void)state;
	list[1] = ENTRY(20, VALIDATE);
	list[2] = ENTRY(21, VALIDATE);
	assert_true(validate(1 << 16 | 2));
	expect_event(21, false);
	assert_false(more(CBX_OK));
	assert_int_equal(list[0], 2 << 16 | 2);
}

static void a_list_is_read_in_memory_of_the_hosts_only(void **state)
{
	static const uint64_t bad[] = { SHARED, CLOSED, 500 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		machine_memory[bad[i]][0] = 1;
		assert_int_equal(
			ask(1, page(bad[i]), 0, 0), CBX_SVSM_BAD_ADDRESS);
	}
	/* its own calling area will do, behind the area's first word */
	((uint64_t *)machine_memory[MACHINE_AREA])[1] = 1;
	((uint64_t *)machine_memory[MACHINE_AREA])[2] = ENTRY(20, VALIDATE);
	assert_true(begin(1, page(MACHINE_AREA) + 8, 0, 0));
	expect_event(20, false);
}

static void a_list_that_is_taken_away_is_left_alone(void **state)
{
	(void)state;
	list[1] = ENTRY(20, VALIDATE);
	list[2] = ENTRY(30, VALIDATE);
	assert_true(validate(2));
	assert_int_equal(view(LIST, NONE), CBX_OK);
	assert_false(more(CBX_OK));
	assert_int_equal(result(), CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(list[0], 2);
}

static void what_is_wrong_with_a_list_is_told(void **state)
{
	(void)state;
	assert_false(validate(0));
	assert_int_equal(result(), CBX_SVSM_BAD_PARAMETER);
	list[1] = ENTRY(20, 0x10);
	assert_false(validate(1));
	assert_int_equal(result(), CBX_SVSM_BAD_PARAMETER);
	list[1] = ENTRY(MACHINE_PAGES, 0);
	assert_false(validate(1));
	assert_int_equal(result(), CBX_SVSM_BAD_ADDRESS);
	list[1] = ENTRY(20, VALIDATE);
	list[2] = ENTRY(MACHINE_PAGES, VALIDATE);
	assert_true(validate(2));
	expect_event(20, false);
	assert_false(more(CBX_OK));
	assert_int_equal(result(), CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(list[0], 1 << 16 | 2);
}

static void what_the_core_refuses_is_told_with_where(void **state)
{
	static const struct {
		enum cbx_status status;
		uint32_t result;
	} rows[] = {
		{ CBX_E_STATE, CBX_SVSM_UNCHANGED },
		{ CBX_E_HARDWARE, CBX_SVSM_INSTRUCTION + 1 },
		{ CBX_E_INVALID, CBX_SVSM_BAD_ADDRESS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint64_t n = 1; n <= 3; n++) {
			list[n] = ENTRY(20 + n, VALIDATE);
		}
		assert_true(validate(3));
		assert_true(more(CBX_OK));
		expect_event(22, false);
		assert_false(more(rows[i].status));
		assert_int_equal(result(), rows[i].result);
		assert_int_equal(list[0], 1 << 16 | 3);
	}
}

static void what_is_so_already_may_be_fine(void **state)
{
	(void)state;
	list[1] = ENTRY(20, VALIDATE | SAME);
	list[2] = ENTRY(21, VALIDATE);
	assert_true(validate(2));
	assert_true(more(CBX_E_STATE));
	expect_event(21, false);
	assert_false(more(CBX_E_STATE));
	assert_int_equal(result(), CBX_SVSM_UNCHANGED);
	assert_int_equal(list[0], 1 << 16 | 2);
}

static void what_is_busy_goes_on_where_it_was(void **state)
{
	(void)state;
	list[1] = ENTRY(512, LARGE | VALIDATE);
	assert_true(validate(1));
	for (uint64_t n = 0; n < 100; n++) {
		assert_true(more(CBX_OK));
	}
	assert_false(more(CBX_E_BUSY));
	assert_int_equal(result(), CBX_SVSM_BUSY);
	assert_int_equal(list[0], 1);
	assert_true(begin(1, page(LIST), 0, 0));
	expect_event(612, false);
	/* but not in another list */
	machine_memory[OTHER][0] = 1;
	((uint64_t *)machine_memory[OTHER])[1] = ENTRY(30, 0);
	assert_false(more(CBX_E_BUSY));
	assert_true(begin(1, page(OTHER), 0, 0));
	expect_event(30, true);
}

/* A kernel writes all its lists to one place. */
static void what_is_busy_is_nothing_to_another_list_in_its_place(void **state)
{
	(void)state;
	list[1] = ENTRY(512, LARGE | VALIDATE);
	assert_true(validate(1));
	assert_true(more(CBX_OK));
	assert_false(more(CBX_E_BUSY));
	list[1] = ENTRY(20, VALIDATE);
	assert_true(validate(1));
	expect_event(20, false);
	assert_false(more(CBX_OK));
	assert_int_equal(result(), CBX_SVSM_OK);
	assert_int_equal(list[0], 1 << 16 | 1);
	list[1] = ENTRY(512, LARGE | VALIDATE);
	assert_true(validate(1));
	expect_event(512, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_served_is_told_as_that),
		TEST(versions_are_told_of_what_is_served),
		TEST(a_calling_area_is_a_page_that_is_the_hosts_own),
		TEST(a_calling_area_stays_the_hosts),
		TEST(the_core_is_asked_for_each_page),
		TEST(a_list_goes_on_where_it_says),
		TEST(a_list_is_read_in_memory_of_the_hosts_only),
		TEST(a_list_that_is_taken_away_is_left_alone),
		TEST(what_is_wrong_with_a_list_is_told),
		TEST(what_the_core_refuses_is_told_with_where),
		TEST(what_is_so_already_may_be_fine),
		TEST(what_is_busy_goes_on_where_it_was),
		TEST(what_is_busy_is_nothing_to_another_list_in_its_place),
	};

	return cmocka_run_group_tests_name("snp_serve", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the host's page tables, each with a hand-written expectation.
 * Leaves: what an entry may let the host do, and pages of 2 MiB. */
#include "pks/table.h"

static void writable_is_not_executable(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	expect_update(1, 0, RW(20) & ~NX, CBX_E_DENIED);
	expect_update(1, 0, UX(20) | W, CBX_E_DENIED);
	expect_update(2, 0, (UX(512) | W) | PS, CBX_E_DENIED);
	expect_update(1, 0, UX(20), CBX_OK);
	expect_frame(20, 1, 0, 1);
}

static void only_the_monitor_makes_kernel_code(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	expect_update(1, 0, RO(20) & ~NX, CBX_E_DENIED);
	expect_update(2, 0, (RO(512) & ~NX) | PS, CBX_E_DENIED);
}

static void code_is_read_only_everywhere(void **state)
{
	(void)state;
	cbx_table_code(pfn(20));
	assert_int_equal(direct[20], CBX_VIEW_R);
	declare(1, 1);
	declare(2, 2);
	frames[600].type = CBX_FRAME_CODE;
	expect_update(1, 0, RW(20), CBX_E_DENIED);
	expect_update(1, 0, UX(20), CBX_E_DENIED);
	expect_update(2, 0, RW(512) | PS, CBX_E_DENIED);
	expect_update(1, 0, RO(20), CBX_OK);
}

static void memory_is_opened_but_for_code(void **state)
{
	(void)state;
	memset(frames, 0, sizeof(frames));
	memset(direct, 0, sizeof(direct));
	cbx_table_code(pfn(20));
	cbx_table_code(pfn(40));
	assert_int_equal(direct[20], CBX_VIEW_NONE);
	cbx_table_open(pfn(10), 20);
	for (uint64_t i = 0; i < 50; i++) {
		bool opened = i >= 10 && i < 30;
		uint8_t may = i == 20 ? CBX_VIEW_R : CBX_VIEW_R | CBX_VIEW_W;

		assert_int_equal(direct[i], opened ? may : CBX_VIEW_NONE);
		assert_int_equal(
			frames[i].view, opened ? CBX_VIEW_ALL : CBX_VIEW_NONE);
	}
	declare(11, 1);
	expect_update(11, 0, RW(20), CBX_E_DENIED);
	expect_update(11, 0, RW(29), CBX_OK);
	expect_update(11, 0, RO(30), CBX_E_DENIED);
}

static void views_bound_leaves(void **state)
{
	static const struct {
		uint8_t view;
		bool ro, rw, ux;
	} want[] = {
		{ CBX_VIEW_NONE, false, false, false },
		{ CBX_VIEW_W, false, false, false },
		{ CBX_VIEW_R, true, false, false },
		{ CBX_VIEW_R | CBX_VIEW_W, true, true, false },
		{ CBX_VIEW_R | CBX_VIEW_UX, true, false, true },
		{ CBX_VIEW_UX | CBX_VIEW_SX, false, false, false },
	};

	(void)state;
	declare(1, 1);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(cbx_table_view(pfn(20),
					 (struct cbx_view){ want[i].view }),
			CBX_OK);
		expect_update(1, 0, RO(20), want[i].ro ? CBX_OK : CBX_E_DENIED);
		expect_update(1, 0, 0, CBX_OK);
		expect_update(1, 0, RW(20), want[i].rw ? CBX_OK : CBX_E_DENIED);
		expect_update(1, 0, 0, CBX_OK);
		expect_update(1, 0, UX(20), want[i].ux ? CBX_OK : CBX_E_DENIED);
		expect_update(1, 0, 0, CBX_OK);
	}
}

static void malformed_leaves(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	declare(3, 3);
	declare(4, 4);
	expect_update(1, 0, RO(FRAMES), CBX_E_INVALID);
	expect_update(1, 0, RO(0xffffffffffull), CBX_E_INVALID);
	expect_update(1, 0, RO(20) | 0x100, CBX_E_INVALID); /* global */
	expect_update(1, 0, RO(20) | 0x80, CBX_E_INVALID);  /* PAT */
	expect_update(1, 0, RO(20) | 1ull << 59, CBX_E_DENIED);
	expect_update(1, 0, 0x2000, CBX_E_INVALID); /* absent, not zero */
	expect_update(1, 0, NX, CBX_E_INVALID);
	expect_update(2, 0, RO(513) | PS, CBX_E_INVALID);
	expect_update(2, 0, RO(512) | PS | 0x1000, CBX_E_INVALID);
	expect_update(2, 0, RO(1536) | PS, CBX_OK);
	expect_update(2, 0, RO(2048) | PS, CBX_E_INVALID);
	expect_update(3, 0, RO(0) | PS, CBX_E_INVALID); /* 1 GiB */
	expect_update(4, 0, RO(0) | PS, CBX_E_INVALID);
	expect_update(1, 1, RO(20) | U | 1ull << 59 | 0x678, CBX_OK);
}

/* Intel SDM vol. 3, 4.6.1.2: dirty and not writable is a shadow stack. */
static void a_page_to_read_is_no_shadow_stack(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	expect_update(1, 0, RO(20) | D, CBX_E_DENIED);
	expect_update(2, 0, RO(512) | D | PS, CBX_E_DENIED);
	expect_update(1, 0, RO(20) | A, CBX_OK);
	expect_update(1, 1, RW(21) | D | A, CBX_OK);
	expect_update(1, 2, RO(22) | U | D, CBX_OK);
}

static void replacing_counts_right(void **state)
{
	(void)state;
	declare(1, 1);
	expect_update(1, 0, RW(20), CBX_OK);
	expect_update(1, 1, RW(20), CBX_OK);
	expect_frame(20, 2, 2, 0);
	expect_update(1, 0, RO(20), CBX_OK);
	expect_frame(20, 2, 1, 0);
	expect_update(1, 1, UX(21), CBX_OK);
	expect_frame(20, 1, 0, 0);
	expect_frame(21, 1, 0, 1);
	/* the CPU set accessed and dirty meanwhile */
	ram[1][0] |= 0x60;
	expect_update(1, 0, 0, CBX_OK);
	expect_frame(20, 0, 0, 0);
}

static void large_pages_are_512_frames(void **state)
{
	(void)state;
	declare(2, 2);
	expect_update(2, 0, RW(512) | PS, CBX_OK);
	expect_frame(511, 0, 0, 0);
	expect_frame(512, 1, 1, 0);
	expect_frame(1023, 1, 1, 0);
	expect_frame(1024, 0, 0, 0);
	assert_int_equal(cbx_table_view(pfn(700), none), CBX_E_BUSY);
	assert_int_equal(cbx_table_view(pfn(700), all), CBX_OK);
	expect_update(2, 0, 0, CBX_OK);
	expect_frame(1023, 0, 0, 0);
	assert_int_equal(cbx_table_view(pfn(700), none), CBX_OK);
	expect_update(2, 0, RW(512) | PS, CBX_E_DENIED);
	expect_update(2, 0, RW(0) | PS, CBX_E_DENIED); /* holds a table */
}

static void a_large_page_is_split_exactly(void **state)
{
	const uint64_t large = RW(512) | PS | U | 0x460 | 1ull << 59;

	(void)state;
	declare(1, 1);
	declare(2, 2);
	expect_update(2, 5, large, CBX_OK);
	assert_int_equal(cbx_table_split(pfn(2), 5, pfn(1)), CBX_OK);
	assert_int_equal(ram[2][5], LINK(1));
	for (uint64_t i = 0; i < 512; i++) {
		assert_int_equal(
			ram[1][i], RW(512 + i) | U | 0x460 | 1ull << 59);
		expect_frame(512 + i, 1, 1, 0);
	}
	expect_frame(1, 0, 0, 1);
	expect_update(1, 188, 0, CBX_OK); /* 700, and no other */
	expect_frame(700, 0, 0, 0);
	expect_frame(699, 1, 1, 0);
	assert_int_equal(cbx_table_view(pfn(700), none), CBX_OK);
	expect_update(2, 5, 0, CBX_OK);
	expect_frame(1, 0, 0, 0);
}

static void what_cannot_be_split(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	declare(5, 1);
	declare(6, 2);
	expect_update(2, 0, LINK(5), CBX_OK);
	expect_update(2, 1, RW(512) | PS, CBX_OK);
	assert_int_equal(cbx_table_split(pfn(2), 0, pfn(1)), CBX_E_STATE);
	assert_int_equal(cbx_table_split(pfn(2), 2, pfn(1)), CBX_E_STATE);
	assert_int_equal(cbx_table_split(pfn(2), 512, pfn(1)), CBX_E_INVALID);
	assert_int_equal(
		cbx_table_split(pfn(2), 1, pfn(FRAMES)), CBX_E_INVALID);
	assert_int_equal(cbx_table_split(pfn(2), 1, pfn(6)), CBX_E_STATE);
	assert_int_equal(cbx_table_split(pfn(2), 1, pfn(5)), CBX_E_STATE);
	assert_int_equal(cbx_table_split(pfn(2), 1, pfn(20)), CBX_E_STATE);
	assert_int_equal(cbx_table_split(pfn(1), 1, pfn(5)), CBX_E_STATE);
	expect_update(1, 9, RO(20), CBX_OK);
	assert_int_equal(cbx_table_split(pfn(2), 1, pfn(1)), CBX_E_STATE);
	assert_int_equal(ram[2][1], RW(512) | PS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writable_is_not_executable),
		TEST(only_the_monitor_makes_kernel_code),
		TEST(code_is_read_only_everywhere),
		TEST(memory_is_opened_but_for_code),
		TEST(views_bound_leaves),
		TEST(malformed_leaves),
		TEST(a_page_to_read_is_no_shadow_stack),
		TEST(replacing_counts_right),
		TEST(large_pages_are_512_frames),
		TEST(a_large_page_is_split_exactly),
		TEST(what_cannot_be_split),
	};

	return cmocka_run_group_tests_name("pks_leaf", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the host's page tables, each with a hand-written expectation.
 * Views of frames the host maps, and frames that are its code. */
#include "pks/table.h"

static void the_direct_map_follows_the_view(void **state)
{
	static const struct {
		uint8_t view, direct;
	} want[] = {
		{ CBX_VIEW_NONE, 0 },
		{ CBX_VIEW_R, CBX_VIEW_R },
		{ CBX_VIEW_W, 0 },
		{ CBX_VIEW_R | CBX_VIEW_W, CBX_VIEW_R | CBX_VIEW_W },
		{ CBX_VIEW_ALL, CBX_VIEW_R | CBX_VIEW_W },
		{ CBX_VIEW_UX | CBX_VIEW_SX, 0 },
		{ CBX_VIEW_R | CBX_VIEW_SX, CBX_VIEW_R },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(cbx_table_view(pfn(20),
					 (struct cbx_view){ want[i].view }),
			CBX_OK);
		assert_int_equal(direct[20], want[i].direct);
	}
}

static void a_view_in_use_is_busy_and_narrowed(void **state)
{
	(void)state;
	declare(1, 1);
	expect_update(1, 0, RW(20), CBX_OK);
	assert_int_equal(cbx_table_view(pfn(20), none), CBX_E_BUSY);
	assert_int_equal(direct[20], CBX_VIEW_NONE);
	expect_update(1, 1, RO(20), CBX_E_DENIED);
	assert_int_equal(
		cbx_table_view(pfn(20), (struct cbx_view){ CBX_VIEW_R }),
		CBX_E_BUSY);
	expect_update(1, 0, RO(20), CBX_OK);
	assert_int_equal(
		cbx_table_view(pfn(20), (struct cbx_view){ CBX_VIEW_R }),
		CBX_OK);
	assert_int_equal(cbx_table_view(pfn(20), all), CBX_OK);
	expect_update(1, 0, UX(20), CBX_OK);
	assert_int_equal(cbx_table_view(pfn(20), open), CBX_E_BUSY);
	expect_update(1, 0, 0, CBX_OK);
	assert_int_equal(cbx_table_view(pfn(20), none), CBX_OK);
}

/* A box may write it, too. */
static void what_is_shared_is_no_table(void **state)
{
	(void)state;
	flushed = UINT64_MAX;
	assert_int_equal(cbx_table_view(pfn(20), open), CBX_OK);
	assert_int_equal(cbx_table_declare(pfn(20), 1), CBX_E_DENIED);
	assert_int_equal(cbx_code_take(pfn(20), 1), CBX_E_DENIED);
}

static void what_is_written_for_the_host_stays(void **state)
{
	(void)state;
	flushed = UINT64_MAX;
	assert_int_equal(cbx_entry_take(1, RW(20)), CBX_OK);
	assert_int_equal(cbx_table_declare(pfn(20), 1), CBX_E_STATE);
	assert_int_equal(cbx_code_take(pfn(20), 1), CBX_E_STATE);
	assert_int_equal(cbx_table_view(pfn(20), none), CBX_E_BUSY);
	assert_int_equal(cbx_entry_take(1, RW(20)), CBX_E_DENIED);
	cbx_entry_drop(1, RW(20));
	assert_int_equal(cbx_table_view(pfn(20), all), CBX_OK);
	declare(20, 1);
	assert_int_equal(cbx_entry_take(1, RW(20)), CBX_E_DENIED);
	flushed = UINT64_MAX;
	assert_int_equal(cbx_code_take(pfn(21), 1), CBX_OK);
	assert_int_equal(cbx_entry_take(1, RW(21)), CBX_E_DENIED);
	cbx_code_drop(pfn(21), 1);
	assert_int_equal(cbx_entry_take(1, RW(21)), CBX_OK);
	cbx_entry_drop(1, RW(21));
}

static void tables_and_code_keep_their_view(void **state)
{
	(void)state;
	declare(1, 1);
	cbx_table_code(pfn(20));
	assert_int_equal(cbx_table_view(pfn(1), none), CBX_E_BUSY);
	assert_int_equal(direct[1], CBX_VIEW_NONE);
	assert_int_equal(
		cbx_table_view(pfn(1), (struct cbx_view){ CBX_VIEW_R }),
		CBX_E_BUSY);
	assert_int_equal(cbx_table_view(pfn(20), none), CBX_E_BUSY);
	flushed = UINT64_MAX;
	assert_int_equal(cbx_table_remove(pfn(1)), CBX_OK);
	assert_int_equal(direct[1], CBX_VIEW_R);
	assert_int_equal(cbx_table_view(pfn(1), none), CBX_OK);
	assert_int_equal(direct[1], CBX_VIEW_NONE);
}

static void untouched_frames_are_closed(void **state)
{
	(void)state;
	declare(1, 1);
	memset(&frames[20], 0, sizeof(frames[20]));
	expect_update(1, 0, RO(20), CBX_E_DENIED);
	assert_int_equal(cbx_table_declare(pfn(20), 1), CBX_E_DENIED);
}

static void code_waits_for_every_cpu(void **state)
{
	(void)state;
	flushed = flushes;
	assert_int_equal(cbx_code_take(pfn(20), 2), CBX_E_BUSY);
	assert_int_equal(direct[20], CBX_VIEW_R);
	assert_int_equal(direct[21], CBX_VIEW_R);
	assert_true(cbx_code_is(pfn(20), false));
	assert_int_equal(cbx_code_take(pfn(20), 2), CBX_E_BUSY);
	assert_int_equal(flushes, 1); /* one flush, however often */
	flush_now();
	assert_int_equal(cbx_code_take(pfn(20), 2), CBX_OK);
	cbx_code_keep(pfn(20), 2);
	assert_true(cbx_code_is(pfn(21), true));
	assert_int_equal(direct[21], CBX_VIEW_R);
	assert_int_equal(cbx_code_take(pfn(21), 1), CBX_E_STATE);
	assert_int_equal(cbx_table_declare(pfn(21), 1), CBX_E_STATE);
}

static void code_leaves_when_nobody_executes_it(void **state)
{
	(void)state;
	flushed = UINT64_MAX;
	assert_int_equal(cbx_code_take(pfn(20), 1), CBX_OK);
	cbx_code_keep(pfn(20), 1);
	flushed = flushes;
	assert_int_equal(cbx_code_leave(pfn(20), 1), CBX_E_BUSY);
	assert_int_equal(direct[20], CBX_VIEW_R);
	assert_int_equal(cbx_code_take(pfn(20), 1), CBX_E_STATE);
	flush_now();
	assert_int_equal(cbx_code_leave(pfn(20), 1), CBX_OK);
	assert_int_equal(direct[20], CBX_VIEW_R | CBX_VIEW_W);
	assert_false(cbx_code_is(pfn(20), false));
	assert_int_equal(cbx_table_declare(pfn(20), 1), CBX_E_BUSY);
}

/* What has left may still be executed next to what is to come. */
static void code_waits_for_what_left(void **state)
{
	(void)state;
	flushed = UINT64_MAX;
	assert_int_equal(cbx_code_take(pfn(20), 1), CBX_OK);
	cbx_code_keep(pfn(20), 1);
	assert_int_equal(cbx_code_take(pfn(21), 1), CBX_OK);
	flushed = flushes;
	assert_int_equal(cbx_code_leave(pfn(20), 1), CBX_E_BUSY);
	assert_int_equal(cbx_code_take(pfn(21), 1), CBX_E_BUSY);
	flush_now();
	assert_int_equal(cbx_code_take(pfn(21), 1), CBX_OK);
	cbx_code_drop(pfn(21), 1);
	assert_int_equal(direct[21], CBX_VIEW_R | CBX_VIEW_W);
}

static void what_cannot_be_code(void **state)
{
	(void)state;
	declare(1, 1);
	expect_update(1, 0, RW(20), CBX_OK);
	expect_update(1, 1, UX(21), CBX_OK);
	expect_update(1, 2, RO(22), CBX_OK);
	flushed = UINT64_MAX;
	assert_int_equal(cbx_code_take(pfn(20), 1), CBX_E_STATE);
	assert_int_equal(cbx_code_take(pfn(21), 1), CBX_E_STATE);
	assert_int_equal(cbx_code_take(pfn(1), 1), CBX_E_STATE);
	assert_int_equal(cbx_code_take(pfn(FRAMES), 1), CBX_E_INVALID);
	assert_int_equal(cbx_code_take(pfn(FRAMES - 1), 2), CBX_E_INVALID);
	assert_int_equal(cbx_table_view(pfn(23), none), CBX_OK);
	assert_int_equal(cbx_code_take(pfn(22), 2), CBX_E_DENIED);
	assert_false(cbx_code_is(pfn(22), false)); /* all or nothing */
	assert_int_equal(direct[22], CBX_VIEW_R | CBX_VIEW_W);
	assert_int_equal(cbx_code_take(pfn(22), 1), CBX_OK);
	expect_update(1, 3, RW(22), CBX_E_DENIED);
	expect_update(1, 3, UX(22), CBX_E_DENIED);
	assert_int_equal(cbx_table_view(pfn(22), none), CBX_E_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_direct_map_follows_the_view),
		TEST(a_view_in_use_is_busy_and_narrowed),
		TEST(what_is_shared_is_no_table),
		TEST(what_is_written_for_the_host_stays),
		TEST(tables_and_code_keep_their_view),
		TEST(untouched_frames_are_closed),
		TEST(code_waits_for_every_cpu),
		TEST(code_leaves_when_nobody_executes_it),
		TEST(code_waits_for_what_left),
		TEST(what_cannot_be_code),
	};

	return cmocka_run_group_tests_name("pks_view", tests, NULL, NULL);
}

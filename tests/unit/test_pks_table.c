/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the host's page tables, each with a hand-written expectation.
 * Tables: what becomes one, what leads to one, and how it stops being one. */
#include "pks/table.h"

static void a_declared_table_is_empty_and_read_only(void **state)
{
	(void)state;
	for (uint64_t level = 1; level <= 4; level++) {
		declare(level, level);
		for (uint32_t i = 0; i < 512; i++) {
			assert_int_equal(ram[level][i], 0);
		}
		assert_int_equal(direct[level], CBX_VIEW_R);
		assert_int_equal(frames[level].type, level);
		assert_int_equal(cbx_table_declare(pfn(level), level), CBX_OK);
	}
	assert_int_equal(direct[5], CBX_VIEW_R | CBX_VIEW_W);
}

static void what_cannot_be_declared(void **state)
{
	(void)state;
	declare(1, 1);
	assert_int_equal(cbx_table_declare(pfn(1), 2), CBX_E_STATE);
	assert_int_equal(cbx_table_declare(pfn(2), 0), CBX_E_INVALID);
	assert_int_equal(cbx_table_declare(pfn(2), 5), CBX_E_INVALID);
	assert_int_equal(cbx_table_declare(pfn(2), UINT64_MAX), CBX_E_INVALID);
	assert_int_equal(cbx_table_declare(pfn(FRAMES), 1), CBX_E_INVALID);
	assert_int_equal(cbx_table_declare(pfn(UINT64_MAX), 1), CBX_E_INVALID);
	assert_int_equal(cbx_table_view(pfn(2), none), CBX_OK);
	assert_int_equal(cbx_table_declare(pfn(2), 1), CBX_E_DENIED);
	assert_int_equal(
		cbx_table_view(pfn(2), (struct cbx_view){ CBX_VIEW_R }),
		CBX_OK);
	assert_int_equal(cbx_table_declare(pfn(2), 1), CBX_E_DENIED);
	cbx_table_code(pfn(3));
	assert_int_equal(cbx_table_declare(pfn(3), 1), CBX_E_STATE);
}

static void a_writable_alias_is_no_table(void **state)
{
	(void)state;
	declare(1, 1);
	expect_update(1, 0, RW(9), CBX_OK);
	assert_int_equal(cbx_table_declare(pfn(9), 1), CBX_E_STATE);
	expect_update(1, 0, RO(9), CBX_OK);
	declare(9, 1);
	expect_update(1, 1, RW(9), CBX_E_DENIED);
	expect_update(1, 1, UX(9), CBX_E_DENIED);
	expect_update(1, 1, RO(9), CBX_OK);
	expect_update(1, 2, RW(1), CBX_E_DENIED); /* itself */
}

static void a_table_waits_for_every_cpu(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	flush_now();
	ram[9][7] = LINK(1);
	assert_int_equal(cbx_table_declare(pfn(9), 1), CBX_E_BUSY);
	assert_int_equal(direct[9], CBX_VIEW_R);
	expect_update(9, 0, RW(20), CBX_E_STATE);
	expect_update(2, 0, LINK(9), CBX_E_STATE);
	assert_int_equal(ram[9][7], LINK(1));
	assert_int_equal(cbx_table_declare(pfn(9), 1), CBX_E_BUSY);
	assert_int_equal(cbx_table_declare(pfn(9), 2), CBX_E_STATE);
	flush_now();
	assert_int_equal(cbx_table_declare(pfn(9), 1), CBX_OK);
	assert_int_equal(ram[9][7], 0);
	expect_update(2, 0, LINK(9), CBX_OK);
}

static void a_removed_table_waits_too(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	expect_update(1, 3, RW(20), CBX_OK);
	expect_update(2, 0, LINK(1), CBX_OK);
	assert_int_equal(cbx_table_remove(pfn(1)), CBX_E_STATE);
	expect_update(2, 0, 0, CBX_OK);
	flush_now();
	assert_int_equal(cbx_table_remove(pfn(1)), CBX_E_BUSY);
	assert_int_equal(direct[1], CBX_VIEW_R);
	expect_frame(20, 0, 0, 0);
	expect_update(2, 0, LINK(1), CBX_E_STATE);
	expect_update(1, 0, RW(20), CBX_E_STATE);
	assert_int_equal(cbx_table_declare(pfn(1), 1), CBX_E_STATE);
	assert_int_equal(cbx_table_remove(pfn(1)), CBX_E_BUSY);
	flush_now();
	assert_int_equal(cbx_table_remove(pfn(1)), CBX_OK);
	assert_int_equal(direct[1], CBX_VIEW_R | CBX_VIEW_W);
	assert_int_equal(cbx_table_remove(pfn(1)), CBX_E_STATE);
	assert_int_equal(cbx_table_remove(pfn(FRAMES)), CBX_E_INVALID);
	cbx_table_code(pfn(3));
	assert_int_equal(cbx_table_remove(pfn(3)), CBX_E_STATE);
}

static void links_are_typed_by_level(void **state)
{
	(void)state;
	for (uint64_t level = 1; level <= 4; level++) {
		declare(level, level);
	}
	for (uint64_t from = 2; from <= 4; from++) {
		for (uint64_t to = 1; to <= 4; to++) {
			expect_update(from, 0, LINK(to),
				to == from - 1 ? CBX_OK : CBX_E_STATE);
		}
		expect_update(from, 1, LINK(20), CBX_E_STATE);
	}
	expect_frame(1, 0, 0, 1);
	expect_frame(4, 0, 0, 0);
}

static void links_decide_nothing(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	expect_update(2, 0, LINK(1) & ~U, CBX_E_DENIED);
	expect_update(2, 0, LINK(1) & ~W, CBX_E_DENIED);
	expect_update(2, 0, LINK(1) | NX, CBX_E_INVALID);
	expect_update(2, 0, LINK(1) | 8, CBX_E_INVALID);
	expect_update(2, 0, LINK(1) | 1ull << 59, CBX_E_INVALID);
	expect_update(2, 0, LINK(FRAMES), CBX_E_INVALID);
	expect_update(2, 0, LINK(1) | 0x20, CBX_OK);
}

static void the_monitors_slots_stay_the_monitors(void **state)
{
	(void)state;
	declare(3, 3);
	declare(4, 4);
	for (uint64_t i = 0; i < 512; i++) {
		bool ours = i == 256 || i == 510 || i == 511;

		expect_update(4, i, LINK(3), ours ? CBX_E_DENIED : CBX_OK);
		expect_update(4, i, 0, ours ? CBX_E_DENIED : CBX_OK);
	}
	expect_update(4, 512, 0, CBX_E_INVALID);
	expect_update(4, UINT64_MAX, 0, CBX_E_INVALID);
	expect_update(FRAMES, 0, 0, CBX_E_INVALID);
	expect_update(20, 0, 0, CBX_E_STATE);
}

static void roots_are_told_and_held(void **state)
{
	(void)state;
	declare(3, 3);
	declare(4, 4);
	assert_int_equal(cbx_table_root_hold(pfn(3)), CBX_E_STATE);
	assert_int_equal(cbx_table_root_hold(pfn(20)), CBX_E_STATE);
	assert_int_equal(cbx_table_root_hold(pfn(FRAMES)), CBX_E_INVALID);
	assert_int_equal(cbx_table_root_hold(pfn(4)), CBX_OK);
	assert_int_equal(cbx_table_remove(pfn(4)), CBX_E_STATE);
	expect_update(3, 0, 0, CBX_OK);
	assert_int_equal(changed.count, 0);
	expect_update(4, 17, LINK(3), CBX_OK);
	assert_int_equal(changed.count, 1);
	assert_int_equal(changed.root, 4);
	assert_int_equal(changed.index, 17);
	assert_int_equal(changed.entry, LINK(3));
	expect_update(4, 18, RW(20), CBX_E_INVALID);
	assert_int_equal(changed.count, 1);
	cbx_table_root_release(pfn(4));
	expect_frame(4, 0, 0, 0);
	frames[4].uses = CBX_FRAME_USES_FULL;
	assert_int_equal(cbx_table_root_hold(pfn(4)), CBX_E_NOMEM);
}

static void counters_do_not_wrap(void **state)
{
	(void)state;
	declare(1, 1);
	declare(2, 2);
	frames[20].maps = CBX_FRAME_USES_FULL - 1;
	expect_update(1, 0, RO(20), CBX_OK);
	expect_update(1, 1, RO(20), CBX_E_NOMEM);
	expect_update(1, 0, RO(20), CBX_E_NOMEM);
	expect_update(1, 0, 0, CBX_OK);
	frames[21].maps = CBX_FRAME_USES_FULL;
	expect_update(1, 1, RO(21), CBX_E_NOMEM);
	frames[22].writers = CBX_FRAME_USES_FULL;
	expect_update(1, 1, RW(22), CBX_E_NOMEM);
	frames[23].uses = CBX_FRAME_USES_FULL;
	expect_update(1, 1, UX(23), CBX_E_NOMEM);
	frames[1].uses = CBX_FRAME_USES_FULL;
	expect_update(2, 0, LINK(1), CBX_E_NOMEM);
	frames[1023].maps = CBX_FRAME_USES_FULL;
	expect_update(2, 0, RO(512) | PS, CBX_E_NOMEM);
}

/* A batch is the updates one by one, up to the first that is refused. */
static void a_batch_is_its_updates(void **state)
{
	static uint64_t batch[512];
	static struct cbx_frame want[FRAMES];
	static uint64_t bytes[512];
	uint64_t done;

	(void)state;
	declare(1, 1);
	for (uint64_t i = 0; i < 512; i++) {
		const uint64_t entry[] = { RW(20 + i), RO(20 + i / 2),
			UX(600 + i), 0, RO(3) };

		batch[i] = entry[i % 5];
		expect_update(1, i, batch[i], CBX_OK);
	}
	memcpy(want, frames, sizeof(frames));
	memcpy(bytes, ram[1], sizeof(bytes));
	for (uint32_t twice = 0; twice < 2; twice++) {
		assert_int_equal(
			cbx_table_batch(pfn(1), 0, batch, 512, &done), CBX_OK);
		assert_int_equal(done, 512);
		assert_memory_equal(want, frames, sizeof(frames));
		assert_memory_equal(bytes, ram[1], sizeof(bytes));
	}
	memset(batch, 0, sizeof(batch));
	batch[7] = RW(1); /* itself: a table */
	assert_int_equal(
		cbx_table_batch(pfn(1), 0, batch, 512, &done), CBX_E_DENIED);
	assert_int_equal(done, 7);
	assert_int_equal(ram[1][6], 0);
	assert_memory_equal(&ram[1][7], &bytes[7], sizeof(bytes) - 56);
	batch[7] = 0x2000;
	assert_int_equal(
		cbx_table_batch(pfn(1), 0, batch, 512, &done), CBX_E_INVALID);
	assert_int_equal(done, 7);
	batch[7] = 0;
	assert_int_equal(cbx_table_batch(pfn(1), 0, batch, 512, &done), CBX_OK);
	for (uint64_t i = 2; i < FRAMES; i++) {
		expect_frame(i, 0, 0, 0);
	}
}

static void a_batch_lies_in_one_table(void **state)
{
	uint64_t batch[2] = { LINK(3), LINK(3) };
	uint64_t done;

	(void)state;
	declare(3, 3);
	declare(4, 4);
	declare(1, 1);
	assert_int_equal(
		cbx_table_batch(pfn(1), 511, batch, 2, &done), CBX_E_INVALID);
	assert_int_equal(done, 0);
	assert_int_equal(
		cbx_table_batch(pfn(1), 512, batch, 0, &done), CBX_E_INVALID);
	assert_int_equal(cbx_table_batch(pfn(1), 1, batch, UINT64_MAX, &done),
		CBX_E_INVALID);
	assert_int_equal(
		cbx_table_batch(pfn(20), 0, batch, 1, &done), CBX_E_STATE);
	assert_int_equal(cbx_table_batch(pfn(FRAMES), 0, batch, 1, &done),
		CBX_E_INVALID);
	assert_int_equal(
		cbx_table_batch(pfn(4), 255, batch, 2, &done), CBX_E_DENIED);
	assert_int_equal(done, 1);
	assert_int_equal(ram[4][255], LINK(3));
	assert_int_equal(ram[4][256], 0);
	assert_int_equal(changed.count, 1);
	assert_int_equal(
		cbx_table_batch(pfn(4), 256, batch, 1, &done), CBX_E_DENIED);
	assert_int_equal(done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_declared_table_is_empty_and_read_only),
		TEST(what_cannot_be_declared),
		TEST(a_writable_alias_is_no_table),
		TEST(a_table_waits_for_every_cpu),
		TEST(a_removed_table_waits_too),
		TEST(links_are_typed_by_level),
		TEST(links_decide_nothing),
		TEST(the_monitors_slots_stay_the_monitors),
		TEST(roots_are_told_and_held),
		TEST(counters_do_not_wrap),
		TEST(a_batch_is_its_updates),
		TEST(a_batch_lies_in_one_table),
	};

	return cmocka_run_group_tests_name("pks_table", tests, NULL, NULL);
}

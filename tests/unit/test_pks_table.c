/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the host's page tables, each with a hand-written expectation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hal/hal.h>
#include <hal/pks-vm/pure/code.h>
#include <hal/pks-vm/pure/table_int.h>

#define FRAMES 2048u
#define PAGES  32u /* frames with bytes: where tables can be */

#define P  0x001ull
#define W  0x002ull
#define U  0x004ull
#define A  0x020ull
#define D  0x040ull
#define PS 0x080ull
#define NX 0x8000000000000000ull

#define LINK(pfn) ((uint64_t)(pfn) << 12 | P | W | U)
#define RW(pfn)	  ((uint64_t)(pfn) << 12 | P | W | NX)
#define RO(pfn)	  ((uint64_t)(pfn) << 12 | P | NX)
#define UX(pfn)	  ((uint64_t)(pfn) << 12 | P | U)

static const struct cbx_view none = { CBX_VIEW_NONE };
static const struct cbx_view open = { CBX_VIEW_R | CBX_VIEW_W };
static const struct cbx_view all = { CBX_VIEW_ALL };

static struct cbx_frame frames[FRAMES];
static uint64_t ram[PAGES][512];
static uint8_t direct[FRAMES];
static uint64_t flushes;
static uint64_t flushed;
static uint32_t mapped;
static struct {
	uint64_t root, index, entry;
	uint32_t count;
} changed;

static struct cbx_pfn pfn(uint64_t n)
{
	return (struct cbx_pfn){ n };
}

/*
 * The machine.
 */

void *cbx_hal_page_map(struct cbx_pfn at)
{
	assert_true(at.n < PAGES);
	mapped++;
	return ram[at.n];
}

void cbx_hal_page_unmap(const void *page)
{
	(void)page;
	assert_true(mapped > 0);
	mapped--;
}

/* What is scrubbed must be out of every CPU's reach. */
void cbx_hal_page_scrub(struct cbx_pfn at, uint64_t count)
{
	assert_int_equal(count, 1);
	assert_true(flushed >= flushes);
	assert_int_equal(direct[at.n] & CBX_VIEW_W, 0);
	memset(ram[at.n], 0, sizeof(ram[at.n]));
}

uint64_t cbx_hal_view_flush(void)
{
	return ++flushes;
}

bool cbx_hal_view_flushed(uint64_t token)
{
	return token <= flushed;
}

void cbx_direct_set(struct cbx_pfn at, struct cbx_view view)
{
	direct[at.n] = view.bits;
}

void cbx_direct_open(struct cbx_pfn first, uint64_t count)
{
	assert_true(first.n + count <= FRAMES);
	memset(&direct[first.n], CBX_VIEW_R | CBX_VIEW_W, count);
}

void cbx_root_changed(struct cbx_pfn root, uint64_t index, uint64_t entry)
{
	changed.root = root.n;
	changed.index = index;
	changed.entry = entry;
	changed.count++;
}

static int fresh(void **state)
{
	(void)state;
	memset(frames, 0, sizeof(frames));
	memset(ram, 0x5a, sizeof(ram));
	memset(direct, 0, sizeof(direct));
	memset(&changed, 0, sizeof(changed));
	flushes = 0;
	flushed = UINT64_MAX;
	mapped = 0;
	cbx_table_start(frames, FRAMES);
	for (uint64_t i = 0; i < FRAMES; i++) {
		assert_int_equal(cbx_table_view(pfn(i), all), CBX_OK);
	}
	return 0;
}

static int balanced(void **state)
{
	(void)state;
	assert_int_equal(mapped, 0);
	return 0;
}

static void flush_now(void)
{
	flushed = flushes;
}

static void declare(uint64_t n, uint64_t level)
{
	flushed = flushes + 1; /* the flush it starts completes at once */
	assert_int_equal(cbx_table_declare(pfn(n), level), CBX_OK);
}

static void expect_update(
	uint64_t table, uint64_t index, uint64_t entry, enum cbx_status want)
{
	static struct cbx_frame before[FRAMES];
	static uint64_t bytes[PAGES][512];

	memcpy(before, frames, sizeof(frames));
	memcpy(bytes, ram, sizeof(ram));
	assert_int_equal(cbx_table_update(pfn(table), index, entry), want);
	if (want != CBX_OK) {
		assert_memory_equal(before, frames, sizeof(frames));
		assert_memory_equal(bytes, ram, sizeof(ram));
	} else {
		assert_int_equal(ram[table][index], entry);
	}
}

static void expect_frame(
	uint64_t n, uint32_t maps, uint32_t writers, uint32_t uses)
{
	assert_int_equal(frames[n].maps, maps);
	assert_int_equal(frames[n].writers, writers);
	assert_int_equal(frames[n].uses, uses);
}

/*
 * Tables.
 */

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

/*
 * Leaves.
 */

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

/*
 * Views.
 */

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, balanced)

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
		TEST(writable_is_not_executable),
		TEST(only_the_monitor_makes_kernel_code),
		TEST(code_is_read_only_everywhere),
		TEST(memory_is_opened_but_for_code),
		TEST(views_bound_leaves),
		TEST(malformed_leaves),
		TEST(a_page_to_read_is_no_shadow_stack),
		TEST(replacing_counts_right),
		TEST(counters_do_not_wrap),
		TEST(a_batch_is_its_updates),
		TEST(a_batch_lies_in_one_table),
		TEST(large_pages_are_512_frames),
		TEST(a_large_page_is_split_exactly),
		TEST(what_cannot_be_split),
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

	return cmocka_run_group_tests_name("pks_table", tests, NULL, NULL);
}

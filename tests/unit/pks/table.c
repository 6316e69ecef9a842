/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

struct cbx_frame frames[FRAMES];
uint64_t ram[PAGES][512];
uint8_t direct[FRAMES];
uint64_t flushes, flushed;
struct changed changed;
static uint32_t mapped;

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

int fresh(void **state)
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

int balanced(void **state)
{
	(void)state;
	assert_int_equal(mapped, 0);
	return 0;
}

void flush_now(void)
{
	flushed = flushes;
}

void declare(uint64_t n, uint64_t level)
{
	flushed = flushes + 1; /* the flush it starts completes at once */
	assert_int_equal(cbx_table_declare(pfn(n), level), CBX_OK);
}

void expect_update(
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

void expect_frame(uint64_t n, uint32_t maps, uint32_t writers, uint32_t uses)
{
	assert_int_equal(frames[n].maps, maps);
	assert_int_equal(frames[n].writers, writers);
	assert_int_equal(frames[n].uses, uses);
}

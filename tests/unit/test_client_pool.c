/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <client/pool.h>

#define PAGES 100u

static int begin(void **state)
{
	static struct cbx_pool pool;

	if (!cbx_pool_init(&pool)) {
		return -1;
	}
	cbx_pool_add(&pool, (struct cbx_extent){ 1, PAGES });
	*state = &pool;
	return 0;
}

static int end(void **state)
{
	cbx_pool_fini(*state);
	return 0;
}

static void taken_pages_do_not_overlap(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent a;
	struct cbx_extent b;

	assert_true(cbx_pool_take(pool, 40, &a));
	assert_true(cbx_pool_take(pool, 60, &b));
	assert_int_equal(a.count, 40);
	assert_int_equal(b.count, 60);
	assert_true(a.pfn + a.count <= b.pfn || b.pfn + b.count <= a.pfn);
	assert_int_equal(cbx_pool_free_pages(pool), 0);
}

static void more_than_there_is_changes_nothing(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent a = { 7, 7 };

	assert_false(cbx_pool_take(pool, PAGES + 1, &a));
	assert_int_equal(a.pfn, 7);
	assert_int_equal(cbx_pool_free_pages(pool), PAGES);
}

static void some_is_the_largest_extent_left(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent low;
	struct cbx_extent middle;
	struct cbx_free got;

	assert_true(cbx_pool_take(pool, 10, &low));
	assert_true(cbx_pool_take(pool, 60, &middle));
	cbx_pool_give(pool, low);
	assert_true(cbx_pool_take_some(pool, 50, &got));
	assert_int_equal(got.extent.count, 30);
	assert_true(cbx_pool_take_some(pool, 50, &got));
	assert_int_equal(got.extent.count, 10);
	assert_false(cbx_pool_take_some(pool, 50, &got));
}

static void what_comes_back_is_whole_again(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent part[4];
	struct cbx_extent all;

	for (int i = 0; i < 4; i++) {
		assert_true(cbx_pool_take(pool, PAGES / 4, &part[i]));
	}
	cbx_pool_give(pool, part[2]);
	cbx_pool_give(pool, part[0]);
	cbx_pool_give(pool, part[3]);
	assert_false(cbx_pool_take(pool, PAGES, &all));
	cbx_pool_give(pool, part[1]);
	assert_true(cbx_pool_take(pool, PAGES, &all));
	assert_int_equal(all.pfn, 1);
}

/* Many small extents, given back in the worst order: each stands alone until
 * its neighbour comes. */
static void giving_back_never_needs_memory(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent page[PAGES];
	struct cbx_extent all;

	for (unsigned int i = 0; i < PAGES; i++) {
		assert_true(cbx_pool_take(pool, 1, &page[i]));
	}
	for (unsigned int i = 0; i < PAGES; i += 2) {
		cbx_pool_give(pool, page[i]);
	}
	assert_int_equal(cbx_pool_free_pages(pool), PAGES / 2);
	for (unsigned int i = 1; i < PAGES; i += 2) {
		cbx_pool_give(pool, page[i]);
	}
	assert_true(cbx_pool_take(pool, PAGES, &all));
}

static void a_box_gets_donated_pages_first(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent low;
	struct cbx_extent high;
	struct cbx_free got;

	assert_true(cbx_pool_take(pool, 10, &low));
	assert_true(cbx_pool_take(pool, 20, &high));
	cbx_pool_give_donated(pool, high);
	cbx_pool_give(pool, low);
	assert_true(cbx_pool_take_box(pool, 5, &got));
	assert_true(got.donated);
	assert_int_equal(got.extent.pfn, high.pfn);
	assert_true(cbx_pool_take_box(pool, 16, &got));
	assert_false(got.donated);
	assert_true(cbx_pool_take_some(pool, 15, &got));
	assert_true(got.donated);
	assert_int_equal(got.extent.count, 15);
}

static void what_the_host_may_touch_is_never_donated(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent part;
	struct cbx_extent rest;

	assert_true(cbx_pool_take(pool, 60, &part));
	cbx_pool_give_donated(pool, part);
	assert_int_equal(cbx_pool_free_pages(pool), PAGES);
	assert_false(cbx_pool_take(pool, PAGES - 59, &rest));
	assert_true(cbx_pool_take(pool, PAGES - 60, &rest));
	assert_false(cbx_pool_take(pool, 1, &rest));
	assert_true(cbx_pool_take_donated(pool, &part));
	assert_int_equal(part.count, 60);
	assert_false(cbx_pool_take_donated(pool, &rest));
	cbx_pool_give(pool, part);
	assert_true(cbx_pool_take(pool, 60, &rest));
}

/* What a page is, as the test knows it. */
enum is {
	IS_HOSTS,
	IS_DONATED,
	IS_USED,
};

static enum is is[PAGES + 1];

static void set(struct cbx_extent e, enum is before, enum is after)
{
	for (uint64_t i = e.pfn; i < e.pfn + e.count; i++) {
		assert_in_range(i, 1, PAGES);
		assert_int_equal(is[i], before);
		is[i] = after;
	}
}

/* Take in a random way.  @return false when there was nothing */
static bool take_somehow(struct cbx_pool *pool, struct cbx_extent *extent)
{
	uint64_t count = 1 + (uint64_t)rand() % 9;
	struct cbx_free taken = { .donated = false };
	bool got;

	switch (rand() % 4) {
	case 0:
		got = cbx_pool_take_box(pool, count, &taken);
		break;
	case 1:
		got = cbx_pool_take_some(pool, count, &taken);
		break;
	case 2:
		taken.donated = true;
		got = cbx_pool_take_donated(pool, &taken.extent);
		break;
	default:
		got = cbx_pool_take(pool, count, &taken.extent);
		break;
	}
	if (got) {
		set(taken.extent, taken.donated ? IS_DONATED : IS_HOSTS,
			IS_USED);
		*extent = taken.extent;
	}
	return got;
}

static void give_somehow(struct cbx_pool *pool, struct cbx_extent extent)
{
	if (rand() % 2 == 0) {
		set(extent, IS_USED, IS_DONATED);
		cbx_pool_give_donated(pool, extent);
	} else {
		set(extent, IS_USED, IS_HOSTS);
		cbx_pool_give(pool, extent);
	}
}

/* Random takes and gives against a plain table. */
static void agrees_with_a_table(void **state)
{
	struct cbx_pool *pool = *state;
	struct cbx_extent held[64];
	size_t count = 0;
	uint64_t used_pages = 0;

	memset(is, IS_HOSTS, sizeof(is));
	srand(1);
	for (int step = 0; step < 50000; step++) {
		struct cbx_extent e;

		if (count < 64 && rand() % 2 == 0) {
			if (!take_somehow(pool, &e)) {
				continue;
			}
			held[count++] = e;
			used_pages += e.count;
		} else if (count > 0) {
			size_t pick = (size_t)rand() % count;

			e = held[pick];
			held[pick] = held[--count];
			give_somehow(pool, e);
			used_pages -= e.count;
		}
		assert_int_equal(cbx_pool_free_pages(pool), PAGES - used_pages);
		assert_true(pool->count + pool->taken < pool->room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			taken_pages_do_not_overlap, begin, end),
		cmocka_unit_test_setup_teardown(
			more_than_there_is_changes_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
			some_is_the_largest_extent_left, begin, end),
		cmocka_unit_test_setup_teardown(
			what_comes_back_is_whole_again, begin, end),
		cmocka_unit_test_setup_teardown(
			giving_back_never_needs_memory, begin, end),
		cmocka_unit_test_setup_teardown(
			a_box_gets_donated_pages_first, begin, end),
		cmocka_unit_test_setup_teardown(
			what_the_host_may_touch_is_never_donated, begin, end),
		cmocka_unit_test_setup_teardown(
			agrees_with_a_table, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

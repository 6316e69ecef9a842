/* SPDX-License-Identifier: Apache-2.0 */
/* The map of a program's addresses, against a table of single pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/extent.h>
#include <runtime/node.h>

#include <stdlib.h>
#include <string.h>

#define PAGES  64u
#define BASE   0x100000ull
#define NOBODY 0xff

/* Files: how many extents show one. */
void cbx_node_hold(struct cbx_node *node)
{
	node->refs++;
}

void cbx_node_drop(struct cbx_node *node)
{
	assert_true(node->refs != 0);
	node->refs--;
}

static uint64_t address(uint64_t page)
{
	return BASE + page * CBX_PAGE_SIZE;
}

/* The map under test, and what each page should be. */
struct both {
	struct cbx_extent room[4 * PAGES];
	struct cbx_extents map;
	uint8_t page[PAGES];
};

static void begin(struct both *b)
{
	memset(b->page, NOBODY, sizeof(b->page));
	b->map = (struct cbx_extents){
		.at = b->room,
		.capacity = sizeof(b->room) / sizeof(b->room[0]),
	};
}

static void check(const struct both *b)
{
	uint64_t end = 0;

	for (uint64_t i = 0; i < b->map.count; i++) {
		const struct cbx_extent *e = &b->map.at[i];

		assert_true(e->start >= end && e->start < e->end);
		end = e->end;
	}
	for (uint64_t n = 0; n < PAGES; n++) {
		const struct cbx_extent *e = cbx_extent_at(&b->map, address(n));

		assert_int_equal(e == NULL ? NOBODY : e->prot, b->page[n]);
		if (e != NULL) {
			assert_ptr_equal(
				e, cbx_extent_at(&b->map, address(n) + 4095));
		}
	}
}

/* Give pages [first, last) a value, whatever they were. */
static void set(struct both *b, uint64_t first, uint64_t last, uint8_t value)
{
	const struct cbx_extent e = {
		.start = address(first),
		.end = address(last),
		.prot = value,
	};

	cbx_extent_cut(&b->map, e.start);
	cbx_extent_cut(&b->map, e.end);
	cbx_extent_remove(&b->map, e.start, e.end);
	if (value != NOBODY) {
		cbx_extent_insert(&b->map, &e);
	}
	cbx_extent_join(&b->map, e.start, e.end);
	memset(b->page + first, value, last - first);
}

static void an_empty_map_has_nothing(void **state)
{
	struct both b;

	(void)state;
	begin(&b);
	check(&b);
	assert_int_equal(cbx_extent_find(&b.map, 0), 0);
	assert_int_equal(cbx_extent_gap(&b.map, BASE, address(4), 4096), BASE);
	assert_int_equal(cbx_extent_gap(&b.map, BASE, address(4), 5 * 4096), 0);
}

static void likes_are_joined_and_others_not(void **state)
{
	struct both b;

	(void)state;
	begin(&b);
	set(&b, 0, 2, 1);
	set(&b, 4, 6, 1);
	assert_int_equal(b.map.count, 2);
	set(&b, 2, 4, 1);
	assert_int_equal(b.map.count, 1);
	check(&b);
	set(&b, 2, 3, 2);
	assert_int_equal(b.map.count, 3);
	set(&b, 2, 3, 1);
	assert_int_equal(b.map.count, 1);
	check(&b);
}

static void a_cut_changes_no_page(void **state)
{
	struct both b;

	(void)state;
	begin(&b);
	set(&b, 3, 9, 1);
	for (uint64_t n = 0; n < 12; n++) {
		cbx_extent_cut(&b.map, address(n));
		check(&b);
	}
	assert_int_equal(b.map.count, 6);
	cbx_extent_join(&b.map, 0, address(PAGES));
	assert_int_equal(b.map.count, 1);
	check(&b);
}

/* The lowest free run of pages, counted one by one. */
static uint64_t expected_gap(const struct both *b, uint64_t low, uint64_t pages)
{
	for (uint64_t n = low; n + pages <= PAGES; n++) {
		uint64_t free = 0;

		while (free < pages && b->page[n + free] == NOBODY) {
			free++;
		}
		if (free == pages) {
			return address(n);
		}
	}
	return 0;
}

static void random_changes_agree_with_the_table(void **state)
{
	struct both b;
	uint64_t seed = 88172645463325252ull;

	(void)state;
	begin(&b);
	for (int turn = 0; turn < 20000; turn++) {
		uint64_t first, last;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		first = seed % PAGES;
		last = first + 1 + (seed >> 8) % (PAGES - first);
		if (last - first > 12) {
			last = first + 12;
		}
		set(&b, first, last,
			(seed >> 20) % 2 == 0 ? NOBODY
					      : (uint8_t)((seed >> 24) % 3));
		check(&b);
		for (uint64_t pages = 1; pages < 20; pages += 3) {
			assert_int_equal(cbx_extent_gap(&b.map, address(first),
						 address(PAGES), pages * 4096),
				expected_gap(&b, first, pages));
		}
	}
}

/* After joining, no two neighbours are alike: the map does not grow without
 * need. */
static void the_map_stays_small(void **state)
{
	struct both b;

	(void)state;
	begin(&b);
	for (uint64_t n = 0; n < PAGES; n++) {
		set(&b, n, n + 1, 1);
	}
	assert_int_equal(b.map.count, 1);
	for (uint64_t n = 0; n < PAGES; n += 2) {
		set(&b, n, n + 1, 2);
	}
	assert_int_equal(b.map.count, PAGES);
	for (uint64_t n = 0; n < PAGES; n += 2) {
		set(&b, n, n + 1, 1);
	}
	assert_int_equal(b.map.count, 1);
	check(&b);
}

static void every_piece_holds_its_file(void **state)
{
	struct cbx_node node = { 0 };
	struct both b;
	struct cbx_extent e = { .start = address(0),
		.end = address(8),
		.file = &node,
		.origin = address(0) };

	(void)state;
	begin(&b);
	cbx_extent_insert(&b.map, &e);
	assert_int_equal(node.refs, 1);
	cbx_extent_cut(&b.map, address(2));
	cbx_extent_cut(&b.map, address(5));
	assert_int_equal(node.refs, 3);
	cbx_extent_join(&b.map, address(0), address(8));
	assert_int_equal(node.refs, 1);
	cbx_extent_cut(&b.map, address(5));
	assert_int_equal(node.refs, 2);
	cbx_extent_remove(&b.map, address(5), address(8));
	assert_int_equal(node.refs, 1);
	/* the same file at another place is another mapping */
	e.start = address(5);
	e.origin = address(1);
	cbx_extent_insert(&b.map, &e);
	cbx_extent_join(&b.map, address(0), address(8));
	assert_int_equal(b.map.count, 2);
	cbx_extent_remove(&b.map, address(0), address(8));
	assert_int_equal(node.refs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_piece_holds_its_file),
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(likes_are_joined_and_others_not),
		cmocka_unit_test(a_cut_changes_no_page),
		cmocka_unit_test(random_changes_agree_with_the_table),
		cmocka_unit_test(the_map_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

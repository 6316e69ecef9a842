/* SPDX-License-Identifier: Apache-2.0 */
/* How many processes map a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/heap.h>
#include <runtime/share.h>

#include <stdlib.h>

#define BASE 0x40000000ull

static unsigned blocks;

void *cbx_heap_take(uint64_t bytes)
{
	blocks++;
	return malloc(bytes);
}

void cbx_heap_give(void *block, uint64_t bytes)
{
	assert_true(bytes != 0);
	blocks--;
	free(block);
}

static uint64_t page(uint64_t n)
{
	return BASE + n * CBX_PAGE_SIZE;
}

static void the_last_one_frees_a_page(void **state)
{
	struct cbx_share *share = cbx_share_create(page(0), page(8));

	(void)state;
	cbx_share_more(share, page(0), page(8));
	cbx_share_more(share, page(2), page(4));
	assert_int_equal(cbx_share_less(share, page(0), page(8)), 0);
	assert_int_equal(cbx_share_less(share, page(0), page(8)), 6);
	assert_int_equal(blocks, 1);
	assert_int_equal(cbx_share_less(share, page(2), page(4)), 2);
	assert_int_equal(blocks, 0);
}

static void runs_are_of_one_kind(void **state)
{
	struct cbx_share *share = cbx_share_create(page(0), page(8));
	bool alone;

	(void)state;
	cbx_share_more(share, page(3), page(6));
	assert_int_equal(cbx_share_run(share, page(0), page(8), &alone), 3);
	assert_true(alone);
	assert_int_equal(cbx_share_run(share, page(3), page(8), &alone), 3);
	assert_false(alone);
	assert_int_equal(cbx_share_run(share, page(4), page(5), &alone), 1);
	assert_int_equal(cbx_share_run(share, page(6), page(8), &alone), 2);
	assert_true(alone);
	assert_int_equal(cbx_share_less(share, page(3), page(6)), 0);
	assert_int_equal(cbx_share_less(share, page(0), page(8)), 8);
	assert_int_equal(blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_frees_a_page),
		cmocka_unit_test(runs_are_of_one_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

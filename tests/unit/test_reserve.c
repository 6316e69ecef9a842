/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of pages, and the reserve. */
#include "support/machine.h"

#include <core/reserve.h>

static struct cbx_page_list list_of(uint64_t first, uint32_t count)
{
	struct cbx_page_list list = cbx_list_empty;

	for (uint32_t i = 0; i < count; i++) {
		cbx_list_put(&list, (uint32_t)first + i);
	}
	return list;
}

static void a_list_is_first_in_first_out(void **state)
{
	uint64_t pfn = machine_pool(3);
	struct cbx_page_list list = list_of(pfn, 3);

	(void)state;
	assert_int_equal(list.count, 3);
	assert_int_equal(cbx_list_next((uint32_t)pfn), pfn + 1);
	assert_int_equal(cbx_list_next((uint32_t)pfn + 2), CBX_NO_LINK);
	assert_int_equal(cbx_list_take(&list), pfn);
	cbx_list_put(&list, (uint32_t)pfn);
	assert_int_equal(cbx_list_take(&list), pfn + 1);
	assert_int_equal(cbx_list_take(&list), pfn + 2);
	assert_int_equal(cbx_list_take(&list), pfn);
	assert_int_equal(list.count, 0);
	cbx_list_put(&list, (uint32_t)pfn + 1);
	assert_int_equal(cbx_list_take(&list), pfn + 1);
	expect_assert_failure(cbx_list_take(&list));
}

static void any_page_of_a_list_can_be_removed(void **state)
{
	uint64_t pfn = machine_pool(3);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct cbx_page_list list = list_of(pfn, 3);

		cbx_list_remove(&list, (uint32_t)pfn + i);
		assert_int_equal(list.count, 2);
		assert_int_equal(cbx_list_next((uint32_t)pfn + i), CBX_NO_LINK);
		cbx_list_put(&list, (uint32_t)pfn + i);
		assert_int_equal(cbx_list_take(&list), pfn + (i == 0 ? 1 : 0));
		assert_int_equal(cbx_list_take(&list), pfn + (i == 2 ? 1 : 2));
		assert_int_equal(cbx_list_take(&list), pfn + i);
	}
}

static void a_page_that_is_not_on_the_list_stops_the_machine(void **state)
{
	uint64_t pfn = machine_pool(3);
	struct cbx_page_list list = list_of(pfn, 2);

	(void)state;
	expect_assert_failure(cbx_list_remove(&list, (uint32_t)pfn + 2));
}

static void the_reserve_gives_runs_of_consecutive_pages(void **state)
{
	struct machine_box box;
	struct cbx_domain *d;
	uint32_t first;
	uint64_t n;

	(void)state;
	machine_box(&box);
	d = cbx_domain_hold(box.handle);
	n = cbx_reserve_take(d, 3, &first);
	assert_int_equal(n, 3);
	cbx_reserve_put(d, first + 1);
	n = d->reserve.count - 1;
	assert_int_equal(cbx_reserve_take(d, 100, &first), n);
	assert_int_equal(cbx_reserve_take(d, 100, &first), 1);
	assert_int_equal(cbx_reserve_take(d, 100, &first), 0);
	cbx_domain_drop(d);
}

static void only_the_box_s_own_loose_pages_go_in(void **state)
{
	struct machine_box box;
	struct machine_box other;
	struct cbx_domain *d;

	(void)state;
	machine_box(&box);
	machine_box(&other);
	d = cbx_domain_hold(box.handle);
	expect_assert_failure(cbx_reserve_put(d, (uint32_t)box.data));
	expect_assert_failure(cbx_reserve_put(d, (uint32_t)other.reserve + 20));
	expect_assert_failure(cbx_reserve_put(d, (uint32_t)machine_pool(1)));
	cbx_domain_drop(d);
}

static void a_meta_page_comes_back_zero(void **state)
{
	struct machine_box box;
	struct cbx_domain *d;
	uint64_t count;
	uint32_t pfn;

	(void)state;
	machine_box(&box);
	d = cbx_domain_hold(box.handle);
	count = d->reserve.count;
	pfn = cbx_reserve_meta(d, CBX_META_TABLE);
	assert_int_equal(cbx_page_at(pfn)->state, CBX_PAGE_META);
	assert_int_equal(cbx_page_at(pfn)->detail, CBX_META_TABLE);
	assert_int_equal(cbx_page_at(pfn)->owner, box.handle);
	mock_page((struct cbx_pfn){ pfn })[9] = 9;
	cbx_reserve_recycle(d, pfn);
	assert_int_equal(d->reserve.count, count);
	assert_int_equal(cbx_page_at(pfn)->state, CBX_PAGE_PRIVATE);
	assert_true(mock_is_zero((struct cbx_pfn){ pfn }));
	cbx_domain_drop(d);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_list_is_first_in_first_out),
		MACHINE(any_page_of_a_list_can_be_removed),
		MACHINE(a_page_that_is_not_on_the_list_stops_the_machine),
		MACHINE(the_reserve_gives_runs_of_consecutive_pages),
		MACHINE(only_the_box_s_own_loose_pages_go_in),
		MACHINE(a_meta_page_comes_back_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

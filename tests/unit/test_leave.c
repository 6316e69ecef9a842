/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that leave a box, until nobody can touch them. */
#include "support/machine.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

static uint64_t pfn_at(const struct machine_box *box, uint64_t va)
{
	struct cbx_mapping mapping = { { 0 }, { 0 } };

	assert_true(cbx_arch_space_lookup(
		machine_space(box->space), (struct cbx_va){ va }, &mapping));
	return mapping.pfn.n;
}

static uint64_t reserve_of(const struct machine_box *box)
{
	return gate(BOX_QUERY, box->handle).ret[3];
}

static void a_page_is_not_used_again_before_the_flush(void **state)
{
	struct machine_box box;
	uint64_t reserve;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 1, RW).status, CBX_OK);
	assert_true(machine_write(&box, MACHINE_FREE, 5));
	reserve = reserve_of(&box);
	pfn = pfn_at(&box, MACHINE_FREE);
	mock_flush_hold(1);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_int_equal(reserve_of(&box), reserve);
	assert_false(mock_is_zero(at(pfn)));
	machine_assert_sound();
	mock_flush_release(1);
	/* The next call that needs pages takes notice. */
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE + 0x10000, 1, RW).status,
		CBX_OK);
	assert_int_equal(machine_state(pfn), CBX_PAGE_PRIVATE);
	assert_true(mock_is_zero(at(pfn)));
	assert_int_equal(reserve_of(&box), reserve);
	machine_assert_sound();
}

static void a_map_that_needs_leaving_pages_is_busy(void **state)
{
	struct machine_box box;
	uint64_t reserve;

	(void)state;
	machine_box(&box);
	reserve = reserve_of(&box) - 1;
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, reserve, RW).status, CBX_OK);
	mock_flush_hold(1);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_FREE, 2).status, CBX_OK);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 1, RW).status, CBX_E_BUSY);
	mock_flush_release(1);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 1, RW).status, CBX_OK);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE + CBX_PAGE_SIZE, 2, RW)
			.status,
		CBX_E_STATE);
	machine_assert_sound();
}

static void pages_that_left_at_different_times_settle_in_turn(void **state)
{
	struct machine_box box;
	uint64_t first;
	uint64_t second;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 2, RW).status, CBX_OK);
	first = pfn_at(&box, MACHINE_FREE);
	second = pfn_at(&box, MACHINE_FREE + CBX_PAGE_SIZE);
	mock_flush_hold(1);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_FREE, 1).status, CBX_OK);
	mock_flush_release(1);
	mock_flush_hold(1);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_FREE + CBX_PAGE_SIZE, 1).status,
		CBX_OK);
	assert_int_equal(machine_state(first), CBX_PAGE_PRIVATE);
	assert_int_equal(machine_state(second), CBX_PAGE_LEAVING);
	machine_assert_sound();
	mock_flush_release(1);
	(void)in_box(&box, UNMAP, 0, MACHINE_FREE + 0x10000, 1);
	assert_int_equal(machine_state(second), CBX_PAGE_PRIVATE);
}

static void a_window_leaves_the_box_and_then_the_host(void **state)
{
	const struct cbx_view r = { CBX_VIEW_R };
	struct machine_box box;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	pfn = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	mock_flush_hold(1);
	assert_int_equal(
		in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_true(mock_boxes_may(at(pfn)));
	machine_assert_sound();
	mock_flush_release(1);
	mock_flush_hold(2);
	(void)in_box(&box, UNMAP, 0, MACHINE_FREE, 1);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_true(mock_host_may(at(pfn), r));
	assert_false(mock_boxes_may(at(pfn)));
	machine_assert_sound();
	mock_flush_release(2);
	(void)in_box(&box, UNMAP, 0, MACHINE_FREE, 1);
	assert_int_equal(machine_state(pfn), CBX_PAGE_PRIVATE);
	assert_false(mock_host_may(at(pfn), r));
	assert_true(mock_is_zero(at(pfn)));
	machine_assert_sound();
}

static void a_window_whose_view_stays_open_stays_leaving(void **state)
{
	struct machine_box box;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	pfn = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	mock_refuse_nth(2);
	assert_int_equal(
		in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_true(mock_refused());
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	mock_refuse_nth(0);
	(void)in_box(&box, UNMAP, 0, MACHINE_FREE, 1);
	assert_int_equal(machine_state(pfn), CBX_PAGE_PRIVATE);
	machine_assert_sound();
}

static void a_window_half_closed_stays_leaving(void **state)
{
	struct machine_box box;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	pfn = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	mock_halve_nth(2);
	assert_int_equal(
		in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_true(mock_refused());
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	machine_assert_sound();
	(void)in_box(&box, UNMAP, 0, MACHINE_FREE, 1);
	assert_int_equal(machine_state(pfn), CBX_PAGE_PRIVATE);
	machine_assert_sound();
}

/* A window that cannot move on must not keep the pages behind it. */
static void one_page_that_waits_does_not_lose_another(void **state)
{
	struct machine_box box;
	uint64_t window;
	uint64_t page;

	(void)state;
	machine_box(&box);
	window = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	mock_refuse_nth(2);
	assert_int_equal(
		in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 1).status, CBX_OK);
	mock_refuse_nth(0);
	page = pfn_at(&box, MACHINE_DATA);
	for (int i = 0; i < 3; i++) {
		(void)in_box(&box, UNMAP, 0, MACHINE_DATA, 1);
	}
	assert_int_equal(machine_state(window), CBX_PAGE_PRIVATE);
	assert_int_equal(machine_state(page), CBX_PAGE_PRIVATE);
	machine_assert_sound();
}

static void a_dying_box_s_leaving_pages_are_reclaimed(void **state)
{
	struct machine_box box;
	uint64_t pfn;
	uint64_t window;

	(void)state;
	machine_box(&box);
	window = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	pfn = pfn_at(&box, MACHINE_DATA);
	mock_flush_hold(1);
	assert_int_equal(
		in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_DATA, 1).status, CBX_OK);
	refuse(E_BUSY, BOX_KILL, box.handle);
	mock_flush_release(1);
	must(BOX_KILL, box.handle);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_int_equal(machine_state(window), CBX_PAGE_LEAVING);
	machine_erase(&box);
	assert_int_equal(machine_state(pfn), CBX_PAGE_HOST);
	assert_int_equal(machine_state(window), CBX_PAGE_HOST);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_page_is_not_used_again_before_the_flush),
		MACHINE(a_map_that_needs_leaving_pages_is_busy),
		MACHINE(pages_that_left_at_different_times_settle_in_turn),
		MACHINE(a_window_leaves_the_box_and_then_the_host),
		MACHINE(a_window_whose_view_stays_open_stays_leaving),
		MACHINE(a_window_half_closed_stays_leaving),
		MACHINE(one_page_that_waits_does_not_lose_another),
		MACHINE(a_dying_box_s_leaving_pages_are_reclaimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

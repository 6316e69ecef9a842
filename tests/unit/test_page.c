/* SPDX-License-Identifier: Apache-2.0 */
/* Page ownership: the table, and that hardware mirrors it. */
#include <string.h>

#include "support/machine.h"

#define VIEW(bits_) ((struct cbx_view){ (bits_) })
#define RW	    (CBX_VIEW_R | CBX_VIEW_W)

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

/* Where each event (row) takes each state (column), by letter; a dot is
 * nowhere.  Columns: Invalid Device Host Open Leaving pOol Meta Private Shared
 * Common. */
static const char letters[] = "IDHNLOMPSC";
static const struct {
	enum cbx_page_event event;
	const char *to;
} moves[] = {
	/*			  IDHNLOMPSC */
	{ CBX_PAGE_DO_DONATE, "..L......." },
	{ CBX_PAGE_DO_SETTLE, "....O....." },
	{ CBX_PAGE_DO_RETURN, ".....H...." },
	{ CBX_PAGE_DO_OPEN, "..N......." },
	{ CBX_PAGE_DO_CLOSE, "...H......" },
	{ CBX_PAGE_DO_TABLE, ".....M.M.." },
	{ CBX_PAGE_DO_ASSIGN, ".....P...." },
	{ CBX_PAGE_DO_COMMON, ".......C.." },
	{ CBX_PAGE_DO_SHARE, ".......S.." },
	{ CBX_PAGE_DO_UNSHARE, "........L." },
	{ CBX_PAGE_DO_UNMAP, ".......L.." },
	{ CBX_PAGE_DO_KEEP, "....P....." },
	{ CBX_PAGE_DO_RECLAIM, "....O.OO.O" },
};

static void every_event_moves_every_state_as_written(void **state)
{
	(void)state;
	assert_int_equal(strlen(letters), CBX_PAGE_STATES);
	assert_int_equal(sizeof(moves) / sizeof(moves[0]), CBX_PAGE_EVENTS);
	for (size_t i = 0; i < CBX_PAGE_EVENTS; i++) {
		for (unsigned int from = 0; from < CBX_PAGE_STATES; from++) {
			enum cbx_page_state to = cbx_page_next(
				(enum cbx_page_state)from, moves[i].event);
			char letter =
				to == CBX_PAGE_INVALID ? '.' : letters[to];

			assert_int_equal(letter, moves[i].to[from]);
		}
	}
}

static void every_state_says_what_the_host_may(void **state)
{
	static const struct {
		enum cbx_page_state state;
		uint8_t bits;
		bool owned;
	} rows[] = {
		{ CBX_PAGE_INVALID, 0, false },
		{ CBX_PAGE_DEVICE, RW, false },
		{ CBX_PAGE_HOST, CBX_VIEW_R | CBX_VIEW_SX, false },
		{ CBX_PAGE_OPEN, RW, false },
		{ CBX_PAGE_LEAVING, 0, true },
		{ CBX_PAGE_POOL, 0, false },
		{ CBX_PAGE_META, 0, true },
		{ CBX_PAGE_PRIVATE, 0, true },
		{ CBX_PAGE_SHARED, RW, true },
		{ CBX_PAGE_COMMON, 0, true },
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), CBX_PAGE_STATES);
	for (size_t i = 0; i < CBX_PAGE_STATES; i++) {
		const struct cbx_page page = {
			.state = (uint8_t)rows[i].state,
			.view = CBX_VIEW_R | CBX_VIEW_SX,
		};

		assert_int_equal(cbx_page_view(&page).bits, rows[i].bits);
		assert_int_equal(
			cbx_page_owner_valid(rows[i].state, 7), rows[i].owned);
		assert_true(cbx_page_owner_valid(rows[i].state, 0));
	}
}

static void an_illegal_move_stops_the_machine(void **state)
{
	struct cbx_page page = { .state = CBX_PAGE_HOST };

	(void)state;
	expect_assert_failure(
		cbx_page_move(&page, CBX_PAGE_DO_ASSIGN, CBX_HOST));
	page.state = CBX_PAGE_POOL;
	expect_assert_failure(cbx_page_move(
		&page, CBX_PAGE_DO_RETURN, (struct cbx_dom){ 7 }));
	page.state = CBX_PAGE_STATES;
	expect_assert_failure((void)cbx_page_view(&page));
}

static void a_move_starts_the_entry_over(void **state)
{
	struct cbx_page page = {
		.state = CBX_PAGE_LEAVING,
		.detail = CBX_LEAVING_VIEW,
		.owner = 9,
		.link = 3,
		.mappings = 77,
	};

	(void)state;
	cbx_page_move(&page, CBX_PAGE_DO_SETTLE, CBX_HOST);
	assert_int_equal(page.state, CBX_PAGE_POOL);
	assert_int_equal(page.detail, 0);
	assert_int_equal(page.owner, 0);
	assert_int_equal(page.link, CBX_NO_LINK);
	assert_int_equal(page.mappings, 0);
	cbx_page_move(&page, CBX_PAGE_DO_RETURN, CBX_HOST);
	assert_int_equal(page.view, CBX_VIEW_ALL);
}

static void memory_begins_as_the_map_says(void **state)
{
	const struct mock_options options = {
		.pages = 32,
		.monitor_pages = 2,
		.open_pages = 3,
		.device_pages = 4,
	};

	(void)state;
	machine_again(&options, false);
	assert_int_equal(machine_state(1), CBX_PAGE_META);
	assert_int_equal(machine_state(2), CBX_PAGE_HOST);
	assert_int_equal(machine_state(24), CBX_PAGE_HOST);
	assert_int_equal(machine_state(25), CBX_PAGE_OPEN);
	assert_int_equal(machine_state(28), CBX_PAGE_DEVICE);
	assert_null(cbx_page_at(32));
	assert_null(cbx_page_at(UINT64_MAX));
	machine_assert_sound();
}

static void assert_taken(uint64_t pfn)
{
	assert_int_equal(machine_state(pfn), CBX_PAGE_POOL);
	assert_false(mock_host_may(at(pfn), VIEW(CBX_VIEW_ALL)));
	assert_true(mock_is_zero(at(pfn)));
}

static void a_donated_page_is_zero_and_out_of_reach(void **state)
{
	uint64_t pfn = machine_pages(3);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_donate(pfn, 3, &done), CBX_OK);
	assert_int_equal(done, 3);
	for (uint64_t i = 0; i < 3; i++) {
		assert_taken(pfn + i);
	}
	assert_int_equal(machine_state(pfn + 3), CBX_PAGE_HOST);
	machine_assert_sound();
}

static void bad_ranges_are_refused_everywhere(void **state)
{
	static const struct {
		uint64_t pfn;
		uint64_t count;
	} rows[] = {
		{ 1, 0 },
		{ MACHINE_PAGES, 1 },
		{ MACHINE_PAGES - 1, 2 },
		{ 1, CBX_RANGE_PAGES_MAX + 1 },
		{ UINT64_MAX, 1 },
		{ UINT64_MAX, 2 },
		{ 1, UINT64_MAX },
		{ 0, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t pfn = rows[i].pfn;
		uint64_t count = rows[i].count;
		uint64_t done = 9;

		assert_int_equal(
			cbx_page_donate(pfn, count, &done), CBX_E_INVALID);
		assert_int_equal(done, 0);
		assert_int_equal(
			cbx_page_return(pfn, count, &done), CBX_E_INVALID);
		assert_int_equal(
			cbx_page_open(pfn, count, true, &done), CBX_E_INVALID);
		assert_int_equal(
			cbx_page_open(pfn, count, false, &done), CBX_E_INVALID);
	}
}

static void a_donation_ends_at_a_page_that_is_not_the_host_s(void **state)
{
	uint64_t pfn = machine_pages(4);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_donate(pfn + 2, 1, &done), CBX_OK);
	assert_int_equal(cbx_page_donate(pfn, 4, &done), CBX_E_STATE);
	assert_int_equal(done, 2);
	assert_taken(pfn + 1);
	assert_int_equal(machine_state(pfn + 3), CBX_PAGE_HOST);
	assert_int_equal(cbx_page_donate(0, 1, &done), CBX_E_STATE);
}

static void a_page_leaves_until_every_cpu_forgot_it(void **state)
{
	uint64_t pfn = machine_pages(2);
	uint64_t done;

	(void)state;
	mock_flush_hold(2);
	assert_int_equal(cbx_page_donate(pfn, 2, &done), CBX_E_BUSY);
	assert_int_equal(done, 0);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_int_equal(machine_state(pfn + 1), CBX_PAGE_LEAVING);
	assert_false(mock_is_zero(at(pfn)));
	machine_assert_sound();
	assert_int_equal(cbx_page_donate(pfn, 2, &done), CBX_E_BUSY);
	mock_flush_release(2);
	assert_int_equal(cbx_page_donate(pfn, 2, &done), CBX_OK);
	assert_int_equal(done, 2);
	assert_taken(pfn);
	assert_taken(pfn + 1);
}

static void what_left_first_settles_first(void **state)
{
	uint64_t pfn = machine_pages(2);
	uint64_t done;

	(void)state;
	mock_flush_hold(1);
	assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_E_BUSY);
	mock_flush_release(1);
	mock_flush_hold(1);
	assert_int_equal(cbx_page_donate(pfn + 1, 1, &done), CBX_E_BUSY);
	assert_int_equal(cbx_page_donate(pfn, 2, &done), CBX_E_BUSY);
	assert_int_equal(done, 1);
	assert_taken(pfn);
	assert_int_equal(machine_state(pfn + 1), CBX_PAGE_LEAVING);
}

/* Pages below done are in one state, from done on in the other. */
static void assert_split(uint64_t pfn, uint64_t count, uint64_t done,
	enum cbx_page_state below, enum cbx_page_state above)
{
	for (uint64_t i = 0; i < count; i++) {
		assert_int_equal(
			machine_state(pfn + i), i < done ? below : above);
	}
}

static void a_refused_donation_says_exactly_how_far_it_came(void **state)
{
	bool refused = true;

	(void)state;
	for (uint64_t n = 1; refused; n++) {
		uint64_t pfn = machine_pages(4);
		uint64_t done;
		enum cbx_status status;

		mock_refuse_nth(n);
		status = cbx_page_donate(pfn, 4, &done);
		refused = mock_refused();
		assert_true(status == CBX_OK || status == CBX_E_HARDWARE);
		assert_int_equal(status == CBX_OK, done == 4);
		assert_split(pfn, 4, done, CBX_PAGE_POOL, CBX_PAGE_HOST);
		machine_assert_sound();
	}
}

static void a_refused_single_donation_changes_nothing(void **state)
{
	uint64_t pfn = machine_pages(1);
	struct mock_snapshot *before = machine_snapshot();
	uint64_t done;

	(void)state;
	mock_refuse_nth(1);
	assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_E_HARDWARE);
	assert_int_equal(done, 0);
	machine_assert_same(before);
}

static void a_page_half_taken_leaves_until_it_is_whole(void **state)
{
	uint64_t pfn = machine_pages(3);
	uint64_t done;

	(void)state;
	mock_halve_nth(2);
	assert_int_equal(cbx_page_donate(pfn, 3, &done), CBX_OK);
	assert_true(mock_refused());
	assert_int_equal(done, 3);
	pfn = machine_pages(1);
	mock_halve_nth(1);
	assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_E_BUSY);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_true(mock_host_may(at(pfn), VIEW(CBX_VIEW_ALL)));
	machine_assert_sound();
	mock_refuse_nth(1);
	assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_E_HARDWARE);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_OK);
	assert_taken(pfn);
}

static void a_returned_page_is_the_host_s_and_zero(void **state)
{
	uint64_t pfn = machine_pool(3);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_return(pfn, 2, &done), CBX_OK);
	assert_int_equal(done, 2);
	assert_int_equal(machine_state(pfn + 1), CBX_PAGE_HOST);
	assert_true(mock_host_may(at(pfn), VIEW(CBX_VIEW_R)));
	assert_true(mock_is_zero(at(pfn)));
	assert_taken(pfn + 2);
	assert_int_equal(cbx_page_return(pfn + 1, 1, &done), CBX_E_STATE);
	assert_int_equal(done, 0);
	assert_int_equal(cbx_page_return(pfn + 2, 2, &done), CBX_E_STATE);
	assert_int_equal(done, 1);
	machine_assert_sound();
}

static void a_refused_return_says_exactly_how_far_it_came(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 4; n++) {
		uint64_t pfn = machine_pool(4);
		uint64_t done;

		mock_refuse_nth(n);
		assert_int_equal(
			cbx_page_return(pfn, 4, &done), CBX_E_HARDWARE);
		assert_int_equal(done, n - 1);
		assert_split(pfn, 4, done, CBX_PAGE_HOST, CBX_PAGE_POOL);
		machine_assert_sound();
	}
}

static void a_page_half_returned_has_to_leave_again(void **state)
{
	uint64_t pfn = machine_pool(2);
	uint64_t done;

	(void)state;
	mock_halve_nth(1);
	assert_int_equal(cbx_page_return(pfn, 2, &done), CBX_E_BUSY);
	assert_int_equal(done, 0);
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	assert_taken(pfn + 1);
	machine_assert_sound();
	assert_int_equal(cbx_page_return(pfn, 1, &done), CBX_E_STATE);
	assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_OK);
	assert_taken(pfn);
}

static void only_host_pages_are_read_for_the_host(void **state)
{
	uint64_t pfn = machine_pages(2);
	uint64_t done;

	(void)state;
	assert_true(cbx_page_host_may(pfn, CBX_VIEW_R));
	assert_true(cbx_page_host_may(pfn, CBX_VIEW_W));
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_OK);
	assert_false(cbx_page_host_may(pfn, CBX_VIEW_R));
	assert_int_equal(cbx_page_donate(pfn + 1, 1, &done), CBX_OK);
	assert_false(cbx_page_host_may(pfn + 1, CBX_VIEW_R));
	assert_false(cbx_page_host_may(0, CBX_VIEW_R));
	assert_false(cbx_page_host_may(MACHINE_PAGES, CBX_VIEW_R));
	cbx_page_at(pfn + 3)->view = CBX_VIEW_R;
	assert_true(cbx_page_host_may(pfn + 3, CBX_VIEW_R));
	assert_false(cbx_page_host_may(pfn + 3, CBX_VIEW_W));
}

static void a_run_ends_where_pages_differ(void **state)
{
	uint64_t pfn = machine_pages(6);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_donate(pfn, 4, &done), CBX_OK);
	assert_int_equal(cbx_page_run(pfn, 6, CBX_PAGE_POOL, CBX_HOST, 0), 4);
	assert_int_equal(cbx_page_run(pfn, 3, CBX_PAGE_POOL, CBX_HOST, 0), 3);
	assert_int_equal(cbx_page_run(pfn, 6, CBX_PAGE_HOST, CBX_HOST, 0), 0);
	assert_int_equal(
		cbx_page_run(pfn, 6, CBX_PAGE_POOL, (struct cbx_dom){ 1 }, 0),
		0);
	assert_int_equal(cbx_page_run(pfn, 6, CBX_PAGE_POOL, CBX_HOST, 1), 0);
}

/* Break one entry, see that the check stops, mend it. */
static void assert_noticed(uint64_t pfn, struct cbx_page broken)
{
	struct cbx_page before = *cbx_page_at(pfn);

	*cbx_page_at(pfn) = broken;
	expect_assert_failure(cbx_page_assert_all());
	*cbx_page_at(pfn) = before;
	cbx_page_assert_all();
}

static void a_broken_entry_is_noticed(void **state)
{
	uint64_t pfn = machine_pages(1);

	(void)state;
	assert_noticed(pfn, (struct cbx_page){ .state = CBX_PAGE_STATES });
	assert_noticed(
		pfn, (struct cbx_page){ .state = CBX_PAGE_HOST, .owner = 3 });
	assert_noticed(pfn, (struct cbx_page){ .state = CBX_PAGE_PRIVATE });
	assert_noticed(pfn, (struct cbx_page){ .state = CBX_PAGE_SHARED });
	assert_noticed(
		pfn, (struct cbx_page){ .state = CBX_PAGE_POOL, .view = 1 });
	assert_noticed(pfn,
		(struct cbx_page){ .state = CBX_PAGE_POOL, .mappings = 1 });
	assert_noticed(pfn, (struct cbx_page){ .state = CBX_PAGE_PRIVATE,
				    .owner = 3,
				    .mappings = CBX_PAGE_MAPPINGS_MAX + 1 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(every_event_moves_every_state_as_written),
		MACHINE(every_state_says_what_the_host_may),
		MACHINE(an_illegal_move_stops_the_machine),
		MACHINE(a_move_starts_the_entry_over),
		MACHINE(memory_begins_as_the_map_says),
		MACHINE(a_donated_page_is_zero_and_out_of_reach),
		MACHINE(bad_ranges_are_refused_everywhere),
		MACHINE(a_donation_ends_at_a_page_that_is_not_the_host_s),
		MACHINE(a_page_leaves_until_every_cpu_forgot_it),
		MACHINE(what_left_first_settles_first),
		MACHINE(a_refused_donation_says_exactly_how_far_it_came),
		MACHINE(a_refused_single_donation_changes_nothing),
		MACHINE(a_page_half_taken_leaves_until_it_is_whole),
		MACHINE(a_returned_page_is_the_host_s_and_zero),
		MACHINE(a_refused_return_says_exactly_how_far_it_came),
		MACHINE(a_page_half_returned_has_to_leave_again),
		MACHINE(only_host_pages_are_read_for_the_host),
		MACHINE(a_run_ends_where_pages_differ),
		MACHINE(a_broken_entry_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

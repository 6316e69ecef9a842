/* SPDX-License-Identifier: Apache-2.0 */
/* Ending spaces and boxes, and getting every page back. */
#include "support/machine.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

static struct cbx_reply query(const struct machine_box *box)
{
	return gate(BOX_QUERY, box->handle);
}

static void a_space_takes_two_pages_and_gives_them_back(void **state)
{
	struct machine_box box;
	uint64_t reserve;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	reserve = query(&box).ret[3];
	reply = in_box(&box, SPACE_CREATE);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(query(&box).ret[3], reserve - 2);
	assert_int_equal(query(&box).ret[5], 2);
	assert_int_equal(
		in_box(&box, MAP, reply.ret[0], MACHINE_FREE, 3, RW).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, SPACE_DESTROY, reply.ret[0]).status, CBX_OK);
	assert_int_equal(query(&box).ret[3], reserve);
	assert_int_equal(query(&box).ret[5], 1);
	machine_assert_sound();
}

static void a_space_with_a_thread_is_not_destroyed(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, SPACE_DESTROY, box.space).status, CBX_E_STATE);
	machine_assert_sound();
}

static void the_policy_and_the_reserve_limit_spaces(void **state)
{
	struct machine_box box;
	struct machine_observed *before;

	(void)state;
	machine_box(&box);
	for (uint64_t i = 1; i < MACHINE_THREADS; i++) {
		assert_int_equal(in_box(&box, SPACE_CREATE).status, CBX_OK);
	}
	before = machine_observe();
	assert_int_equal(in_box(&box, SPACE_CREATE).status, CBX_E_NOMEM);
	machine_assert_unchanged(before);
	machine_erase(&box);

	machine_box(&box);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, query(&box).ret[3] - 2, RW)
			.status,
		CBX_OK);
	assert_int_equal(query(&box).ret[3], 1);
	assert_int_equal(in_box(&box, SPACE_CREATE).status, CBX_E_NOMEM);
	machine_assert_sound();
}

/* Windows in a space that is destroyed leave the box, then the host. */
static void a_destroyed_space_s_windows_leave(void **state)
{
	const struct cbx_view rw = { CBX_VIEW_R | CBX_VIEW_W };
	struct machine_box box;
	struct cbx_reply reply;
	uint64_t space;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	pfn = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(
		in_box(&box, MAP_ALIAS, space, MACHINE_CODE(&box), 2,
			CBX_RIGHT_R | CBX_RIGHT_X, 0, MACHINE_CODE(&box))
			.status,
		CBX_OK);
	reply = in_box(&box, SPACE_SWITCH, space, MACHINE_CODE(&box), 0, 1);
	assert_int_equal(reply.status, MACHINE_NO_ANSWER);
	assert_int_equal(
		in_thread(&box, 1, SPACE_DESTROY, box.space).status, CBX_OK);
	assert_int_equal(machine_state(pfn), CBX_PAGE_PRIVATE);
	assert_false(mock_host_may(at(pfn), rw));
	assert_true(mock_is_zero(at(pfn)));
	machine_assert_sound();
}

static void a_large_space_is_destroyed_in_several_calls(void **state)
{
	const struct mock_options options = { .pages = 2048 };
	struct machine_box box;
	uint64_t space;
	int calls = 1;

	(void)state;
	machine_again(&options, true);
	machine_box(&box);
	must(BOX_GRANT, box.handle, machine_pool(512), 512);
	must(BOX_GRANT, box.handle, machine_pool(400), 400);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(
		in_box(&box, MAP, space, MACHINE_FREE, 512, RW).status, CBX_OK);
	assert_int_equal(
		in_box(&box, MAP, space, MACHINE_FREE + 512 * 4096, 300, RW)
			.status,
		CBX_OK);
	while (in_box(&box, SPACE_DESTROY, space).status == CBX_E_BUSY) {
		calls++;
		assert_true(calls < 10);
		machine_assert_sound();
	}
	assert_true(calls > 1);
	assert_int_equal(query(&box).ret[5], 1);
	machine_assert_sound();
}

static void a_killed_box_answers_stale_and_gives_everything_back(void **state)
{
	struct machine_box box;
	uint64_t owned;

	(void)state;
	machine_box(&box);
	assert_true(machine_write(&box, MACHINE_DATA, 0x5ec4e7));
	owned = query(&box).ret[2];
	must(BOX_KILL, box.handle);
	assert_int_equal(query(&box).ret[0], CBX_DOMAIN_DYING);
	assert_int_equal(query(&box).ret[2], owned);
	refuse(E_STALE, BOX_GRANT, box.handle, machine_pool(1), 1);
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[2], CBX_END_KILLED);
	refuse(E_STATE, BOX_DESTROY, box.handle);
	assert_int_equal(must(BOX_RECLAIM, box.handle, box.data, 2), 2);
	assert_int_equal(query(&box).ret[2], owned - 2);
	assert_true(mock_is_zero(at(box.data)));
	assert_int_equal(machine_state(box.data), CBX_PAGE_POOL);
	machine_assert_sound();
	machine_erase(&box);
	machine_assert_sound();
}

static void reclaim_refuses_what_is_not_the_box_s(void **state)
{
	struct machine_box box;
	struct machine_box other;
	uint64_t pool = machine_pool(1);
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	machine_box(&other);
	must(BOX_KILL, box.handle);
	refuse(E_OWNER, BOX_RECLAIM, box.handle, other.data, 1);
	refuse(E_OWNER, BOX_RECLAIM, box.handle, pool, 1);
	refuse(E_OWNER, BOX_RECLAIM, box.handle, box.io, 1);
	refuse(E_OWNER, BOX_RECLAIM, box.handle, 0, 1);
	refuse(E_STATE, BOX_RECLAIM, box.handle, box.handle, 1);
	refuse(E_INVALID, BOX_RECLAIM, box.handle, box.data, 0);
	refuse(E_INVALID, BOX_RECLAIM, box.handle, UINT64_MAX, 1);
	refuse(E_INVALID, BOX_RECLAIM, box.handle, box.data,
		CBX_RANGE_PAGES_MAX + 1);
	reply = gate(BOX_RECLAIM, box.handle, box.data, 3);
	assert_int_equal(reply.status, CBX_E_OWNER);
	assert_int_equal(reply.ret[0], 2);
	machine_assert_sound();
}

static void nothing_is_reclaimed_before_the_box_is_torn_down(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, END, 3).status, MACHINE_NO_ANSWER);
	assert_int_equal(box.exit.ret[1], 3);
	refuse(E_STATE, BOX_RECLAIM, box.handle, box.data, 1);
	must(BOX_KILL, box.handle);
	assert_int_equal(must(BOX_RECLAIM, box.handle, box.data, 1), 1);
	machine_assert_sound();
}

static void a_kill_waits_for_stale_translations(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_flush_hold(3);
	refuse(E_BUSY, BOX_KILL, box.handle);
	refuse(E_STATE, BOX_RECLAIM, box.handle, box.data, 1);
	machine_assert_sound();
	mock_flush_release(3);
	must(BOX_KILL, box.handle);
	machine_erase(&box);
	machine_assert_sound();
}

static void a_window_of_a_dying_box_waits_for_the_host(void **state)
{
	struct machine_box box;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	pfn = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	must(BOX_KILL, box.handle);
	mock_flush_hold(2);
	refuse(E_BUSY, BOX_RECLAIM, box.handle, pfn, 1);
	machine_assert_sound();
	refuse(E_BUSY, BOX_RECLAIM, box.handle, pfn, 1);
	mock_flush_release(2);
	assert_int_equal(must(BOX_RECLAIM, box.handle, pfn, 1), 1);
	machine_assert_sound();
	machine_erase(&box);
	machine_assert_sound();
}

/* The box's program has the host kill the box from another CPU. */
static void kill_from_outside(struct mock_box_cpu *cpu, void *arg)
{
	struct machine_box *box = arg;
	const struct cbx_call time = { .id = CBX_CALL_TIME };

	mock_cpu_set(1);
	refuse(E_BUSY, BOX_KILL, box->handle);
	refuse(E_BUSY, BOX_KILL, box->handle);
	assert_int_equal(query(box).ret[0], CBX_DOMAIN_DYING);
	refuse(E_STATE, BOX_RECLAIM, box->handle, box->data, 1);
	refuse(E_STATE, BOX_DESTROY, box->handle);
	mock_cpu_set(0);
	mock_box_gate(cpu, &time);
}

static void a_kill_kicks_the_cpu_inside_and_waits_for_it(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_program(MACHINE_CODE(&box), kill_from_outside, &box);
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[2], CBX_END_KILLED);
	assert_true(mock_kicks(0) >= 2);
	machine_assert_sound();
	must(BOX_KILL, box.handle);
	machine_erase(&box);
	machine_assert_sound();
}

static void many_threads_end_in_several_calls(void **state)
{
	const struct mock_options options = { .pages = 1024 };
	struct cbx_policy policy = machine_policy();
	struct machine_box box;

	(void)state;
	machine_again(&options, true);
	policy.threads_max = 100;
	machine_building(&box, &policy);
	must(BOX_GRANT, box.handle, machine_pool(100), 100);
	for (uint64_t i = 1; i < 100; i++) {
		must(BOX_THREAD, box.handle, MACHINE_CODE(&box), 0, i);
	}
	refuse(E_BUSY, BOX_KILL, box.handle);
	machine_assert_sound();
	must(BOX_KILL, box.handle);
	assert_int_equal(mock_vcpus(), 1);
	machine_erase(&box);
	machine_assert_sound();
}

static void a_destroyed_box_is_nobody(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	machine_erase(&box);
	refuse(E_INVALID, BOX_QUERY, box.handle);
	refuse(E_INVALID, BOX_KILL, box.handle);
	for (uint64_t i = 1; i < 300; i++) {
		enum cbx_page_state now = machine_state(i);

		assert_true(now == CBX_PAGE_HOST || now == CBX_PAGE_POOL);
		assert_int_equal(gate(PAGE_QUERY, i).ret[2], 0);
	}
}

/* ---- every step refused ---- */

static struct cbx_reply act_create(struct machine_box *box, uint64_t done)
{
	(void)done;
	return in_box(box, SPACE_CREATE);
}

/* A second space, with two mapped pages, one aliased. */
static void prepare_space(struct machine_box *box)
{
	machine_box(box);
	box->script[7].word = in_box(box, SPACE_CREATE).ret[0];
	assert_int_equal(
		in_box(box, MAP, box->script[7].word, MACHINE_FREE, 2, RW)
			.status,
		CBX_OK);
	assert_int_equal(in_box(box, MAP_ALIAS, box->script[7].word,
				 MACHINE_FREE + 8192, 1, RW, 0, MACHINE_DATA)
				 .status,
		CBX_OK);
}

static struct cbx_reply act_switch(struct machine_box *box, uint64_t done)
{
	struct cbx_reply reply;

	(void)done;
	reply = in_box(box, SPACE_SWITCH, box->script[7].word,
		MACHINE_CODE(box), 0, 0);
	/* Success has no answer: the calling thread is gone. */
	if (reply.status == MACHINE_NO_ANSWER &&
		gate(BOX_QUERY, box->handle).ret[4] == 1) {
		reply.status = CBX_OK;
	}
	return reply;
}

static void refused_spaces_leave_nothing(void **state)
{
	(void)state;
	assert_int_equal(machine_sweep(machine_box, act_create), 1);
	assert_int_equal(machine_sweep(prepare_space, act_switch), 1);
}

/* The nth step of an end refused: repeated, it ends. */
static void a_refused_end_is_repeated(void **state)
{
	bool refused = true;

	(void)state;
	for (uint64_t n = 1; refused; n++) {
		const struct mock_options options = { .pages = MACHINE_PAGES };
		struct machine_box box;
		uint64_t space;
		enum cbx_status status;

		machine_again(&options, true);
		prepare_space(&box);
		space = box.script[7].word;
		mock_refuse_nth(n);
		status = (enum cbx_status)in_box(&box, SPACE_DESTROY, space)
				 .status;
		refused = mock_refused();
		assert_int_equal(status, refused ? CBX_E_HARDWARE : CBX_OK);
		machine_assert_sound();
		if (refused) {
			assert_int_equal(
				in_box(&box, SPACE_DESTROY, space).status,
				CBX_OK);
		}
		mock_refuse_nth(n);
		status = (enum cbx_status)gate(BOX_KILL, box.handle).status;
		refused |= mock_refused();
		assert_true(status == CBX_OK || status == CBX_E_HARDWARE);
		mock_refuse_nth(0);
		machine_assert_sound();
		machine_erase(&box);
		machine_assert_sound();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_space_takes_two_pages_and_gives_them_back),
		MACHINE(a_space_with_a_thread_is_not_destroyed),
		MACHINE(the_policy_and_the_reserve_limit_spaces),
		MACHINE(a_destroyed_space_s_windows_leave),
		MACHINE(a_large_space_is_destroyed_in_several_calls),
		MACHINE(a_killed_box_answers_stale_and_gives_everything_back),
		MACHINE(reclaim_refuses_what_is_not_the_box_s),
		MACHINE(nothing_is_reclaimed_before_the_box_is_torn_down),
		MACHINE(a_kill_waits_for_stale_translations),
		MACHINE(a_window_of_a_dying_box_waits_for_the_host),
		MACHINE(a_kill_kicks_the_cpu_inside_and_waits_for_it),
		MACHINE(many_threads_end_in_several_calls),
		MACHINE(a_destroyed_box_is_nobody),
		MACHINE(refused_spaces_leave_nothing),
		MACHINE(a_refused_end_is_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

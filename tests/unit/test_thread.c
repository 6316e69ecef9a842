/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: who runs next, and when. */
#include "support/machine.h"

static uint64_t create(struct machine_box *box, uint64_t number)
{
	struct cbx_reply reply =
		in_box(box, THREAD_CREATE, 0, MACHINE_CODE(box), 0, number);

	assert_int_equal(reply.status, CBX_OK);
	return reply.ret[0];
}

static void threads_take_turns(void **state)
{
	struct machine_box box;
	struct cbx_domain *d;
	struct cbx_thread *thread;
	uint64_t seen[6];
	uint64_t wake;

	(void)state;
	machine_box(&box);
	(void)create(&box, 1);
	(void)create(&box, 2);
	d = cbx_domain_hold(box.handle);
	for (int i = 0; i < 6; i++) {
		thread = cbx_thread_pick(d, &wake);
		assert_non_null(thread);
		seen[i] = thread->self;
		cbx_thread_drop(thread);
	}
	cbx_domain_drop(d);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(seen[i], seen[i + 3]);
		assert_int_not_equal(seen[i], seen[(i + 1) % 3]);
	}
}

static void states_say_who_can_run(void **state)
{
	static const struct {
		enum cbx_thread_state state;
		uint64_t wake;
		bool runs;
		uint64_t told;
	} rows[] = {
		{ CBX_THREAD_RUNNABLE, 0, true, 0 },
		{ CBX_THREAD_RUNNING, 0, false, 0 },
		{ CBX_THREAD_WAITING, 0, false, 0 },
		{ CBX_THREAD_PARKED, 0, false, 0 },
		{ CBX_THREAD_PARKED, 5000, true, 0 },
		{ CBX_THREAD_PARKED, 4999, true, 0 },
		{ CBX_THREAD_PARKED, 5001, false, 5001 },
		{ CBX_THREAD_HELD, 0, false, 0 },
		{ CBX_THREAD_HELD, 5000, true, 0 },
		{ CBX_THREAD_HELD, 9000, false, 9000 },
	};
	struct machine_box box;
	struct cbx_domain *d;
	struct cbx_thread *thread;

	(void)state;
	machine_box(&box);
	mock_ticks_set(5000);
	d = cbx_domain_hold(box.handle);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbx_thread *picked;
		uint64_t wake = 77;

		thread = cbx_thread_hold(d, box.thread);
		thread->state = (uint32_t)rows[i].state;
		thread->wake = rows[i].wake;
		cbx_thread_drop(thread);
		picked = cbx_thread_pick(d, &wake);
		assert_int_equal(picked != NULL, rows[i].runs);
		assert_int_equal(wake, rows[i].told);
		if (picked != NULL) {
			cbx_thread_drop(picked);
		}
	}
	cbx_domain_drop(d);
}

static void the_earliest_wake_time_is_told(void **state)
{
	struct machine_box box;
	uint64_t parked = 0;

	(void)state;
	machine_box(&box);
	(void)create(&box, 1);
	(void)in_thread(&box, 1, THREAD_PARK, 9000);
	while ((uint32_t)box.exit.ret[0] == CBX_EXIT_INTERRUPTED &&
		parked++ < 8) {
		(void)in_thread(&box, 0, THREAD_PARK, 4000);
	}
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_IDLE);
	assert_int_equal(box.exit.ret[1], 4000);
	mock_ticks_set(4000);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
}

static void wake_times_are_rounded_up_to_the_step(void **state)
{
	static const struct {
		uint64_t step;
		uint64_t now;
		uint64_t asked;
		uint64_t wake;
	} rows[] = {
		{ 1000, 0, 0, 1000 },
		{ 1000, 0, 1, 1000 },
		{ 1000, 0, 1000, 1000 },
		{ 1000, 0, 1001, 2000 },
		{ 1000, 999, 5, 1000 },
		{ 1000, 1000, 5, 2000 },
		{ 1000, 1000, 1000, 2000 },
		{ 1, 7, 3, 8 },
		{ 1, 7, 9, 9 },
		{ 1000, 0, UINT64_MAX, UINT64_MAX },
		{ UINT64_MAX, 0, 5, UINT64_MAX },
		{ UINT64_MAX, 6, UINT64_MAX, UINT64_MAX },
		{ 1000, UINT64_MAX - 3, 0, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cbx_domain d = { .policy = {
						      .wake_step = rows[i].step,
					      } };

		mock_ticks_set(rows[i].now);
		assert_int_equal(
			cbx_thread_wake(&d, rows[i].asked), rows[i].wake);
	}
}

static void the_policy_limits_the_number_of_threads(void **state)
{
	struct machine_box box;
	struct machine_observed *before;

	(void)state;
	machine_box(&box);
	for (uint64_t i = 1; i < MACHINE_THREADS; i++) {
		(void)create(&box, i);
	}
	before = machine_observe();
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 0).status,
		CBX_E_NOMEM);
	machine_assert_unchanged(before);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[4], MACHINE_THREADS);
}

static void without_reserve_there_is_no_thread(void **state)
{
	struct machine_box box;
	uint64_t reserve;

	(void)state;
	machine_box(&box);
	reserve = gate(BOX_QUERY, box.handle).ret[3];
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, reserve - 1, CBX_RIGHT_R)
			.status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_E_NOMEM);
	machine_assert_sound();
}

static void a_thread_that_exits_gives_its_page_back(void **state)
{
	struct machine_box box;
	uint64_t reserve;
	uint64_t handle;

	(void)state;
	machine_box(&box);
	reserve = gate(BOX_QUERY, box.handle).ret[3];
	handle = create(&box, 1);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[3], reserve - 1);
	(void)in_thread(&box, 1, THREAD_EXIT);
	for (int i = 0; i < 4; i++) {
		(void)machine_enter(&box);
	}
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[4], 1);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[3], reserve);
	assert_int_equal(machine_state(handle), CBX_PAGE_PRIVATE);
	assert_int_equal(
		in_box(&box, THREAD_UNPARK, handle).status, CBX_E_INVALID);
	machine_assert_sound();
}

static void the_last_thread_takes_the_box_with_it(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, THREAD_EXIT).status, MACHINE_NO_ANSWER);
	assert_int_equal(box.exit.ret[0], CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[1], 0);
	assert_int_equal(box.exit.ret[2], CBX_END_EXIT);
	machine_assert_sound();
}

static struct cbx_reply act_create(struct machine_box *box, uint64_t done)
{
	(void)done;
	return in_box(box, THREAD_CREATE, 0, MACHINE_CODE(box), 0, 1);
}

static void a_refused_thread_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(machine_sweep(machine_box, act_create), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(threads_take_turns),
		MACHINE(states_say_who_can_run),
		MACHINE(the_earliest_wake_time_is_told),
		MACHINE(wake_times_are_rounded_up_to_the_step),
		MACHINE(the_policy_limits_the_number_of_threads),
		MACHINE(without_reserve_there_is_no_thread),
		MACHINE(a_thread_that_exits_gives_its_page_back),
		MACHINE(the_last_thread_takes_the_box_with_it),
		MACHINE(a_refused_thread_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

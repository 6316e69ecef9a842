/* SPDX-License-Identifier: Apache-2.0 */
/* The boxes' gates that need no more than a line. */
#include "support/machine.h"

#define RX (CBX_RIGHT_R | CBX_RIGHT_X)

static void random_bytes_fill_the_reply(void **state)
{
	struct machine_box box;
	struct cbx_reply one;
	struct cbx_reply two;

	(void)state;
	machine_box(&box);
	one = in_box(&box, RANDOM);
	two = in_box(&box, RANDOM);
	assert_int_equal(one.status, CBX_OK);
	for (int i = 0; i < CBX_REPLY_RETS; i++) {
		assert_int_not_equal(one.ret[i], 0);
		assert_int_not_equal(one.ret[i], two.ret[i]);
	}
	mock_random_fail(true);
	one = in_box(&box, RANDOM);
	assert_int_equal(one.status, CBX_E_HARDWARE);
	for (int i = 0; i < CBX_REPLY_RETS; i++) {
		assert_int_equal(one.ret[i], 0);
	}
}

static void time_is_the_machine_s(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_ticks_set(987654321);
	assert_int_equal(in_box(&box, TIME).ret[0], 987654321);
}

static void the_box_s_own_version_call_works(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, VERSION).ret[1], CBX_ABI_MINOR);
}

/* Enter until thread 0 has its answer. */
static struct cbx_reply answer(struct machine_box *box)
{
	for (int i = 0; i < 8 && box->script[0].step != MACHINE_DONE; i++) {
		(void)machine_enter(box);
	}
	assert_int_equal(box->script[0].step, MACHINE_DONE);
	return box->script[0].reply;
}

static void an_unpark_before_the_park_is_not_lost(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_UNPARK, box.thread).status, CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_UNPARK, box.thread).status, CBX_OK);
	assert_int_equal(in_box(&box, THREAD_PARK, 0).status, CBX_OK);
	/* Two unparks were one permit. */
	assert_int_equal(
		in_box(&box, THREAD_PARK, 0).status, MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_IDLE);
}

static void one_thread_wakes_another(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_PARK, 0).status, MACHINE_NO_ANSWER);
	assert_int_equal(
		in_thread(&box, 1, THREAD_UNPARK, box.thread).status, CBX_OK);
	assert_int_equal(answer(&box).status, CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_UNPARK, box.space).status, CBX_E_INVALID);
	assert_int_equal(in_box(&box, THREAD_UNPARK, 0).status, CBX_E_INVALID);
	machine_assert_sound();
}

static void a_parked_thread_wakes_at_its_time(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_PARK, 1500).status, MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_IDLE);
	assert_int_equal(box.exit.ret[1], 2000);
	mock_ticks_set(1999);
	assert_int_equal(machine_enter(&box), CBX_EXIT_IDLE);
	mock_ticks_set(2000);
	assert_int_equal(answer(&box).status, CBX_OK);
}

static void a_thread_learns_its_own_handle(void **state)
{
	struct machine_box box;
	uint64_t own;

	(void)state;
	machine_box(&box);
	own = in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).ret[0];
	assert_int_equal(in_box(&box, THREAD_UNPARK, own).status, CBX_OK);
	assert_int_equal(in_box(&box, THREAD_PARK, 0).status, CBX_OK);
	assert_int_equal(own, box.thread);
}

static void a_thread_learns_its_space(void **state)
{
	struct machine_box box;
	uint64_t space;

	(void)state;
	machine_box(&box);
	space = in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).ret[1];
	assert_int_equal(
		in_box(&box, MAP, space, MACHINE_FREE, 1, CBX_RIGHT_R).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_FREE, 1).status, CBX_OK);
}

static void a_fault_goes_to_the_up_call_entry(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).status,
		CBX_OK);
	(void)machine_write(&box, MACHINE_FREE, 1);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_INTERRUPTED);
	assert_int_equal(box.script[0].upcalls, 1);
	assert_int_equal(box.script[0].upcall.kind, CBX_UPCALL_FAULT);
	assert_int_equal(box.script[0].upcall.code, CBX_FAULT_WRITE);
	assert_int_equal(box.script[0].upcall.value, MACHINE_FREE);
	assert_int_equal(in_box(&box, UPCALL_ENTRY, 0, 0).status, CBX_OK);
	(void)machine_write(&box, MACHINE_FREE, 1);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_ENDED);
}

static void without_trace_a_resume_is_not_shown(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, UPCALL_RESUME, 5).status, CBX_OK);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_INTERRUPTED);
}

/* A fork: the pages are aliased, the thread goes on in the new space. */
static void a_thread_switches_to_another_space(void **state)
{
	struct machine_box box;
	uint64_t space;
	struct cbx_reply query;

	(void)state;
	machine_box(&box);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(in_box(&box, MAP_ALIAS, space, MACHINE_CODE(&box), 2,
				 RX, 0, MACHINE_CODE(&box))
				 .status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, SPACE_SWITCH, space, MACHINE_CODE(&box), 0, 1)
			.status,
		MACHINE_NO_ANSWER);
	query = gate(BOX_QUERY, box.handle);
	assert_int_equal(query.ret[4], 1);
	assert_int_equal(query.ret[5], 2);
	/* The thread's own space is the new one: nothing else is mapped. */
	assert_int_equal(in_thread(&box, 1, UNMAP, 0, MACHINE_DATA, 1).status,
		CBX_E_STATE);
	assert_int_equal(
		in_thread(&box, 1, MAP, 0, MACHINE_DATA, 1, 3).status, CBX_OK);
	assert_int_equal(
		in_thread(&box, 1, UNMAP, box.space, MACHINE_DATA, 1).status,
		CBX_OK);
	assert_int_equal(
		in_thread(&box, 1, SPACE_DESTROY, box.space).status, CBX_OK);
	assert_int_equal(in_thread(&box, 1, TIME).status, CBX_OK);
	machine_assert_sound();
	machine_erase(&box);
	machine_assert_sound();
}

static void a_box_maps_in_any_of_its_spaces(void **state)
{
	struct machine_box box;
	uint64_t space;

	(void)state;
	machine_box(&box);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_not_equal(space, box.space);
	assert_int_equal(
		in_box(&box, MAP, space, MACHINE_FREE, 2, 3).status, CBX_OK);
	assert_true(
		mock_space_may(machine_space(space), MACHINE_FREE, MOCK_WRITE));
	assert_false(mock_space_may(
		machine_space(box.space), MACHINE_FREE, MOCK_READ));
	assert_int_equal(
		in_box(&box, PROTECT, space, MACHINE_FREE, 1, 1).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, UNMAP, space, MACHINE_FREE, 2).status, CBX_OK);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(random_bytes_fill_the_reply),
		MACHINE(time_is_the_machine_s),
		MACHINE(the_box_s_own_version_call_works),
		MACHINE(an_unpark_before_the_park_is_not_lost),
		MACHINE(one_thread_wakes_another),
		MACHINE(a_parked_thread_wakes_at_its_time),
		MACHINE(a_thread_learns_its_own_handle),
		MACHINE(a_thread_learns_its_space),
		MACHINE(a_fault_goes_to_the_up_call_entry),
		MACHINE(without_trace_a_resume_is_not_shown),
		MACHINE(a_thread_switches_to_another_space),
		MACHINE(a_box_maps_in_any_of_its_spaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

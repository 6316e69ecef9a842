/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of it: a box from donation to return, and what tests rely on. */
#include "support/machine.h"

static void a_machine_with_a_keeper_is_sound(void **state)
{
	(void)state;
	assert_true(cbx_keeper_ready());
	machine_assert_sound();
}

static void a_box_lives_and_leaves_nothing(void **state)
{
	struct machine_box box;
	uint64_t root;

	(void)state;
	machine_box(&box);
	machine_assert_sound();
	root = box.handle;
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	machine_assert_sound();
	machine_erase(&box);
	machine_assert_sound();
	assert_int_equal(machine_state(root), CBX_PAGE_HOST);
	assert_int_equal(mock_spaces(), 1);
	assert_int_equal(mock_vcpus(), 1);
}

static void a_box_makes_gate_calls(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	mock_ticks_set(1234);
	reply = in_box(&box, TIME);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], 1234);
	reply = in_box(&box, VERSION);
	assert_int_equal(reply.ret[0], CBX_ABI_MAJOR);
	machine_assert_sound();
}

static void a_box_touches_its_own_memory(void **state)
{
	struct machine_box box;
	uint64_t word;

	(void)state;
	machine_box(&box);
	assert_true(machine_write(&box, MACHINE_DATA + 16, 0xfeed));
	assert_true(machine_read(&box, MACHINE_DATA + 16, &word));
	assert_int_equal(word, 0xfeed);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 3, CBX_RIGHT_R).status,
		CBX_OK);
	assert_true(machine_read(&box, MACHINE_FREE + 8192, &word));
	assert_int_equal(word, 0);
	assert_false(machine_write(&box, MACHINE_FREE, 1));
	assert_int_equal(box.exit.ret[0], CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[2], CBX_END_FAULT);
	machine_assert_sound();
}

static void a_box_can_be_confined(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	machine_confine(&box);
	machine_assert_sound();
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	reply = box.script[0].reply;
	assert_int_equal(box.script[0].step, MACHINE_DONE);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], sizeof("the client's data"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_machine_with_a_keeper_is_sound),
		MACHINE(a_box_lives_and_leaves_nothing),
		MACHINE(a_box_makes_gate_calls),
		MACHINE(a_box_touches_its_own_memory),
		MACHINE(a_box_can_be_confined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The loop host_run -> gate -> host_run, driven by every event a host has. */
#include <string.h>

#include "conform/loop.h"

void loop_add_call(
	struct loop_play *play, uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_event *event = &play->event[play->count++];

	assert_true(play->count <= LOOP_EVENTS_MAX);
	*event = (struct cbx_event){
		.kind = CBX_EVENT_CALL,
		.call = { .id = id },
	};
	memcpy(event->call.arg, arg, sizeof(event->call.arg));
}

void loop_add_page_state(
	struct loop_play *play, uint64_t pfn, uint64_t count, bool shared)
{
	assert_true(play->count < LOOP_EVENTS_MAX);
	play->event[play->count++] = (struct cbx_event){
		.kind = CBX_EVENT_PAGE_STATE,
		.pfn = { pfn },
		.count = count,
		.shared = shared,
	};
}

static void assert_status(
	const struct loop_play *play, uint32_t i, enum cbx_status status)
{
	assert_true(play->answered[i]);
	assert_int_equal(play->reply[i].status, status);
}

static void each_call_gets_its_own_answer(void **state)
{
	struct loop_play play = { 0 };
	const uint64_t none[CBX_CALL_ARGS] = { 0 };

	(void)state;
	loop_call(&play, VERSION);
	loop_call(&play, CAPS);
	loop_add_call(&play, 0xfff, none);
	loop_call(&play, BOX_QUERY, UINT64_MAX);
	loop_call(&play, VERSION, 1);
	loop_run(&play);
	assert_status(&play, 0, CBX_OK);
	assert_int_equal(play.reply[0].ret[0], CBX_ABI_MAJOR);
	assert_int_equal(play.reply[0].ret[1], CBX_ABI_MINOR);
	assert_status(&play, 1, CBX_OK);
	assert_int_equal(play.reply[1].ret[0], cbx_hal_caps().bits);
	assert_int_equal(play.reply[1].ret[1], cbx_hal_caps().backend);
	assert_int_equal(play.reply[1].ret[2], cbx_hal_page_count());
	assert_int_equal(play.reply[1].ret[3], cbx_hal_cpu_count());
	assert_status(&play, 2, CBX_E_UNKNOWN_CALL);
	assert_status(&play, 3, CBX_E_INVALID);
	assert_status(&play, 4, CBX_E_INVALID);
	assert_int_equal(play.reply[4].ret[0], 0);
	assert_false(play.crashed);
}

static void calls_take_effect_in_order(void **state)
{
	uint64_t pfn = machine_pages(4);
	struct loop_play play = { 0 };

	(void)state;
	loop_call(&play, PAGE_DONATE, pfn, 4);
	loop_call(&play, PAGE_QUERY, pfn + 3);
	loop_call(&play, PAGE_DONATE, pfn, 4);
	loop_call(&play, PAGE_RETURN, pfn, 4);
	loop_call(&play, PAGE_QUERY, pfn + 3);
	loop_run(&play);
	assert_status(&play, 0, CBX_OK);
	assert_int_equal(play.reply[0].ret[0], 4);
	assert_int_equal(play.reply[1].ret[0], CBX_PAGE_POOL);
	assert_status(&play, 2, CBX_E_STATE);
	assert_status(&play, 3, CBX_OK);
	assert_int_equal(play.reply[4].ret[0], CBX_PAGE_HOST);
	machine_assert_sound();
}

static void page_states_change_and_are_answered(void **state)
{
	uint64_t pfn = machine_pages(3);
	uint64_t pool = machine_pool(1);
	struct loop_play play = { 0 };

	(void)state;
	if (!loop_has_page_states()) {
		print_message("skipped: this host has no memory that is "
			      "private to its machine\n");
		skip();
	}
	loop_add_page_state(&play, pfn, 2, true);
	loop_add_page_state(&play, pfn, 3, true);
	loop_add_page_state(&play, pool, 1, true);
	loop_add_page_state(&play, UINT64_MAX, 2, true);
	loop_call(&play, PAGE_QUERY, pfn);
	loop_run(&play);
	assert_status(&play, 0, CBX_OK);
	assert_int_equal(play.reply[0].ret[0], 2);
	assert_status(&play, 1, CBX_E_STATE); /* open already */
	assert_int_equal(play.reply[1].ret[0], 0);
	assert_status(&play, 2, CBX_E_STATE);
	assert_status(&play, 3, CBX_E_INVALID);
	assert_int_equal(play.reply[4].ret[0], CBX_PAGE_OPEN);
	assert_true(ask_host_may(pfn, CBX_VIEW_R));
	assert_true(ask_host_may(pfn, CBX_VIEW_W));
	assert_true(ask_host_may(pfn + 2, CBX_VIEW_W));
	machine_assert_sound();
	play = (struct loop_play){ 0 };
	loop_add_page_state(&play, pfn, 2, false);
	loop_run(&play);
	assert_status(&play, 0, CBX_OK);
	assert_int_equal(machine_state(pfn + 1), CBX_PAGE_HOST);
	assert_true(ask_host_may(pfn, CBX_VIEW_W));
	assert_false(ask_hypervisor_may(pfn));
	machine_assert_sound();
}

/* A whole life of a box, from a CPU of the host's. */
static void a_box_lives_and_dies_by_the_loop(void **state)
{
	struct loop_play play = { 0 };
	struct machine_box box;

	(void)state;
	machine_box(&box);
	box.script[0].access = 0;
	box.script[0].call = (struct cbx_call){
		.id = CBX_CALL_END,
		.arg = { 42 },
	};
	machine_begin(&box, 0);
	for (uint32_t i = 0; i < 8; i++) { /* it may have to wake first */
		loop_call(&play, BOX_ENTER, box.handle, box.io, box.io_count);
	}
	loop_call(&play, BOX_KILL, box.handle);
	loop_call(&play, BOX_QUERY, box.handle);
	loop_run(&play);
	assert_status(&play, 7, CBX_OK);
	assert_int_equal(play.reply[7].ret[0], CBX_EXIT_ENDED);
	assert_int_equal(play.reply[7].ret[1], 42);
	assert_int_equal(play.reply[7].ret[2], CBX_END_EXIT);
	assert_status(&play, 8, CBX_OK);
	assert_int_equal(play.reply[9].ret[0], CBX_DOMAIN_DYING);
	machine_erase(&box);
	machine_assert_sound();
}

static void a_loop_that_ended_can_begin_again(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		struct loop_play play = { 0 };

		loop_call(&play, VERSION);
		loop_run(&play);
		assert_status(&play, 0, CBX_OK);
		assert_false(play.crashed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(each_call_gets_its_own_answer),
		MACHINE(calls_take_effect_in_order),
		MACHINE(page_states_change_and_are_answered),
		MACHINE(a_box_lives_and_dies_by_the_loop),
		MACHINE(a_loop_that_ended_can_begin_again),
	};
	int failed = cmocka_run_group_tests_name("loop", tests, NULL, NULL);

	failed += _cmocka_run_group_tests("loop: this backend's events",
		loop_more, loop_more_count, NULL, NULL);
	return failed == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A host that is a script, and the events only it has. */
#include <monitor/loop.h>

#include "conform/loop.h"

struct script {
	struct loop_play *play;
	uint32_t next;
};

/* The host's next event; the reply is to the one before. */
static void act(uint32_t cpu, void *arg, const struct cbx_reply *reply,
	struct cbx_event *event)
{
	struct script *script = arg;
	struct loop_play *play = script->play;

	(void)cpu;
	if (script->next != 0 && reply != NULL) {
		play->answered[script->next - 1] = true;
		play->reply[script->next - 1] = *reply;
	}
	*event = script->next < play->count
			 ? play->event[script->next]
			 : (struct cbx_event){ .kind = CBX_EVENT_CPU_STOP };
	script->next++;
}

bool loop_has_page_states(void)
{
	return true;
}

void loop_run(struct loop_play *play)
{
	struct script script = { .play = play };

	mock_host(0, act, &script);
	play->crashed = cbx_monitor_run(0);
	mock_host(0, NULL, NULL);
}

static void add(struct loop_play *play, enum cbx_event_kind kind)
{
	play->event[play->count++] = (struct cbx_event){ .kind = kind };
}

static void add_fault(struct loop_play *play, uint64_t pfn, uint8_t bit)
{
	play->event[play->count++] = (struct cbx_event){
		.kind = CBX_EVENT_FAULT,
		.pfn = { pfn },
		.count = 1,
		.access = { bit },
	};
}

static void what_is_no_question_gets_no_answer(void **state)
{
	struct loop_play play = { 0 };

	(void)state;
	add(&play, CBX_EVENT_CPU_START);
	loop_call(&play, VERSION);
	add(&play, CBX_EVENT_TICK);
	add(&play, CBX_EVENT_TICK);
	loop_call(&play, VERSION);
	loop_run(&play);
	assert_false(play.answered[0]);
	assert_true(play.answered[1]);
	assert_false(play.answered[2]);
	assert_false(play.answered[3]);
	assert_true(play.answered[4]);
	assert_false(play.crashed);
}

static void a_crash_ends_the_loop_and_says_so(void **state)
{
	struct loop_play play = { 0 };

	(void)state;
	add(&play, CBX_EVENT_CRASH);
	loop_call(&play, VERSION);
	loop_run(&play);
	assert_true(play.crashed);
	assert_false(play.answered[1]);
}

static void a_fault_on_what_is_not_the_hosts_is_the_hosts(void **state)
{
	struct machine_box box;
	struct loop_play play = { 0 };
	uint64_t faults = mock_host_faults(0);

	(void)state;
	machine_box(&box);
	add_fault(&play, box.data, CBX_VIEW_R);
	add_fault(&play, box.handle, CBX_VIEW_W);
	add_fault(&play, machine_pool(1), CBX_VIEW_UX);
	add_fault(&play, UINT64_MAX, CBX_VIEW_R);
	loop_run(&play);
	assert_int_equal(mock_host_faults(0), faults + 4);
	assert_false(play.answered[0]);
	assert_false(ask_host_may(box.data, CBX_VIEW_R));
	machine_assert_sound();
}

static void a_fault_on_the_hosts_own_page_is_mended(void **state)
{
	struct loop_play play = { 0 };
	uint64_t faults = mock_host_faults(0);
	uint64_t pfn = machine_pages(1);
	uint64_t done;

	(void)state;
	/* The hardware lost the view. */
	assert_int_equal(cbx_hal_view_set((struct cbx_pfn){ pfn }, 1,
				 (struct cbx_view){ CBX_VIEW_NONE }, &done),
		CBX_OK);
	add_fault(&play, pfn, CBX_VIEW_W);
	loop_run(&play);
	assert_int_equal(mock_host_faults(0), faults);
	assert_true(ask_host_may(pfn, CBX_VIEW_W));
	machine_assert_sound();
}

const struct CMUnitTest loop_more[] = {
	MACHINE(what_is_no_question_gets_no_answer),
	MACHINE(a_crash_ends_the_loop_and_says_so),
	MACHINE(a_fault_on_what_is_not_the_hosts_is_the_hosts),
	MACHINE(a_fault_on_the_hosts_own_page_is_mended),
};
const size_t loop_more_count = sizeof(loop_more) / sizeof(loop_more[0]);

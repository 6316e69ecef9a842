/* SPDX-License-Identifier: Apache-2.0 */
/* The loop, and what the host does other than calling. */
#include <string.h>

#include "support/machine.h"

#include <base/letter.h>
#include <keeper/work.h>
#include <monitor/loop.h>

#define EVENTS 8u

/* Where the mock's keeper begins (support/machine.c). */
#define KEEPER_CODE 0x300000ull

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

/* A host: events to report, one after the other, and the answers it got. */
struct script {
	struct cbx_event event[EVENTS];
	size_t count;
	size_t next;
	struct cbx_reply reply[EVENTS];
	bool replied[EVENTS];
};

static void play(uint32_t cpu, void *arg, const struct cbx_reply *reply,
	struct cbx_event *event)
{
	struct script *script = arg;

	(void)cpu;
	if (script->next != 0) {
		script->replied[script->next - 1] = reply != NULL;
		if (reply != NULL) {
			script->reply[script->next - 1] = *reply;
		}
	}
	if (script->next == script->count) {
		event->kind = CBX_EVENT_CPU_STOP;
		return;
	}
	*event = script->event[script->next++];
}

static bool run(struct script *script)
{
	mock_host(0, play, script);
	return cbx_monitor_run(0);
}

static void calls_are_answered(void **state)
{
	struct script script = { .count = 3 };
	uint64_t pfn = machine_pages(2);

	(void)state;
	script.event[0].kind = CBX_EVENT_CPU_START;
	script.event[1].kind = CBX_EVENT_CALL;
	script.event[1].call = (struct cbx_call){
		.id = CBX_CALL_PAGE_DONATE,
		.arg = { pfn, 2 },
	};
	script.event[2].kind = CBX_EVENT_CALL;
	script.event[2].call.id = 0x666;
	assert_false(run(&script));
	assert_false(script.replied[0]);
	assert_true(script.replied[1]);
	assert_int_equal(script.reply[1].status, CBX_OK);
	assert_int_equal(script.reply[1].ret[0], 2);
	assert_int_equal(machine_state(pfn), CBX_PAGE_POOL);
	assert_int_equal(script.reply[2].status, CBX_E_UNKNOWN_CALL);
	machine_assert_sound();
}

static void ticks_have_no_answer_and_crashes_are_told(void **state)
{
	struct script script = { .count = 2 };

	(void)state;
	script.event[0].kind = CBX_EVENT_TICK;
	script.event[1].kind = CBX_EVENT_CRASH;
	assert_true(run(&script));
	assert_false(script.replied[0]);
	assert_int_equal(script.next, 2);
}

static void pages_are_shared_and_taken_back(void **state)
{
	struct script script = { .count = 2 };
	uint64_t pfn = machine_pages(3);

	(void)state;
	script.event[0] = (struct cbx_event){
		.kind = CBX_EVENT_PAGE_STATE,
		.pfn = at(pfn),
		.count = 3,
		.shared = true,
	};
	script.event[1] = script.event[0];
	script.event[1].shared = false;
	script.event[1].count = 2;
	assert_false(run(&script));
	assert_int_equal(script.reply[0].status, CBX_OK);
	assert_int_equal(script.reply[0].ret[0], 3);
	assert_int_equal(script.reply[1].ret[0], 2);
	assert_true(mock_hypervisor_may(at(pfn + 2)));
	assert_false(mock_hypervisor_may(at(pfn)));
	machine_assert_sound();
}

static void a_box_s_pages_are_not_shared(void **state)
{
	struct machine_box box;
	struct script script = { .count = 4 };

	(void)state;
	machine_box(&box);

	const uint64_t pfns[] = { box.data, box.handle, machine_pool(1), 0 };

	for (size_t i = 0; i < 4; i++) {
		script.event[i] = (struct cbx_event){
			.kind = CBX_EVENT_PAGE_STATE,
			.pfn = at(pfns[i]),
			.count = 1,
			.shared = true,
		};
	}
	assert_false(run(&script));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(script.reply[i].status, CBX_E_STATE);
		assert_false(mock_hypervisor_may(at(pfns[i])));
	}
	machine_assert_sound();
}

static void malformed_ranges_are_not_shared(void **state)
{
	struct script script = { .count = 3 };

	(void)state;
	script.event[0] = (struct cbx_event){ .kind = CBX_EVENT_PAGE_STATE,
		.pfn = at(1) };
	script.event[1] = (struct cbx_event){
		.kind = CBX_EVENT_PAGE_STATE, .pfn = at(UINT64_MAX), .count = 2
	};
	script.event[2] = (struct cbx_event){
		.kind = CBX_EVENT_PAGE_STATE, .pfn = at(1), .count = UINT64_MAX
	};
	assert_false(run(&script));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(script.reply[i].status, CBX_E_INVALID);
	}
}

static struct cbx_event fault(uint64_t pfn, uint8_t access)
{
	return (struct cbx_event){
		.kind = CBX_EVENT_FAULT,
		.pfn = at(pfn),
		.count = 1,
		.access = { access },
	};
}

static void a_forbidden_touch_is_the_host_s_fault(void **state)
{
	struct machine_box box;
	struct script script = { .count = 4 };

	(void)state;
	machine_box(&box);
	script.event[0] = fault(box.data, CBX_VIEW_R);
	script.event[1] = fault(machine_pool(1), CBX_VIEW_W);
	script.event[2] = fault(0, CBX_VIEW_R);
	script.event[3] = fault(MACHINE_PAGES, CBX_VIEW_R);
	assert_false(run(&script));
	assert_int_equal(mock_host_faults(0), 4);
	assert_false(script.replied[0]);
	assert_false(
		mock_host_may(at(box.data), (struct cbx_view){ CBX_VIEW_ALL }));
	machine_assert_sound();
}

static void a_view_the_hardware_lost_is_set_again(void **state)
{
	struct script script = { .count = 2 };
	const struct cbx_view none = { CBX_VIEW_NONE };
	uint64_t pfn = machine_pages(1);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_hal_view_set(at(pfn), 1, none, &done), CBX_OK);
	script.event[0] = fault(pfn, CBX_VIEW_SX);
	assert_false(run(&script));
	assert_int_equal(mock_host_faults(0), 0);
	assert_int_equal(mock_view(at(pfn)).bits, CBX_VIEW_ALL);

	assert_int_equal(cbx_hal_view_set(at(pfn), 1, none, &done), CBX_OK);
	script.next = 0;
	mock_refuse_nth(1);
	assert_false(run(&script));
	assert_int_equal(mock_host_faults(0), 1);
}

static void a_fault_on_an_open_page_sets_no_view(void **state)
{
	struct script script = { .count = 1 };
	uint64_t pfn = machine_pages(1);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_OK);
	script.event[0] = fault(pfn, CBX_VIEW_W);
	assert_false(run(&script));
	assert_int_equal(mock_host_faults(0), 0);
	machine_assert_sound();
}

static void break_down(struct mock_box_cpu *box, void *arg)
{
	(void)arg;
	mock_box_trap(box, CBX_FAULT_BREAKPOINT, 0);
}

/* Page 0 is the monitor's. */
static struct cbx_letter *write_letter(uint32_t op, uint32_t bytes)
{
	struct cbx_letter *letter = (void *)mock_page(at(0));

	memset(letter, 0, sizeof(*letter));
	letter->op = op;
	letter->bytes = bytes;
	for (uint32_t i = 0; i < bytes; i++) {
		letter->body[i] = (uint8_t)(i + 1);
	}
	return letter;
}

/* What it comes to is on the page; the host hears nothing. */
static void a_letter_goes_to_the_keeper_and_back(void **state)
{
	struct script script = { .count = 1 };
	struct cbx_letter *letter;

	(void)state;
	cbx_letter_forget();
	script.event[0].kind = CBX_EVENT_LETTER;
	letter = write_letter(CBX_LETTER_KEY, CBX_LETTER_KEY_BYTES);
	assert_false(run(&script));
	assert_false(script.replied[0]);
	assert_int_equal(letter->op, CBX_LETTER_DONE);
	assert_int_equal(letter->bytes, 0x60 + 0x20); /* asks for the root */
	assert_int_equal(letter->body[0x20], 1);      /* the first message */
	script.next = 0;
	letter = write_letter(CBX_LETTER_KEY, CBX_LETTER_KEY_BYTES);
	assert_false(run(&script));
	assert_int_equal(letter->op, CBX_LETTER_KEY);
	assert_int_equal(letter->body[31], 32);
	cbx_letter_forget();
	machine_assert_sound();
}

static void a_letter_to_a_dead_keeper_is_as_it_was(void **state)
{
	struct script script = { .count = 1 };
	struct cbx_letter *letter;

	(void)state;
	mock_program(KEEPER_CODE, break_down, NULL);
	script.event[0].kind = CBX_EVENT_LETTER;
	letter = write_letter(CBX_LETTER_LOST, 5);
	assert_false(run(&script));
	assert_int_equal(letter->op, CBX_LETTER_LOST);
	assert_int_equal(letter->bytes, 5);
	assert_int_equal(letter->body[4], 5);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(calls_are_answered),
		MACHINE(ticks_have_no_answer_and_crashes_are_told),
		MACHINE(pages_are_shared_and_taken_back),
		MACHINE(a_box_s_pages_are_not_shared),
		MACHINE(malformed_ranges_are_not_shared),
		MACHINE(a_forbidden_touch_is_the_host_s_fault),
		MACHINE(a_view_the_hardware_lost_is_set_again),
		MACHINE(a_fault_on_an_open_page_sets_no_view),
		MACHINE(a_letter_goes_to_the_keeper_and_back),
		MACHINE(a_letter_to_a_dead_keeper_is_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

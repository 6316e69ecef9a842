/* SPDX-License-Identifier: Apache-2.0 */
/* Entering boxes, and why the CPU comes back. */
#include "support/machine.h"

static uint32_t reason(const struct machine_box *box)
{
	return (uint32_t)box->exit.ret[0];
}

static void stop_lost(struct mock_box_cpu *cpu, void *arg)
{
	(void)arg;
	mock_box_lost(cpu);
}

static void stop_fault(struct mock_box_cpu *cpu, void *arg)
{
	(void)arg;
	mock_box_trap(cpu, CBX_FAULT_ARITHMETIC, 0x123);
}

static void a_bad_buffer_is_refused(void **state)
{
	struct machine_box box;
	uint64_t pool = machine_pool(1);
	uint64_t h;

	(void)state;
	machine_box(&box);
	h = box.handle;
	refuse(E_INVALID, BOX_ENTER, h, box.io, CBX_IO_PAGES_MAX + 1);
	refuse(E_INVALID, BOX_ENTER, h, box.io, UINT64_MAX);
	refuse(E_DENIED, BOX_ENTER, h, pool, 1);
	refuse(E_DENIED, BOX_ENTER, h, box.data, 1);
	refuse(E_DENIED, BOX_ENTER, h, 0, 1);
	refuse(E_DENIED, BOX_ENTER, h, MACHINE_PAGES - 1, 2);
	refuse(E_DENIED, BOX_ENTER, h, UINT64_MAX, 1);
	must(BOX_ENTER, h, box.io, 4);
	must(BOX_ENTER, h, 0, 0);
	machine_assert_sound();
}

static void a_box_ends_by_itself(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	(void)in_box(&box, END, 42);
	assert_int_equal(reason(&box), CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[1], 42);
	assert_int_equal(box.exit.ret[2], CBX_END_EXIT);
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[1], 42);
	machine_assert_sound();
}

static void a_fault_nobody_takes_ends_the_box(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_program(MACHINE_CODE(&box), stop_fault, NULL);
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[1], CBX_FAULT_ARITHMETIC);
	assert_int_equal(box.exit.ret[2], CBX_END_FAULT);
}

static void a_lost_context_ends_the_box(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_program(MACHINE_CODE(&box), stop_lost, NULL);
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[2], CBX_END_LOST);
}

static void a_kick_brings_the_cpu_back(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	cbx_hal_cpu_kick(0);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(in_box(&box, TIME).status, CBX_OK);
}

/* While the box runs on CPU 0, CPU 1 enters it, too, and kicks it. */
static void enter_from_outside(struct mock_box_cpu *cpu, void *arg)
{
	struct machine_box *box = arg;

	if (cpu->cpu == 0) {
		mock_cpu_set(1);
		box->exit = gate(BOX_ENTER, box->handle, 0, 0);
		must(BOX_KICK, box->handle);
		mock_cpu_set(0);
	}
	box->script[cpu->start.arg].upcalls++;
	mock_box_interrupted(cpu);
}

static void a_thread_runs_on_one_cpu(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_program(MACHINE_CODE(&box), enter_from_outside, &box);
	must(BOX_ENTER, box.handle, 0, 0);
	assert_int_equal(box.exit.status, CBX_OK);
	assert_int_equal(box.exit.ret[0], CBX_EXIT_IDLE);
	assert_int_equal(mock_kicks(0), 1);
	assert_int_equal(mock_kicks(1), 0);
	machine_assert_sound();
}

static void two_threads_run_on_two_cpus(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	mock_program(MACHINE_CODE(&box), enter_from_outside, &box);
	must(BOX_ENTER, box.handle, 0, 0);
	assert_int_equal(box.exit.ret[0], CBX_EXIT_INTERRUPTED);
	assert_int_equal(box.script[0].upcalls, 1);
	assert_int_equal(box.script[1].upcalls, 1);
	machine_assert_sound();
}

static void a_box_in_which_nobody_can_run_is_idle(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_PARK, 0).status, MACHINE_NO_ANSWER);
	assert_int_equal(reason(&box), CBX_EXIT_IDLE);
	assert_int_equal(box.exit.ret[1], 0);
	assert_int_equal(machine_enter(&box), CBX_EXIT_IDLE);
	machine_assert_sound();
}

/* ---- trace ---- */

static void syscall_then_rest(struct mock_box_cpu *cpu, void *arg)
{
	const struct cbx_call call = { .id = 39, .arg = { 1, 2, 3, 4, 5, 6 } };

	(void)arg;
	if (cpu->step++ == 0) {
		mock_box_syscall(cpu, &call);
	} else {
		mock_box_interrupted(cpu);
	}
}

static void report(struct mock_box_cpu *cpu, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_UPCALL_RESUME,
		.arg = { 0x1234, 0x5678 } };

	assert_non_null(cpu->upcall);
	*(uint32_t *)arg = cpu->upcall->code;
	mock_box_return(cpu);
	mock_box_gate(cpu, &call);
}

static void a_traced_system_call_is_shown_with_its_result(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;
	uint32_t code = 0;
	uint64_t thread;

	(void)state;
	policy.flags |= CBX_POLICY_TRACE;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	assert_int_equal(
		in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).status,
		CBX_OK);
	mock_program(MACHINE_CODE(&box), syscall_then_rest, NULL);
	mock_program(MACHINE_CODE(&box) + 4096, report, &code);
	assert_int_equal(machine_enter(&box), CBX_EXIT_TRACE);
	assert_int_equal(box.exit.ret[0] >> 32, 39);
	for (uint64_t i = 0; i < 6; i++) {
		assert_int_equal(box.exit.ret[1 + i], i + 1);
	}
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ box.io }, 0, &thread, sizeof(thread)));
	assert_int_equal(thread, box.thread);
	assert_int_equal(code, 0);
	assert_int_equal(machine_enter(&box), CBX_EXIT_RESULT);
	assert_int_equal(code, 39);
	assert_int_equal(box.exit.ret[1], 0x1234);
	assert_int_equal(box.exit.ret[2], box.thread);
	assert_int_equal(box.exit.ret[3], 0x5678);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	machine_assert_sound();
}

static void a_confined_box_is_not_shown(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;
	uint32_t code = 0;

	(void)state;
	policy.flags |= CBX_POLICY_TRACE;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	assert_int_equal(
		in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).status,
		CBX_OK);
	machine_confine(&box);
	mock_program(MACHINE_CODE(&box), syscall_then_rest, NULL);
	mock_program(MACHINE_CODE(&box) + 4096, report, &code);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(code, 39);
	machine_assert_sound();
}

/* ---- the end of a confined box ---- */

static void break_rules(struct mock_box_cpu *cpu, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_FORWARD };

	(void)arg;
	mock_box_gate(cpu, &call);
}

static void end_with_status(struct mock_box_cpu *cpu, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_END, .arg = { 99 } };

	(void)arg;
	mock_box_gate(cpu, &call);
}

static void every_end_of_a_confined_box_looks_the_same(void **state)
{
	mock_program_fn *const ends[] = { stop_lost, stop_fault, break_rules,
		end_with_status, NULL };
	struct cbx_reply first[2];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const struct mock_options options = { .pages = MACHINE_PAGES };
		struct machine_box box;
		struct cbx_reply query;

		machine_again(&options, true);
		machine_box(&box);
		machine_confine(&box);
		if (ends[i] == NULL) {
			must(BOX_KILL, box.handle);
		} else {
			mock_program(MACHINE_CODE(&box), ends[i], NULL);
		}
		(void)machine_enter(&box);
		assert_true(machine_ended(&box));
		query = gate(BOX_QUERY, box.handle);
		if (i == 0) {
			first[0] = box.exit;
			first[1] = query;
		}
		assert_memory_equal(&box.exit, &first[0], sizeof(first[0]));
		assert_memory_equal(&query, &first[1], sizeof(first[1]));
		assert_int_equal(query.ret[2], 0);
	}
}

/* ---- deadlines ---- */

static void a_deadline_is_an_up_call(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).status,
		CBX_OK);
	assert_int_equal(in_box(&box, UPCALL_DEADLINE, 5000).status, CBX_OK);
	mock_ticks_set(4999);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(box.script[0].upcalls, 0);
	mock_ticks_set(5003);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(box.script[0].upcalls, 1);
	assert_int_equal(box.script[0].upcall.kind, CBX_UPCALL_DEADLINE);
	assert_int_equal(box.script[0].upcall.value, 5003);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(box.script[0].upcalls, 1);
	assert_int_equal(in_box(&box, UPCALL_DEADLINE, 6000).status, CBX_OK);
	assert_int_equal(in_box(&box, UPCALL_DEADLINE, 0).status, CBX_OK);
	mock_ticks_set(7000);
	(void)machine_enter(&box);
	assert_int_equal(box.script[0].upcalls, 1);
}

static void set_state(const struct machine_box *box, uint32_t state)
{
	struct cbx_domain *d = cbx_domain_hold(box->handle);

	d->state = state;
	d->was_confined = state == CBX_DOMAIN_CONFINED;
	d->policy.output_pages = 1;
	cbx_domain_drop(d);
}

/* While thread 0 runs on CPU 0, thread 1 sets its deadline from CPU 1. */
static void interrupt_thread_0(struct mock_box_cpu *cpu, void *arg)
{
	struct machine_box *box = arg;
	bool confined = must(BOX_QUERY, box->handle) == CBX_DOMAIN_CONFINED;
	const struct cbx_call call = {
		.id = CBX_CALL_UPCALL_DEADLINE,
		.arg = { 1, box->thread },
	};

	if (cpu->cpu == 1 && box->script[1].word++ == 0) {
		mock_box_gate(cpu, &call);
		return;
	}
	if (cpu->cpu == 0 && box->script[0].word++ == 0) {
		assert_int_equal(cpu->start.arg, 0);
		assert_false(mock_box_kicked(cpu));
		mock_cpu_set(1);
		box->exit = gate(BOX_ENTER, box->handle, box->io + 1, 1);
		mock_cpu_set(0);
		assert_int_equal(mock_box_kicked(cpu), !confined);
	}
	mock_box_interrupted(cpu);
}

static void a_deadline_reaches_another_thread(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	mock_ticks_set(5000);
	mock_program(MACHINE_CODE(&box), interrupt_thread_0, &box);
	must(BOX_ENTER, box.handle, 0, 0);
	assert_int_equal(box.exit.ret[0], CBX_EXIT_INTERRUPTED);
	assert_int_equal(mock_kicks(0), 1);
	assert_int_equal(mock_kicks(1), 0);
	assert_int_equal(box.script[0].upcalls, 0);
	for (int i = 0; i < 8 && box.script[0].upcalls == 0; i++) {
		must(BOX_ENTER, box.handle, 0, 0);
	}
	assert_int_equal(box.script[0].upcall.kind, CBX_UPCALL_DEADLINE);
	assert_int_equal(box.script[1].upcalls, 0);
	assert_int_equal(mock_kicks(0), 1);
	machine_assert_sound();
}

/* A confined box tells the host nothing by that: the thread gets its deadline
 * when its CPU comes back by itself. */
static void a_confined_box_interrupts_nobody(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, UPCALL_ENTRY, MACHINE_CODE(&box) + 4096, 0).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	set_state(&box, CBX_DOMAIN_CONFINED);
	mock_ticks_set(5000);
	mock_program(MACHINE_CODE(&box), interrupt_thread_0, &box);
	must(BOX_ENTER, box.handle, box.io, 1);
	assert_int_equal(mock_kicks(0), 0);
	for (int i = 0; i < 8 && box.script[0].upcalls == 0; i++) {
		must(BOX_ENTER, box.handle, box.io, 1);
	}
	assert_int_equal(box.script[0].upcall.kind, CBX_UPCALL_DEADLINE);
	set_state(&box, CBX_DOMAIN_READY);
	machine_assert_sound();
}

/* While the box runs on CPU 0, CPU 1 kicks it twice, if something is due; time
 * passes between. */
static void kick_when_due(struct mock_box_cpu *cpu, void *arg)
{
	struct machine_box *box = arg;

	mock_cpu_set(1);
	must(BOX_KICK, box->handle, 1);
	box->script[0].word = mock_kicks(0);
	mock_ticks_set(5000);
	must(BOX_KICK, box->handle, 1);
	refuse(E_INVALID, BOX_KICK, box->handle, 2);
	mock_cpu_set(0);
	mock_box_interrupted(cpu);
}

/* Kicks of CPU 0 at 4999, and at 5000, too. */
static void expect_kicks(struct machine_box *box, uint64_t before, uint64_t all)
{
	uint64_t kicks = mock_kicks(0);

	mock_ticks_set(4999);
	mock_program(MACHINE_CODE(box), kick_when_due, box);
	must(BOX_ENTER, box->handle, box->io, 1);
	assert_int_equal(box->script[0].word - kicks, before);
	assert_int_equal(mock_kicks(0) - kicks, all);
}

static void a_box_leaves_for_a_deadline_that_has_passed(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, UPCALL_DEADLINE, 5000).status, CBX_OK);
	expect_kicks(&box, 0, 1);
	machine_assert_sound();
}

static void a_box_stays_when_nothing_is_due(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	expect_kicks(&box, 0, 0);
	machine_assert_sound();
}

static void a_box_leaves_for_a_thread_that_waits(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	expect_kicks(&box, 1, 2);
	machine_assert_sound();
}

static void a_confined_box_leaves_though_nothing_is_due(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	must(BOX_KICK, box.handle, 1);
	set_state(&box, CBX_DOMAIN_CONFINED);
	expect_kicks(&box, 1, 2);
	set_state(&box, CBX_DOMAIN_READY);
	machine_assert_sound();
}

static void a_deadline_names_a_thread_of_the_box(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, UPCALL_DEADLINE, 1, box.handle).status,
		CBX_E_INVALID);
	assert_int_equal(in_box(&box, UPCALL_DEADLINE, 1, box.space).status,
		CBX_E_INVALID);
	assert_int_equal(
		in_box(&box, UPCALL_DEADLINE, 1, box.thread).status, CBX_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_bad_buffer_is_refused),
		MACHINE(a_box_ends_by_itself),
		MACHINE(a_fault_nobody_takes_ends_the_box),
		MACHINE(a_lost_context_ends_the_box),
		MACHINE(a_kick_brings_the_cpu_back),
		MACHINE(a_thread_runs_on_one_cpu),
		MACHINE(two_threads_run_on_two_cpus),
		MACHINE(a_box_in_which_nobody_can_run_is_idle),
		MACHINE(a_traced_system_call_is_shown_with_its_result),
		MACHINE(a_confined_box_is_not_shown),
		MACHINE(every_end_of_a_confined_box_looks_the_same),
		MACHINE(a_deadline_is_an_up_call),
		MACHINE(a_deadline_reaches_another_thread),
		MACHINE(a_confined_box_interrupts_nobody),
		MACHINE(a_box_stays_when_nothing_is_due),
		MACHINE(a_box_leaves_for_a_deadline_that_has_passed),
		MACHINE(a_box_leaves_for_a_thread_that_waits),
		MACHINE(a_confined_box_leaves_though_nothing_is_due),
		MACHINE(a_deadline_names_a_thread_of_the_box),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

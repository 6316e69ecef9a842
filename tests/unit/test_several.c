/* SPDX-License-Identifier: Apache-2.0 */
/* Several CPUs in one box: who is told that there is work, and who may go on
 * with what. */
#include "support/machine.h"

static struct machine_box box;
static uint64_t other; /* thread 1's handle */
static uint32_t gates; /* that thread 0 went on after */

static uint32_t reason_of(struct cbx_reply reply)
{
	assert_int_equal(reply.status, CBX_OK);
	return (uint32_t)reply.ret[0];
}

/* CPU 1 enters with a buffer of its own. */
static uint32_t enter_beside(void)
{
	uint32_t reason;

	mock_cpu_set(1);
	reason = reason_of(gate(BOX_ENTER, box.handle, box.io + 1, 1));
	mock_cpu_set(0);
	return reason;
}

static uint32_t enter(void)
{
	return reason_of(gate(BOX_ENTER, box.handle, box.io, 1));
}

/* A box whose thread 1 is parked. */
static void make_box(void)
{
	struct cbx_reply reply;

	machine_box(&box);
	gates = 0;
	reply = in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1);
	assert_int_equal(reply.status, CBX_OK);
	other = reply.ret[0];
	assert_int_equal(
		in_thread(&box, 1, THREAD_PARK, 0).status, MACHINE_NO_ANSWER);
}

/* Thread 0: let CPU 1 find nothing to do if asked to, wake thread 1 and go
 * on; thread 1: rest. */
static void wake_other(struct mock_box_cpu *cpu, void *arg)
{
	const bool *beside = arg;
	const struct cbx_call call = { .id = CBX_CALL_THREAD_UNPARK,
		.arg = { other } };

	if (cpu->start.arg == 1 || cpu->step++ != 0) {
		gates += cpu->start.arg == 0 ? 1 : 0;
		mock_box_interrupted(cpu);
		return;
	}
	if (*beside) {
		assert_int_equal(enter_beside(), CBX_EXIT_IDLE);
	}
	mock_box_gate(cpu, &call);
}

static void an_idle_cpu_is_called_for(void **state)
{
	bool beside = true;

	(void)state;
	make_box();
	mock_program(MACHINE_CODE(&box), wake_other, &beside);
	assert_int_equal(enter(), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gates, 0);
	machine_assert_sound();
}

static void without_an_idle_cpu_nobody_is(void **state)
{
	bool beside = false;

	(void)state;
	make_box();
	mock_program(MACHINE_CODE(&box), wake_other, &beside);
	assert_int_equal(enter(), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gates, 1);
	machine_assert_sound();
}

static void a_confined_box_calls_nobody(void **state)
{
	struct cbx_domain *d;
	bool beside = true;

	(void)state;
	make_box();
	mock_program(MACHINE_CODE(&box), wake_other, &beside);
	d = cbx_domain_hold(box.handle);
	d->state = CBX_DOMAIN_CONFINED;
	d->policy.output_pages = 1;
	cbx_domain_drop(d);
	assert_int_equal(enter(), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gates, 1);
	d = cbx_domain_hold(box.handle);
	d->state = CBX_DOMAIN_READY;
	cbx_domain_drop(d);
	machine_assert_sound();
}

/* Thread 0 writes; thread 1 is not to be seen. */
static void write_out(struct mock_box_cpu *cpu, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_CHANNEL_WRITE,
		.arg = { CBX_PORT_OUTPUT, MACHINE_DATA, 8 } };

	(void)arg;
	if (cpu->step++ == 0) {
		mock_box_gate(cpu, &call);
		return;
	}
	gates++;
	mock_box_interrupted(cpu);
}

static void who_wrote_goes_on_where_it_left(void **state)
{
	(void)state;
	make_box();
	mock_program(MACHINE_CODE(&box), write_out, NULL);
	assert_int_equal(enter(), CBX_EXIT_OUTPUT);
	assert_int_equal(enter_beside(), CBX_EXIT_IDLE);
	assert_int_equal(gates, 0);
	assert_int_equal(enter(), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gates, 1);
	assert_int_equal(enter_beside(), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gates, 2);
	machine_assert_sound();
}

/* Thread 0 does nothing but write; thread 1 rests. */
static void write_on(struct mock_box_cpu *cpu, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_CHANNEL_WRITE,
		.arg = { CBX_PORT_OUTPUT, MACHINE_DATA, 8 } };

	(void)arg;
	if (cpu->start.arg == 0) {
		mock_box_gate(cpu, &call);
	} else {
		mock_box_interrupted(cpu);
	}
}

/* Outputs until thread 1 had its turn. */
static uint32_t outputs(void)
{
	uint32_t count = 0;

	while (enter() == CBX_EXIT_OUTPUT) {
		count++;
		assert_true(count <= CBX_LEFT_FIRST + 1);
	}
	return count;
}

static void who_only_writes_leaves_others_a_turn(void **state)
{
	(void)state;
	make_box();
	assert_int_equal(in_box(&box, THREAD_UNPARK, other).status, CBX_OK);
	mock_program(MACHINE_CODE(&box), write_on, NULL);
	(void)outputs();
	assert_in_range(outputs(), CBX_LEFT_FIRST - 1, CBX_LEFT_FIRST + 1);
	machine_assert_sound();
}

/* Thread 0 wakes thread 1, yields, and goes on. */
static void yield(struct mock_box_cpu *cpu, void *arg)
{
	const struct cbx_call call[2] = {
		{ .id = CBX_CALL_THREAD_UNPARK, .arg = { other } },
		{ .id = CBX_CALL_THREAD_PARK, .arg = { CBX_PARK_YIELD } },
	};

	(void)arg;
	if (cpu->start.arg == 0 && cpu->step < 2) {
		mock_box_gate(cpu, &call[cpu->step++]);
		return;
	}
	gates += cpu->start.arg == 0 ? 1 : 0;
	mock_box_interrupted(cpu);
}

static void a_yield_lets_others_go_first(void **state)
{
	(void)state;
	make_box();
	mock_program(MACHINE_CODE(&box), yield, NULL);
	assert_int_equal(enter(), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gates, 0);
	assert_int_equal(enter(), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gates, 1);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(an_idle_cpu_is_called_for),
		MACHINE(without_an_idle_cpu_nobody_is),
		MACHINE(a_confined_box_calls_nobody),
		MACHINE(who_wrote_goes_on_where_it_left),
		MACHINE(who_only_writes_leaves_others_a_turn),
		MACHINE(a_yield_lets_others_go_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

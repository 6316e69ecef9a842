/* SPDX-License-Identifier: Apache-2.0 */
/* Box CPU contexts: gates, faults, up-calls, traces, kicks. */
#include "box.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hal/linux/cpu.h>

LABEL(box_gates);
LABEL(box_read);
LABEL(box_write);
LABEL(box_execute);
LABEL(box_ret);
LABEL(box_hlt);
LABEL(box_cpuid);
LABEL(box_divide);
LABEL(box_int3);
LABEL(box_spin);
LABEL(box_stress);
LABEL(box_syscall);
LABEL(box_entry_quick);
LABEL(box_entry_gate);
LABEL(box_entry_spin);

static void gates_carry_arguments_and_replies(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_gates, 1);
	const struct cbx_reply reply = { 7, { 11, 12, 13, 14, 15, 16, 17 } };

	(void)state;
	for (int round = 0; round < 3; round++) {
		(void)thread_run(&t, NULL);
		assert_gate(&t, 0x111);
		for (uint64_t i = 0; i < CBX_CALL_ARGS; i++) {
			assert_int_equal(t.stop.call.arg[i], i + 1);
		}
		(void)thread_run(&t, &reply);
		assert_gate(&t, 0x122);
		assert_int_equal(t.stop.call.arg[0], 7);
		assert_int_equal(t.stop.call.arg[1], 11);
		assert_int_equal(t.stop.call.arg[2], 12);
		assert_int_equal(t.stop.call.arg[3], 13);
		assert_int_equal(t.stop.call.arg[4], 1);
		assert_int_equal(t.stop.call.arg[5],
			STACK_VA + STACK_PAGES * CBX_PAGE_SIZE);
	}
	thread_destroy(&t);
	box_destroy(&box);
}

static void faults_stop_without_an_entry(void **state)
{
	static const struct {
		const uint8_t *label;
		uint64_t arg;
		enum cbx_fault fault;
	} cases[] = {
		{ box_read, 0x40000000, CBX_FAULT_READ },
		{ box_write, 0x40000000, CBX_FAULT_WRITE },
		{ box_write, CODE_VA, CBX_FAULT_WRITE },
		{ box_execute, 0x40000000, CBX_FAULT_EXECUTE },
		{ box_execute, DATA_VA, CBX_FAULT_EXECUTE },
		{ box_hlt, 0, CBX_FAULT_INSTRUCTION },
		{ box_divide, 0, CBX_FAULT_ARITHMETIC },
		{ box_int3, 0, CBX_FAULT_BREAKPOINT },
		{ box_syscall, 39, CBX_FAULT_INSTRUCTION },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct box box = box_create(0);
		struct box_thread t =
			thread_create(&box, cases[i].label, cases[i].arg);

		assert_int_equal(thread_run(&t, NULL), CBX_STOP_FAULT);
		assert_int_equal(t.stop.fault, cases[i].fault);
		if (cases[i].fault <= CBX_FAULT_EXECUTE) {
			assert_int_equal(t.stop.address.a, cases[i].arg);
		}
		thread_destroy(&t);
		box_destroy(&box);
	}
}

static void rights_are_what_the_table_says(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_write, DATA_VA);
	const struct cbx_rights read = { CBX_RIGHT_R };
	struct cbx_mapping mapping;
	const uint64_t *page;
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_arch_space_protect(box.space,
				 (struct cbx_va){ DATA_VA }, 1, read, &done),
		CBX_OK);
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_FAULT);
	assert_int_equal(
		cbx_arch_space_protect(box.space, (struct cbx_va){ DATA_VA }, 1,
			(struct cbx_rights){ 3 }, &done),
		CBX_OK);
	assert_true(cbx_arch_space_lookup(
		box.space, (struct cbx_va){ DATA_VA }, &mapping));
	assert_int_equal(mapping.pfn.n, box.data.n);
	assert_int_equal(mapping.rights.bits, 3);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x123);
	page = cbx_hal_page_map(box.data);
	assert_int_equal(*page, 77);
	cbx_hal_page_unmap(page);
	thread_destroy(&t);
	box_destroy(&box);
}

static void an_unmapped_page_is_gone(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_read, DATA_VA);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_arch_space_unmap(box.space,
				 (struct cbx_va){ DATA_VA }, 1, &done),
		CBX_OK);
	assert_true(cbx_arch_space_flushed(
		box.space, cbx_arch_space_flush(box.space)));
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_FAULT);
	assert_int_equal(t.stop.address.a, DATA_VA);
	thread_destroy(&t);
	box_destroy(&box);
}

static void a_system_call_is_an_up_call(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_syscall, 39);

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_quick), 0);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x123);
	assert_int_equal(t.stop.call.arg[0], 4242);
	assert_int_equal(t.stop.call.arg[1], 0);
	thread_destroy(&t);
	box_destroy(&box);
}

static void an_up_call_may_make_gates(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_syscall, 39);
	const struct cbx_reply reply = { CBX_OK, { 99 } };

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_gate), 0);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x140);
	assert_int_equal(t.stop.call.arg[0], CBX_UPCALL_SYSCALL);
	assert_int_equal(t.stop.call.arg[1], 39);
	assert_int_equal(t.stop.call.arg[4], 39);
	(void)thread_run(&t, &reply);
	assert_gate(&t, 0x123);
	assert_int_equal(t.stop.call.arg[0], 99);
	assert_int_equal(t.stop.call.arg[1], 0);
	thread_destroy(&t);
	box_destroy(&box);
}

static void a_fault_is_an_up_call(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_write, 0x40000000);
	const struct cbx_reply skip = { CBX_OK, { 0, 7 } };

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_gate), 0);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x140);
	assert_int_equal(t.stop.call.arg[0], CBX_UPCALL_FAULT);
	assert_int_equal(t.stop.call.arg[1], CBX_FAULT_WRITE);
	assert_int_equal(t.stop.call.arg[2], 0x40000000);
	assert_int_equal(t.stop.call.arg[3], label_va(box_write));
	(void)thread_run(&t, &skip);
	assert_gate(&t, 0x123);
	thread_destroy(&t);
	box_destroy(&box);
}

static void a_traced_system_call_stops_first(void **state)
{
	struct box box = box_create(CBX_SPACE_TRACE);
	struct box_thread t = thread_create(&box, box_syscall, 9);

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_quick), 0);
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_TRACE);
	assert_int_equal(t.stop.call.id, 9);
	assert_int_equal(t.stop.call.arg[0], 0x7777);
	assert_int_equal(t.stop.call.arg[5], 0xcccc);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x123);
	assert_int_equal(t.stop.call.arg[0], 4242);
	assert_int_equal(t.stop.call.arg[1], 0);
	thread_destroy(&t);
	box_destroy(&box);
}

static void cpuid_faults_in_every_thread_of_a_space_that_withholds_it(
	void **state)
{
	struct box_thread t[3];
	struct box open;
	struct box box;

	(void)state;
	if ((cbx_hal_caps().bits & CBX_CAP_CPUID) == 0) {
		skip();
	}
	open = box_create(0);
	box = box_create(CBX_SPACE_CPUID);
	for (size_t i = 0; i < 3; i++) {
		t[i] = thread_create(i == 1 ? &open : &box, box_cpuid, 0);
		(void)thread_run(&t[i], NULL);
	}
	assert_gate(&t[1], 0x123);
	for (size_t i = 0; i < 3; i += 2) {
		assert_int_equal(t[i].stop.kind, CBX_STOP_FAULT);
		assert_int_equal(t[i].stop.fault, CBX_FAULT_INSTRUCTION);
	}
	for (size_t i = 0; i < 3; i++) {
		thread_destroy(&t[i]);
	}
	box_destroy(&open);
	box_destroy(&box);
}

static void *kick_cpu_zero(void *arg)
{
	(void)arg;
	(void)usleep(20000);
	cbx_hal_cpu_kick(0);
	return NULL;
}

static void run_and_kick(struct box_thread *t)
{
	pthread_t kicker;

	assert_int_equal(pthread_create(&kicker, NULL, kick_cpu_zero, NULL), 0);
	assert_int_equal(thread_run(t, NULL), CBX_STOP_INTERRUPTED);
	(void)pthread_join(kicker, NULL);
}

static void poke_data(const struct box *box, uint64_t value)
{
	uint64_t *page = cbx_hal_page_map(box->data);

	*page = value;
	cbx_hal_page_unmap(page);
}

static void a_kick_interrupts_and_nothing_is_lost(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_spin, 55);

	(void)state;
	run_and_kick(&t);
	run_and_kick(&t);
	poke_data(&box, 1);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x123);
	assert_int_equal(t.stop.call.arg[0], 55);
	assert_true(t.stop.call.arg[1] > 100000);
	thread_destroy(&t);
	box_destroy(&box);
}

static atomic_bool kicking;

static void *kick_often(void *arg)
{
	(void)arg;
	while (kicking) {
		(void)sched_yield();
		cbx_hal_cpu_kick(0);
	}
	return NULL;
}

static uint64_t peek_data(const struct box *box, uint32_t index)
{
	const uint64_t *page = cbx_hal_page_map(box->data);
	uint64_t value = page[index];

	cbx_hal_page_unmap(page);
	return value;
}

/* Interrupts at any instruction of traps, up-calls and returns, and deadlines
 * on top of them: one at a time, or the stack would be full one day. */
static void no_register_is_lost_under_kicks(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_stress, 0);
	uint64_t interrupts = 0;
	uint64_t deadlines = 0;
	pthread_t kicker;

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_quick), 0);
	poke_data(&box, 20000);
	kicking = true;
	(void)pthread_create(&kicker, NULL, kick_often, NULL);
	while (thread_run(&t, NULL) == CBX_STOP_INTERRUPTED) {
		interrupts++;
		if (peek_data(&box, 1) == deadlines) {
			deadlines++;
			cbx_arch_vcpu_upcall(t.vcpu, CBX_UPCALL_DEADLINE, 1);
		}
	}
	kicking = false;
	(void)pthread_join(kicker, NULL);
	(void)cbx_linux_cpu_kicked(0);
	assert_gate(&t, 0x123);
	assert_int_equal(t.stop.call.arg[1], 0);
	assert_true(interrupts > 10);
	assert_in_range(peek_data(&box, 1), deadlines - 1, deadlines);
	thread_destroy(&t);
	box_destroy(&box);
}

/* A kick while the context is on its way to an up-call, by a signal, too. */
static void a_kick_is_not_taken_for_what_is_due(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_gates, 1);
	const struct cbx_reply reply = { CBX_OK, { 0 } };
	pthread_t kicker;

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_spin), 0);
	(void)thread_run(&t, NULL);
	kicking = true;
	(void)pthread_create(&kicker, NULL, kick_often, NULL);
	for (uint64_t round = 0; round < 200; round++) {
		poke_data(&box, 0);
		cbx_arch_vcpu_upcall(t.vcpu, CBX_UPCALL_DEADLINE, 1);
		while (peek_data(&box, 1) == round) {
			assert_int_equal(
				thread_run(&t, &reply), CBX_STOP_INTERRUPTED);
		}
		poke_data(&box, 1);
		while (thread_run(&t, &reply) == CBX_STOP_INTERRUPTED) {
		}
		assert_int_equal(t.stop.kind, CBX_STOP_GATE);
	}
	kicking = false;
	(void)pthread_join(kicker, NULL);
	(void)cbx_linux_cpu_kicked(0);
	thread_destroy(&t);
	box_destroy(&box);
}

struct stop {
	int box;
	int told; /* a pipe's end, or -1; it is closed then */
};

static void *stop_and_kick(void *arg)
{
	struct stop *stop = arg;

	(void)usleep(20000);
	(void)kill(stop->box, SIGSTOP);
	cbx_hal_cpu_kick(0);
	(void)usleep(100000); /* it is taken note of */
	(void)close(stop->told);
	return NULL;
}

static enum cbx_stop_kind run_stop_and_kick(
	struct box_thread *t, struct stop *stop)
{
	enum cbx_stop_kind kind;
	pthread_t kicker;

	assert_int_equal(pthread_create(&kicker, NULL, stop_and_kick, stop), 0);
	kind = thread_run(t, NULL);
	(void)pthread_join(kicker, NULL);
	return kind;
}

static void a_box_that_does_not_come_to_rest_is_ended(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_spin, 55);
	struct stop stop = { .box = only_child(), .told = -1 };

	(void)state;
	assert_int_equal(run_stop_and_kick(&t, &stop), CBX_STOP_LOST);
	thread_destroy(&t);
	box_destroy(&box);
}

/* Stop us for longer than such a box is waited for, and it a little longer. */
static void stand_still(int box, int told)
{
	pid_t monitor = getppid();
	char byte;

	(void)!read(told, &byte, 1);
	(void)kill(monitor, SIGSTOP);
	(void)sleep(6);
	(void)kill(monitor, SIGCONT);
	(void)usleep(300000);
	(void)kill(box, SIGCONT);
}

static void a_machine_that_stands_still_ends_no_box(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_spin, 55);
	struct stop stop = { .box = only_child() };
	int pipes[2];
	pid_t helper;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	helper = fork();
	if (helper == 0) {
		(void)close(pipes[1]);
		stand_still(stop.box, pipes[0]);
		_exit(0);
	}
	stop.told = pipes[1];
	assert_int_equal(run_stop_and_kick(&t, &stop), CBX_STOP_INTERRUPTED);
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	(void)close(pipes[0]);
	thread_destroy(&t);
	box_destroy(&box);
}

static void an_early_kick_keeps_the_reply(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_gates, 1);
	const struct cbx_reply reply = { 3, { 4, 5, 6 } };

	(void)state;
	(void)thread_run(&t, NULL);
	cbx_hal_cpu_kick(cbx_hal_cpu());
	assert_int_equal(thread_run(&t, &reply), CBX_STOP_INTERRUPTED);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x122);
	assert_int_equal(t.stop.call.arg[0], 3);
	assert_int_equal(t.stop.call.arg[3], 6);
	thread_destroy(&t);
	box_destroy(&box);
}

static void a_deadline_comes_at_the_next_run(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_spin, 56);
	const struct cbx_reply back = { CBX_OK, { 0, 0 } };

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_gate), 0);
	for (uint64_t ticks = 1; ticks < 4; ticks++) {
		cbx_arch_vcpu_upcall(t.vcpu, CBX_UPCALL_DEADLINE, ticks);
		(void)thread_run(&t, ticks > 1 ? &back : NULL);
		assert_gate(&t, 0x140);
		assert_int_equal(t.stop.call.arg[0], CBX_UPCALL_DEADLINE);
		assert_int_equal(t.stop.call.arg[2], ticks);
	}
	poke_data(&box, 1);
	(void)thread_run(&t, &back);
	assert_gate(&t, 0x123);
	assert_int_equal(t.stop.call.arg[0], 56);
	thread_destroy(&t);
	box_destroy(&box);
}

static void a_deadline_and_a_traced_call_both_arrive(void **state)
{
	struct box box = box_create(CBX_SPACE_TRACE);
	struct box_thread t = thread_create(&box, box_syscall, 39);
	const struct cbx_reply reply = { CBX_OK, { 31 } };

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_gate), 0);
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_TRACE);
	cbx_arch_vcpu_upcall(t.vcpu, CBX_UPCALL_DEADLINE, 5);
	(void)thread_run(&t, NULL);
	assert_gate(&t, 0x140);
	assert_int_equal(t.stop.call.arg[0], CBX_UPCALL_DEADLINE);
	(void)thread_run(&t, &reply);
	assert_gate(&t, 0x140);
	assert_int_equal(t.stop.call.arg[0], CBX_UPCALL_SYSCALL);
	(void)thread_run(&t, &reply);
	assert_gate(&t, 0x123);
	assert_int_equal(t.stop.call.arg[0], 31);
	assert_int_equal(t.stop.call.arg[1], 0);
	thread_destroy(&t);
	box_destroy(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gates_carry_arguments_and_replies),
		cmocka_unit_test(faults_stop_without_an_entry),
		cmocka_unit_test(rights_are_what_the_table_says),
		cmocka_unit_test(an_unmapped_page_is_gone),
		cmocka_unit_test(a_system_call_is_an_up_call),
		cmocka_unit_test(an_up_call_may_make_gates),
		cmocka_unit_test(a_fault_is_an_up_call),
		cmocka_unit_test(a_traced_system_call_stops_first),
		cmocka_unit_test(
			cpuid_faults_in_every_thread_of_a_space_that_withholds_it),
		cmocka_unit_test(a_kick_interrupts_and_nothing_is_lost),
		cmocka_unit_test(no_register_is_lost_under_kicks),
		cmocka_unit_test(a_kick_is_not_taken_for_what_is_due),
		cmocka_unit_test(a_box_that_does_not_come_to_rest_is_ended),
		cmocka_unit_test(a_machine_that_stands_still_ends_no_box),
		cmocka_unit_test(an_early_kick_keeps_the_reply),
		cmocka_unit_test(a_deadline_comes_at_the_next_run),
		cmocka_unit_test(a_deadline_and_a_traced_call_both_arrive),
	};

	machine_start();
	return cmocka_run_group_tests_name("linux vcpu", tests, NULL, NULL);
}

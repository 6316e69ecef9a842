/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes that attack the kernel, the stub and the monitor with machine code. */
#include "box.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hal/linux/cpu.h>
#include <hal/linux/layout.h>

LABEL(attack_mmap);
LABEL(attack_mmap_anon);
LABEL(attack_munmap);
LABEL(attack_mprotect);
LABEL(attack_clone);
LABEL(attack_sigreturn);
LABEL(attack_open);
LABEL(attack_cpuid);
LABEL(attack_getppid);
LABEL(attack_write);
LABEL(attack_sendmsg);
LABEL(attack_kill);
LABEL(attack_exit);
LABEL(attack_x32);
LABEL(attack_negative);
LABEL(attack_next);
LABEL(attack_stop);
LABEL(attack_int80);
LABEL(attack_sysenter);
LABEL(attack_vsyscall);
LABEL(attack_stub);
LABEL(attack_frame);
LABEL(attack_stack);
LABEL(attack_step);
LABEL(attack_step_entry);
LABEL(attack_fill);
LABEL(box_entry_gate);
LABEL(box_read);
LABEL(box_spin);
LABEL(box_syscalls);
LABEL(box_write);

/* The stub's text begins with the second page of its file (stub.lds). */
#define STUB_FILE_OFFSET 0x1000u
extern const uint8_t cbx_linux_stub[];
extern const uint8_t cbx_linux_stub_end[];

#define TARGET_VA 0x30000000ull /* what the attacks try to map */

static const uint8_t *const calls[] = { attack_mmap, attack_mmap_anon,
	attack_munmap, attack_mprotect, attack_clone, attack_sigreturn,
	attack_open, attack_getppid, attack_write, attack_sendmsg, attack_kill,
	attack_exit, attack_cpuid, attack_x32, attack_negative, attack_next,
	attack_stop, attack_vsyscall };
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void no_system_call_reaches_the_kernel(void **state)
{
	struct box box = box_create(0);

	(void)state;
	for (size_t i = 0; i < CALLS; i++) {
		struct box_thread t = thread_create(&box, calls[i], 0);

		assert_int_equal(thread_run(&t, NULL), CBX_STOP_FAULT);
		assert_int_equal(t.stop.fault, CBX_FAULT_INSTRUCTION);
		thread_destroy(&t);
	}
	box_destroy(&box);
}

static void every_system_call_is_an_up_call(void **state)
{
	struct box box = box_create(0);

	(void)state;
	for (size_t i = 0; i < CALLS; i++) {
		struct box_thread t = thread_create(&box, calls[i], 0);
		const struct cbx_reply reply = { CBX_OK, { 1234 } };

		cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_gate), 0);
		(void)thread_run(&t, NULL);
		assert_gate(&t, 0x140);
		assert_int_equal(t.stop.call.arg[0], CBX_UPCALL_SYSCALL);
		(void)thread_run(&t, &reply);
		assert_gate(&t, 0x123);
		assert_int_equal(t.stop.call.arg[0], 1234);
		thread_destroy(&t);
	}
	box_destroy(&box);
}

static void every_system_call_is_traced(void **state)
{
	struct box box = box_create(CBX_SPACE_TRACE);

	(void)state;
	for (size_t i = 0; i < CALLS; i++) {
		struct box_thread t = thread_create(&box, calls[i], 0);
		const struct cbx_reply reply = { CBX_OK, { 1234 } };

		cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_gate), 0);
		assert_int_equal(thread_run(&t, NULL), CBX_STOP_TRACE);
		(void)thread_run(&t, NULL);
		assert_gate(&t, 0x140);
		assert_int_equal(t.stop.call.arg[0], CBX_UPCALL_SYSCALL);
		(void)thread_run(&t, &reply);
		assert_gate(&t, 0x123);
		assert_int_equal(t.stop.call.arg[0], 1234);
		thread_destroy(&t);
	}
	box_destroy(&box);
}

/* sysenter is an illegal instruction on some CPUs. */
static void old_system_call_instructions_reach_nothing(void **state)
{
	static const uint8_t *const ways[] = { attack_int80, attack_sysenter };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct box box = box_create(0);
		struct box_thread t = thread_create(&box, ways[i], 0);

		if (thread_run(&t, NULL) == CBX_STOP_FAULT) {
			assert_ptr_equal(ways[i], attack_sysenter);
		} else {
			assert_int_equal(t.stop.kind, CBX_STOP_LOST);
			assert_int_equal(thread_run(&t, NULL), CBX_STOP_LOST);
		}
		thread_destroy(&t);
		box_destroy(&box);
	}
}

/* The pager's instruction may map, but in no thread of a box: its own filter
 * ends the process, before the monitor could. */
static void the_pagers_order_is_nobody_elses(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, attack_stub, CBX_STUB_TEXT);
	int pid = only_child();
	siginfo_t info;

	(void)state;
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_LOST);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED);
	assert_int_equal(info.si_status, SIGSYS);
	thread_destroy(&t);
	box_destroy(&box);
}

static atomic_bool watching;

/* Something the attacker cannot hold up. */
static void *watch_cpu_zero(void *arg)
{
	(void)arg;
	while (watching) {
		(void)usleep(5000);
		cbx_hal_cpu_kick(0);
	}
	return NULL;
}

/* The attack has failed if the target is still not mapped. */
static void assert_target_unmapped(struct box *box)
{
	struct box_thread t = { 0 };
	const struct cbx_vcpu_start start = { label_va(box_read),
		STACK_VA + CBX_PAGE_SIZE, TARGET_VA };
	void *meta = cbx_hal_page_map(take_pages(1));

	cbx_hal_page_unmap(meta);
	t.vcpu = meta;
	if (cbx_arch_vcpu_init(t.vcpu, box->space, &start) != CBX_OK) {
		return; /* the process is dead */
	}
	do {
		(void)thread_run(&t, NULL);
	} while (t.stop.kind == CBX_STOP_INTERRUPTED);
	assert_true(t.stop.kind == CBX_STOP_LOST ||
		    (t.stop.kind == CBX_STOP_FAULT &&
			    t.stop.address.a == TARGET_VA));
	thread_destroy(&t);
}

static void the_stub_serves_no_attacker(void **state)
{
	pthread_t watcher;
	uint32_t lost = 0;

	(void)state;
	watching = true;
	(void)pthread_create(&watcher, NULL, watch_cpu_zero, NULL);
	for (uint64_t offset = 0; offset < 0x180; offset++) {
		struct box box = box_create(0);
		struct box_thread t = thread_create(
			&box, attack_stub, CBX_STUB_TEXT + offset);
		uint32_t runs = 0;

		do {
			(void)thread_run(&t, NULL);
		} while (t.stop.kind == CBX_STOP_INTERRUPTED && ++runs < 3);
		assert_int_not_equal(t.stop.kind, CBX_STOP_GATE);
		assert_int_not_equal(t.stop.kind, CBX_STOP_TRACE);
		lost += t.stop.kind == CBX_STOP_LOST;
		assert_target_unmapped(&box);
		thread_destroy(&t);
		box_destroy(&box);
	}
	watching = false;
	(void)pthread_join(watcher, NULL);
	(void)cbx_linux_cpu_kicked(0);
	assert_true(lost > 2); /* the system call instructions, at least */
}

static void a_forged_frame_gains_nothing(void **state)
{
	const uint64_t stack = CBX_SLOT_VA + CBX_SLOT_STACK;
	const uint64_t top = CBX_SLOT_VA + CBX_SLOT_BYTES;
	const struct {
		uint64_t context;
		enum cbx_stop_kind kind;
	} cases[] = {
		{ 0, CBX_STOP_LOST },
		{ DATA_VA, CBX_STOP_LOST },
		{ CBX_SLOT_VA, CBX_STOP_LOST },
		{ stack, CBX_STOP_LOST },
		{ top - 8, CBX_STOP_LOST },
		{ top + CBX_SLOT_STACK + 4096, CBX_STOP_LOST },
		{ ~0ull, CBX_STOP_LOST },
		{ stack + 4097, CBX_STOP_LOST },
		{ stack + 4096, CBX_STOP_INTERRUPTED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct box box = box_create(0);
		struct box_thread t =
			thread_create(&box, attack_frame, cases[i].context);

		assert_int_equal(thread_run(&t, NULL), cases[i].kind);
		if (t.stop.kind == CBX_STOP_INTERRUPTED) { /* all zeros */
			assert_int_equal(thread_run(&t, NULL), CBX_STOP_FAULT);
			assert_int_equal(t.stop.fault, CBX_FAULT_EXECUTE);
			assert_int_equal(t.stop.address.a, 0);
		}
		thread_destroy(&t);
		box_destroy(&box);
	}
}

/* Where the stub's text has `mov $CBX_STUB_STOP, %eax; syscall`. */
static uint64_t find_stop_instruction(void)
{
	const uint8_t code[] = { 0xb8, 0x01, 0x10, 0xbf, 0x0c, 0x0f, 0x05 };
	const uint8_t *text = cbx_linux_stub;
	size_t left = (size_t)(cbx_linux_stub_end - text);
	const uint8_t *found = memmem(text, left, code, sizeof(code));

	assert_non_null(found);
	return CBX_STUB_TEXT + (uint64_t)(found - text) - STUB_FILE_OFFSET + 5;
}

/* Box code that runs between our answer and rt_sigreturn could make that call
 * with a frame of its own, and mask the signal that stops it. */
static void no_trap_comes_before_our_return(void **state)
{
	struct box box = box_create(0);
	struct box_thread t =
		thread_create(&box, attack_step, find_stop_instruction());

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(attack_step_entry), 0);
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_INTERRUPTED);
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_LOST);
	thread_destroy(&t);
	box_destroy(&box);
}

static void a_spoilt_signal_stack_is_the_end(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, attack_stack, 0);

	(void)state;
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_LOST);
	thread_destroy(&t);
	box_destroy(&box);
}

static void what_is_above_can_be_read_at_most(void **state)
{
	static const uint64_t readable[] = { CBX_STUB_TEXT, CBX_COMM_VA,
		CBX_SLOT_VA };
	static const uint64_t gone[] = { CBX_STUB_INIT, CBX_STUB_INIT + 0x1000,
		CBX_SLOT_VA + 0x1000, CBX_VA_MAX, 0x7ffff7fff000,
		0x7fffffffe000 };

	(void)state;
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		struct box box = box_create(0);
		struct box_thread r =
			thread_create(&box, box_read, readable[i]);
		struct box_thread w =
			thread_create(&box, box_write, readable[i]);

		(void)thread_run(&r, NULL);
		assert_gate(&r, 0x123);
		assert_int_equal(thread_run(&w, NULL), CBX_STOP_FAULT);
		assert_int_equal(w.stop.fault, CBX_FAULT_WRITE);
		thread_destroy(&r);
		thread_destroy(&w);
		box_destroy(&box);
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		struct box box = box_create(0);
		struct box_thread t = thread_create(&box, box_read, gone[i]);

		assert_int_equal(thread_run(&t, NULL), CBX_STOP_FAULT);
		assert_int_equal(t.stop.address.a, gone[i]);
		thread_destroy(&t);
		box_destroy(&box);
	}
}

/* Only root can look at a process that cannot be dumped. */
static void nothing_else_is_mapped_or_open(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_spin, 0);
	char path[64];
	char line[256];
	unsigned long long from;
	int lines = 0;
	FILE *file;

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", only_child());
	file = fopen(path, "re");
	if (file == NULL) {
		thread_destroy(&t);
		box_destroy(&box);
		skip();
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		from = strtoull(line, NULL, 16);
		lines++;
		assert_true(from == CODE_VA || from == DATA_VA ||
			    from == STACK_VA || from == CBX_STUB_TEXT ||
			    from == CBX_COMM_VA || from == CBX_SLOT_VA ||
			    from == CBX_SLOT_VA + CBX_SLOT_STACK ||
			    from == 0xffffffffff600000);
	}
	(void)fclose(file);
	assert_true(lines >= 7);
	for (int fd = 0; fd < 8; fd++) {
		(void)snprintf(
			path, sizeof(path), "/proc/%d/fd/%d", only_child(), fd);
		assert_int_equal(readlink(path, line, sizeof(line)) > 0,
			fd <= CBX_STUB_FD_COMM);
	}
	thread_destroy(&t);
	box_destroy(&box);
}

static void *send_signals(void *arg)
{
	static const int signals[] = { SIGSYS, SIGSEGV, SIGTRAP,
		CBX_STUB_KICK };
	const int *pid = arg;

	(void)usleep(20000);
	(void)kill(*pid, signals[pid[1]]);
	return NULL;
}

static void a_foreign_signal_is_no_trap(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_spin, 7);
	int target[2] = { only_child() };
	pthread_t sender;

	(void)state;
	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_gate), 0);
	for (target[1] = 0; target[1] < 4; target[1]++) {
		(void)pthread_create(&sender, NULL, send_signals, target);
		assert_int_equal(thread_run(&t, NULL), CBX_STOP_INTERRUPTED);
		(void)pthread_join(sender, NULL);
	}
	thread_destroy(&t);
	box_destroy(&box);
}

static struct {
	struct box_thread *thread;
	atomic_bool done;
	atomic_bool quit;
} second;

static void run_second(uint32_t cpu)
{
	(void)cpu;
	do {
		(void)thread_run(second.thread, NULL);
	} while (second.thread->stop.kind == CBX_STOP_INTERRUPTED &&
		 !second.quit);
	second.done = true;
}

/* One thread fills the other's signal stack while that one is trapped and
 * kicked: whatever comes of it, it comes. */
static void a_racing_thread_only_harms_its_box(void **state)
{
	struct box box = box_create(0);
	struct box_thread victim = thread_create(&box, box_syscalls, 1u << 30);
	struct box_thread filler = thread_create(&box, attack_fill, 0);
	uint32_t cpu;
	uint32_t runs = 0;
	pthread_t watcher;

	(void)state;
	cbx_arch_vcpu_upcall_entry(victim.vcpu, label_va(box_entry_gate), 0);
	second.thread = &filler;
	second.done = false;
	second.quit = false;
	assert_int_equal(cbx_linux_cpu_open(dup(2), run_second, &cpu), CBX_OK);
	watching = true;
	(void)pthread_create(&watcher, NULL, watch_cpu_zero, NULL);
	do {
		(void)thread_run(&victim, NULL);
	} while (victim.stop.kind != CBX_STOP_LOST &&
		 victim.stop.kind != CBX_STOP_FAULT && ++runs < 2000);
	watching = false;
	(void)pthread_join(watcher, NULL);
	(void)cbx_linux_cpu_kicked(0);
	second.quit = true;
	while (!second.done) {
		cbx_hal_cpu_kick(cpu);
		(void)usleep(1000);
	}
	thread_destroy(&victim);
	thread_destroy(&filler);
	box_destroy(&box);
	assert_int_equal(child_count(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_system_call_reaches_the_kernel),
		cmocka_unit_test(every_system_call_is_an_up_call),
		cmocka_unit_test(every_system_call_is_traced),
		cmocka_unit_test(old_system_call_instructions_reach_nothing),
		cmocka_unit_test(the_pagers_order_is_nobody_elses),
		cmocka_unit_test(the_stub_serves_no_attacker),
		cmocka_unit_test(a_forged_frame_gains_nothing),
		cmocka_unit_test(no_trap_comes_before_our_return),
		cmocka_unit_test(a_spoilt_signal_stack_is_the_end),
		cmocka_unit_test(what_is_above_can_be_read_at_most),
		cmocka_unit_test(nothing_else_is_mapped_or_open),
		cmocka_unit_test(a_foreign_signal_is_no_trap),
		cmocka_unit_test(a_racing_thread_only_harms_its_box),
	};

	machine_start();
	return cmocka_run_group_tests_name("linux hostile", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "trap.h"

#include <base/gatecall_linux.h>
#include <base/start.h>

#include "clone.h"
#include "cpu.h"
#include "debug.h"
#include "fault_info.h"
#include "frame.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "memory.h"
#include "memory_space.h"
#include "message.h"
#include "rewrite.h"
#include "task.h"
#include "signal.h"
#include "syscall.h"
#include "template.h"
#include "time.h"
#include "timers.h"
#include "user.h"

#define AGAIN_NS 1000000u

/* Whether an address belongs to the runtime. */
static bool in_runtime(uint64_t rip)
{
	return rip >= CBX_RUNTIME_VA && rip < CBX_START_VA;
}

/* Whether it is the program's; the backend's code is neither. */
static bool in_program(uint64_t rip)
{
	return rip < CBX_RUNTIME_VA;
}

static int64_t call(uint32_t number, const struct cbx_regs *regs)
{
	const uint64_t arg[6] = { regs->rdi, regs->rsi, regs->rdx, regs->r10,
		regs->r8, regs->r9 };

	return cbx_syscall(number, arg);
}

/* The program has entered the runtime. */
static void begin(struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	struct cbx_task *self = cbx_task_self();

	self->outside = false;
	self->deadline_kept = 0;
	self->context = (struct cbx_context){ upcall, regs, frame };
	cbx_runtime_lock();
}

/* Its deadline may be over. */
static void rings(struct cbx_task *self)
{
	int64_t deadline = self->deadline;

	self->rang = false;
	self->deadline = 0;
	if (deadline != 0) {
		cbx_time_over(deadline, self->deadline_wake);
	}
	cbx_timers_run();
}

/* What a task looks after before it goes back to its program.
 * @return whether the call it made is to be made again */
static bool finish(struct cbx_task *self, uint32_t number)
{
	if (self->rang) {
		rings(self);
	}
	cbx_debug_look(self, number != CBX_NO_CALL);
	if (self->ending) {
		cbx_task_exit();
	}
	if (cbx_template_wanted() && self->context.frame != NULL) {
		cbx_template_point(self, number);
	}
	return (cbx_signal_waiting() || self->signal.mask_swapped) &&
	       cbx_signal_deliver(
		       self->context.regs, self->context.frame, number);
}

bool cbx_trap_let_go(struct cbx_task *self)
{
	cbx_timers_leave(self);
	self->letting_go = true;
	__atomic_store_n(&self->outside, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&self->rang, __ATOMIC_SEQ_CST)) {
		cbx_runtime_unlock();
		__atomic_store_n(&self->letting_go, false, __ATOMIC_SEQ_CST);
		return true;
	}
	self->outside = false;
	self->letting_go = false;
	return false;
}

/* Back to the program, unless it was interrupted on its way. */
static void leave(struct cbx_task *self)
{
	for (;;) {
		if (cbx_trap_let_go(self)) {
			if (!__atomic_load_n(&self->rang, __ATOMIC_SEQ_CST)) {
				return;
			}
			self->outside = false;
			cbx_runtime_lock();
		}
		finish(self, CBX_NO_CALL);
	}
}

/* The result, and who says so: struct cbx_trace. */
static void tell_trace(struct cbx_task *self, int64_t result)
{
	uint64_t gates = cbx_min(self->gates, UINT16_MAX);

	cbx_gate_result(result,
		self->process->pid | (uint64_t)self->tid << 24 | gates << 48);
	self->gates = 0;
}

static void serve(struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	struct cbx_task *self = cbx_task_self();
	bool served;
	bool fast = cbx_fast_trapped(upcall, regs, &served);

	begin(upcall, regs, frame);
	cbx_debug_call(regs);
	if (!fast && !in_runtime(regs->rip)) {
		cbx_rewrite_trapped(upcall->code, regs);
	}
	do {
		if (!served) {
			regs->rax = (uint64_t)call(upcall->code, regs);
		}
		served = false;
	} while (finish(self, upcall->code));
	if ((cbx_box_flags & CBX_START_TRACE) != 0) {
		tell_trace(self, (int64_t)regs->rax);
	}
	leave(self);
}

/* A signal may wait for a task that makes no call.  When the task is just
 * going back to its program, and has looked already, it is interrupted again:
 * a call it makes until then looks, too.  While it drops the lock it is in a
 * gate, maybe, whose reply another gate would take away; it looks afterwards. */
static void deadline(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	struct cbx_task *self = cbx_task_self();

	self->rang = true;
	if (!in_program(regs->rip)) {
		cbx_fast_interrupted(regs);
		if (self->outside && !self->letting_go) {
			cbx_gate_deadline(upcall->value + AGAIN_NS, 0);
		}
		return;
	}
	begin(upcall, regs, frame);
	finish(self, CBX_NO_CALL);
	leave(self);
}

static uint8_t access_of(uint32_t code)
{
	switch (code) {
	case CBX_FAULT_WRITE:
		return LX_PROT_WRITE;
	case CBX_FAULT_EXECUTE:
		return LX_PROT_EXEC;
	default:
		return LX_PROT_READ;
	}
}

static _Noreturn void broken(
	const struct cbx_upcall *upcall, const struct cbx_regs *regs)
{
	cbx_message_begin("fault in the runtime, kind ");
	cbx_message_number(upcall->code);
	cbx_message_put(" at ");
	cbx_message_hex(regs->rip);
	cbx_message_put(", address ");
	cbx_message_hex(upcall->value);
	cbx_message_end();
	cbx_signal_die(LX_SIGSEGV);
}

/* There is no memory for a touch.  A copy of the runtime's fails, and the
 * process dies when the call is over; anywhere else it dies now. */
static void out_of_memory(struct cbx_regs *regs)
{
	const struct lx_siginfo info = { .signo = LX_SIGKILL };
	uint64_t fixup = cbx_user_fixup(regs->rip);

	if (cbx_process_self()->state == CBX_PROCESS_RUNS) {
		cbx_memory_tell_empty();
		if (fixup == 0) {
			cbx_signal_die(LX_SIGKILL);
		}
		(void)cbx_signal_send(cbx_process_self(), NULL, &info);
	}
	regs->rip = fixup;
}

/* What an access to the program's memory comes to. */
static enum cbx_memory_fault touch(const struct cbx_upcall *upcall)
{
	enum cbx_memory_fault served = CBX_FAULTED_NOTHING;

	if (upcall->code <= CBX_FAULT_EXECUTE) {
		served = cbx_memory_fault(
			upcall->value, access_of(upcall->code));
	}
	return served;
}

static void fault(
	const struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	uint64_t fixup = cbx_user_fixup(regs->rip);
	enum cbx_memory_fault served = touch(upcall);
	struct lx_siginfo info;

	if (served == CBX_FAULTED_FULL) {
		out_of_memory(regs);
		return;
	}
	if (served == CBX_FAULTED_SERVED) {
		return;
	}
	if (fixup != 0) {
		regs->rip = fixup;
		return;
	}
	if (in_runtime(regs->rip)) {
		broken(upcall, regs);
	}
	if (upcall->code == CBX_FAULT_BREAKPOINT && cbx_rewrite_step(regs)) {
		return;
	}
	if (upcall->code == CBX_FAULT_INSTRUCTION && cbx_cpu_trapped(regs)) {
		return;
	}
	info = upcall->code <= CBX_FAULT_EXECUTE
		       ? cbx_fault_describe(upcall, served)
		       : cbx_fault_info(upcall, regs, frame);
	cbx_fault_explain(upcall, &info);
	cbx_signal_fault(&info);
}

/* Have memory of the runtime's own in this space.  What comes meanwhile leaves
 * its gates alone, as while the lock is dropped. */
static bool bring(const struct cbx_upcall *upcall)
{
	struct cbx_task *self = cbx_task_self();
	bool before = self->letting_go;
	bool done;

	self->letting_go = true;
	done = cbx_memory_space_fault(
		upcall->value, upcall->code == CBX_FAULT_WRITE);
	__atomic_store_n(&self->letting_go, before, __ATOMIC_SEQ_CST);
	if (!before && self->outside && self->rang) {
		cbx_gate_deadline(1, 0);
	}
	return done;
}

/* The runtime touches memory of its own for the first time in this space. */
static bool is_own(const struct cbx_upcall *upcall, const struct cbx_regs *regs)
{
	return upcall->code <= CBX_FAULT_EXECUTE && in_runtime(regs->rip) &&
	       bring(upcall);
}

/* One of the runtime itself comes with the lock held, or taking it. */
static void fault_locked(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	bool held;

	if (is_own(upcall, regs)) {
		return;
	}
	if (!in_runtime(regs->rip)) {
		begin(upcall, regs, frame);
		fault(upcall, regs, frame);
		finish(cbx_task_self(), CBX_NO_CALL);
		leave(cbx_task_self());
		return;
	}
	held = cbx_runtime_locked();
	if (!held) {
		cbx_runtime_lock();
	}
	fault(upcall, regs, frame);
	if (!held) {
		cbx_runtime_unlock();
	}
}

void cbx_trap_begin(void)
{
	struct cbx_task *self = cbx_task_self();

	cbx_runtime_lock();
	if (self->set_tid != 0) {
		cbx_user_try_put(self->set_tid, &self->tid, sizeof(self->tid));
	}
	finish(cbx_task_self(), CBX_NO_CALL);
	leave(cbx_task_self());
}

_Noreturn void cbx_trap_return(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	if ((regs->rflags & CBX_DEBUG_TRAP_FLAG) != 0) {
		cbx_upcall_step(regs, frame);
	}
	if (in_program(regs->rip)) {
		cbx_task_self()->fast.regs = *regs;
		cbx_upcall_load(frame);
		cbx_fast_return();
	}
	cbx_upcall_return(upcall, regs, frame);
}

/* entry_linux.S */
_Noreturn void cbx_upcall_on(struct cbx_upcall *upcall, struct cbx_regs *regs,
	void *frame, uint64_t stack);

_Noreturn void cbx_upcall_serve(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	if (in_program(regs->rip)) {
		cbx_task_self()->fast.stack = (uint64_t)upcall & ~15ull;
	}
	switch (upcall->kind) {
	case CBX_UPCALL_SYSCALL:
		serve(upcall, regs, frame);
		break;
	case CBX_UPCALL_FAULT:
		fault_locked(upcall, regs, frame);
		break;
	default:
		deadline(upcall, regs, frame);
	}
	if (!in_runtime(regs->rip)) {
		cbx_rewrite_return(regs);
	}
	cbx_trap_return(upcall, regs, frame);
}

/* The program entered, and others may look at what is on the stack: take all
 * of it to one that every space has. */
static _Noreturn void move(const struct cbx_upcall *upcall, void *frame)
{
	uint64_t end = cbx_task_stack_end(cbx_task_self());
	void *copy = cbx_frame_copy(frame, end);
	struct cbx_upcall *moved = (struct cbx_upcall *)copy - 1;

	*moved = *upcall;
	cbx_upcall_on(
		moved, cbx_frame_regs(copy), copy, (uint64_t)moved & ~15ull);
}

/* Whether nothing that is interrupted is on a stack of the runtime's or of the
 * backend's.  A deadline may come while the backend brings another up-call,
 * whose frame is there, and whose code runs on a stack of the runtime's yet. */
static bool is_entry(const struct cbx_upcall *upcall, uint64_t rip)
{
	return upcall->kind == CBX_UPCALL_SYSCALL || in_program(rip) ||
	       (upcall->kind == CBX_UPCALL_FAULT && !in_runtime(rip));
}

void cbx_runtime_upcall(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	cbx_fast_returning(regs);
	if (is_entry(upcall, regs->rip) && cbx_task_stacks_seen &&
		(uint64_t)frame >= CBX_VA_MAX) {
		move(upcall, frame);
	}
	cbx_upcall_serve(upcall, regs, frame);
}

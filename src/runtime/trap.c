/* SPDX-License-Identifier: Apache-2.0 */
#include "trap.h"

#include <base/gatecall_linux.h>
#include <base/start.h>

#include "budget.h"
#include "gate.h"
#include "linux.h"
#include "lock.h"
#include "memory.h"
#include "message.h"
#include "rewrite.h"
#include "task.h"
#include "signal.h"
#include "syscall.h"
#include "user.h"

#define BELOW_STACK 160u /* what cbx_upcall_return may write below rsp */

/* Whether an address belongs to the runtime. */
static bool in_runtime(uint64_t rip)
{
	return rip >= CBX_RUNTIME_VA && rip < CBX_START_VA;
}

static int64_t call(uint32_t number, const struct cbx_regs *regs)
{
	const uint64_t arg[6] = { regs->rdi, regs->rsi, regs->rdx, regs->r10,
		regs->r8, regs->r9 };

	return cbx_syscall(number, arg);
}

static void serve(struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	struct cbx_task *self = cbx_task_self();
	bool served;
	bool fast = cbx_fast_trapped(upcall, regs, &served);

	self->context = (struct cbx_context){ upcall, regs, frame };
	cbx_runtime_lock();
	if (!fast && !in_runtime(regs->rip)) {
		cbx_rewrite_trapped(upcall->code, regs);
	}
	if (!served) {
		regs->rax = (uint64_t)call(upcall->code, regs);
	}
	if ((cbx_box_flags & CBX_START_TRACE) != 0) {
		cbx_gate_result((int64_t)regs->rax);
	}
	if (self->ending) {
		cbx_task_exit();
	}
	if (cbx_signal_waiting() || self->signal.mask_swapped) {
		cbx_rewrite_home(regs);
		cbx_signal_deliver(regs, frame);
	}
	cbx_runtime_unlock();
}

/* A signal may wait for a task that makes no call. */
static void deadline(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	if (in_runtime(regs->rip)) {
		cbx_fast_interrupted(regs);
		return;
	}
	cbx_task_self()->context = (struct cbx_context){ upcall, regs, frame };
	cbx_runtime_lock();
	if (cbx_task_self()->ending) {
		cbx_task_exit();
	}
	cbx_rewrite_home(regs);
	cbx_signal_deliver(regs, frame);
	cbx_runtime_unlock();
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

static struct lx_siginfo describe(const struct cbx_upcall *upcall, uint64_t rip)
{
	struct lx_siginfo info = { .code = 1, .value = rip };

	switch (upcall->code) {
	case CBX_FAULT_INSTRUCTION:
		info.signo = LX_SIGILL;
		info.code = 2; /* ILL_ILLOPN */
		break;
	case CBX_FAULT_ARITHMETIC:
		info.signo = LX_SIGFPE;
		break;
	case CBX_FAULT_BREAKPOINT:
		info.signo = LX_SIGTRAP;
		break;
	default:
		info.signo = LX_SIGSEGV;
		info.value = upcall->value;
		info.code = cbx_extent_at(
				    cbx_memory_extents(), upcall->value) == NULL
				    ? 1	 /* SEGV_MAPERR */
				    : 2; /* SEGV_ACCERR */
	}
	return info;
}

/* A program that keeps constants in its text should not have asked. */
static void explain(
	const struct cbx_upcall *upcall, const struct lx_siginfo *info)
{
	const struct cbx_extent *e =
		cbx_extent_at(cbx_memory_extents(), upcall->value);

	if (upcall->code == CBX_FAULT_READ && e != NULL &&
		e->rights == CBX_RIGHT_X && e->kind == CBX_EXTENT_PROGRAM &&
		cbx_process_self()->signal.action[info->signo].handler ==
			LX_SIG_DFL) {
		cbx_message_begin("the program reads its own text, which is "
				  "execute-only: its constants are in it, or "
				  "it is attacked");
		cbx_message_end();
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

static void touch(uint64_t address)
{
	if (cbx_memory_touch(address)) {
		return;
	}
	cbx_message_begin("out of memory: all ");
	cbx_message_number(cbx_budget_total() * CBX_PAGE_SIZE >> 20);
	cbx_message_put(" MiB of the box are used");
	cbx_message_end();
	cbx_signal_die(LX_SIGKILL);
}

static bool is_touch(const struct cbx_upcall *upcall)
{
	return upcall->code <= CBX_FAULT_EXECUTE &&
	       cbx_memory_lazy(upcall->value, access_of(upcall->code));
}

/* Another task touched it first. */
static bool is_over(const struct cbx_upcall *upcall)
{
	return cbx_process_self()->task_count > 1 &&
	       upcall->code <= CBX_FAULT_EXECUTE &&
	       cbx_memory_present(upcall->value, access_of(upcall->code));
}

static void fault(
	const struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	uint64_t fixup = cbx_user_fixup(regs->rip);
	uint64_t below = regs->rsp - BELOW_STACK;
	struct lx_siginfo info;

	if (is_over(upcall)) {
		return;
	}
	if (is_touch(upcall)) {
		touch(upcall->value);
		if (cbx_memory_lazy(below, LX_PROT_WRITE)) {
			touch(below);
		}
		return;
	}
	if (fixup != 0) {
		regs->rip = fixup;
		return;
	}
	if (in_runtime(regs->rip)) {
		broken(upcall, regs);
	}
	info = describe(upcall, regs->rip);
	explain(upcall, &info);
	cbx_signal_fault(&info);
	cbx_signal_deliver(regs, frame);
}

/* One of the runtime itself comes with the lock held. */
static void fault_locked(
	const struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	bool held = cbx_runtime_locked();

	if (!held) {
		cbx_runtime_lock();
	}
	fault(upcall, regs, frame);
	if (!held) {
		if (cbx_task_self()->ending) {
			cbx_task_exit();
		}
		cbx_runtime_unlock();
	}
}

void cbx_runtime_upcall(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame)
{
	if (!in_runtime(regs->rip)) {
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
	cbx_upcall_return(upcall, regs, frame);
}

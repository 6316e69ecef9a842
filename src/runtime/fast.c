/* SPDX-License-Identifier: Apache-2.0 */
#include "fast.h"

#include <base/start.h>

#include "lock.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "template.h"
#include "trap.h"

/* fast.S */
extern const uint8_t cbx_fast_leave[], cbx_fast_leave_end[];
extern const uint8_t cbx_fast_return_end[];

CBX_AT(CBX_FAST_ENTRY, 8, cbx_task, fast.entry);
CBX_AT(CBX_FAST_STACK, 8, cbx_task, fast.stack);
_Static_assert(offsetof(struct cbx_task, fast.clock) == CBX_FAST_CLOCK,
	"cbx_task.fast.clock");
CBX_AT(CBX_FAST_DUE, 4, cbx_task, fast.due);
CBX_AT(CBX_FAST_FLAGS, 4, cbx_task, fast.no_flags);
CBX_AT(CBX_FAST_REGS, 0x90, cbx_task, fast.regs);

/* Numbers of calls. */
enum {
	RT_SIGRETURN = 15,
	GETPID = 39,
	CLONE = 56,
	FORK = 57,
	VFORK = 58,
	EXECVE = 59,
	EXIT = 60,
	GETTID = 186,
	EXIT_GROUP = 231,
	EXECVEAT = 322,
	CLONE3 = 435,
	SIGRETURN = 999,
};

/* Calls that use the frame, or never return. */
static bool wants_frame(uint32_t number)
{
	switch (number) {
	case RT_SIGRETURN:
	case CLONE:
	case FORK:
	case VFORK:
	case EXECVE:
	case EXIT:
	case EXIT_GROUP:
	case EXECVEAT:
	case CLONE3:
	case SIGRETURN:
		return true;
	default:
		return false;
	}
}

/* Calls that read what never changes. */
static bool wants_no_lock(uint32_t number)
{
	return number == GETPID || number == GETTID;
}

static bool serve_locked(struct cbx_task *self, const uint64_t *arg)
{
	bool waits;

	self->outside = false;
	self->deadline_kept = 0;
	cbx_runtime_lock();
	self->fast.regs.rax = (uint64_t)cbx_syscall(self->fast.number, arg);
	waits = self->ending || cbx_signal_waiting() ||
		self->signal.mask_swapped || self->rang ||
		cbx_template_wanted();
	if (waits || !cbx_trap_let_go(self)) {
		cbx_runtime_unlock();
		return true;
	}
	return false; /* who interrupts it from now on makes it due */
}

bool cbx_fast_serve(struct cbx_task *self)
{
	struct cbx_regs *regs = &self->fast.regs;
	const uint64_t arg[6] = { regs->rdi, regs->rsi, regs->rdx, regs->r10,
		regs->r8, regs->r9 };

	self->fast.number = (uint32_t)regs->rax;
	self->fast.served = !wants_frame(self->fast.number);
	self->context.regs = regs;
	self->context.frame = NULL;
	if (!self->fast.served) {
		return true;
	}
	if (wants_no_lock(self->fast.number)) {
		regs->rax = (uint64_t)cbx_syscall(self->fast.number, arg);
		return false;
	}
	return serve_locked(self, arg);
}

static bool in_runtime(uint64_t rip)
{
	return rip >= CBX_RUNTIME_VA && rip < CBX_START_VA;
}

bool cbx_fast_trapped(
	struct cbx_upcall *upcall, struct cbx_regs *regs, bool *served)
{
	struct cbx_fast *fast = &cbx_task_self()->fast;
	uint64_t flags = regs->rflags;

	*served = false;
	if (upcall->code != CBX_FAST_TRAP || !in_runtime(regs->rip)) {
		return false;
	}
	*regs = fast->regs;
	if (fast->no_flags != 0) {
		regs->rflags = flags;
		regs->r11 = flags;
		fast->number = (uint32_t)regs->rax;
		fast->no_flags = 0;
	} else {
		*served = fast->served;
	}
	fast->due = 0;
	upcall->code = fast->number;
	return true;
}

void cbx_fast_interrupted(struct cbx_regs *regs)
{
	cbx_task_self()->fast.due = 1;
	if (regs->rip >= (uint64_t)cbx_fast_leave &&
		regs->rip < (uint64_t)cbx_fast_leave_end) {
		regs->rip = (uint64_t)cbx_fast_leave;
	}
}

void cbx_fast_returning(struct cbx_regs *regs)
{
	if (regs->rip >= (uint64_t)cbx_fast_return &&
		regs->rip < (uint64_t)cbx_fast_return_end) {
		*regs = cbx_task_self()->fast.regs;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: a frame on the user's stack as Linux makes it, and back. */
#include <host/os/os.h>

#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#define RED_ZONE    128u
#define HEADER_AT   512u
#define MXCSR_AT    24u
#define MXCSR_BITS  0xffbfu
#define STATE_ALIGN 64u
#define RESTORER    0x04000000u
#define DEFAULT_IGNORED                                  \
	(1ull << (SIGCHLD - 1) | 1ull << (SIGCONT - 1) | \
		1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1))

struct action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct frame {
	uint64_t restorer;
	struct ucontext context;
	siginfo_t info;
};

static struct action actions[OS_SIGNALS + 1];

static uint64_t bit_of(int signal)
{
	return 1ull << (signal - 1);
}

void os_signal_fault(struct os_thread *t, int signal, int code, uint64_t va)
{
	if ((t->blocked & bit_of(signal)) != 0 ||
		actions[signal].handler <= (uint64_t)SIG_IGN) {
		os_say("signal, rip ", (uint64_t)signal, t->regs.rip);
		os_say("address, rsp ", va, t->regs.rsp);
		os_exit(0, (uint32_t)signal);
	}
	t->fault.signal = signal;
	t->fault.code = code;
	t->fault.va = va;
	t->pending |= bit_of(signal);
}

void os_signal_send(struct os_thread *t, int signal)
{
	const struct action *action = &actions[signal];

	if (action->handler == (uint64_t)SIG_IGN ||
		(action->handler == (uint64_t)SIG_DFL &&
			(DEFAULT_IGNORED & bit_of(signal)) != 0)) {
		return;
	}
	t->pending |= bit_of(signal);
	if (t->state == OS_WAITING && (t->blocked & bit_of(signal)) == 0) {
		os_wake(t, OS_ERROR(EINTR));
	}
}

static uint64_t stack_for(
	const struct os_thread *t, const struct action *action)
{
	uint64_t rsp = t->regs.rsp;
	bool on_it = rsp - t->alt_stack - 1 < t->alt_size;

	if ((action->flags & SA_ONSTACK) != 0 && t->alt_size != 0 && !on_it) {
		return t->alt_stack + t->alt_size;
	}
	return rsp - RED_ZONE;
}

static void fill_frame(struct frame *frame, const struct os_thread *t,
	int signal, const struct action *action)
{
	struct sigcontext *context = &frame->context.uc_mcontext;

	memset(frame, 0, sizeof(*frame));
	frame->restorer = action->restorer;
	frame->context.uc_stack.ss_sp = (void *)t->alt_stack;
	frame->context.uc_stack.ss_size = t->alt_size;
	frame->context.uc_stack.ss_flags = t->alt_size == 0 ? 2 : 0;
	memcpy(context, &t->regs, sizeof(t->regs));
	context->cs = CBX_SELECTOR_USER_CODE;
	memcpy(&frame->context.uc_sigmask, &t->blocked, sizeof(t->blocked));
	frame->info.si_signo = signal;
	if (t->fault.signal == signal) {
		frame->info.si_code = t->fault.code;
		frame->info.si_addr = (void *)t->fault.va;
		context->cr2 = t->fault.va;
	} else {
		frame->info.si_code = SI_TKILL;
		frame->info.si_pid = 1;
	}
}

static void call_handler(struct os_thread *t, int signal)
{
	struct action *action = &actions[signal];
	uint64_t stack = stack_for(t, action);
	uint64_t state = (stack - os_state_bytes) & ~(STATE_ALIGN - 1ull);
	uint64_t at = ((state - sizeof(struct frame)) & ~15ull) - 8;
	struct frame frame;

	fill_frame(&frame, t, signal, action);
	frame.context.uc_mcontext.fpstate = (void *)state;
	if ((action->flags & RESTORER) == 0 ||
		!os_put(state, t->xstate, os_state_bytes) ||
		!os_put(at, &frame, sizeof(frame))) {
		os_say("no room for signal, rsp ", (uint64_t)signal,
			t->regs.rsp);
		os_exit(0, SIGSEGV);
	}
	t->regs.rip = action->handler;
	t->regs.rsp = at;
	t->regs.rdi = (uint64_t)signal;
	t->regs.rsi = at + offsetof(struct frame, info);
	t->regs.rdx = at + offsetof(struct frame, context);
	t->regs.rax = 0;
	t->regs.rflags &= ~0x500ull; /* DF, TF */
	t->blocked |= action->mask;
	if ((action->flags & SA_NODEFER) == 0) {
		t->blocked |= bit_of(signal);
	}
	if ((action->flags & SA_RESETHAND) != 0) {
		action->handler = (uint64_t)SIG_DFL;
	}
}

void os_signal_deliver(struct os_thread *t)
{
	uint64_t due = t->pending & ~t->blocked;

	while (due != 0) {
		int signal = __builtin_ctzll(due) + 1;

		t->pending &= ~bit_of(signal);
		if (actions[signal].handler == (uint64_t)SIG_DFL) {
			os_exit(0, (uint32_t)signal);
		}
		if (actions[signal].handler != (uint64_t)SIG_IGN) {
			if (t->cpu->owner == t) {
				os_state_save(t->cpu);
			}
			call_handler(t, signal);
		}
		if (t->fault.signal == signal) {
			t->fault.signal = 0;
		}
		due = t->pending & ~t->blocked;
	}
}

/* What the user gives back is loaded by the kernel: no bit in it may be one the
 * CPU refuses. */
static bool get_state(struct os_thread *t, uint64_t at)
{
	uint64_t parts;
	uint32_t mxcsr;

	t->cpu->owner = t->cpu->owner == t ? NULL : t->cpu->owner;
	if (at == 0 || !os_get(t->xstate, at, os_state_bytes)) {
		return false;
	}
	memcpy(&parts, &t->xstate[HEADER_AT], sizeof(parts));
	parts &= os_state_parts;
	memset(&t->xstate[HEADER_AT], 0, 64);
	memcpy(&t->xstate[HEADER_AT], &parts, sizeof(parts));
	memcpy(&mxcsr, &t->xstate[MXCSR_AT], sizeof(mxcsr));
	mxcsr &= MXCSR_BITS;
	memcpy(&t->xstate[MXCSR_AT], &mxcsr, sizeof(mxcsr));
	return true;
}

OS_SYSCALL(sys_rt_sigreturn)
{
	struct frame frame;
	uint64_t at = t->regs.rsp - 8;

	(void)arg;
	if (t->cpu->owner == t) {
		os_state_save(t->cpu);
	}
	if (!os_get(&frame, at, sizeof(frame)) ||
		!get_state(t, (uint64_t)frame.context.uc_mcontext.fpstate)) {
		os_exit(0, SIGSEGV);
	}
	memcpy(&t->regs, &frame.context.uc_mcontext, sizeof(t->regs));
	memcpy(&t->blocked, &frame.context.uc_sigmask, sizeof(t->blocked));
	if (t->regs.rip >= OS_USER_END) {
		os_exit(0, SIGSEGV);
	}
	return t->regs.rax;
}

OS_SYSCALL(sys_rt_sigaction)
{
	struct action fresh;

	(void)t;
	if (arg[0] == 0 || arg[0] > OS_SIGNALS || arg[3] != 8 ||
		arg[0] == SIGKILL || arg[0] == SIGSTOP) {
		return OS_ERROR(EINVAL);
	}
	if (arg[1] != 0 && !os_get(&fresh, arg[1], sizeof(fresh))) {
		return OS_ERROR(EFAULT);
	}
	if (arg[2] != 0 &&
		!os_put(arg[2], &actions[arg[0]], sizeof(struct action))) {
		return OS_ERROR(EFAULT);
	}
	if (arg[1] != 0) {
		actions[arg[0]] = fresh;
	}
	return 0;
}

OS_SYSCALL(sys_rt_sigpending)
{
	const uint64_t pending = t->pending & t->blocked;

	if (arg[1] > sizeof(pending)) {
		return OS_ERROR(EINVAL);
	}
	return os_put(arg[0], &pending, arg[1]) ? 0 : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_rt_sigprocmask)
{
	uint64_t set = 0;

	if (arg[3] != 8 || (arg[1] != 0 && arg[0] > SIG_SETMASK)) {
		return OS_ERROR(EINVAL);
	}
	if ((arg[1] != 0 && !os_get(&set, arg[1], sizeof(set))) ||
		(arg[2] != 0 &&
			!os_put(arg[2], &t->blocked, sizeof(t->blocked)))) {
		return OS_ERROR(EFAULT);
	}
	if (arg[1] == 0) {
		return 0;
	}
	if (arg[0] == SIG_BLOCK) {
		t->blocked |= set;
	} else if (arg[0] == SIG_UNBLOCK) {
		t->blocked &= ~set;
	} else {
		t->blocked = set;
	}
	t->blocked &= ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
	return 0;
}

OS_SYSCALL(sys_sigaltstack)
{
	stack_t stack;
	stack_t old = {
		.ss_sp = (void *)t->alt_stack,
		.ss_size = t->alt_size,
		.ss_flags = t->alt_size == 0 ? 2 : 0,
	};

	if ((arg[0] != 0 && !os_get(&stack, arg[0], sizeof(stack))) ||
		(arg[1] != 0 && !os_put(arg[1], &old, sizeof(old)))) {
		return OS_ERROR(EFAULT);
	}
	if (arg[0] != 0) {
		bool off = (stack.ss_flags & 2) != 0;

		t->alt_stack = off ? 0 : (uint64_t)stack.ss_sp;
		t->alt_size = off ? 0 : stack.ss_size;
	}
	return 0;
}

static uint64_t send(uint64_t tid, uint64_t signal)
{
	if (tid == 0 || tid > OS_THREADS ||
		os_threads[tid - 1].state == OS_FREE) {
		return OS_ERROR(ESRCH);
	}
	if (signal > OS_SIGNALS) {
		return OS_ERROR(EINVAL);
	}
	if (signal != 0) {
		os_signal_send(&os_threads[tid - 1], (int)signal);
	}
	return 0;
}

OS_SYSCALL(sys_tgkill)
{
	(void)t;
	return send(arg[1], arg[2]);
}

OS_SYSCALL(sys_tkill)
{
	(void)t;
	return send(arg[0], arg[1]);
}

OS_SYSCALL(sys_kill)
{
	return arg[0] == 1 ? send(t->tid, arg[1]) : OS_ERROR(ESRCH);
}

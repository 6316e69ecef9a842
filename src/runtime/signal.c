/* SPDX-License-Identifier: Apache-2.0 */
#include "signal.h"

#include "channel.h"
#include "gate.h"
#include "lib.h"
#include "task.h"
#include "sigframe.h"

static struct cbx_task_signals *mine(void)
{
	return &cbx_task_self()->signal;
}

static struct cbx_process_signals *ours(void)
{
	return &cbx_process_self()->signal;
}

void cbx_signal_die(int signal)
{
	cbx_channel_finish();
	cbx_gate_end(CBX_END_SIGNAL | (uint64_t)signal);
}

static bool ignored_by_default(int signal)
{
	switch (signal) {
	case LX_SIGCHLD:
	case LX_SIGCONT:
	case LX_SIGURG:
	case LX_SIGWINCH:
	case LX_SIGSTOP: /* nobody could continue the box's one process */
	case LX_SIGTSTP:
	case LX_SIGTTIN:
	case LX_SIGTTOU:
		return true;
	default:
		return false;
	}
}

static bool ignored(int signal)
{
	uint64_t handler = ours()->action[signal].handler;

	return handler == LX_SIG_IGN ||
	       (handler == LX_SIG_DFL && ignored_by_default(signal));
}

/* A sleeping task that does not block it is to take it. */
static void tell_one(uint64_t bit)
{
	struct cbx_task *task = cbx_process_self()->tasks;

	if ((mine()->mask & bit) == 0) {
		return;
	}
	while (task != NULL && (task->signal.mask & bit) != 0) {
		task = task->next;
	}
	if (task != NULL) {
		cbx_task_interrupt(task);
	}
}

void cbx_signal_raise(int signal)
{
	uint64_t bit = cbx_signal_bit(signal);

	if ((ignored(signal) && (mine()->mask & bit) == 0) ||
		(ours()->pending & bit) != 0) {
		return;
	}
	ours()->info[signal] = (struct lx_siginfo){
		.signo = signal,
		.value = cbx_process_self()->pid,
	};
	ours()->pending |= bit;
	tell_one(bit);
}

void cbx_signal_raise_self(int signal)
{
	uint64_t bit = cbx_signal_bit(signal);

	if (!ignored(signal) || (mine()->mask & bit) != 0) {
		mine()->pending |= bit;
	}
}

void cbx_signal_fault(const struct lx_siginfo *info)
{
	uint64_t bit = cbx_signal_bit(info->signo);

	if ((mine()->mask & bit) != 0 ||
		ours()->action[info->signo].handler <= LX_SIG_IGN) {
		cbx_signal_die(info->signo);
	}
	mine()->info = *info;
	mine()->pending |= bit;
}

static uint64_t waiting(void)
{
	return (mine()->pending | ours()->pending) & ~mine()->mask;
}

bool cbx_signal_waiting(void)
{
	return waiting() != 0;
}

/* Take what is pending; the task's own first. */
static struct lx_siginfo take(int signal)
{
	uint64_t bit = cbx_signal_bit(signal);

	if ((mine()->pending & bit) == 0) {
		ours()->pending &= ~bit;
		return ours()->info[signal];
	}
	mine()->pending &= ~bit;
	if (mine()->info.signo == signal) {
		const struct lx_siginfo info = mine()->info;

		mine()->info.signo = 0;
		return info;
	}
	return (struct lx_siginfo){
		.signo = signal,
		.code = LX_SI_TKILL,
		.value = cbx_process_self()->pid,
	};
}

/* Run one signal's action. */
static void act(
	const struct lx_siginfo *info, struct cbx_regs *regs, void *frame)
{
	int signal = info->signo;
	const struct lx_sigaction action = ours()->action[signal];

	if (ignored(signal)) {
		return;
	}
	if (action.handler == LX_SIG_DFL) {
		cbx_signal_die(signal);
	}
	if (!cbx_sigframe_push(&action, info, regs, frame)) {
		cbx_signal_die(LX_SIGSEGV);
	}
	mine()->mask |= action.mask;
	if ((action.flags & LX_SA_NODEFER) == 0) {
		mine()->mask |= cbx_signal_bit(signal);
	}
	if ((action.flags & LX_SA_RESETHAND) != 0) {
		ours()->action[signal].handler = LX_SIG_DFL;
	}
}

void cbx_signal_deliver(struct cbx_regs *regs, void *frame)
{
	uint64_t found;

	while ((found = waiting()) != 0) {
		const struct lx_siginfo info = take(__builtin_ctzll(found) + 1);

		act(&info, regs, frame);
		mine()->mask_swapped = false;
	}
	if (mine()->mask_swapped) {
		mine()->mask = mine()->mask_after;
		mine()->mask_swapped = false;
	}
}

void cbx_signal_return(struct cbx_regs *regs, void *frame)
{
	if (!cbx_sigframe_pop(regs, frame)) {
		cbx_signal_die(LX_SIGSEGV);
	}
}

void cbx_signal_reset(void)
{
	for (int signal = 1; signal <= LX_SIGNALS; signal++) {
		if (ours()->action[signal].handler != LX_SIG_IGN) {
			ours()->action[signal] = (struct lx_sigaction){ 0 };
		}
	}
	mine()->stack = (struct lx_stack){ .flags = LX_SS_DISABLE };
}

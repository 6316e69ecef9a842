/* SPDX-License-Identifier: Apache-2.0 */
/* Signal calls: actions, masks, waiting. */
#include "linux.h"
#include "sigframe.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "time.h"
#include "user.h"

static void set_action(int signal, const struct lx_sigaction *action)
{
	struct cbx_process *process = cbx_process_self();
	struct lx_sigaction *at = &process->signal.action[signal];

	*at = *action;
	at->mask &= ~CBX_SIGNALS_UNBLOCKABLE;
	at->flags &= LX_SA_KNOWN;
	if (cbx_signal_ignored(process, signal)) {
		cbx_signal_drop(process, cbx_signal_bit(signal));
	}
}

int64_t cbx_sys_rt_sigaction(const uint64_t *arg)
{
	uint64_t signal = (uint32_t)arg[0];
	struct lx_sigaction action;

	if (arg[3] != sizeof(uint64_t) || signal == 0 || signal > LX_SIGNALS) {
		return -LX_EINVAL;
	}
	if (arg[1] != 0) {
		if (cbx_user_get(&action, arg[1], sizeof(action)) != 0) {
			return -LX_EFAULT;
		}
		if (signal == LX_SIGKILL || signal == LX_SIGSTOP) {
			return -LX_EINVAL;
		}
	}
	if (arg[2] != 0 &&
		cbx_user_put(arg[2], &cbx_process_self()->signal.action[signal],
			sizeof(action)) != 0) {
		return -LX_EFAULT;
	}
	if (arg[1] != 0) {
		set_action((int)signal, &action);
	}
	return 0;
}

static int64_t change_mask(uint64_t how, uint64_t set)
{
	enum {
		BLOCK = 0,
		UNBLOCK = 1,
		SETMASK = 2
	};
	uint64_t mask = cbx_task_self()->signal.mask;

	switch (how) {
	case BLOCK:
		cbx_signal_set_mask(mask | set);
		return 0;
	case UNBLOCK:
		cbx_signal_set_mask(mask & ~set);
		return 0;
	case SETMASK:
		cbx_signal_set_mask(set);
		return 0;
	default:
		return -LX_EINVAL;
	}
}

int64_t cbx_sys_rt_sigprocmask(const uint64_t *arg)
{
	uint64_t before = cbx_task_self()->signal.mask;
	uint64_t set;
	int64_t status = 0;

	if (arg[3] != sizeof(set)) {
		return -LX_EINVAL;
	}
	if (arg[1] != 0) {
		if (cbx_user_get(&set, arg[1], sizeof(set)) != 0) {
			return -LX_EFAULT;
		}
		status = change_mask((uint32_t)arg[0], set);
	}
	if (status == 0 && arg[2] != 0 &&
		cbx_user_put(arg[2], &before, sizeof(before)) != 0) {
		return -LX_EFAULT;
	}
	return status;
}

int64_t cbx_sys_rt_sigpending(const uint64_t *arg)
{
	const struct cbx_task *self = cbx_task_self();
	uint64_t pending = (self->signal.queue.pending |
				   self->process->signal.queue.pending) &
			   self->signal.mask;

	if (arg[1] > sizeof(pending)) {
		return -LX_EINVAL;
	}
	return cbx_user_put(arg[0], &pending, arg[1]);
}

static int64_t wait_for_signal(void)
{
	int64_t status = 0;

	while (status == 0) {
		status = cbx_wait_sleep(CBX_WAIT_FOREVER);
	}
	return status;
}

int64_t cbx_sys_pause(const uint64_t *arg)
{
	(void)arg;
	return wait_for_signal();
}

int64_t cbx_sys_rt_sigsuspend(const uint64_t *arg)
{
	uint64_t set;

	if (arg[1] != sizeof(set)) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&set, arg[0], sizeof(set)) != 0) {
		return -LX_EFAULT;
	}
	cbx_signal_swap_mask(set);
	return wait_for_signal();
}

static int64_t take_or_wait(uint64_t set, int64_t end, struct lx_siginfo *info)
{
	struct cbx_task_signals *signal = &cbx_task_self()->signal;
	int64_t status = 0;

	signal->wanted = set;
	while (status == 0 && !cbx_signal_take(set, info)) {
		status = cbx_wait_sleep(end);
		if (status != 0 && cbx_signal_take(set, info)) {
			status = 0;
			break;
		}
	}
	signal->wanted = 0;
	return status == -LX_ETIMEDOUT ? -LX_EAGAIN : status;
}

int64_t cbx_sys_rt_sigtimedwait(const uint64_t *arg)
{
	struct lx_siginfo info;
	uint64_t set;
	int64_t ns;
	int64_t status;

	if (arg[3] != sizeof(set)) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&set, arg[0], sizeof(set)) != 0) {
		return -LX_EFAULT;
	}
	status = cbx_time_get_timeout(arg[2], &ns);
	if (status == 0) {
		status = take_or_wait(set & ~CBX_SIGNALS_UNBLOCKABLE,
			cbx_time_end(ns), &info);
	}
	if (status == 0 && arg[1] != 0) {
		status = cbx_user_put(arg[1], &info, sizeof(info));
	}
	return status != 0 ? status : info.signo;
}

int64_t cbx_sys_rt_sigreturn(const uint64_t *arg)
{
	const struct cbx_context *context = &cbx_task_self()->context;

	(void)arg;
	cbx_signal_return(context->regs, context->frame);
	return (int64_t)context->regs->rax;
}

int64_t cbx_signal_set_stack(const struct lx_stack *stack)
{
	enum {
		MIN_BYTES = 2048
	};
	uint32_t mode = stack->flags & ~LX_SS_AUTODISARM;
	struct lx_stack *mine = &cbx_task_self()->signal.stack;

	if (mode != 0 && mode != LX_SS_DISABLE && mode != LX_SS_ONSTACK) {
		return -LX_EINVAL;
	}
	if (mode == LX_SS_DISABLE) {
		*mine = (struct lx_stack){ .flags = stack->flags };
		return 0;
	}
	if (stack->size < MIN_BYTES) {
		return -LX_ENOMEM;
	}
	*mine = (struct lx_stack){
		.sp = stack->sp,
		.flags = stack->flags,
		.size = stack->size,
	};
	return 0;
}

/* What sigaltstack tells of the flags. */
static uint32_t stack_flags(const struct lx_stack *stack, bool on)
{
	uint32_t mode = stack->flags & LX_SS_DISABLE;

	return (stack->flags & LX_SS_AUTODISARM) | (on ? LX_SS_ONSTACK : mode);
}

int64_t cbx_sys_sigaltstack(const uint64_t *arg)
{
	const struct cbx_task *self = cbx_task_self();
	struct lx_stack before = self->signal.stack;
	bool on = cbx_sigframe_on_stack(&before, self->context.regs->rsp);
	struct lx_stack stack;
	int64_t status = 0;

	if (arg[0] != 0) {
		if (cbx_user_get(&stack, arg[0], sizeof(stack)) != 0) {
			return -LX_EFAULT;
		}
		status = on ? -LX_EPERM : cbx_signal_set_stack(&stack);
	}
	before.flags = stack_flags(&before, on);
	if (status == 0 && arg[1] != 0) {
		status = cbx_user_put(arg[1], &before, sizeof(before));
	}
	return status;
}

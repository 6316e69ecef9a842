/* SPDX-License-Identifier: Apache-2.0 */
/* Signal calls. */
#include "linux.h"
#include "task.h"
#include "signal.h"
#include "syscall.h"
#include "user.h"
#include "wait.h"

#define UNBLOCKABLE (cbx_signal_bit(LX_SIGKILL) | cbx_signal_bit(LX_SIGSTOP))

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
		action.mask &= ~UNBLOCKABLE;
		cbx_process_self()->signal.action[signal] = action;
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

	switch (how) {
	case BLOCK:
		cbx_task_self()->signal.mask |= set & ~UNBLOCKABLE;
		return 0;
	case UNBLOCK:
		cbx_task_self()->signal.mask &= ~set;
		return 0;
	case SETMASK:
		cbx_task_self()->signal.mask = set & ~UNBLOCKABLE;
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
	uint64_t pending =
		(self->signal.pending | self->process->signal.pending) &
		self->signal.mask;

	if (arg[1] != sizeof(pending)) {
		return -LX_EINVAL;
	}
	return cbx_user_put(arg[0], &pending, sizeof(pending));
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
	cbx_task_self()->signal.mask_after = cbx_task_self()->signal.mask;
	cbx_task_self()->signal.mask_swapped = true;
	cbx_task_self()->signal.mask = set & ~UNBLOCKABLE;
	return wait_for_signal();
}

int64_t cbx_sys_rt_sigreturn(const uint64_t *arg)
{
	(void)arg;
	cbx_signal_return(
		cbx_task_self()->context.regs, cbx_task_self()->context.frame);
	return (int64_t)cbx_task_self()->context.regs->rax;
}

static int64_t set_stack(const struct lx_stack *stack)
{
	enum {
		MIN_BYTES = 2048
	};
	uint32_t flags = stack->flags & ~LX_SS_AUTODISARM;

	if (flags != 0 && flags != LX_SS_DISABLE && flags != LX_SS_ONSTACK) {
		return -LX_EINVAL;
	}
	if (flags == LX_SS_DISABLE) {
		cbx_task_self()->signal.stack =
			(struct lx_stack){ .flags = LX_SS_DISABLE };
		return 0;
	}
	if (stack->size < MIN_BYTES) {
		return -LX_ENOMEM;
	}
	cbx_task_self()->signal.stack = (struct lx_stack){
		.sp = stack->sp,
		.size = stack->size,
	};
	return 0;
}

int64_t cbx_sys_sigaltstack(const uint64_t *arg)
{
	struct lx_stack before = cbx_task_self()->signal.stack;
	uint64_t rsp = cbx_task_self()->context.regs->rsp;
	bool on = before.flags != LX_SS_DISABLE && rsp > before.sp &&
		  rsp - before.sp <= before.size;
	struct lx_stack stack;
	int64_t status = 0;

	if (arg[0] != 0) {
		if (cbx_user_get(&stack, arg[0], sizeof(stack)) != 0) {
			return -LX_EFAULT;
		}
		status = on ? -LX_EPERM : set_stack(&stack);
	}
	before.flags |= on ? LX_SS_ONSTACK : 0;
	if (status == 0 && arg[1] != 0) {
		status = cbx_user_put(arg[1], &before, sizeof(before));
	}
	return status;
}

static int64_t send(int64_t to, uint64_t signal)
{
	int64_t self = cbx_process_self()->pid;

	if (signal > LX_SIGNALS) {
		return -LX_EINVAL;
	}
	if (to != self && to != 0 && to != -self) {
		return -LX_ESRCH;
	}
	if (signal != 0) {
		cbx_signal_raise((int)signal);
	}
	return 0;
}

int64_t cbx_sys_kill(const uint64_t *arg)
{
	return send((int32_t)arg[0], (uint32_t)arg[1]);
}

int64_t cbx_sys_tkill(const uint64_t *arg)
{
	return (int32_t)arg[0] <= 0 ? -LX_EINVAL
				    : send((int32_t)arg[0], (uint32_t)arg[1]);
}

int64_t cbx_sys_tgkill(const uint64_t *arg)
{
	const uint64_t two[2] = { arg[1], arg[2] };

	if ((int32_t)arg[0] <= 0) {
		return -LX_EINVAL;
	}
	return (int32_t)arg[0] == (int32_t)cbx_process_self()->pid
		       ? cbx_sys_tkill(two)
		       : -LX_ESRCH;
}

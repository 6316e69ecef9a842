/* SPDX-License-Identifier: Apache-2.0 */
/* New tasks, and their end. */
#include "channel.h"
#include "clone.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "user.h"

#define THREAD_FLAGS                                                     \
	(LX_CLONE_VM | LX_CLONE_FS | LX_CLONE_FILES | LX_CLONE_SIGHAND | \
		LX_CLONE_THREAD)
#define PROCESS_FLAGS                                                      \
	(LX_CLONE_VM | LX_CLONE_VFORK | LX_CLONE_FILES | LX_CLONE_PARENT | \
		LX_CLONE_CLEAR_SIGHAND)
#define OTHER_FLAGS                                                    \
	(LX_CLONE_SYSVSEM | LX_CLONE_SETTLS | LX_CLONE_PARENT_SETTID | \
		LX_CLONE_CHILD_CLEARTID | LX_CLONE_DETACHED |          \
		LX_CLONE_CHILD_SETTID | LX_CLONE_PTRACE)

static int64_t check_thread(const struct cbx_clone *how)
{
	if ((how->flags & LX_CLONE_SIGHAND) == 0 ||
		(how->flags & LX_CLONE_VM) == 0) {
		return -LX_EINVAL;
	}
	/* a task has no file system and no descriptors of its own */
	return (how->flags & ~OTHER_FLAGS) == THREAD_FLAGS ? 0 : -LX_EINVAL;
}

/* Tell the parent the new number. */
static int64_t tell(const struct cbx_clone *how, uint32_t tid)
{
	if ((how->flags & LX_CLONE_PARENT_SETTID) != 0 &&
		cbx_user_put(how->parent_tid, &tid, sizeof(tid)) != 0) {
		return -LX_EFAULT;
	}
	return 0;
}

static int64_t clone_thread(const struct cbx_clone *how)
{
	int64_t status = check_thread(how);
	struct cbx_task *task;
	uint32_t tid;

	if (status != 0) {
		return status;
	}
	task = cbx_task_create(cbx_process_self(), how);
	if (task == NULL) {
		return -LX_ENOMEM;
	}
	tid = task->tid;
	status = tell(how, tid);
	if (status != 0) {
		cbx_task_abandon(task);
		return status;
	}
	status = cbx_task_start(task);
	return status == 0 ? (int64_t)tid : status;
}

/* Who is to die makes no children: else they might outrun who kills them. */
static bool is_killed(void)
{
	const struct cbx_task *self = cbx_task_self();

	return self->ending || ((self->signal.queue.pending |
					self->process->signal.queue.pending) &
				       cbx_signal_bit(LX_SIGKILL)) != 0;
}

/* Flags of a new process; those that ask for a share of what processes do not
 * share here are refused. */
static int64_t check_process(const struct cbx_clone *how)
{
	if ((how->flags & ~(OTHER_FLAGS | PROCESS_FLAGS)) != 0 ||
		how->exit_signal > LX_SIGNALS) {
		return -LX_EINVAL;
	}
	return is_killed() ? -LX_EAGAIN : 0;
}

/* Sleep until the child has memory of its own, or has ended. */
static void lend_memory(struct cbx_task *self)
{
	static struct cbx_wait_queue nobody;

	while (self->lends) {
		cbx_wait_deaf(&nobody);
	}
}

static int64_t clone_process(const struct cbx_clone *how)
{
	bool lends = (how->flags & LX_CLONE_VFORK) != 0;
	struct cbx_task *self = cbx_task_self();
	struct cbx_process *child;
	int64_t status = check_process(how);
	uint32_t pid;

	if (status == 0) {
		status = cbx_process_create(how, &child);
	}
	if (status != 0) {
		return status;
	}
	pid = child->pid;
	self->lends = lends;
	child->lender = lends ? self : NULL;
	status = cbx_task_start(child->tasks);
	if (status != 0) {
		self->lends = false;
		cbx_process_forget(child);
		return status;
	}
	if ((how->flags & LX_CLONE_PARENT_SETTID) != 0) {
		cbx_user_try_put(how->parent_tid, &pid, sizeof(pid));
	}
	lend_memory(self);
	return pid;
}

static int64_t clone(const struct cbx_clone *how)
{
	return (how->flags & LX_CLONE_THREAD) != 0 ? clone_thread(how)
						   : clone_process(how);
}

int64_t cbx_sys_fork(const uint64_t *arg)
{
	const struct cbx_clone how = { .exit_signal = LX_SIGCHLD };

	(void)arg;
	return clone_process(&how);
}

int64_t cbx_sys_vfork(const uint64_t *arg)
{
	const struct cbx_clone how = {
		.flags = LX_CLONE_VM | LX_CLONE_VFORK,
		.exit_signal = LX_SIGCHLD,
	};

	(void)arg;
	return clone_process(&how);
}

int64_t cbx_sys_clone(const uint64_t *arg)
{
	const struct cbx_clone how = {
		.flags = arg[0] & 0xffffff00u,
		.exit_signal = arg[0] & 0xff,
		.stack = arg[1],
		.parent_tid = arg[2],
		.pidfd = arg[2],
		.child_tid = arg[3],
		.tls = arg[4],
	};

	return clone(&how);
}

int64_t cbx_sys_clone3(const uint64_t *arg)
{
	enum {
		BYTES_FIRST = 64
	};
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
		uint64_t stack, stack_bytes, tls;
		uint64_t set_tid, set_tids, cgroup;
	} a = { 0 };
	struct cbx_clone how;

	if (arg[1] < BYTES_FIRST) {
		return -LX_EINVAL;
	}
	if (arg[1] > sizeof(a)) {
		return -LX_E2BIG;
	}
	if (cbx_user_get(&a, arg[0], arg[1]) != 0) {
		return -LX_EFAULT;
	}
	if (a.exit_signal > LX_SIGNALS || a.set_tids != 0 || a.cgroup != 0 ||
		(a.stack == 0) != (a.stack_bytes == 0) ||
		a.stack_bytes > CBX_USER_TOP ||
		!cbx_user_valid(a.stack, a.stack_bytes)) {
		return -LX_EINVAL;
	}
	how = (struct cbx_clone){
		.flags = a.flags,
		.exit_signal = (uint32_t)a.exit_signal,
		.stack = a.stack + a.stack_bytes,
		.parent_tid = a.parent_tid,
		.child_tid = a.child_tid,
		.pidfd = a.pidfd,
		.tls = a.tls,
	};
	return clone(&how);
}

int64_t cbx_sys_set_tid_address(const uint64_t *arg)
{
	cbx_task_self()->clear_tid = arg[0];
	return cbx_task_self()->tid;
}

int64_t cbx_sys_exit(const uint64_t *arg)
{
	if (cbx_process_self()->task_count > 1) {
		cbx_task_exit();
	}
	return cbx_sys_exit_group(arg);
}

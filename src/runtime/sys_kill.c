/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that send signals. */
#include "linux.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

static struct lx_siginfo from_self(uint64_t signal, int32_t code)
{
	return (struct lx_siginfo){
		.signo = (int32_t)signal,
		.code = code,
		.from.pid = cbx_process_self()->pid,
	};
}

/* Nothing in a box can be stopped. */
static int64_t send(struct cbx_process *process, struct cbx_task *task,
	const struct lx_siginfo *info)
{
	if (info->signo == LX_SIGSTOP) {
		return -LX_EPERM;
	}
	return info->signo == 0 ? 0 : cbx_signal_send(process, task, info);
}

/* Whom kill's first argument means. */
static bool is_meant(const struct cbx_process *process, int64_t to)
{
	const struct cbx_process *self = cbx_process_self();

	if (to > 0) {
		return process->pid == to;
	}
	if (to == -1) {
		return process != self && process->pid != CBX_PROCESS_INIT;
	}
	return process->group == (to == 0 ? self->group : (uint64_t)-to);
}

int64_t cbx_sys_kill(const uint64_t *arg)
{
	const struct lx_siginfo info = from_self((uint32_t)arg[1], LX_SI_USER);
	int64_t result = -LX_ESRCH;

	if ((uint32_t)arg[1] > LX_SIGNALS) {
		return -LX_EINVAL;
	}
	for (struct cbx_process *p = &cbx_process_init; p != NULL;
		p = p->next) {
		if (is_meant(p, (int32_t)arg[0])) {
			int64_t status = send(p, NULL, &info);

			result = result == 0 ? 0 : status;
		}
	}
	return result;
}

/* @param pid  of the task's process, or 0 for whatever it is */
static int64_t send_to_task(
	uint64_t pid, uint64_t tid, const struct lx_siginfo *info)
{
	struct cbx_task *task = cbx_task_find(tid);

	if (task == NULL || (pid != 0 && task->process->pid != pid)) {
		return -LX_ESRCH;
	}
	return send(task->process, task, info);
}

static int64_t thread_kill(uint64_t pid, uint64_t tid, uint64_t signal)
{
	const struct lx_siginfo info = from_self(signal, LX_SI_TKILL);

	if ((int32_t)tid <= 0 || signal > LX_SIGNALS) {
		return -LX_EINVAL;
	}
	return send_to_task(pid, (uint32_t)tid, &info);
}

int64_t cbx_sys_tkill(const uint64_t *arg)
{
	return thread_kill(0, arg[0], (uint32_t)arg[1]);
}

int64_t cbx_sys_tgkill(const uint64_t *arg)
{
	return (int32_t)arg[0] <= 0 ? -LX_EINVAL
				    : thread_kill((uint32_t)arg[0], arg[1],
					      (uint32_t)arg[2]);
}

/* A siginfo of the program's; it must not claim to be the kernel's, or kill's,
 * to anybody else. */
static int64_t get_info(
	uint64_t va, uint64_t signal, bool own, struct lx_siginfo *info)
{
	if (cbx_user_get(info, va, sizeof(*info)) != 0) {
		return -LX_EFAULT;
	}
	if (signal > LX_SIGNALS) {
		return -LX_EINVAL;
	}
	info->signo = (int32_t)signal;
	if ((info->code >= 0 || info->code == LX_SI_TKILL) && !own) {
		return -LX_EPERM;
	}
	return 0;
}

int64_t cbx_sys_rt_sigqueueinfo(const uint64_t *arg)
{
	uint64_t pid = (uint32_t)arg[0];
	struct lx_siginfo info;
	int64_t status = get_info(arg[2], (uint32_t)arg[1],
		pid == cbx_process_self()->pid, &info);
	struct cbx_process *p = &cbx_process_init;

	if (status != 0) {
		return status;
	}
	while (p != NULL && p->pid != pid) {
		p = p->next;
	}
	return p == NULL ? -LX_ESRCH : send(p, NULL, &info);
}

int64_t cbx_sys_rt_tgsigqueueinfo(const uint64_t *arg)
{
	struct lx_siginfo info;
	int64_t status;

	if ((int32_t)arg[0] <= 0 || (int32_t)arg[1] <= 0) {
		return -LX_EINVAL;
	}
	status = get_info(arg[3], (uint32_t)arg[2],
		(uint32_t)arg[1] == cbx_task_self()->tid, &info);
	return status != 0 ? status
			   : send_to_task(
				     (uint32_t)arg[0], (uint32_t)arg[1], &info);
}

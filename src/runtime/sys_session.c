/* SPDX-License-Identifier: Apache-2.0 */
/* Parents, groups and sessions of processes, as data: there is no terminal. */
#include "linux.h"
#include "syscall.h"
#include "task.h"

int64_t cbx_sys_getppid(const uint64_t *arg)
{
	const struct cbx_process *parent = cbx_process_self()->parent;

	(void)arg;
	return parent == NULL ? 0 : parent->pid;
}

/* The process a pid names, 0 being the caller. */
static struct cbx_process *named(uint64_t pid)
{
	return (uint32_t)pid == 0 ? cbx_process_self()
				  : cbx_process_find((uint32_t)pid);
}

int64_t cbx_sys_getpgid(const uint64_t *arg)
{
	const struct cbx_process *process = named(arg[0]);

	return process == NULL ? -LX_ESRCH : (int64_t)process->group;
}

int64_t cbx_sys_getpgrp(const uint64_t *arg)
{
	(void)arg;
	return cbx_process_self()->group;
}

int64_t cbx_sys_getsid(const uint64_t *arg)
{
	const struct cbx_process *process = named(arg[0]);

	return process == NULL ? -LX_ESRCH : (int64_t)process->session;
}

/* A process of the group; NULL when there is none. */
static const struct cbx_process *member_of(uint32_t group)
{
	const struct cbx_process *p = &cbx_process_init;

	while (p != NULL && p->group != group) {
		p = p->next;
	}
	return p;
}

/* Whether a group may have the process. */
static bool may_join(const struct cbx_process *process, uint32_t group)
{
	const struct cbx_process *member = member_of(group);

	return group == process->pid ||
	       (member != NULL && member->session == process->session);
}

int64_t cbx_sys_setpgid(const uint64_t *arg)
{
	const struct cbx_process *self = cbx_process_self();
	struct cbx_process *process = named(arg[0]);
	uint32_t group = (uint32_t)arg[1];

	if ((int32_t)arg[1] < 0) {
		return -LX_EINVAL;
	}
	if (process == NULL || (process != self && process->parent != self)) {
		return -LX_ESRCH;
	}
	if (process != self && process->began) {
		return -LX_EACCES;
	}
	group = group == 0 ? process->pid : group;
	if (process->session == process->pid ||
		process->session != self->session ||
		!may_join(process, group)) {
		return -LX_EPERM;
	}
	process->group = group;
	return 0;
}

int64_t cbx_sys_setsid(const uint64_t *arg)
{
	struct cbx_process *self = cbx_process_self();

	(void)arg;
	if (member_of(self->pid) != NULL) {
		return -LX_EPERM;
	}
	self->session = self->pid;
	self->group = self->pid;
	return self->pid;
}

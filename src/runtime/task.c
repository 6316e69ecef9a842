/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

#include "debug.h"
#include "clone.h"
#include "cpu.h"
#include "time.h"
#include "futex.h"
#include "lock.h"
#include "memory.h"
#include "timers.h"

#define NUMBER_MAX 0x3fffffu /* a futex word holds no more, nor does Linux */

static struct cbx_fd_table first_table = { .refs = 1 };

struct cbx_process cbx_process_init = {
	.pid = CBX_PROCESS_INIT,
	.session = CBX_PROCESS_INIT,
	.group = CBX_PROCESS_INIT,
	.tasks = &cbx_task_init,
	.task_count = 1,
	.umask = 022,
	.fds = &first_table,
	.capability = { CBX_CAPABILITY_ALL, CBX_CAPABILITY_ALL, 0 },
	.limit = {
		[0 ... 2] = { LX_RLIM_INFINITY, LX_RLIM_INFINITY },
		[LX_RLIMIT_STACK] = { CBX_MEMORY_STACK, LX_RLIM_INFINITY },
		[LX_RLIMIT_CORE] = { 0, 0 },
		[5 ... 6] = { LX_RLIM_INFINITY, LX_RLIM_INFINITY },
		[LX_RLIMIT_NOFILE] = { 1024, CBX_FD_MOST },
		[8 ... LX_RLIMITS - 1] = { LX_RLIM_INFINITY, LX_RLIM_INFINITY },
	},
	.map = &cbx_map_first,
};

struct cbx_task cbx_task_init = {
	.self = &cbx_task_init,
	.process = &cbx_process_init,
	.tid = CBX_PROCESS_INIT,
	.outside = true,
	.signal.stack.flags = LX_SS_DISABLE,
};

uint32_t cbx_box_flags;

/* entry_linux.S: note that nothing here is used any more, and end. */
_Noreturn void cbx_task_leave(bool *left);

void cbx_task_enter(struct cbx_task *task)
{
	task->fast.entry = (uint64_t)cbx_fast_entry;
	task->fast.clock = &cbx_time_clock;
	cbx_cpu_set_gs((uint64_t)task);
}

struct cbx_task *cbx_task_find(uint64_t tid)
{
	for (struct cbx_process *p = &cbx_process_init; p != NULL;
		p = p->next) {
		struct cbx_task *task = p->tasks;

		while (task != NULL && task->tid != tid) {
			task = task->next;
		}
		if (task != NULL) {
			return task;
		}
	}
	return NULL;
}

static bool number_used(uint32_t number)
{
	const struct cbx_process *p = &cbx_process_init;

	while (p != NULL && p->pid != number) {
		p = p->next;
	}
	return p != NULL || cbx_task_find(number) != NULL;
}

uint32_t cbx_task_number(void)
{
	static uint32_t last = CBX_PROCESS_INIT;

	do {
		last = last == NUMBER_MAX ? CBX_PROCESS_INIT + 1 : last + 1;
	} while (number_used(last));
	return last;
}

void cbx_task_list(struct cbx_task *task)
{
	struct cbx_task **at = &task->process->tasks;

	while (*at != NULL) {
		at = &(*at)->next;
	}
	*at = task;
	task->process->task_count++;
}

void cbx_task_unlist(struct cbx_task *task)
{
	struct cbx_task **at = &task->process->tasks;

	while (*at != task) {
		at = &(*at)->next;
	}
	*at = task->next;
	task->process->task_count--;
	cbx_debug_forget(task);
	cbx_wait_wake(&task->process->task_ends, UINT64_MAX);
}

void cbx_task_depart(struct cbx_task *self)
{
	cbx_runtime_unlock();
	cbx_task_leave(&self->left);
}

void cbx_task_exit(void)
{
	struct cbx_task *self = cbx_task_self();

	cbx_futex_end(self);
	cbx_signal_forget(&self->signal.queue);
	cbx_timers_away(self);
	cbx_cpu_time_end(self);
	cbx_task_unlist(self);
	cbx_task_gone(self);
	cbx_task_depart(self);
}

void cbx_task_end_others(void)
{
	struct cbx_task *self = cbx_task_self();
	struct cbx_process *process = self->process;

	for (struct cbx_task *t = process->tasks; t != NULL; t = t->next) {
		if (t != self && !self->ending) {
			t->ending = true;
			cbx_task_interrupt(t);
		}
	}
	while (process->task_count > 1) {
		if (self->ending) {
			cbx_task_exit();
		}
		cbx_wait_deaf(&process->task_ends);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

#include "cpu.h"
#include "memory.h"

static struct cbx_fd_table first_table = { .refs = 1 };

struct cbx_process cbx_process_init = {
	.pid = CBX_PROCESS_INIT,
	.tasks = &cbx_task_init,
	.task_count = 1,
	.umask = 022,
	.fds = &first_table,
	.limit = {
		[0 ... 2] = { LX_RLIM_INFINITY, LX_RLIM_INFINITY },
		[LX_RLIMIT_STACK] = { CBX_MEMORY_STACK, LX_RLIM_INFINITY },
		[LX_RLIMIT_CORE] = { 0, 0 },
		[5 ... 6] = { LX_RLIM_INFINITY, LX_RLIM_INFINITY },
		[LX_RLIMIT_NOFILE] = { 1024, CBX_FD_MOST },
		[8 ... LX_RLIMITS - 1] = { LX_RLIM_INFINITY, LX_RLIM_INFINITY },
	},
};

struct cbx_task cbx_task_init = {
	.self = &cbx_task_init,
	.process = &cbx_process_init,
	.tid = CBX_PROCESS_INIT,
	.signal.stack.flags = LX_SS_DISABLE,
};

uint32_t cbx_box_flags;

void cbx_task_enter(struct cbx_task *task)
{
	task->fast.entry = (uint64_t)cbx_fast_entry;
	cbx_cpu_set_gs((uint64_t)task);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How processes begin. */
#include "process.h"

#include "budget.h"
#include "clone.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"

#define SPARE 16u /* no process is made of the last such part of memory */

struct cbx_process *cbx_process_find(uint64_t pid)
{
	struct cbx_process *process = &cbx_process_init;

	while (process != NULL && process->pid != pid) {
		process = process->next;
	}
	return process;
}

bool cbx_process_runs(const struct cbx_node *node)
{
	const struct cbx_process *p = &cbx_process_init;

	while (p != NULL &&
		(p->program != node || p->state != CBX_PROCESS_RUNS)) {
		p = p->next;
	}
	return p != NULL;
}

/* The arguments lie in the parent's blocks. */
static bool copy_arguments(
	struct cbx_process *to, const struct cbx_arguments *from)
{
	uint64_t path_bytes = strlen(from->path) + 1;
	uint64_t bytes = path_bytes + from->argv_bytes + from->envp_bytes;
	char *block = cbx_heap_take(bytes);

	if (block == NULL) {
		return false;
	}
	to->kept = (struct cbx_arguments_kept){ { block, NULL }, { bytes, 0 } };
	to->arguments = *from;
	to->arguments.path = block;
	to->arguments.argv = block + path_bytes;
	to->arguments.envp = block + path_bytes + from->argv_bytes;
	memcpy(block, from->path, path_bytes);
	memcpy(block + path_bytes, from->argv, from->argv_bytes);
	memcpy(block + path_bytes + from->argv_bytes, from->envp,
		from->envp_bytes);
	return true;
}

static void copy_actions(
	struct cbx_process *to, const struct cbx_process *from, bool clear)
{
	memcpy(to->signal.action, from->signal.action,
		sizeof(to->signal.action));
	for (int i = 0; clear && i <= LX_SIGNALS; i++) {
		if (to->signal.action[i].handler != LX_SIG_IGN) {
			to->signal.action[i] = (struct lx_sigaction){ 0 };
		}
	}
}

static struct cbx_fd_table *descriptors(
	const struct cbx_process *from, uint64_t flags)
{
	if ((flags & LX_CLONE_FILES) == 0) {
		return cbx_fd_table_copy(from->fds);
	}
	from->fds->refs++;
	return from->fds;
}

static struct cbx_map *memory(const struct cbx_process *from, uint64_t flags)
{
	if ((flags & LX_CLONE_VM) == 0) {
		return cbx_memory_fork();
	}
	from->map->refs++;
	return from->map;
}

static void copy_rest(struct cbx_process *to, struct cbx_process *from,
	const struct cbx_clone *how)
{
	to->parent = (how->flags & LX_CLONE_PARENT) != 0 && from->parent != NULL
			     ? from->parent
			     : from;
	to->group = from->group;
	to->session = from->session;
	to->exit_signal = how->exit_signal;
	to->umask = from->umask;
	to->oom_score_adj = from->oom_score_adj;
	to->vector = from->vector;
	memcpy(to->limit, from->limit, sizeof(to->limit));
	to->program = from->program;
	to->cwd = from->cwd;
	cbx_node_hold(to->program);
	cbx_node_hold(to->cwd);
	copy_actions(to, from, (how->flags & LX_CLONE_CLEAR_SIGHAND) != 0);
}

static void enlist(struct cbx_process *process)
{
	struct cbx_process *last = &cbx_process_init;

	while (last->next != NULL) {
		last = last->next;
	}
	last->next = process;
}

/* Whether what is left is enough for those that are there. */
static bool is_room(void)
{
	return cbx_budget_free() >= cbx_budget_total() / SPARE;
}

int64_t cbx_process_create(
	const struct cbx_clone *how, struct cbx_process **process)
{
	struct cbx_process *self = cbx_process_self();
	struct cbx_process *made;
	struct cbx_task *task;

	made = is_room() ? cbx_heap_take_zero(sizeof(*made)) : NULL;
	if (made == NULL) {
		return -LX_ENOMEM;
	}
	copy_rest(made, self, how);
	enlist(made);
	if (!copy_arguments(made, &self->arguments) ||
		(made->fds = descriptors(self, how->flags)) == NULL ||
		(made->map = memory(self, how->flags)) == NULL ||
		(task = cbx_task_create(made, how)) == NULL) {
		cbx_process_forget(made);
		return -LX_EAGAIN;
	}
	made->pid = task->tid;
	*process = made;
	return 0;
}

void cbx_process_forget(struct cbx_process *process)
{
	struct cbx_process *before = &cbx_process_init;

	while (before->next != process) {
		before = before->next;
	}
	before->next = process->next;
	if (process->map != NULL) {
		cbx_memory_drop(process->map);
	}
	if (process->fds != NULL) {
		cbx_fd_table_drop(process->fds);
	}
	if (process->cwd != NULL) {
		cbx_node_drop(process->cwd);
		cbx_node_drop(process->program);
	}
	cbx_heap_give(process->kept.block[0], process->kept.bytes[0]);
	cbx_heap_give(process->kept.block[1], process->kept.bytes[1]);
	cbx_heap_give(process, sizeof(*process));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* execve: another program in the same process. */
#include <base/start.h>

#include "clone.h"
#include "cpu.h"
#include "file.h"
#include "frame.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "memory.h"
#include "message.h"
#include "program.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

#define STRINGS_MAX 0x200000u /* bytes of arguments and environment */

/* entry_linux.S */
_Noreturn void cbx_start_program(uint64_t entry, uint64_t stack);
void cbx_exec_entry(void);

/* Strings one after the other, growing. */
struct strings {
	char *at;
	uint64_t bytes;
	uint64_t capacity;
	uint64_t count;
};

static int64_t add_string(struct strings *s, uint64_t va)
{
	for (;;) {
		uint64_t room = s->capacity - s->bytes;
		int64_t length =
			!cbx_user_valid(va, 1)
				? -LX_EFAULT
				: cbx_user_copy_string(s->at + s->bytes,
					  (const char *)va, room);

		if (length < 0) {
			return length;
		}
		if ((uint64_t)length < room) {
			s->bytes += (uint64_t)length + 1;
			s->count++;
			return 0;
		}
		if (s->capacity >= STRINGS_MAX) {
			return -LX_E2BIG;
		}
		if (!cbx_heap_grow((void **)&s->at, &s->capacity,
			    s->capacity + CBX_PAGE_SIZE, 1)) {
			return -LX_ENOMEM;
		}
	}
}

static int64_t add_vector(struct strings *s, uint64_t va)
{
	int64_t status = 0;

	s->count = 0;
	while (va != 0 && status == 0) {
		uint64_t string;

		status = cbx_user_get(&string, va, sizeof(string));
		if (status != 0 || string == 0) {
			break;
		}
		status = add_string(s, string);
		va += sizeof(string);
	}
	return status;
}

/* The path, the arguments and the environment, in one block. */
static int64_t gather(
	const uint64_t *arg, struct strings *s, struct cbx_arguments *a)
{
	uint64_t path_bytes = 0;
	uint64_t argv_end = 0;
	int64_t status = add_string(s, arg[0]);

	path_bytes = s->bytes;
	if (status == 0) {
		status = add_vector(s, arg[1]);
		a->argc = s->count;
		argv_end = s->bytes;
	}
	if (status == 0) {
		status = add_vector(s, arg[2]);
		a->envc = s->count;
	}
	a->path = s->at;
	a->argv = s->at + path_bytes;
	a->argv_bytes = argv_end - path_bytes;
	a->envp = s->at + argv_end;
	a->envp_bytes = s->bytes - argv_end;
	return status != 0 ? status : (path_bytes == 1 ? -LX_ENOENT : 0);
}

/* A program on its way; the lock may be dropped meanwhile. */
struct exec {
	struct cbx_program program;
	struct strings strings;
};

static void hold_files(const struct cbx_program *p, bool hold)
{
	void (*change)(struct cbx_node *) =
		hold ? cbx_node_hold : cbx_node_drop;

	change(p->node);
	if (p->loader != NULL) {
		change(p->loader);
	}
}

static void keep(struct exec *exec)
{
	struct cbx_arguments_kept *kept = &cbx_process_self()->kept;

	cbx_heap_give(kept->block[0], kept->bytes[0]);
	cbx_heap_give(kept->block[1], kept->bytes[1]);
	kept->block[0] = exec->strings.at;
	kept->bytes[0] = exec->strings.capacity;
	kept->block[1] = exec->program.storage;
	kept->bytes[1] = exec->program.storage_bytes;
	hold_files(&exec->program, false);
	cbx_heap_give(exec, sizeof(*exec));
}

static void discard(struct exec *exec)
{
	cbx_heap_give(exec->program.storage, exec->program.storage_bytes);
	cbx_heap_give(exec->strings.at, exec->strings.capacity);
	cbx_heap_give(exec, sizeof(*exec));
}

/* What the program is not to have from the one before. */
static void leave_behind(struct cbx_task *self)
{
	struct cbx_process *process = self->process;

	cbx_signal_reset();
	cbx_fd_close_on_exec();
	process->began = true;
	process->death_signal = 0;
	self->tid = process->pid;
	self->clear_tid = 0;
	self->robust = 0;
	self->set_tid = 0;
	cbx_cpu_set_fs(0);
}

/* Load it; there is no way back. */
static uint64_t load(struct exec *exec, uint64_t *stack)
{
	uint64_t entry;

	if (cbx_program_load(&exec->program, &entry, stack) != 0) {
		cbx_message_begin(exec->program.arguments.path);
		cbx_message_put(": no memory to load it");
		cbx_message_end();
		cbx_signal_die(LX_SIGKILL);
	}
	keep(exec);
	leave_behind(cbx_task_self());
	return entry;
}

static void begin(struct exec *exec)
{
	struct cbx_context *context = &cbx_task_self()->context;
	uint64_t stack;
	uint64_t entry = load(exec, &stack);

	cbx_frame_reset(context->frame);
	*context->regs = (struct cbx_regs){
		.rip = entry,
		.rsp = stack,
		.rflags = 0x202,
	};
}

/* The thread in the new space: rdi of its entry. */
void cbx_exec_begin(struct cbx_task *task)
{
	struct exec *exec = task->exec;
	uint64_t entry;
	uint64_t stack;

	cbx_task_register(task);
	task->exec = NULL;
	entry = load(exec, &stack);
	if ((cbx_box_flags & CBX_START_TRACE) != 0) {
		cbx_gate_result(
			0, task->process->pid | (uint64_t)task->tid << 24);
	}
	task->outside = true;
	cbx_runtime_unlock();
	cbx_start_program(entry, stack);
}

/* Begin in a space of its own, leaving the memory to whom it belongs. */
static _Noreturn void move(
	struct exec *exec, struct cbx_task *self, struct cbx_map *map)
{
	struct cbx_process *process = self->process;
	struct cbx_map *lent = process->map;

	process->map = map;
	cbx_memory_drop(lent);
	cbx_process_return_memory(process);
	self->exec = exec;
	cbx_gate_switch(cbx_map_space(map), (uint64_t)cbx_exec_entry,
		cbx_task_stack_end(self), (uint64_t)self);
	cbx_signal_die(LX_SIGKILL);
}

/* Memory of its own for a process that was lent some: NULL is none. */
static struct cbx_map *make_map(const struct cbx_task *self)
{
	struct cbx_map *map = cbx_memory_create();

	if (map != NULL && !cbx_task_bring(self, map)) {
		cbx_memory_drop(map);
		return NULL;
	}
	return map;
}

/* Whether the process has its descriptors to itself now. */
static bool own_descriptors(struct cbx_process *process)
{
	struct cbx_fd_table *table;

	if (process->fds->refs == 1) {
		return true;
	}
	table = cbx_fd_table_copy(process->fds);
	if (table == NULL) {
		return false;
	}
	cbx_fd_table_drop(process->fds);
	process->fds = table;
	return true;
}

static int64_t find(const uint64_t *arg, struct exec *exec)
{
	int64_t status;

	exec->strings.capacity = CBX_PAGE_SIZE;
	exec->strings.at = cbx_heap_take(exec->strings.capacity);
	if (exec->strings.at == NULL) {
		return -LX_ENOMEM;
	}
	status = gather(arg, &exec->strings, &exec->program.arguments);
	return status != 0 ? status : cbx_program_find(&exec->program);
}

int64_t cbx_sys_execve(const uint64_t *arg)
{
	struct cbx_task *self = cbx_task_self();
	struct exec *exec = cbx_heap_take_zero(sizeof(*exec));
	bool lent = self->process->map->refs > 1;
	struct cbx_map *map = NULL;
	int64_t status = exec == NULL ? -LX_ENOMEM : find(arg, exec);

	if (status == 0) {
		map = lent ? make_map(self) : NULL;
		status =
			(lent && map == NULL) || !own_descriptors(self->process)
				? -LX_ENOMEM
				: 0;
	}
	if (status != 0) {
		if (exec != NULL) {
			discard(exec);
		}
		return status;
	}
	hold_files(&exec->program, true);
	cbx_task_end_others();
	if (map != NULL) {
		move(exec, self, map);
	}
	begin(exec);
	return 0;
}

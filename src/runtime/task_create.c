/* SPDX-License-Identifier: Apache-2.0 */
#include <base/gatecall_linux.h>
#include <base/start.h>

#include "budget.h"
#include "clone.h"
#include "cpu.h"
#include "frame.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory_space.h"
#include "template.h"
#include "trap.h"

#define SERVE_BYTES  0x6000u /* of stack, below the copied frame */
#define UPCALL_BYTES 0x10000u
#define THREAD_PAGES 1u /* the monitor's, of the reserve */

/* entry_linux.S */
void cbx_task_entry(void);
void cbx_runtime_upcall_entry(void);

/* Tasks that ended; their memory is free once they are off it. */
static struct cbx_task *gone;

static void free_task(struct cbx_task *task)
{
	if (task != &cbx_task_init) {
		cbx_heap_give((void *)task->stack.base, task->stack.bytes);
		cbx_heap_give(task, sizeof(*task));
		cbx_budget_give(THREAD_PAGES);
	}
}

static void free_gone(void)
{
	struct cbx_task **at = &gone;

	while (*at != NULL) {
		struct cbx_task *task = *at;

		if (__atomic_load_n(&task->left, __ATOMIC_ACQUIRE)) {
			*at = task->next;
			free_task(task);
		} else {
			at = &task->next;
		}
	}
}

void cbx_task_gone(struct cbx_task *task)
{
	task->next = gone;
	gone = task;
}

bool cbx_task_stacks_seen;

/* Where the backend puts up-calls on the thread's own stack, it needs more. */
static uint64_t stack_bytes(void *frame)
{
	bool own = (uint64_t)frame < CBX_VA_MAX;

	return cbx_heap_size(cbx_frame_bytes(frame) + SERVE_BYTES +
			     (own ? UPCALL_BYTES : 0));
}

static bool make_stack(struct cbx_task *task, void *frame)
{
	uint64_t bytes = stack_bytes(frame);
	void *base = cbx_heap_take(bytes);

	if (base == NULL) {
		return false;
	}
	for (uint64_t at = 0; at < bytes;) {
		at += cbx_template_own((uint64_t)base + at, bytes - at);
	}
	task->stack = (struct cbx_task_stack){ (uint64_t)base, bytes };
	return true;
}

/* Paid for: the block, the stack, the monitor's thread. */
static struct cbx_task *make_task(void *frame)
{
	struct cbx_task *task;

	if (!cbx_budget_take(THREAD_PAGES)) {
		return NULL;
	}
	task = cbx_heap_take_zero(sizeof(*task));
	if (task != NULL && make_stack(task, frame)) {
		return task;
	}
	cbx_heap_give(task, sizeof(*task));
	cbx_budget_give(THREAD_PAGES);
	return NULL;
}

static void copy_context(struct cbx_task *task, const struct cbx_clone *how)
{
	struct cbx_task *self = cbx_task_self();
	void *frame = cbx_frame_copy(
		self->context.frame, task->stack.base + task->stack.bytes);
	struct cbx_regs *regs = cbx_frame_regs(frame);

	task->context = (struct cbx_context){ NULL, regs, frame };
	*regs = *self->context.regs;
	regs->rax = 0;
	if (how->stack != 0) {
		regs->rsp = how->stack;
	}
	task->fs_base =
		(how->flags & LX_CLONE_SETTLS) != 0 ? how->tls : cbx_cpu_fs();
}

struct cbx_task *cbx_task_create(
	struct cbx_process *process, const struct cbx_clone *how)
{
	const struct cbx_task *self = cbx_task_self();
	struct cbx_task *task;

	free_gone();
	cbx_task_init.fast.stack =
		cbx_task_stacks_seen ? cbx_task_init.fast.stack : 0;
	cbx_task_stacks_seen = true;
	task = make_task(self->context.frame);
	if (task == NULL) {
		return NULL;
	}
	task->self = task;
	task->process = process;
	task->tid = cbx_task_number();
	memcpy(task->name, self->name, sizeof(task->name));
	task->policy = cbx_sched_inherit(self->policy);
	task->signal.mask = self->signal.mask;
	task->signal.stack.flags = LX_SS_DISABLE;
	if ((how->flags & LX_CLONE_CHILD_CLEARTID) != 0) {
		task->clear_tid = how->child_tid;
	}
	if ((how->flags & LX_CLONE_CHILD_SETTID) != 0) {
		task->set_tid = how->child_tid;
	}
	if ((how->flags & LX_CLONE_VM) == 0 ||
		(how->flags & LX_CLONE_VFORK) != 0) {
		task->signal.stack = self->signal.stack;
	}
	copy_context(task, how);
	cbx_cpu_time_begin(task);
	cbx_task_list(task);
	return task;
}

void cbx_task_abandon(struct cbx_task *task)
{
	cbx_task_unlist(task);
	free_task(task);
}

/* The box's first task has the stack the box began on. */
static struct cbx_task_stack stack_of(const struct cbx_task *task)
{
	return task->stack.bytes != 0
		       ? task->stack
		       : (struct cbx_task_stack){ cbx_template_cloned()
							  ? CBX_CLONE_STACK_VA
							  : CBX_STACK_VA,
				 CBX_STACK_PAGES * CBX_PAGE_SIZE };
}

uint64_t cbx_task_stack_end(const struct cbx_task *task)
{
	const struct cbx_task_stack stack = stack_of(task);

	return stack.base + stack.bytes;
}

bool cbx_task_bring(const struct cbx_task *task, const struct cbx_map *map)
{
	const struct cbx_task_stack stack = stack_of(task);

	return map->space == NULL || (cbx_memory_space_pin(map->space,
					      (uint64_t)task, sizeof(*task)) &&
					     cbx_memory_space_pin(map->space,
						     stack.base, stack.bytes));
}

int64_t cbx_task_start(struct cbx_task *task)
{
	uint64_t stack = (uint64_t)task->context.frame & ~15ull;

	if (!cbx_task_bring(task, task->process->map) ||
		!cbx_gate_thread(cbx_map_space(task->process->map),
			(uint64_t)cbx_task_entry, stack, (uint64_t)task,
			&task->thread)) {
		cbx_task_abandon(task);
		return -LX_EAGAIN;
	}
	return 0;
}

void cbx_task_register(struct cbx_task *task)
{
	uint64_t space;

	cbx_task_enter(task);
	task->fast.stack = 0;
	if (!cbx_gate_upcall_entry((uint64_t)cbx_runtime_upcall_entry,
		    cbx_task_stack_end(task), &task->thread, &space)) {
		cbx_gate_end(CBX_END_SIGNAL | LX_SIGKILL);
	}
}

/* The new thread's first code: rdi of its entry. */
void cbx_task_begin(struct cbx_task *task)
{
	cbx_task_register(task);
	cbx_cpu_set_fs(task->fs_base);
	cbx_trap_begin();
	cbx_trap_return(
		task->context.upcall, task->context.regs, task->context.frame);
}

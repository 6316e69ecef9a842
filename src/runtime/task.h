/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task: one thread of a process, and the monitor's thread that runs it.
 */
#ifndef CBX_RUNTIME_TASK_H
#define CBX_RUNTIME_TASK_H

#include <base/upcall.h>

#include "fast.h"
#include "process.h"

#define CBX_TASK_NAME 16u

/** What the running up-call interrupted.  Nested up-calls do not change
 * it. */
struct cbx_context {
	struct cbx_upcall *upcall;
	struct cbx_regs *regs;
	void *frame; /* the backend's */
};

/** GS base is its task's address as long as a thread lives; a program does
 * not get that register. */
struct cbx_task {
	struct cbx_task *self; /* first: what %gs:0 reads */
	struct cbx_fast fast;  /* second: fast.S knows where */
	struct cbx_process *process;
	struct cbx_task *next; /* of its process */
	uint64_t thread;       /* the monitor's handle */
	uint32_t tid;
	char name[CBX_TASK_NAME];
	struct cbx_context context;
	struct cbx_task_signals signal;

	struct cbx_task *lock_next; /* lock.c's, as is the next */
	bool lock_queued;
	bool woken;  /* a wake-up it has not seen */
	bool parked; /* it sleeps in the monitor, or is about to */
};

/** The box's first task. */
extern struct cbx_task cbx_task_init;

/** The running task. */
static inline struct cbx_task *cbx_task_self(void)
{
	struct cbx_task *task;

	__asm__("movq %%gs:0, %0" : "=r"(task));
	return task;
}

static inline struct cbx_process *cbx_process_self(void)
{
	return cbx_task_self()->process;
}

/** The running process's memory. */
static inline struct cbx_map *cbx_map_self(void)
{
	return &cbx_process_self()->map;
}

/** Become @p task: its thread calls this before anything else here. */
void cbx_task_enter(struct cbx_task *task);

/** Give up sleeping for a reason that is no wait queue's, such as a signal.
 * @lock held */
void cbx_task_interrupt(struct cbx_task *task);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task: one thread of a process, and the monitor's thread that runs it.
 */
#ifndef CBX_RUNTIME_TASK_H
#define CBX_RUNTIME_TASK_H

#include <base/upcall.h>

#include "cpu_time.h"
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

/** A block of the heap for a task's up-calls, or only for its beginning
 * where the backend brings a stack for those. */
struct cbx_task_stack {
	uint64_t base;
	uint64_t bytes;
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
	uint32_t gates;	 /* since its call began; counted under a trace */
	uint32_t policy; /* what sched_getscheduler tells */
	char name[CBX_TASK_NAME];
	struct cbx_context context;
	bool outside; /* its program runs: to be told something, interrupt it */
	bool rang;    /* it was interrupted: timers may be due */
	bool letting_go;       /* outside, but for dropping the lock */
	int64_t deadline;      /* of its next up-call, or 0; */
	int64_t deadline_wake; /* in ticks */
	struct cbx_cpu_time cpu;
	int64_t deadline_kept; /* time.h: of its call, or 0 */
	struct cbx_task_signals signal;

	struct cbx_task_stack stack; /* 0 bytes: where the box began */
	uint64_t fs_base;	     /* to begin with */
	uint64_t clear_tid; /* where its end writes 0 and wakes; or 0 */
	uint64_t robust;    /* its list of robust mutexes, or 0 */
	uint64_t set_tid;   /* where it writes its number to begin with, or 0 */
	struct exec
		*exec; /* the program it is about to run, in another space */
	bool lends;    /* it sleeps: a child has its memory */
	bool ending;   /* it is to end before it is the program's again */
	bool deaf;     /* it sleeps on whatever happens */
	bool left;     /* it ended, and is off its stack */

	struct cbx_task *lock_next; /* lock.c's, as are the next */
	bool lock_queued;
	bool lock_lost;
	bool lock_given;
	uint32_t spins; /* worth making before it parks */
	uint32_t sleeps;
	bool woken;  /* a wake-up it has not seen */
	bool parked; /* it sleeps in the monitor, or is about to */
};

/** Whether one task may look at another one's stack: then up-calls leave those
 * the backend brings, which are only their own space's. */
extern bool cbx_task_stacks_seen;

/** The box's first task. */
extern struct cbx_task cbx_task_init;

/** The scheduling policy a new task has of one with @p policy. */
uint32_t cbx_sched_inherit(uint32_t policy);

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
	return cbx_process_self()->map;
}

/** The task with that number; NULL when there is none. */
struct cbx_task *cbx_task_find(uint64_t tid);

/** A number no task and no process has. */
uint32_t cbx_task_number(void);

/** Drop the lock and be gone: it is off all lists. */
_Noreturn void cbx_task_depart(struct cbx_task *self);

/** End the running task, which is not its process's last one.
 * @lock held; dropped */
_Noreturn void cbx_task_exit(void);

/** End every other task of the running process and wait for that; when
 * another one ends this one first, it does not return.  @lock held */
void cbx_task_end_others(void);

/** Become @p task: its thread calls this before anything else here. */
void cbx_task_enter(struct cbx_task *task);

/** Make a task look at what it is to do, such as a signal: it gives up sleeping
 * for a reason that is no wait queue's, or its program is interrupted.
 * @lock held */
void cbx_task_interrupt(struct cbx_task *task);

#endif

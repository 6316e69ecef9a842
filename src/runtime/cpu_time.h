/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long tasks and processes ran: the time they did not sleep.  That the
 * host, or another task, had their CPU is not known, and counts as running.
 */
#ifndef CBX_RUNTIME_CPU_TIME_H
#define CBX_RUNTIME_CPU_TIME_H

#include <base/types.h>

struct cbx_process;
struct cbx_task;

/** A task's; all zero when it begins. */
struct cbx_cpu_time {
	int64_t began;	/* monotonic; 0: with the machine */
	int64_t slept;	/* in all, until it last awoke */
	int64_t asleep; /* since when; 0: it runs */
};

/** A task begins. */
void cbx_cpu_time_begin(struct cbx_task *task);

/** The running task falls asleep, or is awake. */
void cbx_cpu_time_sleep(struct cbx_task *self);
void cbx_cpu_time_wake(struct cbx_task *self);

/** Nanoseconds a task, or all of a process, have run. */
int64_t cbx_cpu_time_of_task(const struct cbx_task *task);
int64_t cbx_cpu_time_of_process(const struct cbx_process *process);

/** A task ends: what it ran stays its process's. */
void cbx_cpu_time_end(struct cbx_task *task);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's own timers: the three of setitimer, and those of timer_create.
 */
#ifndef CBX_RUNTIME_PROCESS_TIMERS_H
#define CBX_RUNTIME_PROCESS_TIMERS_H

#include "alarm.h"
#include "signal.h"

#define CBX_ITIMERS 3u

/** One of setitimer. */
struct cbx_itimer {
	struct cbx_alarm alarm; /* first */
	struct cbx_process *process;
	int signal;
};

/** One of timer_create. */
struct cbx_posix_timer {
	struct cbx_alarm alarm; /* first */
	struct cbx_posix_timer *next;
	struct cbx_process *process;
	int32_t id;
	uint32_t notify;
	uint32_t tid;	 /* THREAD_ID: whom it is for */
	int32_t overrun; /* of the last signal that was taken */
	struct cbx_signal_entry entry;
	struct cbx_task *posted; /* whom the entry waits for; NULL: any */
	bool waits;		 /* the entry is queued */
};

struct cbx_process_timers {
	struct cbx_itimer itimer[CBX_ITIMERS];
	struct cbx_posix_timer *posix;
};

/** The running process's; NULL when there is no memory. */
struct cbx_process_timers *cbx_process_timers(void);

/** What execve does: timer_create's are gone. */
void cbx_posix_timers_end(struct cbx_process *process);

/** A process ends: all are gone. */
void cbx_process_timers_end(struct cbx_process *process);

#endif

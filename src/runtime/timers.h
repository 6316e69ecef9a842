/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box's timers, and who looks after them.
 *
 * One task at a time is the keeper: it sleeps no longer than until the first
 * timer is due, or has an up-call then while its program runs.  All of it is
 * called under the runtime's lock.
 */
#ifndef CBX_RUNTIME_TIMERS_H
#define CBX_RUNTIME_TIMERS_H

#include "timer_list.h"

struct cbx_task;

/** Have timer->fire called at @p at (monotonic nanoseconds), once. */
void cbx_timers_set(struct cbx_timer *timer, int64_t at);

/** Do not. */
void cbx_timers_cancel(struct cbx_timer *timer);

/** Fire what is due. */
void cbx_timers_run(void);

/** The running task is about to sleep until @p deadline.
 * @return when it must wake at the latest */
int64_t cbx_timers_sleep(int64_t deadline);

/** It is awake; what is due was fired. */
void cbx_timers_awake(void);

/** It goes back to its program. */
void cbx_timers_leave(struct cbx_task *self);

/** It has an up-call after so long, if it does not look after timers before. */
void cbx_timers_look_in(struct cbx_task *self, uint64_t ns);

/** It ends, or asks the host for something that may take long: somebody else
 * looks after the timers, if there is somebody. */
void cbx_timers_away(struct cbx_task *self);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms: what setitimer, timer_settime and timerfd_settime set.  One expires
 * at a time of its clock and, if it is repeated, every so often after it; it
 * counts how often.
 */
#ifndef CBX_RUNTIME_ALARM_H
#define CBX_RUNTIME_ALARM_H

#include "timers.h"

struct lx_itimerspec;

/** Part of what it belongs to.  All zero but for clock and expire: not set. */
struct cbx_alarm {
	struct cbx_timer timer;
	int32_t clock;
	bool set;
	int64_t at;	  /* of its clock; when it expires next */
	int64_t interval; /* 0: once */
	/** It has expired; it is set again by cbx_alarm_count(). */
	void (*expire)(struct cbx_alarm *alarm);
};

/** What setting it takes: times of a program.
 * @param ns  ns[0] first, 0 for never; ns[1] interval */
struct cbx_alarm_times {
	int64_t ns[2];
};

/**
 * Read a struct itimerspec.
 *
 * @retval -EFAULT, -EINVAL
 */
CBX_MUST_CHECK int64_t cbx_alarm_get(
	uint64_t va, struct cbx_alarm_times *times);

/** Write one, unless @p va is 0.  @retval -EFAULT */
CBX_MUST_CHECK int64_t cbx_alarm_put(
	uint64_t va, const struct cbx_alarm_times *times);

/** Set an alarm anew; a first time of 0 takes it off.
 * @param absolute  the first time is one of the clock */
void cbx_alarm_set(struct cbx_alarm *alarm, const struct cbx_alarm_times *times,
	bool absolute);

/** How long until it expires next, and its interval; a first time
 * of 0 when it is not set. */
struct cbx_alarm_times cbx_alarm_left(const struct cbx_alarm *alarm);

/** How often it has expired that was not counted yet; then it is set for the
 * next time, or not at all. */
uint64_t cbx_alarm_count(struct cbx_alarm *alarm);

/** Whether there is something to count. */
bool cbx_alarm_expired(const struct cbx_alarm *alarm);

/** Take it off. */
void cbx_alarm_stop(struct cbx_alarm *alarm);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm.h"

#include "clocks.h"
#include "linux.h"
#include "task.h"
#include "time.h"
#include "user.h"

#define LOOK_NS 10000000 /* at a clock that may stand still, this often */

struct itimerspec {
	struct lx_timespec interval, first;
};

static int64_t now_of(const struct cbx_alarm *alarm)
{
	int64_t now;

	/* a task that is gone runs no more */
	return cbx_clock_now(alarm->clock, &now) == 0 ? now : 0;
}

static int64_t to_ns(const struct lx_timespec *t, int64_t *ns)
{
	if (t->sec < 0 || t->nsec < 0 || t->nsec >= LX_NS) {
		return -LX_EINVAL;
	}
	if (__builtin_mul_overflow(t->sec, LX_NS, ns) ||
		__builtin_add_overflow(*ns, t->nsec, ns)) {
		*ns = INT64_MAX;
	}
	return 0;
}

int64_t cbx_alarm_get(uint64_t va, struct cbx_alarm_times *times)
{
	struct itimerspec spec;

	if (cbx_user_get(&spec, va, sizeof(spec)) != 0) {
		return -LX_EFAULT;
	}
	if (to_ns(&spec.first, &times->ns[0]) != 0 ||
		to_ns(&spec.interval, &times->ns[1]) != 0) {
		return -LX_EINVAL;
	}
	return 0;
}

int64_t cbx_alarm_put(uint64_t va, const struct cbx_alarm_times *times)
{
	const struct itimerspec spec = {
		.first = { times->ns[0] / LX_NS, times->ns[0] % LX_NS },
		.interval = { times->ns[1] / LX_NS, times->ns[1] % LX_NS },
	};

	return va == 0 ? 0 : cbx_user_put(va, &spec, sizeof(spec));
}

/* Have a look when it can have expired.  A running time grows no faster than
 * the time for each task; in a sleeping process not at all. */
static void wait_for_it(struct cbx_alarm *alarm)
{
	int64_t left = alarm->at - now_of(alarm);

	if (left < 0) {
		left = 0;
	}
	if (left != 0 && cbx_clock_of_cpu(alarm->clock)) {
		left /= (int64_t)cbx_process_self()->task_count;
		left = left < LOOK_NS ? LOOK_NS : left;
	}
	cbx_timers_set(
		&alarm->timer, cbx_clock_add(cbx_time_monotonic(), left));
}

static void fire(struct cbx_timer *timer)
{
	struct cbx_alarm *alarm = (struct cbx_alarm *)(void *)timer;

	if (cbx_alarm_expired(alarm)) {
		alarm->expire(alarm);
	} else {
		wait_for_it(alarm);
	}
}
CBX_AT(0, sizeof(struct cbx_timer), cbx_alarm, timer);

void cbx_alarm_set(struct cbx_alarm *alarm, const struct cbx_alarm_times *times,
	bool absolute)
{
	cbx_alarm_stop(alarm);
	alarm->interval = times->ns[1];
	if (times->ns[0] == 0) {
		return;
	}
	alarm->set = true;
	alarm->at = absolute ? times->ns[0]
			     : cbx_clock_add(now_of(alarm), times->ns[0]);
	alarm->timer.fire = fire;
	wait_for_it(alarm);
}

bool cbx_alarm_expired(const struct cbx_alarm *alarm)
{
	return alarm->set && alarm->at <= now_of(alarm);
}

struct cbx_alarm_times cbx_alarm_left(const struct cbx_alarm *alarm)
{
	struct cbx_alarm_times times = { { 0, alarm->interval } };
	int64_t left;

	if (!alarm->set) {
		return times;
	}
	left = alarm->at - now_of(alarm);
	if (left <= 0 && alarm->interval != 0) {
		left = alarm->interval - -left % alarm->interval;
	}
	times.ns[0] = left > 0 ? left : 0;
	return times;
}

uint64_t cbx_alarm_count(struct cbx_alarm *alarm)
{
	int64_t now = now_of(alarm);
	int64_t count = 1;

	if (!alarm->set || alarm->at > now) {
		return 0;
	}
	if (alarm->interval == 0) {
		cbx_alarm_stop(alarm);
		return 1;
	}
	count += (now - alarm->at) / alarm->interval;
	alarm->at = cbx_clock_add(alarm->at, count * alarm->interval);
	wait_for_it(alarm);
	return (uint64_t)count;
}

void cbx_alarm_stop(struct cbx_alarm *alarm)
{
	cbx_timers_cancel(&alarm->timer);
	alarm->set = false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* timerfd: an alarm as a file. */
#include "alarm.h"
#include "anonymous.h"
#include "clocks.h"
#include "heap.h"
#include "linux.h"
#include "syscall.h"
#include "user.h"

#define CANCEL_ON_SET 2u /* accepted: nobody sets a clock here */

struct timerfd {
	struct cbx_alarm alarm; /* first */
	uint64_t ticks;		/* counted that were not read */
	struct cbx_wait_queue queue;
};

/* It is counted, and set again, when it is read. */
static void expire(struct cbx_alarm *alarm)
{
	struct timerfd *timer = (struct timerfd *)(void *)alarm;

	cbx_wait_wake_for(&timer->queue, UINT64_MAX, LX_POLLIN);
}

static bool is_ready(const struct timerfd *timer)
{
	return timer->ticks != 0 || cbx_alarm_expired(&timer->alarm);
}

static int64_t timer_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct timerfd *timer = file->own;
	uint64_t ticks;

	(void)at;
	if (bytes < sizeof(ticks)) {
		return -LX_EINVAL;
	}
	while (!is_ready(timer)) {
		int64_t status = cbx_anonymous_block(file, &timer->queue);

		if (status != 0) {
			return status;
		}
	}
	ticks = timer->ticks + cbx_alarm_count(&timer->alarm);
	timer->ticks = 0;
	return cbx_user_put(va, &ticks, sizeof(ticks)) != 0
		       ? -LX_EFAULT
		       : (int64_t)sizeof(ticks);
}

static uint32_t timer_poll(struct cbx_file *file)
{
	return is_ready(file->own) ? LX_POLLIN : 0;
}

static struct cbx_wait_queue *timer_queue(struct cbx_file *file)
{
	return &((struct timerfd *)file->own)->queue;
}

static void timer_close(struct cbx_file *file)
{
	struct timerfd *timer = file->own;

	cbx_alarm_stop(&timer->alarm);
	cbx_heap_give(timer, sizeof(*timer));
}

static const struct cbx_file_ops timer_ops = {
	.read = timer_read,
	.poll = timer_poll,
	.queue = timer_queue,
	.close = timer_close,
	.name = "anon_inode:[timerfd]",
};

static bool has_timers(int32_t clock)
{
	switch (clock) {
	case LX_CLOCK_REALTIME:
	case LX_CLOCK_MONOTONIC:
	case LX_CLOCK_BOOTTIME:
	case LX_CLOCK_REALTIME_ALARM:
	case LX_CLOCK_BOOTTIME_ALARM:
		return true;
	default:
		return false;
	}
}

int64_t cbx_sys_timerfd_create(const uint64_t *arg)
{
	uint32_t flags = (uint32_t)arg[1];
	struct timerfd *timer;

	if ((flags & ~(LX_O_NONBLOCK | LX_O_CLOEXEC)) != 0 ||
		!has_timers((int32_t)arg[0])) {
		return -LX_EINVAL;
	}
	timer = cbx_heap_take_zero(sizeof(*timer));
	if (timer != NULL) {
		timer->alarm.clock = (int32_t)arg[0];
		timer->alarm.expire = expire;
	}
	return cbx_anonymous_open(
		&timer_ops, timer, sizeof(*timer), LX_O_RDWR | flags);
}

/* What was not counted stays to be read. */
static struct cbx_alarm_times left_of(struct timerfd *timer)
{
	timer->ticks += cbx_alarm_count(&timer->alarm);
	return cbx_alarm_left(&timer->alarm);
}

int64_t cbx_sys_timerfd_settime(const uint64_t *arg)
{
	uint32_t flags = (uint32_t)arg[1];
	struct cbx_alarm_times times;
	struct cbx_alarm_times left;
	struct timerfd *timer;
	struct cbx_file *file;
	int64_t status;

	if ((flags & ~(LX_TIMER_ABSTIME | CANCEL_ON_SET)) != 0) {
		return -LX_EINVAL;
	}
	status = cbx_alarm_get(arg[2], &times);
	if (status == 0) {
		status = cbx_anonymous_find(arg[0], &timer_ops, &file);
	}
	if (status != 0) {
		return status;
	}
	timer = file->own;
	left = left_of(timer);
	timer->ticks = 0;
	cbx_alarm_set(&timer->alarm, &times, (flags & LX_TIMER_ABSTIME) != 0);
	return cbx_alarm_put(arg[3], &left);
}

int64_t cbx_sys_timerfd_gettime(const uint64_t *arg)
{
	struct cbx_alarm_times left;
	struct cbx_file *file;
	int64_t status = cbx_anonymous_find(arg[0], &timer_ops, &file);

	if (status != 0) {
		return status;
	}
	left = left_of(file->own);
	return arg[1] == 0 ? -LX_EFAULT : cbx_alarm_put(arg[1], &left);
}

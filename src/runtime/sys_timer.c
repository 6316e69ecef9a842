/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of timer_create. */
#include "clocks.h"
#include "heap.h"
#include "linux.h"
#include "process_timers.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

enum notify {
	NOTIFY_SIGNAL = 0,
	NOTIFY_NONE = 1,
	NOTIFY_THREAD = 2,
	NOTIFY_THREAD_ID = 4,
};

struct sigevent {
	uint64_t value;
	int32_t signal, notify;
	uint32_t tid;
	uint32_t pad[11];
};
CBX_SIZE(64, sigevent);

#define OVERRUN_MAX 0x7fffffffu

static struct cbx_posix_timer *find(uint64_t id)
{
	const struct cbx_process_timers *timers = cbx_process_self()->timers;
	struct cbx_posix_timer *timer = timers == NULL ? NULL : timers->posix;

	while (timer != NULL && timer->id != (int32_t)id) {
		timer = timer->next;
	}
	return timer;
}

static struct cbx_posix_timer *timer_of(struct cbx_signal_entry *entry)
{
	return (struct cbx_posix_timer *)((uint64_t)entry -
					  offsetof(struct cbx_posix_timer,
						  entry));
}

/* The signal was taken, or thrown away: count what came meanwhile. */
static void taken(struct cbx_signal_entry *entry, struct lx_siginfo *info)
{
	struct cbx_posix_timer *timer = timer_of(entry);
	uint64_t count = cbx_alarm_count(&timer->alarm);

	timer->waits = false;
	timer->overrun = (int32_t)(count == 0		     ? 0
				   : count - 1 > OVERRUN_MAX ? OVERRUN_MAX
							     : count - 1);
	if (info != NULL) {
		info->timer.overrun = timer->overrun;
	}
}

static bool post(struct cbx_posix_timer *timer)
{
	timer->posted = NULL;
	if (timer->notify == NOTIFY_THREAD_ID) {
		timer->posted = cbx_task_find(timer->tid);
		if (timer->posted == NULL) {
			return false;
		}
	}
	return cbx_signal_post(timer->process, timer->posted, &timer->entry);
}

/* It is set again when its signal was taken: so it never sends two. */
static void expire(struct cbx_alarm *alarm)
{
	struct cbx_posix_timer *timer = (struct cbx_posix_timer *)(void *)alarm;

	if (timer->notify != NOTIFY_NONE && !timer->waits) {
		timer->waits = post(timer);
	}
	if (!timer->waits) {
		(void)cbx_alarm_count(alarm);
	}
}

static int64_t get_event(uint64_t va, struct sigevent *event)
{
	const struct cbx_task *task;

	*event = (struct sigevent){ .signal = LX_SIGALRM };
	if (va == 0) {
		return 0;
	}
	if (cbx_user_get(event, va, sizeof(*event)) != 0) {
		return -LX_EFAULT;
	}
	switch (event->notify) {
	case NOTIFY_NONE:
		return 0;
	case NOTIFY_THREAD_ID:
		task = cbx_task_find(event->tid);
		if (task == NULL || task->process != cbx_process_self()) {
			return -LX_EINVAL;
		}
		break;
	case NOTIFY_SIGNAL:
	case NOTIFY_THREAD:
		break;
	default:
		return -LX_EINVAL;
	}
	return event->signal < 1 || event->signal > (int32_t)LX_SIGNALS
		       ? -LX_EINVAL
		       : 0;
}

static struct cbx_posix_timer *make(
	int32_t clock, const struct sigevent *event, bool named)
{
	struct cbx_posix_timer *timer = cbx_heap_take_zero(sizeof(*timer));
	int32_t id = 0;

	if (timer == NULL) {
		return NULL;
	}
	while (find((uint64_t)id) != NULL) {
		id++;
	}
	timer->id = id;
	timer->process = cbx_process_self();
	timer->notify = (uint32_t)event->notify;
	timer->tid = event->tid;
	timer->alarm.clock = cbx_clock_own(clock);
	timer->alarm.expire = expire;
	timer->entry.done = taken;
	timer->entry.info = (struct lx_siginfo){
		.signo = event->signal,
		.code = LX_SI_TIMER,
		.timer.id = id,
		.timer.value = named ? event->value : (uint64_t)id,
	};
	return timer;
}

int64_t cbx_sys_timer_create(const uint64_t *arg)
{
	struct cbx_process_timers *timers = cbx_process_timers();
	struct cbx_posix_timer *timer;
	struct sigevent event;
	int64_t now;
	int64_t status = cbx_clock_now((int32_t)arg[0], &now);

	if (status == 0) {
		status = get_event(arg[1], &event);
	}
	if (status != 0) {
		return status;
	}
	timer = timers == NULL ? NULL
			       : make((int32_t)arg[0], &event, arg[1] != 0);
	if (timer == NULL) {
		return -LX_EAGAIN;
	}
	if (cbx_user_put(arg[2], &timer->id, sizeof(timer->id)) != 0) {
		cbx_heap_give(timer, sizeof(*timer));
		return -LX_EFAULT;
	}
	timer->next = timers->posix;
	timers->posix = timer;
	return 0;
}

static void withdraw(struct cbx_posix_timer *timer)
{
	if (timer->waits) {
		cbx_signal_unpost(timer->process, timer->posted, &timer->entry);
		timer->waits = false;
	}
}

int64_t cbx_sys_timer_settime(const uint64_t *arg)
{
	struct cbx_posix_timer *timer = find(arg[0]);
	struct cbx_alarm_times times;
	struct cbx_alarm_times left;
	int64_t status;

	if (arg[2] == 0 || timer == NULL) {
		return -LX_EINVAL;
	}
	status = cbx_alarm_get(arg[2], &times);
	if (status != 0) {
		return status;
	}
	left = cbx_alarm_left(&timer->alarm);
	withdraw(timer);
	timer->overrun = 0;
	cbx_alarm_set(&timer->alarm, &times, (arg[1] & LX_TIMER_ABSTIME) != 0);
	return cbx_alarm_put(arg[3], &left);
}

int64_t cbx_sys_timer_gettime(const uint64_t *arg)
{
	const struct cbx_posix_timer *timer = find(arg[0]);
	struct cbx_alarm_times left;

	if (timer == NULL) {
		return -LX_EINVAL;
	}
	left = cbx_alarm_left(&timer->alarm);
	return arg[1] == 0 ? -LX_EFAULT : cbx_alarm_put(arg[1], &left);
}

int64_t cbx_sys_timer_getoverrun(const uint64_t *arg)
{
	const struct cbx_posix_timer *timer = find(arg[0]);

	return timer == NULL ? -LX_EINVAL : timer->overrun;
}

static void end(struct cbx_posix_timer *timer)
{
	withdraw(timer);
	cbx_alarm_stop(&timer->alarm);
	cbx_heap_give(timer, sizeof(*timer));
}

int64_t cbx_sys_timer_delete(const uint64_t *arg)
{
	struct cbx_posix_timer *timer = find(arg[0]);
	struct cbx_posix_timer **at;

	if (timer == NULL) {
		return -LX_EINVAL;
	}
	at = &cbx_process_self()->timers->posix;
	while (*at != timer) {
		at = &(*at)->next;
	}
	*at = timer->next;
	end(timer);
	return 0;
}

void cbx_posix_timers_end(struct cbx_process *process)
{
	struct cbx_process_timers *timers = process->timers;

	while (timers != NULL && timers->posix != NULL) {
		struct cbx_posix_timer *timer = timers->posix;

		timers->posix = timer->next;
		end(timer);
	}
}

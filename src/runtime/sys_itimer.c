/* SPDX-License-Identifier: Apache-2.0 */
/* Interval timers: setitimer, alarm. */
#include "clocks.h"
#include "heap.h"
#include "linux.h"
#include "process_timers.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

enum {
	ITIMER_REAL = 0,
	ITIMER_VIRTUAL = 1,
	ITIMER_PROF = 2,
};

struct itimerval {
	struct lx_timeval interval, first;
};

static void expire(struct cbx_alarm *alarm)
{
	struct cbx_itimer *timer = (struct cbx_itimer *)(void *)alarm;
	const struct lx_siginfo info = {
		.signo = timer->signal,
		.code = LX_SI_KERNEL,
	};

	(void)cbx_alarm_count(alarm);
	(void)cbx_signal_send(timer->process, NULL, &info);
}

/* Running times are not divided into the program's and the kernel's. */
static void begin(struct cbx_itimer *timer, uint32_t which)
{
	static const int signals[CBX_ITIMERS] = { LX_SIGALRM, LX_SIGVTALRM,
		LX_SIGPROF };

	timer->process = cbx_process_self();
	timer->signal = signals[which];
	timer->alarm.expire = expire;
	timer->alarm.clock =
		which == ITIMER_REAL
			? LX_CLOCK_MONOTONIC
			: cbx_clock_own(LX_CLOCK_PROCESS_CPUTIME_ID);
}

struct cbx_process_timers *cbx_process_timers(void)
{
	struct cbx_process *self = cbx_process_self();

	if (self->timers == NULL) {
		self->timers = cbx_heap_take_zero(sizeof(*self->timers));
		for (uint32_t i = 0; self->timers != NULL && i < CBX_ITIMERS;
			i++) {
			begin(&self->timers->itimer[i], i);
		}
	}
	return self->timers;
}

void cbx_process_timers_end(struct cbx_process *process)
{
	if (process->timers == NULL) {
		return;
	}
	cbx_posix_timers_end(process);
	for (uint32_t i = 0; i < CBX_ITIMERS; i++) {
		cbx_alarm_stop(&process->timers->itimer[i].alarm);
	}
	cbx_heap_give(process->timers, sizeof(*process->timers));
	process->timers = NULL;
}

static int64_t put(uint64_t va, const struct cbx_alarm_times *times)
{
	const struct itimerval value = {
		.first = { times->ns[0] / LX_NS,
			(times->ns[0] % LX_NS + 999) / 1000 },
		.interval = { times->ns[1] / LX_NS,
			times->ns[1] % LX_NS / 1000 },
	};

	return cbx_user_put(va, &value, sizeof(value));
}

int64_t cbx_sys_getitimer(const uint64_t *arg)
{
	const struct cbx_process_timers *timers = cbx_process_timers();
	struct cbx_alarm_times left;

	if ((uint32_t)arg[0] >= CBX_ITIMERS) {
		return -LX_EINVAL;
	}
	if (timers == NULL) {
		return -LX_ENOMEM;
	}
	left = cbx_alarm_left(&timers->itimer[(uint32_t)arg[0]].alarm);
	return put(arg[1], &left);
}

static bool to_ns(const struct lx_timeval *t, int64_t *ns)
{
	if (t->sec < 0 || t->usec < 0 || t->usec >= 1000000) {
		return false;
	}
	if (__builtin_mul_overflow(t->sec, LX_NS, ns)) {
		*ns = INT64_MAX;
	}
	*ns = cbx_clock_add(*ns, t->usec * 1000);
	return true;
}

int64_t cbx_sys_setitimer(const uint64_t *arg)
{
	struct cbx_process_timers *timers = cbx_process_timers();
	struct cbx_alarm_times times = { { 0, 0 } };
	struct cbx_alarm *alarm;
	struct itimerval value;

	if (arg[1] != 0) {
		if (cbx_user_get(&value, arg[1], sizeof(value)) != 0) {
			return -LX_EFAULT;
		}
		if (!to_ns(&value.first, &times.ns[0]) ||
			!to_ns(&value.interval, &times.ns[1])) {
			return -LX_EINVAL;
		}
	}
	if ((uint32_t)arg[0] >= CBX_ITIMERS) {
		return -LX_EINVAL;
	}
	if (timers == NULL) {
		return -LX_ENOMEM;
	}
	alarm = &timers->itimer[(uint32_t)arg[0]].alarm;

	const struct cbx_alarm_times left = cbx_alarm_left(alarm);

	cbx_alarm_set(alarm, &times, false);
	return arg[2] == 0 ? 0 : put(arg[2], &left);
}

int64_t cbx_sys_alarm(const uint64_t *arg)
{
	const struct cbx_alarm_times times = {
		{ (uint32_t)arg[0] * LX_NS, 0 },
	};
	struct cbx_process_timers *timers = cbx_process_timers();
	struct cbx_alarm_times left;

	if (timers == NULL) {
		return 0; /* it cannot fail */
	}
	left = cbx_alarm_left(&timers->itimer[ITIMER_REAL].alarm);
	cbx_alarm_set(&timers->itimer[ITIMER_REAL].alarm, &times, false);
	if (left.ns[0] != 0 && left.ns[0] < LX_NS / 2) {
		return 1;
	}
	return (left.ns[0] + LX_NS / 2) / LX_NS;
}

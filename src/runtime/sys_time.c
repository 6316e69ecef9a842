/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and sleeping. */
#include "clocks.h"
#include "linux.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

#define LOOK_NS 10000000

static struct lx_timespec split(int64_t ns)
{
	return (struct lx_timespec){ ns / LX_NS, ns % LX_NS };
}

int64_t cbx_sys_clock_gettime(const uint64_t *arg)
{
	struct lx_timespec t;
	int64_t ns;
	int64_t status = cbx_clock_now((int32_t)arg[0], &ns);

	if (status != 0) {
		return status;
	}
	t = split(ns);
	return cbx_user_put(arg[1], &t, sizeof(t));
}

int64_t cbx_sys_clock_getres(const uint64_t *arg)
{
	const struct lx_timespec t = { 0, 1 };
	int64_t ns;
	int64_t status = cbx_clock_now((int32_t)arg[0], &ns);

	if (status != 0 || arg[1] == 0) {
		return status;
	}
	return cbx_user_put(arg[1], &t, sizeof(t));
}

int64_t cbx_sys_gettimeofday(const uint64_t *arg)
{
	const uint64_t zone = 0;
	int64_t ns = cbx_time_real();
	struct lx_timeval t = { ns / LX_NS, ns % LX_NS / 1000 };
	int64_t status = 0;

	if (arg[0] != 0) {
		status = cbx_user_put(arg[0], &t, sizeof(t));
	}
	if (arg[1] != 0 && status == 0) {
		status = cbx_user_put(arg[1], &zone, sizeof(zone));
	}
	return status;
}

int64_t cbx_sys_time(const uint64_t *arg)
{
	int64_t now = cbx_time_real() / LX_NS;

	if (arg[0] != 0 && cbx_user_put(arg[0], &now, sizeof(now)) != 0) {
		return -LX_EFAULT;
	}
	return now;
}

/* Sleep until a monotonic time; what is left goes to @p left_va. */
static int64_t sleep(int64_t deadline, uint64_t left_va)
{
	int64_t status = cbx_time_sleep(deadline);

	if (status != 0 && left_va != 0) {
		struct lx_timespec left =
			split(deadline - cbx_time_monotonic());

		if (cbx_user_put(left_va, &left, sizeof(left)) != 0) {
			return -LX_EFAULT;
		}
	}
	return status;
}

static int64_t get_time(uint64_t va, int64_t *ns)
{
	return va == 0 ? -LX_EFAULT : cbx_time_get_timeout(va, ns);
}

int64_t cbx_sys_nanosleep(const uint64_t *arg)
{
	int64_t ns;
	int64_t status = get_time(arg[0], &ns);

	return status != 0 ? status : sleep(cbx_time_end(ns), arg[1]);
}

/* A process's running time goes on only while others of its tasks run. */
static int64_t sleep_running(int32_t clock, int64_t end)
{
	int64_t status = 0;
	int64_t now = 0;

	while (status == 0) {
		status = cbx_clock_now(clock, &now);
		if (status != 0 || now >= end) {
			break;
		}
		status = cbx_time_sleep(
			cbx_clock_add(cbx_time_monotonic(), LOOK_NS));
	}
	return status;
}

static int64_t can_sleep(int32_t clock)
{
	switch (clock) {
	case LX_CLOCK_THREAD_CPUTIME_ID:
		return -LX_EINVAL;
	case LX_CLOCK_MONOTONIC_RAW:
	case LX_CLOCK_MONOTONIC_COARSE:
	case LX_CLOCK_REALTIME_COARSE:
		return -LX_EOPNOTSUPP;
	default:
		return 0;
	}
}

int64_t cbx_sys_clock_nanosleep(const uint64_t *arg)
{
	int32_t clock = (int32_t)arg[0];
	bool absolute = (arg[1] & LX_TIMER_ABSTIME) != 0;
	int64_t now;
	int64_t ns;
	int64_t status = cbx_clock_now(clock, &now);

	if (status == 0) {
		status = can_sleep(clock);
	}
	if (status == 0) {
		status = get_time(arg[2], &ns);
	}
	if (status != 0) {
		return status;
	}
	if (cbx_clock_of_cpu(clock)) {
		return sleep_running(
			clock, absolute ? ns : cbx_clock_add(now, ns));
	}
	if (!absolute) {
		return sleep(cbx_time_end(ns), arg[3]);
	}
	return sleep(cbx_clock_add(cbx_time_monotonic(), ns - now), 0);
}

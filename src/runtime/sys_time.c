/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and sleeping. */
#include "linux.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

static int64_t read_clock(uint64_t clock, int64_t *ns)
{
	switch ((int32_t)clock) {
	case LX_CLOCK_REALTIME:
		*ns = cbx_time_real();
		return 0;
	case LX_CLOCK_REALTIME_COARSE:
		*ns = cbx_time_coarse();
		return 0;
	case LX_CLOCK_MONOTONIC:
	case LX_CLOCK_MONOTONIC_RAW:
	case LX_CLOCK_MONOTONIC_COARSE:
	case LX_CLOCK_BOOTTIME:
	case LX_CLOCK_PROCESS_CPUTIME_ID:
	case LX_CLOCK_THREAD_CPUTIME_ID:
		*ns = cbx_time_monotonic();
		return 0;
	default:
		return -LX_EINVAL;
	}
}

static struct lx_timespec split(int64_t ns)
{
	return (struct lx_timespec){ ns / LX_NS, ns % LX_NS };
}

int64_t cbx_sys_clock_gettime(const uint64_t *arg)
{
	struct lx_timespec t;
	int64_t ns;
	int64_t status = read_clock(arg[0], &ns);

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
	int64_t status = read_clock(arg[0], &ns);

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

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

int64_t cbx_sys_nanosleep(const uint64_t *arg)
{
	int64_t ns;
	int64_t status = get_time(arg[0], &ns);

	return status != 0 ? status : sleep(cbx_time_end(ns), arg[1]);
}

int64_t cbx_sys_clock_nanosleep(const uint64_t *arg)
{
	int64_t now;
	int64_t ns;
	int64_t status = read_clock(arg[0], &now);

	if (status == 0) {
		status = get_time(arg[2], &ns);
	}
	if (status != 0) {
		return status;
	}
	if ((arg[1] & LX_TIMER_ABSTIME) == 0) {
		return sleep(cbx_time_end(ns), arg[3]);
	}
	return sleep(add(cbx_time_monotonic(), ns - now), 0);
}

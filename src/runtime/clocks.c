/* SPDX-License-Identifier: Apache-2.0 */
#include "clocks.h"

#include "cpu_time.h"
#include "linux.h"
#include "task.h"
#include "time.h"

/* Numbers of running times are negative: ~id << 3, and these bits. */
#define OF_TASK	  4
#define KIND	  3
#define SCHEDULED 2
#define FILES	  3 /* no running time, but a device */

bool cbx_clock_of_cpu(int32_t clock)
{
	return clock < 0 || clock == LX_CLOCK_PROCESS_CPUTIME_ID ||
	       clock == LX_CLOCK_THREAD_CPUTIME_ID;
}

static int64_t running_time(int32_t clock, int64_t *ns)
{
	uint32_t id = ~(uint32_t)(clock >> 3);
	const struct cbx_task *task =
		id == 0 ? cbx_task_self() : cbx_task_find(id);
	const struct cbx_process *process = &cbx_process_init;

	if ((clock & KIND) == FILES) {
		return -LX_EINVAL;
	}
	if ((clock & OF_TASK) != 0) {
		*ns = task != NULL ? cbx_cpu_time_of_task(task) : 0;
		return task != NULL ? 0 : -LX_EINVAL;
	}
	id = id == 0 ? cbx_process_self()->pid : id;
	while (process != NULL && process->pid != id) {
		process = process->next;
	}
	*ns = process != NULL ? cbx_cpu_time_of_process(process) : 0;
	return process != NULL ? 0 : -LX_EINVAL;
}

int32_t cbx_clock_own(int32_t clock)
{
	switch (clock) {
	case LX_CLOCK_PROCESS_CPUTIME_ID:
		return (int32_t)(~cbx_process_self()->pid << 3 | SCHEDULED);
	case LX_CLOCK_THREAD_CPUTIME_ID:
		return (int32_t)(~cbx_task_self()->tid << 3 | OF_TASK |
				 SCHEDULED);
	default:
		return clock;
	}
}

int64_t cbx_clock_now(int32_t clock, int64_t *ns)
{
	switch (clock) {
	case LX_CLOCK_REALTIME:
	case LX_CLOCK_REALTIME_ALARM:
	case LX_CLOCK_TAI:
		*ns = cbx_time_real();
		return 0;
	case LX_CLOCK_REALTIME_COARSE:
		*ns = cbx_time_coarse();
		return 0;
	case LX_CLOCK_MONOTONIC:
	case LX_CLOCK_MONOTONIC_RAW:
	case LX_CLOCK_MONOTONIC_COARSE:
	case LX_CLOCK_BOOTTIME:
	case LX_CLOCK_BOOTTIME_ALARM:
		*ns = cbx_time_monotonic();
		return 0;
	case LX_CLOCK_PROCESS_CPUTIME_ID:
		*ns = cbx_cpu_time_of_process(cbx_process_self());
		return 0;
	case LX_CLOCK_THREAD_CPUTIME_ID:
		*ns = cbx_cpu_time_of_task(cbx_task_self());
		return 0;
	default:
		return clock < 0 ? running_time(clock, ns) : -LX_EINVAL;
	}
}

int64_t cbx_clock_add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

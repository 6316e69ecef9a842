/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine says of itself. */
#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

int64_t cbx_sys_uname(const uint64_t *arg)
{
	static const struct lx_utsname name = { {
		"Linux",
		"box",
		"6.1.0-confbox",
		"#1 SMP confbox",
		"x86_64",
		"(none)",
	} };

	return cbx_user_put(arg[0], &name, sizeof(name));
}

int64_t cbx_sys_sysinfo(const uint64_t *arg)
{
	struct {
		int64_t uptime;
		uint64_t loads[3];
		uint64_t total, free, shared, buffer, swap, swap_free;
		uint16_t processes, pad;
		uint32_t pad2;
		uint64_t high, high_free;
		uint32_t unit, pad3;
	} info = {
		.uptime = cbx_time_monotonic() / LX_NS,
		.total = cbx_budget_total() * CBX_PAGE_SIZE,
		.free = cbx_budget_free() * CBX_PAGE_SIZE,
		.processes = 1,
		.unit = 1,
	};

	return cbx_user_put(arg[0], &info, sizeof(info));
}

int64_t cbx_sys_getrandom(const uint64_t *arg)
{
	uint64_t bytes = cbx_min(arg[1], 0x2000000);
	uint64_t done = 0;

	if ((arg[2] & ~7ull) != 0) {
		return -LX_EINVAL;
	}
	if (!cbx_user_valid(arg[0], bytes)) {
		return -LX_EFAULT;
	}
	while (done < bytes) {
		uint64_t word[4];
		uint64_t part = cbx_min(bytes - done, sizeof(word));

		cbx_gate_random(word);
		if (cbx_user_copy((void *)(arg[0] + done), word, part) != 0) {
			return done == 0 ? -LX_EFAULT : (int64_t)done;
		}
		done += part;
	}
	return (int64_t)done;
}

/* Time spent, as if all of it had been spent computing. */
int64_t cbx_sys_getrusage(const uint64_t *arg)
{
	int64_t now = cbx_time_monotonic();
	int64_t usage[18] = { now / LX_NS, now % LX_NS / 1000 };

	return cbx_user_put(arg[1], usage, sizeof(usage));
}

int64_t cbx_sys_times(const uint64_t *arg)
{
	int64_t ticks = cbx_time_monotonic() / (LX_NS / 100);
	int64_t times[4] = { ticks };

	if (arg[0] != 0 && cbx_user_put(arg[0], times, sizeof(times)) != 0) {
		return -LX_EFAULT;
	}
	return ticks;
}

int64_t cbx_sys_sched_getaffinity(const uint64_t *arg)
{
	const uint64_t mask = 1;

	if (arg[1] < sizeof(mask)) {
		return -LX_EINVAL;
	}
	return cbx_user_put(arg[2], &mask, sizeof(mask)) != 0
		       ? -LX_EFAULT
		       : (int64_t)sizeof(mask);
}

int64_t cbx_sys_sched_getparam(const uint64_t *arg)
{
	const uint32_t priority = 0;

	return cbx_user_put(arg[1], &priority, sizeof(priority));
}

int64_t cbx_sys_getpriority(const uint64_t *arg)
{
	(void)arg;
	return 20; /* a nice value of 0, as the kernel reports it */
}

int64_t cbx_sys_getcpu(const uint64_t *arg)
{
	const uint32_t zero = 0;

	for (int i = 0; i < 2; i++) {
		if (arg[i] != 0 &&
			cbx_user_put(arg[i], &zero, sizeof(zero)) != 0) {
			return -LX_EFAULT;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: every task has the same share, and nothing changes that; the
 * policy a task was given is told again. */
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

enum {
	OTHER = 0,
	FIFO = 1,
	RR = 2,
	BATCH = 3,
	IDLE = 5,
	REAL_MAX = 99,
	RESET_ON_FORK = 0x40000000,
	FLAG_RESET_ON_FORK = 1, /* of struct attributes */
};

/* struct sched_attr of Linux, as far as every kernel knows it. */
struct attributes {
	uint32_t bytes, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
CBX_SIZE(48, attributes);

static struct cbx_task *find(uint64_t tid)
{
	return (uint32_t)tid == 0 ? cbx_task_self()
				  : cbx_task_find((uint32_t)tid);
}

static bool plain(uint64_t policy)
{
	return policy == OTHER || policy == BATCH || policy == IDLE;
}

static int64_t check(uint64_t tid, uint64_t policy, int64_t priority)
{
	if ((int32_t)tid < 0) {
		return -LX_EINVAL;
	}
	if (find(tid) == NULL) {
		return -LX_ESRCH;
	}
	if (policy == FIFO || policy == RR) {
		return priority < 1 || priority > REAL_MAX ? -LX_EINVAL
							   : -LX_EPERM;
	}
	return plain(policy) && priority == 0 ? 0 : -LX_EINVAL;
}

static int64_t set(uint64_t tid, uint32_t policy, int64_t priority)
{
	int64_t status =
		check(tid, policy & ~(uint32_t)RESET_ON_FORK, priority);

	if (status == 0) {
		find(tid)->policy = policy;
	}
	return status;
}

uint32_t cbx_sched_inherit(uint32_t policy)
{
	/* what would be reset is only a real-time policy */
	return policy & ~(uint32_t)RESET_ON_FORK;
}

int64_t cbx_sys_sched_yield(const uint64_t *arg)
{
	(void)arg;
	cbx_runtime_unlock();
	cbx_gate_park(CBX_PARK_YIELD);
	cbx_runtime_lock();
	return 0;
}

int64_t cbx_sys_sched_setscheduler(const uint64_t *arg)
{
	int32_t priority;

	if (cbx_user_get(&priority, arg[2], sizeof(priority)) != 0) {
		return -LX_EFAULT;
	}
	return set(arg[0], (uint32_t)arg[1], priority);
}

int64_t cbx_sys_sched_setparam(const uint64_t *arg)
{
	int32_t priority;

	if (cbx_user_get(&priority, arg[1], sizeof(priority)) != 0) {
		return -LX_EFAULT;
	}
	return check(arg[0], OTHER, priority);
}

int64_t cbx_sys_sched_getscheduler(const uint64_t *arg)
{
	int64_t status = check(arg[0], OTHER, 0);

	return status != 0 ? status : (int64_t)find(arg[0])->policy;
}

int64_t cbx_sys_sched_get_priority_max(const uint64_t *arg)
{
	uint64_t policy = (uint32_t)arg[0];

	if (policy == FIFO || policy == RR) {
		return REAL_MAX;
	}
	return plain(policy) ? 0 : -LX_EINVAL;
}

int64_t cbx_sys_sched_get_priority_min(const uint64_t *arg)
{
	uint64_t policy = (uint32_t)arg[0];

	if (policy == FIFO || policy == RR) {
		return 1;
	}
	return plain(policy) ? 0 : -LX_EINVAL;
}

int64_t cbx_sys_sched_rr_get_interval(const uint64_t *arg)
{
	const struct lx_timespec turn = { 0, 10000000 };
	int64_t status = check(arg[0], OTHER, 0);

	return status != 0 ? status : cbx_user_put(arg[1], &turn, sizeof(turn));
}

int64_t cbx_sys_sched_setattr(const uint64_t *arg)
{
	struct attributes a;

	if (cbx_user_get(&a, arg[1], sizeof(a)) != 0) {
		return -LX_EFAULT;
	}
	if (a.bytes < sizeof(a) || arg[2] != 0) {
		return a.bytes != 0 || arg[2] != 0 ? -LX_EINVAL : 0;
	}
	if (a.policy > INT32_MAX || (a.policy & RESET_ON_FORK) != 0 ||
		(a.flags & ~(uint64_t)FLAG_RESET_ON_FORK) != 0) {
		return -LX_EINVAL;
	}
	return set(arg[0],
		a.policy | (a.flags != 0 ? (uint32_t)RESET_ON_FORK : 0),
		a.priority);
}

int64_t cbx_sys_sched_getattr(const uint64_t *arg)
{
	struct attributes a = { .bytes = sizeof(a) };
	int64_t status = check(arg[0], OTHER, 0);
	uint32_t policy;

	if (status == 0 && ((uint32_t)arg[2] < sizeof(a) || arg[3] != 0)) {
		return -LX_EINVAL;
	}
	if (status != 0) {
		return status;
	}
	policy = find(arg[0])->policy;
	a.policy = policy & ~(uint32_t)RESET_ON_FORK;
	a.flags = policy != a.policy ? FLAG_RESET_ON_FORK : 0;
	return cbx_user_put(arg[1], &a, sizeof(a));
}

/* There is one CPU to be told of. */
int64_t cbx_sys_sched_setaffinity(const uint64_t *arg)
{
	uint64_t mask = 0;

	if (find(arg[0]) == NULL) {
		return -LX_ESRCH;
	}
	if (cbx_user_get(&mask, arg[2], cbx_min((uint32_t)arg[1], 8)) != 0) {
		return -LX_EFAULT;
	}
	return (mask & 1) != 0 ? 0 : -LX_EINVAL;
}

/* Taking a right away makes every CPU that runs in this space forget a
 * translation, and so pass a barrier. */
static int64_t pass_barriers(void)
{
	static volatile uint8_t *page;
	uint64_t va;

	if (page == NULL) {
		page = cbx_heap_take(CBX_PAGE_SIZE);
	}
	if (page == NULL) {
		return -LX_ENOMEM;
	}
	va = (uint64_t)page;
	*page = 1;
	return cbx_gate_protect(0, va, 1, CBX_RIGHT_R) &&
			       cbx_gate_protect(
				       0, va, 1, CBX_RIGHT_R | CBX_RIGHT_W)
		       ? 0
		       : -LX_ENOMEM;
}

int64_t cbx_sys_membarrier(const uint64_t *arg)
{
	enum {
		QUERY = 0,
		EXPEDITED = 1 << 3,
		REGISTER = 1 << 4,
	};

	if (arg[1] != 0) {
		return -LX_EINVAL;
	}
	switch ((uint32_t)arg[0]) {
	case QUERY:
		return EXPEDITED | REGISTER;
	case REGISTER:
		cbx_process_self()->barriers = true;
		return 0;
	case EXPEDITED:
		if (!cbx_process_self()->barriers) {
			return -LX_EPERM;
		}
		return cbx_process_self()->task_count > 1 ? pass_barriers() : 0;
	default:
		return -LX_EINVAL;
	}
}

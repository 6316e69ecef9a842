/* SPDX-License-Identifier: Apache-2.0 */
/* The process: identity, limits, its end. */
#include "channel.h"
#include "cpu.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "task.h"
#include "syscall.h"
#include "user.h"

int64_t cbx_sys_exit_group(const uint64_t *arg)
{
	cbx_process_exit((uint32_t)(arg[0] & 0xff) << 8);
}

int64_t cbx_sys_getpid(const uint64_t *arg)
{
	(void)arg;
	return cbx_process_self()->pid;
}

int64_t cbx_sys_gettid(const uint64_t *arg)
{
	(void)arg;
	return cbx_task_self()->tid;
}

int64_t cbx_sys_zero_id(const uint64_t *arg)
{
	(void)arg;
	return 0;
}

/* There is one user, and nobody to become. */
int64_t cbx_sys_set_id(const uint64_t *arg)
{
	return (uint32_t)arg[0] == 0 ? 0 : -LX_EPERM;
}

int64_t cbx_sys_set_ids(const uint64_t *arg)
{
	for (int i = 0; i < 2; i++) {
		if ((uint32_t)arg[i] != 0 && (uint32_t)arg[i] != UINT32_MAX) {
			return -LX_EPERM;
		}
	}
	return 0;
}

int64_t cbx_sys_get_ids(const uint64_t *arg)
{
	const uint32_t id = 0;

	for (int i = 0; i < 3; i++) {
		if (cbx_user_put(arg[i], &id, sizeof(id)) != 0) {
			return -LX_EFAULT;
		}
	}
	return 0;
}

/* What is on needs no permission, but for tiles: they are kept for a thread
 * that has used them. */
static int64_t ask_for_state(uint64_t component)
{
	enum {
		TILE_DATA = 18,
		COMPONENTS = 19,
	};

	if (component >= COMPONENTS) {
		return -LX_EINVAL;
	}
	return component == TILE_DATA && cbx_cpu_tiles() ? 0 : -LX_EOPNOTSUPP;
}

int64_t cbx_sys_arch_prctl(const uint64_t *arg)
{
	uint64_t base;

	switch (arg[0]) {
	case LX_ARCH_SET_FS:
		if (arg[1] >= 1ull << 47) {
			return -LX_EPERM;
		}
		cbx_cpu_set_fs(arg[1]);
		return 0;
	case LX_ARCH_SET_GS: /* the runtime's */
		return arg[1] == 0 ? 0 : -LX_EPERM;
	case LX_ARCH_GET_FS:
	case LX_ARCH_GET_GS:
		base = arg[0] == LX_ARCH_GET_FS ? cbx_cpu_fs() : 0;
		return cbx_user_put(arg[1], &base, sizeof(base));
	case LX_ARCH_GET_XCOMP_SUPP:
	case LX_ARCH_GET_XCOMP_PERM:
		base = cbx_cpu_features();
		return cbx_user_put(arg[1], &base, sizeof(base));
	case LX_ARCH_REQ_XCOMP_PERM:
		return ask_for_state(arg[1]);
	default:
		return -LX_EINVAL;
	}
}

int64_t cbx_sys_prctl(const uint64_t *arg)
{
	enum {
		SET_NAME = 15,
		GET_NAME = 16,
		GET_DUMPABLE = 3,
		SET_DUMPABLE = 4,
		SET_PDEATHSIG = 1,
		GET_PDEATHSIG = 2,
		SET_NO_NEW_PRIVS = 38,
		GET_NO_NEW_PRIVS = 39,
		SET_CHILD_SUBREAPER = 36,
		GET_CHILD_SUBREAPER = 37,
	};
	char name[CBX_TASK_NAME] = { 0 };
	struct cbx_process *self = cbx_process_self();
	uint32_t word;

	switch (arg[0]) {
	case SET_NAME:
		if (!cbx_user_valid(arg[1], 1) ||
			cbx_user_copy_string(name, (const char *)arg[1],
				sizeof(name) - 1) < 0) {
			return -LX_EFAULT;
		}
		memcpy(cbx_task_self()->name, name, sizeof(name));
		return 0;
	case GET_NAME:
		return cbx_user_put(
			arg[1], cbx_task_self()->name, CBX_TASK_NAME);
	case GET_DUMPABLE:
	case SET_DUMPABLE:
	case SET_NO_NEW_PRIVS:
	case GET_NO_NEW_PRIVS:
		return 0;
	case SET_PDEATHSIG:
		if (arg[1] > LX_SIGNALS) {
			return -LX_EINVAL;
		}
		self->death_signal = (uint32_t)arg[1];
		return 0;
	case GET_PDEATHSIG:
		return cbx_user_put(arg[1], &self->death_signal, 4);
	case SET_CHILD_SUBREAPER:
		self->subreaper = arg[1] != 0;
		return 0;
	case GET_CHILD_SUBREAPER:
		word = self->subreaper;
		return cbx_user_put(arg[1], &word, sizeof(word));
	default:
		return -LX_EINVAL;
	}
}

int64_t cbx_sys_getrlimit(const uint64_t *arg)
{
	if ((uint32_t)arg[0] >= LX_RLIMITS) {
		return -LX_EINVAL;
	}
	return cbx_user_put(arg[1],
		&cbx_process_self()->limit[(uint32_t)arg[0]],
		sizeof(struct lx_rlimit));
}

int64_t cbx_sys_setrlimit(const uint64_t *arg)
{
	uint32_t resource = (uint32_t)arg[0];
	struct lx_rlimit limit;

	if (resource >= LX_RLIMITS) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&limit, arg[1], sizeof(limit)) != 0) {
		return -LX_EFAULT;
	}
	if (limit.now > limit.max) {
		return -LX_EINVAL;
	}
	if (resource == LX_RLIMIT_NOFILE && limit.max > CBX_FD_MOST) {
		return -LX_EPERM;
	}
	cbx_process_self()->limit[resource] = limit;
	return 0;
}

int64_t cbx_sys_prlimit64(const uint64_t *arg)
{
	const uint64_t set[2] = { arg[1], arg[2] };
	const uint64_t get[2] = { arg[1], arg[3] };
	int64_t status = 0;

	if (arg[0] != 0 && arg[0] != cbx_process_self()->pid) {
		return -LX_ESRCH;
	}
	if (arg[3] != 0) {
		status = cbx_sys_getrlimit(get);
	}
	if (arg[2] != 0 && status == 0) {
		status = cbx_sys_setrlimit(set);
	}
	return status;
}

int64_t cbx_sys_personality(const uint64_t *arg)
{
	return (uint32_t)arg[0] == 0 || (uint32_t)arg[0] == UINT32_MAX
		       ? 0
		       : -LX_EINVAL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for children. */
#include "file.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

enum {
	WNOHANG = 1,
	WSTOPPED = 2,
	WEXITED = 4,
	WCONTINUED = 8,
	WNOWAIT = 0x1000000,
	W_THREADS = 0x60000000, /* __WNOTHREAD, __WALL */
	W_CLONE = (int)0x80000000u,
	P_ALL = 0,
	P_PID = 1,
	P_GROUP = 2,
	RUSAGE_BYTES = 144,
};

#define CLONES 0x80000000u
#define ALL    0x40000000u

/* What is waited for. */
struct wait {
	int type;
	uint32_t id;
	uint64_t options;
};

static bool is_meant(const struct wait *w, const struct cbx_process *p)
{
	bool clone = p->exit_signal != LX_SIGCHLD;

	if (p->parent != cbx_process_self() ||
		((w->options & ALL) == 0 &&
			clone != ((w->options & CLONES) != 0))) {
		return false;
	}
	return w->type == P_ALL || (w->type == P_PID && p->pid == w->id) ||
	       (w->type == P_GROUP && p->group == w->id);
}

/* A child that ended; *any: whether there is one that may. */
static struct cbx_process *find(const struct wait *w, bool *any)
{
	struct cbx_process *p = &cbx_process_init;

	*any = false;
	while (p != NULL && !(is_meant(w, p) && p->state == CBX_PROCESS_ENDED &&
				    (w->options & WEXITED) != 0)) {
		*any |= is_meant(w, p);
		p = p->next;
	}
	return p;
}

/* Wait until there is one. @return 0, and none with WNOHANG */
static int64_t await(const struct wait *w, struct cbx_process **found)
{
	bool any;

	for (;;) {
		int64_t status;

		*found = find(w, &any);
		if (*found != NULL) {
			return 0;
		}
		if (!any) {
			return -LX_ECHILD;
		}
		if ((w->options & WNOHANG) != 0) {
			return 0;
		}
		status = cbx_wait_on(
			&cbx_process_self()->children, CBX_WAIT_FOREVER);
		if (status != 0) {
			return status;
		}
	}
}

static int64_t put_usage(uint64_t va)
{
	const uint8_t none[RUSAGE_BYTES] = { 0 };

	return va == 0 ? 0 : cbx_user_put(va, none, sizeof(none));
}

static struct wait choose(int32_t pid, uint64_t options)
{
	struct wait w = { P_PID, (uint32_t)pid, options };

	if (pid == -1) {
		w.type = P_ALL;
	} else if (pid == 0) {
		w.type = P_GROUP;
		w.id = cbx_process_self()->group;
	} else if (pid < 0) {
		w.type = P_GROUP;
		w.id = (uint32_t)-pid;
	}
	return w;
}

int64_t cbx_sys_wait4(const uint64_t *arg)
{
	uint64_t options = (uint32_t)arg[2];
	struct wait w = choose((int32_t)arg[0], options | WEXITED);
	struct cbx_process *child;
	int64_t status;

	if ((options & ~(uint64_t)(WNOHANG | WSTOPPED | WCONTINUED | W_THREADS |
				   CLONES)) != 0) {
		return -LX_EINVAL;
	}
	status = await(&w, &child);
	if (status != 0 || child == NULL) {
		return status;
	}
	if ((arg[1] != 0 && cbx_user_put(arg[1], &child->status, 4) != 0) ||
		put_usage(arg[3]) != 0) {
		return -LX_EFAULT;
	}
	status = child->pid;
	cbx_process_forget(child);
	return status;
}

static int64_t put_info(uint64_t va, const struct cbx_process *child)
{
	struct lx_siginfo info = { 0 };

	if (child != NULL) {
		bool killed = (child->status & 0x7f) != 0;

		info.signo = LX_SIGCHLD;
		info.code = killed ? 2 : 1; /* CLD_KILLED, CLD_EXITED */
		info.child.pid = child->pid;
		info.child.status = (int32_t)(killed ? child->status & 0x7f
						     : child->status >> 8);
	}
	/* as much as Linux writes */
	return va == 0 ? 0 : cbx_user_put(va, &info, 32);
}

int64_t cbx_sys_waitid(const uint64_t *arg)
{
	uint64_t options = (uint32_t)arg[3];
	struct wait w = { (int)arg[0], (uint32_t)arg[1], options };
	struct cbx_process *child;
	int64_t status;

	if ((options & ~(uint64_t)(WNOHANG | WSTOPPED | WEXITED | WCONTINUED |
				   WNOWAIT | W_THREADS | CLONES)) != 0 ||
		(options & (WSTOPPED | WEXITED | WCONTINUED)) == 0 ||
		arg[0] > P_GROUP || (arg[0] == P_PID && (int32_t)arg[1] <= 0)) {
		return -LX_EINVAL;
	}
	if (w.type == P_GROUP && w.id == 0) {
		w.id = cbx_process_self()->group;
	}
	status = await(&w, &child);
	if (status != 0) {
		return status;
	}
	if (put_info(arg[2], child) != 0 || put_usage(arg[4]) != 0) {
		return -LX_EFAULT;
	}
	if (child != NULL && (options & WNOWAIT) == 0) {
		cbx_process_forget(child);
	}
	return 0;
}

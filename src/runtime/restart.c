/* SPDX-License-Identifier: Apache-2.0 */
#include "restart.h"

#include "linux.h"

/* Numbers of calls. */
enum {
	POLL = 7,
	RT_SIGRETURN = 15,
	SELECT = 23,
	PAUSE = 34,
	NANOSLEEP = 35,
	SEMOP = 65,
	MSGSND = 69,
	MSGRCV = 70,
	RT_SIGTIMEDWAIT = 128,
	RT_SIGSUSPEND = 130,
	FUTEX = 202,
	IO_GETEVENTS = 208,
	SEMTIMEDOP = 220,
	CLOCK_NANOSLEEP = 230,
	EPOLL_WAIT = 232,
	PSELECT6 = 270,
	PPOLL = 271,
	EPOLL_PWAIT = 281,
	EPOLL_PWAIT2 = 441,
	SIGRETURN = 999,
};

enum restart {
	NEVER,
	UNLESS_HANDLED, /* not after a handler, whatever its flags */
	AS_ASKED,	/* after a handler with SA_RESTART */
};

/* A futex wait without an end is like any other call. */
static enum restart of_futex(const struct cbx_regs *regs)
{
	return regs->r10 != 0 ? UNLESS_HANDLED : AS_ASKED;
}

static enum restart of_call(uint32_t call, const struct cbx_regs *regs)
{
	switch (call) {
	case RT_SIGRETURN: /* what it restored looks like an interrupted call */
	case SIGRETURN:
	case RT_SIGTIMEDWAIT:
	case SEMOP:
	case SEMTIMEDOP:
	case MSGSND:
	case MSGRCV:
	case IO_GETEVENTS:
	case EPOLL_WAIT:
	case EPOLL_PWAIT:
	case EPOLL_PWAIT2:
		return NEVER;
	case POLL:
	case PPOLL:
	case SELECT:
	case PSELECT6:
	case PAUSE:
	case NANOSLEEP:
	case CLOCK_NANOSLEEP:
	case RT_SIGSUSPEND:
		return UNLESS_HANDLED;
	case FUTEX:
		return of_futex(regs);
	default:
		return AS_ASKED;
	}
}

bool cbx_restart_after(uint32_t call, const struct cbx_regs *regs,
	const struct lx_sigaction *action)
{
	if ((int64_t)regs->rax != -LX_EINTR) {
		return false;
	}
	switch (of_call(call, regs)) {
	case AS_ASKED:
		return action == NULL || (action->flags & LX_SA_RESTART) != 0;
	case UNLESS_HANDLED:
		return action == NULL;
	case NEVER:
	default:
		return false;
	}
}

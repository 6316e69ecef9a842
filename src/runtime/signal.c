/* SPDX-License-Identifier: Apache-2.0 */
#include "signal.h"

#include "channel.h"
#include "gate.h"
#include "heap.h"
#include "debug.h"
#include "lib.h"
#include "linux.h"
#include "process_timers.h"
#include "restart.h"
#include "rewrite.h"
#include "sigframe.h"
#include "task.h"
#include "timers.h"

#define ROW_MAX	     64u
#define TURN_NS	     5000000u
#define RT_SIGRETURN 15u
#define SIGRETURN    999u /* of who gives no restorer */
/* What a fault may have raised, and what must not wait. */
#define PRESSING                                                         \
	(cbx_signal_bit(LX_SIGKILL) | cbx_signal_bit(LX_SIGSEGV) |       \
		cbx_signal_bit(LX_SIGBUS) | cbx_signal_bit(LX_SIGILL) |  \
		cbx_signal_bit(LX_SIGFPE) | cbx_signal_bit(LX_SIGTRAP) | \
		cbx_signal_bit(LX_SIGSYS))

static struct cbx_task_signals *mine(void)
{
	return &cbx_task_self()->signal;
}

static struct cbx_process_signals *ours(void)
{
	return &cbx_process_self()->signal;
}

void cbx_signal_die(int signal)
{
	cbx_process_exit((uint32_t)signal);
}

static uint64_t waiting(void)
{
	return (mine()->queue.pending | ours()->queue.pending) & ~mine()->mask;
}

bool cbx_signal_waiting(void)
{
	return waiting() != 0;
}

static void finish(struct cbx_signal_entry *entry, struct lx_siginfo *info)
{
	if (entry->done != NULL) {
		entry->done(entry, info);
	} else {
		cbx_heap_give(entry, sizeof(*entry));
	}
}

bool cbx_signal_take(uint64_t set, struct lx_siginfo *info)
{
	struct cbx_sigqueue *queue = &mine()->queue;
	struct cbx_signal_entry *entry;
	int signal;

	if ((queue->pending & set) == 0) {
		queue = &ours()->queue;
	}
	if ((queue->pending & set) == 0) {
		return false;
	}
	signal = cbx_signal_first(queue->pending & set);
	entry = cbx_sigqueue_take(queue, signal);
	*info = (struct lx_siginfo){ .signo = signal };
	mine()->sender = 0;
	if (entry != NULL) {
		*info = entry->info;
		mine()->sender = entry->sender;
		finish(entry, info);
	}
	return true;
}

static void drop(struct cbx_sigqueue *queue, uint64_t set)
{
	struct cbx_signal_entry *entry;

	while ((entry = cbx_sigqueue_drop(queue, set)) != NULL) {
		finish(entry, NULL);
	}
}

void cbx_signal_drop(struct cbx_process *process, uint64_t set)
{
	drop(&process->signal.queue, set);
	for (struct cbx_task *t = process->tasks; t != NULL; t = t->next) {
		drop(&t->signal.queue, set);
	}
}

void cbx_signal_forget(struct cbx_sigqueue *queue)
{
	drop(queue, UINT64_MAX);
}

void cbx_signal_set_mask(uint64_t mask)
{
	mine()->mask = mask & ~CBX_SIGNALS_UNBLOCKABLE;
}

void cbx_signal_swap_mask(uint64_t mask)
{
	mine()->mask_after = mine()->mask;
	mine()->mask_swapped = true;
	cbx_signal_set_mask(mask);
}

/* There is no stack for the handler. */
static void no_stack(int signal)
{
	const struct lx_siginfo info = {
		.signo = LX_SIGSEGV,
		.code = LX_SI_KERNEL,
	};

	if (signal == LX_SIGSEGV) {
		cbx_signal_die(LX_SIGSEGV);
	}
	cbx_signal_fault(&info);
}

/* Run a handler. */
static void enter(
	const struct lx_siginfo *info, struct cbx_regs *regs, void *frame)
{
	struct lx_sigaction *at = &ours()->action[info->signo];
	const struct lx_sigaction action = *at;

	if (!cbx_sigframe_push(&action, info, regs, frame)) {
		no_stack(info->signo);
		return;
	}
	mine()->mask_swapped = false;
	mine()->mask |= action.mask;
	if ((action.flags & LX_SA_NODEFER) == 0) {
		mine()->mask |= cbx_signal_bit(info->signo);
	}
	if ((action.flags & LX_SA_RESETHAND) != 0) {
		at->handler = LX_SIG_DFL;
	}
}

/* The next signal that is not ignored; its action.  NULL: there is none. */
static const struct lx_sigaction *next(struct lx_siginfo *info)
{
	while (cbx_signal_take(~mine()->mask, info)) {
		const struct lx_sigaction *action;

		if (cbx_signal_ignored(cbx_process_self(), info->signo) ||
			!cbx_debug_signal(info)) {
			continue;
		}
		action = &ours()->action[info->signo];
		if (!cbx_signal_ignored(cbx_process_self(), info->signo)) {
			return action;
		}
	}
	return NULL;
}

/* Where the program goes on when its handlers have returned. */
static void settle(
	struct cbx_regs *regs, uint32_t call, const struct lx_sigaction *action)
{
	if (call != CBX_NO_CALL && cbx_restart_after(call, regs, action)) {
		cbx_rewrite_again(regs);
		regs->rax = call;
		regs->rcx = regs->rip;
	} else {
		cbx_rewrite_home(regs);
	}
}

static void no_handler(void)
{
	if (mine()->mask_swapped) {
		mine()->mask = mine()->mask_after;
		mine()->mask_swapped = false;
	}
}

static bool is_end(uint32_t call)
{
	return call == RT_SIGRETURN || call == SIGRETURN;
}

/* More than can wait at once, so that none of them is what the program waits
 * for: of a standard signal one waits, and queues of others are handled whole. */
static void count(const struct lx_siginfo *info, uint32_t call)
{
	bool others = (info->code == LX_SI_USER || info->code == LX_SI_QUEUE ||
			      info->code == LX_SI_TKILL) &&
		      mine()->sender != cbx_task_self()->tid;

	if (is_end(call) && others && info->signo < LX_SIGRTMIN) {
		mine()->row++;
	} else {
		mine()->row = 0;
	}
}

/* A signal that waits when a handler ends begins the next one.  A task that is
 * sent them faster than it handles them would do nothing else: after many in
 * a row it goes on where it was, until its next call or for a moment. */
static bool is_turn(uint32_t call)
{
	if (!is_end(call) || mine()->row < ROW_MAX ||
		(waiting() & PRESSING) != 0) {
		return false;
	}
	mine()->row = 0;
	return true;
}

bool cbx_signal_deliver(struct cbx_regs *regs, void *frame, uint32_t call)
{
	struct lx_siginfo info;
	const struct lx_sigaction *action;

	if (is_turn(call)) {
		cbx_timers_look_in(cbx_task_self(), TURN_NS);
		return false;
	}
	action = next(&info);
	if (action == NULL) {
		no_handler();
		return call != CBX_NO_CALL &&
		       cbx_restart_after(call, regs, NULL);
	}
	settle(regs, call, action);
	count(&info, call);
	while (action != NULL) {
		if (action->handler == LX_SIG_DFL) {
			cbx_signal_die(info.signo);
		}
		enter(&info, regs, frame);
		action = next(&info);
	}
	return false;
}

void cbx_signal_return(struct cbx_regs *regs, void *frame)
{
	const struct lx_siginfo info = {
		.signo = LX_SIGSEGV,
		.code = LX_SI_KERNEL,
	};

	if (!cbx_sigframe_pop(regs, frame)) {
		cbx_signal_fault(&info);
	}
}

void cbx_signal_reset(void)
{
	for (int signal = 1; signal <= LX_SIGNALS; signal++) {
		if (ours()->action[signal].handler != LX_SIG_IGN) {
			ours()->action[signal] = (struct lx_sigaction){ 0 };
		}
	}
	mine()->stack = (struct lx_stack){ .flags = LX_SS_DISABLE };
	cbx_posix_timers_end(cbx_process_self());
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sending signals: who takes one, and whether it waits at all. */
#include "signal.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "task.h"

#define QUEUED_MAX 65536u /* whatever the limit says */

#define STOPS                                                      \
	(cbx_signal_bit(LX_SIGSTOP) | cbx_signal_bit(LX_SIGTSTP) | \
		cbx_signal_bit(LX_SIGTTIN) | cbx_signal_bit(LX_SIGTTOU))

struct cbx_wait_queue cbx_signal_watchers;

/* Stop signals are among them: nobody could continue what is stopped. */
static bool ignored_by_default(int signal)
{
	const uint64_t harmless =
		cbx_signal_bit(LX_SIGCHLD) | cbx_signal_bit(LX_SIGCONT) |
		cbx_signal_bit(LX_SIGURG) | cbx_signal_bit(LX_SIGWINCH);

	return ((harmless | STOPS) & cbx_signal_bit(signal)) != 0;
}

bool cbx_signal_ignored(const struct cbx_process *process, int signal)
{
	uint64_t handler = process->signal.action[signal].handler;

	return handler == LX_SIG_IGN ||
	       (handler == LX_SIG_DFL && ignored_by_default(signal));
}

/* The task a process's signals are for first. */
static struct cbx_task *leader(const struct cbx_process *process)
{
	struct cbx_task *task = process->tasks;

	while (task != NULL && task->tid != process->pid) {
		task = task->next;
	}
	return task != NULL ? task : process->tasks;
}

static bool takes(const struct cbx_task *task, uint64_t bit)
{
	return ((task->signal.mask & ~task->signal.wanted) & bit) == 0;
}

/* Who is to be told; NULL when every task blocks it. */
static struct cbx_task *choose(
	const struct cbx_process *process, struct cbx_task *task, uint64_t bit)
{
	if (task == NULL) {
		task = leader(process);
		if (task != NULL && !takes(task, bit)) {
			task = process->tasks;
			while (task != NULL && !takes(task, bit)) {
				task = task->next;
			}
		}
	}
	return task != NULL && takes(task, bit) ? task : NULL;
}

static void tell(
	const struct cbx_process *process, struct cbx_task *task, uint64_t bit)
{
	task = choose(process, task, bit);
	if (task != NULL) { /* the running one, too: a timer woke it */
		cbx_task_interrupt(task);
	}
	cbx_wait_wake(&cbx_signal_watchers, UINT64_MAX);
}

/* What is blocked waits even if it is ignored: that may change. */
static bool vanishes(const struct cbx_process *process,
	const struct cbx_task *task, int signal)
{
	if (task == NULL) {
		task = leader(process);
	}
	return cbx_signal_ignored(process, signal) &&
	       (task == NULL ||
		       (task->signal.mask & cbx_signal_bit(signal)) == 0);
}

/* Stopping and continuing undo each other. */
static void undo(struct cbx_process *process, int signal)
{
	if (signal == LX_SIGCONT) {
		cbx_signal_drop(process, STOPS);
	} else if ((cbx_signal_bit(signal) & STOPS) != 0) {
		cbx_signal_drop(process, cbx_signal_bit(LX_SIGCONT));
	}
}

static struct cbx_sigqueue *queue_of(
	struct cbx_process *process, struct cbx_task *task)
{
	return task != NULL ? &task->signal.queue : &process->signal.queue;
}

bool cbx_signal_post(struct cbx_process *process, struct cbx_task *task,
	struct cbx_signal_entry *entry)
{
	int signal = entry->info.signo;

	undo(process, signal);
	if (vanishes(process, task, signal) ||
		!cbx_sigqueue_add(queue_of(process, task), entry)) {
		return false;
	}
	tell(process, task, cbx_signal_bit(signal));
	return true;
}

void cbx_signal_unpost(struct cbx_process *process, struct cbx_task *task,
	struct cbx_signal_entry *entry)
{
	cbx_sigqueue_remove(queue_of(process, task), entry);
}

static struct cbx_signal_entry *make(
	const struct cbx_sigqueue *queue, const struct lx_siginfo *info)
{
	uint64_t limit = cbx_min(QUEUED_MAX,
		cbx_process_self()->limit[LX_RLIMIT_SIGPENDING].now);
	struct cbx_signal_entry *entry = NULL;

	if (info->signo < LX_SIGRTMIN || queue->count < limit) {
		entry = cbx_heap_take(sizeof(*entry));
	}
	if (entry != NULL) {
		*entry = (struct cbx_signal_entry){
			.info = *info,
			.sender = cbx_task_self()->tid,
		};
	}
	return entry;
}

int64_t cbx_signal_send(struct cbx_process *process, struct cbx_task *task,
	const struct lx_siginfo *info)
{
	struct cbx_sigqueue *queue = queue_of(process, task);
	uint64_t bit = cbx_signal_bit(info->signo);
	struct cbx_signal_entry *entry;

	if (process->tasks == NULL) {
		return 0; /* it has ended */
	}
	entry = make(queue, info);
	if (entry != NULL) {
		if (!cbx_signal_post(process, task, entry)) {
			cbx_heap_give(entry, sizeof(*entry));
		}
		return 0;
	}
	if (info->signo >= LX_SIGRTMIN && info->code != LX_SI_USER) {
		return -LX_EAGAIN;
	}
	if (!vanishes(process, task, info->signo)) {
		cbx_sigqueue_mark(queue, info->signo);
		tell(process, task, bit);
	}
	return 0;
}

static void raise(struct cbx_task *task, int signal)
{
	const struct lx_siginfo info = {
		.signo = signal,
		.code = LX_SI_USER,
		.from.pid = cbx_process_self()->pid,
	};

	(void)cbx_signal_send(cbx_process_self(), task, &info);
}

void cbx_signal_raise(int signal)
{
	raise(NULL, signal);
}

void cbx_signal_raise_self(int signal)
{
	raise(cbx_task_self(), signal);
}

void cbx_signal_fault(const struct lx_siginfo *info)
{
	struct cbx_task *self = cbx_task_self();
	uint64_t bit = cbx_signal_bit(info->signo);
	struct lx_sigaction *action =
		&self->process->signal.action[info->signo];

	if ((self->signal.mask & bit) != 0 || action->handler == LX_SIG_IGN) {
		action->handler = LX_SIG_DFL;
		self->signal.mask &= ~bit;
	}
	(void)cbx_signal_send(self->process, self, info);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How processes end. */
#include "process.h"

#include "channel.h"
#include "clone.h"
#include "debug.h"
#include "futex.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "memory.h"
#include "process_timers.h"
#include "timers.h"

void cbx_process_return_memory(struct cbx_process *process)
{
	struct cbx_task *lender = process->lender;

	process->lender = NULL;
	if (lender != NULL) {
		lender->lends = false;
		cbx_task_interrupt(lender);
	}
}

/* Who waits for memory it lent will not be there to get it back. */
static void forget_lender(const struct cbx_process *self)
{
	for (struct cbx_process *p = &cbx_process_init; p != NULL;
		p = p->next) {
		if (p->lender != NULL && p->lender->process == self) {
			p->lender = NULL;
		}
	}
}

static void send(struct cbx_process *to, const struct cbx_process *from,
	uint32_t signal, bool child)
{
	bool killed = (from->status & 0x7f) != 0;
	struct lx_siginfo info = { .signo = (int32_t)signal };

	info.from.pid = from->pid;
	if (child) {
		info.code = killed ? 2 : 1; /* CLD_KILLED, CLD_EXITED */
		info.child.status = (int32_t)(killed ? from->status & 0x7f
						     : from->status >> 8);
	}
	if (signal != 0) {
		/* one that is lost was one of many */
		(void)cbx_signal_send(to, NULL, &info);
	}
}

/* Whether a parent does not want to be told how its children end. */
static bool is_careless(const struct cbx_process *parent)
{
	const struct lx_sigaction *action = &parent->signal.action[LX_SIGCHLD];

	return action->handler == LX_SIG_IGN ||
	       (action->flags & LX_SA_NOCLDWAIT) != 0;
}

/* Tell the parent; the process may be gone afterwards. */
static void tell_parent(struct cbx_process *process)
{
	struct cbx_process *parent = process->parent;

	send(parent, process, process->exit_signal, true);
	if (process->exit_signal == LX_SIGCHLD && is_careless(parent)) {
		cbx_wait_wake(&process->end, UINT64_MAX);
		cbx_process_forget(process);
	}
	cbx_wait_wake(&parent->children, UINT64_MAX);
}

/* Who becomes the parent of a process's children. */
static struct cbx_process *heir_of(const struct cbx_process *process)
{
	struct cbx_process *heir = process->parent;

	while (heir->parent != NULL &&
		(!heir->subreaper || heir->state == CBX_PROCESS_ENDED)) {
		heir = heir->parent;
	}
	return heir;
}

static void bequeath(struct cbx_process *self)
{
	struct cbx_process *heir = heir_of(self);
	struct cbx_process *p = &cbx_process_init;

	while (p != NULL) {
		struct cbx_process *next = p->next;

		if (p->parent == self) {
			p->parent = heir;
			p->exit_signal = LX_SIGCHLD;
			send(p, self, p->death_signal, false);
			if (p->state == CBX_PROCESS_ENDED) {
				tell_parent(p);
			}
		}
		p = next;
	}
}

/* Give back everything but what the parent may ask for. */
static void let_go(struct cbx_process *self)
{
	struct cbx_map *map = self->map;
	struct cbx_fd_table *fds = self->fds;

	self->fds = NULL;
	cbx_fd_table_drop(fds);
	cbx_process_return_memory(self);
	self->map = NULL;
	cbx_memory_drop(map);
	cbx_node_drop(self->cwd);
	cbx_node_drop(self->program);
	self->cwd = NULL;
}

static _Noreturn void end_box(uint32_t status)
{
	cbx_channel_finish();
	cbx_gate_end((status & 0x7f) != 0 ? CBX_END_SIGNAL | (status & 0x7f)
					  : status >> 8);
}

void cbx_process_exit(uint32_t status)
{
	struct cbx_task *task = cbx_task_self();
	struct cbx_process *self = task->process;

	if (self->parent == NULL) {
		cbx_debug_end(status);
		end_box(status);
	}
	cbx_task_end_others();
	self->state = CBX_PROCESS_ENDING;
	self->status = status;
	cbx_futex_end(task);
	forget_lender(self);
	cbx_process_timers_end(self);
	cbx_timers_away(task);
	cbx_cpu_time_end(task);
	cbx_signal_drop(self, UINT64_MAX);
	cbx_task_unlist(task);
	let_go(self);
	bequeath(self);
	self->state = CBX_PROCESS_ENDED;
	cbx_wait_wake(&self->end, UINT64_MAX);
	cbx_task_gone(task);
	tell_parent(self);
	cbx_task_depart(task);
}

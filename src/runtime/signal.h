/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals: sent by programs, timers, faults; taken by the task they wait for
 * when it goes back to its program.
 *
 * Everything here is called under the runtime's lock.
 */
#ifndef CBX_RUNTIME_SIGNAL_H
#define CBX_RUNTIME_SIGNAL_H

#include <base/upcall.h>

#include "sigqueue.h"
#include "wait.h"

#define CBX_SIGNALS_UNBLOCKABLE \
	(cbx_signal_bit(LX_SIGKILL) | cbx_signal_bit(LX_SIGSTOP))

struct cbx_process;
struct cbx_task;

/** A process's: actions, and what any of its tasks may take. */
struct cbx_process_signals {
	struct lx_sigaction action[LX_SIGNALS + 1];
	struct cbx_sigqueue queue;
};

/** A task's own. */
struct cbx_task_signals {
	uint64_t mask;
	uint64_t mask_after; /* to put back after the next delivery, */
	bool mask_swapped;   /* if there is one */
	uint64_t wanted;     /* blocked, but waited for: sigtimedwait */
	uint32_t sender;     /* task that sent what was taken last, or 0 */
	uint32_t row; /* of others' signals, each met by a handler's end */
	struct cbx_sigqueue queue;
	struct lx_stack stack;
};

/** Woken when any signal begins to wait: what signalfds are ready for. */
extern struct cbx_wait_queue cbx_signal_watchers;

/**
 * Send a signal to a process, or to one task of it.
 *
 * @param task  NULL: to any of the process
 * @param info  copied
 *
 * @retval 0        it waits, or is ignored
 * @retval -EAGAIN  too many wait, and the sender asked to have it kept
 */
int64_t cbx_signal_send(struct cbx_process *process, struct cbx_task *task,
	const struct lx_siginfo *info);

/** The same with an entry of the sender's own, which must not be queued.
 * @return false when it is ignored, or waits already: the entry was not
 *         queued */
bool cbx_signal_post(struct cbx_process *process, struct cbx_task *task,
	struct cbx_signal_entry *entry);

/** Take back an entry that may still wait. */
void cbx_signal_unpost(struct cbx_process *process, struct cbx_task *task,
	struct cbx_signal_entry *entry);

/** Send a signal, from the kernel as it were, to the running task or to its
 * process.  @pre 1 to 64 */
void cbx_signal_raise(int signal);
void cbx_signal_raise_self(int signal);

/** Send a fault's signal to the running task; if it is ignored or blocked, its
 * action becomes death.
 * @param info  copied */
void cbx_signal_fault(const struct lx_siginfo *info);

/** Whether the action of a signal is to do nothing. */
bool cbx_signal_ignored(const struct cbx_process *process, int signal);

/** Whether a signal waits that the running task does not block. */
bool cbx_signal_waiting(void);

/** Take one signal of a set that waits for the running task.
 * @return false when there is none */
bool cbx_signal_take(uint64_t set, struct lx_siginfo *info);

/** Throw away what waits of a set, for a process and each of its tasks. */
void cbx_signal_drop(struct cbx_process *process, uint64_t set);

/** Throw away what waits for a task, for the tasks of a process that is
 * gone. */
void cbx_signal_forget(struct cbx_sigqueue *queue);

/** Change the running task's mask; at once, or until after the next
 * delivery. */
void cbx_signal_set_mask(uint64_t mask);
void cbx_signal_swap_mask(uint64_t mask);

/** No call, where a call's number is expected. */
#define CBX_NO_CALL UINT32_MAX

/**
 * Change the program's registers so that it runs the handlers of what waits,
 * or end it when a signal's action is death; or, after many handlers in a row
 * for signals of other tasks, not yet, so that the program has a turn.
 *
 * @param regs   where the program was; changed
 * @param frame  the backend's; holds the extended state
 * @param call   the system call that was interrupted, with its result in
 *               regs->rax, or CBX_NO_CALL
 * @return whether that call is to be made again, now; nothing was changed
 */
bool cbx_signal_deliver(struct cbx_regs *regs, void *frame, uint32_t call);

/** Return from a handler: registers, extended state and mask of the frame on
 * the program's stack.  A broken frame is SIGSEGV. */
void cbx_signal_return(struct cbx_regs *regs, void *frame);

/** What execve does: handlers become default, the stack is forgotten. */
void cbx_signal_reset(void);

/** Die of a signal. */
_Noreturn void cbx_signal_die(int signal);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping: the only way a task waits for another one, or for a time.
 *
 * A condition is checked, and waited for, under the runtime's lock:
 *
 *	while (!condition) {
 *		int64_t status = cbx_wait_on(&queue, deadline);
 *
 *		if (status != 0) {
 *			return status;
 *		}
 *	}
 *
 * Whoever makes it true wakes the queue.
 */
#ifndef CBX_RUNTIME_WAIT_H
#define CBX_RUNTIME_WAIT_H

#include <base/types.h>

#define CBX_WAIT_FOREVER INT64_MAX

struct cbx_task;

/** Tasks that wait for one thing, the first one first.  All zero: none. */
struct cbx_wait_queue {
	struct cbx_waiter *first;
};

/** One task in one queue; on the sleeper's stack.  The last of a queue is
 * the first one's previous. */
struct cbx_waiter {
	struct cbx_wait_queue *queue; /* NULL: in none */
	struct cbx_waiter *next, *previous;
	struct cbx_task *task;
	bool woken;
	/** Not NULL: it is called, and stays in the queue. */
	void (*call)(struct cbx_waiter *waiter, uint32_t events);
};

/** Queue the running task; it may wait in many queues at once.
 * @param waiter  not queued, of any content */
void cbx_wait_add(struct cbx_waiter *waiter, struct cbx_wait_queue *queue);

/** Leave the queue; nothing when it was woken. */
void cbx_wait_remove(struct cbx_waiter *waiter);

/** Move a waiter to the end of another queue. */
void cbx_wait_move(struct cbx_waiter *waiter, struct cbx_wait_queue *queue);

/**
 * Sleep until a queue is woken in which the task waits.  The lock is dropped
 * meanwhile.
 *
 * @param deadline  monotonic nanoseconds
 *
 * @retval 0            woken, or for no reason: check the condition
 * @retval -ETIMEDOUT   it is @p deadline
 * @retval -EINTR       a signal waits, or the task is to end
 */
int64_t cbx_wait_sleep(int64_t deadline);

/** Sleep as well, whatever signal comes, until woken. */
void cbx_wait_deaf(struct cbx_wait_queue *queue);

/** Add, sleep, remove. */
int64_t cbx_wait_on(struct cbx_wait_queue *queue, int64_t deadline);

/** Wake the first waiters and take them off the queue.
 * @return how many */
uint64_t cbx_wait_wake(struct cbx_wait_queue *queue, uint64_t count);

/** The same, because of events that hold now: LX_POLL*, all of them for
 * cbx_wait_wake. */
uint64_t cbx_wait_wake_for(
	struct cbx_wait_queue *queue, uint64_t count, uint32_t events);

/** Have a function called whenever a queue is woken, until the waiter, which
 * is nobody's stack's, is removed. */
void cbx_wait_listen(struct cbx_waiter *waiter, struct cbx_wait_queue *queue,
	void (*call)(struct cbx_waiter *waiter, uint32_t events));

/** Wake one waiter and take it off its queue. */
void cbx_wait_wake_one(struct cbx_waiter *waiter);

#endif

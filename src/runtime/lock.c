/* SPDX-License-Identifier: Apache-2.0 */
#include "lock.h"

#include "gate.h"
#include "task.h"

#define SPINS	 256u
#define WAKE_MAX 16u

/* Who waits is pushed by himself; who holds the lock moves those to his own
 * list, the first one first.  Who is woken takes it like any other: a task that
 * runs may have had it again by then.  Who lost it so is given it, taken. */
static struct {
	bool taken;
	struct cbx_task *owner;
	struct cbx_task *arriving;
	struct cbx_task *first;
	uint64_t wake[WAKE_MAX]; /* threads to unpark when it is dropped */
	uint64_t wakes;
} lock;

static bool take(void)
{
	return !__atomic_exchange_n(&lock.taken, true, __ATOMIC_SEQ_CST);
}

/* Whether who had it left it to this task. */
static bool was_given(struct cbx_task *self)
{
	return __atomic_load_n(&self->lock_given, __ATOMIC_RELAXED) &&
	       __atomic_exchange_n(&self->lock_given, false, __ATOMIC_ACQUIRE);
}

static bool take_soon(struct cbx_task *self)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (!__atomic_load_n(&lock.taken, __ATOMIC_RELAXED) && take()) {
			return true;
		}
		if (was_given(self)) {
			return true;
		}
		__builtin_ia32_pause();
	}
	return false;
}

static void push(struct cbx_task *self)
{
	struct cbx_task *head =
		__atomic_load_n(&lock.arriving, __ATOMIC_RELAXED);

	self->lock_queued = true;
	do {
		self->lock_next = head;
	} while (!__atomic_compare_exchange_n(&lock.arriving, &head, self, true,
		__ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

/* Append who arrived, the last one first, to the holder's list. */
static void sort_arrivals(void)
{
	struct cbx_task *task =
		__atomic_exchange_n(&lock.arriving, NULL, __ATOMIC_SEQ_CST);
	struct cbx_task *list = NULL;
	struct cbx_task **end = &lock.first;

	while (task != NULL) {
		struct cbx_task *next = task->lock_next;

		task->lock_next = list;
		list = task;
		task = next;
	}
	while (*end != NULL) {
		end = &(*end)->lock_next;
	}
	*end = list;
}

static void leave_list(struct cbx_task *self)
{
	struct cbx_task **at = &lock.first;

	sort_arrivals();
	while (*at != self) {
		at = &(*at)->lock_next;
	}
	*at = self->lock_next;
	self->lock_queued = false;
}

/* The thread to wake next, or 0.  A task that was woken before, and found the
 * lock taken again, is given it. */
static uint64_t pop(bool *given)
{
	struct cbx_task *task;
	uint64_t thread;

	*given = false;
	sort_arrivals();
	task = lock.first;
	if (task == NULL) {
		return 0;
	}
	lock.first = task->lock_next;
	thread = task->thread;
	*given = task->lock_lost;
	__atomic_store_n(&task->lock_queued, false, __ATOMIC_RELEASE);
	if (*given) {
		__atomic_store_n(&task->lock_given, true, __ATOMIC_RELEASE);
	}
	return thread;
}

static void wait_for_it(struct cbx_task *self)
{
	bool woken = false;

	while (!take_soon(self)) {
		if (!__atomic_load_n(&self->lock_queued, __ATOMIC_ACQUIRE)) {
			self->lock_lost = woken;
			woken = true;
			push(self);
			if (take()) {
				break;
			}
		}
		cbx_gate_park(0);
	}
	if (self->lock_queued) {
		leave_list(self);
	}
}

void cbx_runtime_lock(void)
{
	struct cbx_task *self = cbx_task_self();

	if (!take()) {
		wait_for_it(self);
	}
	lock.owner = self;
}

/* Who arrived after the last look and before the release sleeps, or will see
 * that it is free: look again. */
static void release(void)
{
	bool given;

	do {
		uint64_t thread = pop(&given);

		if (!given) {
			__atomic_store_n(&lock.taken, false, __ATOMIC_SEQ_CST);
		}
		if (thread != 0) {
			cbx_gate_unpark(thread);
		}
	} while (!given &&
		 __atomic_load_n(&lock.arriving, __ATOMIC_SEQ_CST) != NULL &&
		 take());
}

void cbx_runtime_unlock(void)
{
	uint64_t wake[WAKE_MAX];
	uint64_t wakes = lock.wakes;

	for (uint64_t i = 0; i < wakes; i++) {
		wake[i] = lock.wake[i];
	}
	lock.wakes = 0;
	lock.owner = NULL;
	release();
	for (uint64_t i = 0; i < wakes; i++) {
		cbx_gate_unpark(wake[i]);
	}
}

bool cbx_runtime_locked(void)
{
	return __atomic_load_n(&lock.owner, __ATOMIC_RELAXED) ==
	       cbx_task_self();
}

void cbx_runtime_unpark(const struct cbx_task *task)
{
	if (lock.wakes < WAKE_MAX) {
		lock.wake[lock.wakes++] = task->thread;
	} else {
		cbx_gate_unpark(task->thread);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "wait.h"

#include "bridge.h"
#include "channel.h"
#include "gate.h"
#include "linux.h"
#include "lock.h"
#include "task.h"
#include "template.h"
#include "time.h"
#include "timers.h"

#define SPIN_MAX 400u
#define SPIN_TRY 16u

void cbx_wait_add(struct cbx_waiter *waiter, struct cbx_wait_queue *queue)
{
	*waiter = (struct cbx_waiter){ .task = cbx_task_self() };
	cbx_wait_move(waiter, queue);
}

void cbx_wait_remove(struct cbx_waiter *waiter)
{
	struct cbx_wait_queue *queue = waiter->queue;
	struct cbx_waiter *after = waiter->next;

	if (queue == NULL) {
		return;
	}
	waiter->queue = NULL;
	if (queue->first == waiter) {
		queue->first = after;
	} else {
		waiter->previous->next = after;
	}
	if (after != NULL) {
		after->previous = waiter->previous;
	} else if (queue->first != NULL) {
		queue->first->previous = waiter->previous;
	}
}

void cbx_wait_move(struct cbx_waiter *waiter, struct cbx_wait_queue *queue)
{
	struct cbx_waiter *first;

	cbx_wait_remove(waiter);
	first = queue->first;
	waiter->queue = queue;
	waiter->next = NULL;
	if (first == NULL) {
		queue->first = waiter;
		waiter->previous = waiter;
	} else {
		waiter->previous = first->previous;
		first->previous->next = waiter;
		first->previous = waiter;
	}
}

void cbx_task_interrupt(struct cbx_task *task)
{
	__atomic_store_n(&task->woken, true, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&task->parked, false, __ATOMIC_SEQ_CST) &&
		!cbx_bridge_wake(task)) {
		cbx_runtime_unpark(task);
	} else if (task->outside && task != cbx_task_self()) {
		cbx_gate_deadline(1, task->thread);
	}
}

void cbx_wait_wake_one(struct cbx_waiter *waiter)
{
	cbx_wait_remove(waiter);
	waiter->woken = true;
	cbx_task_interrupt(waiter->task);
}

uint64_t cbx_wait_wake_for(
	struct cbx_wait_queue *queue, uint64_t count, uint32_t events)
{
	struct cbx_waiter *waiter = queue->first;
	uint64_t woken = 0;

	while (woken < count && waiter != NULL) {
		struct cbx_waiter *next = waiter->next;

		if (waiter->call != NULL) {
			waiter->call(waiter, events);
		} else {
			cbx_wait_wake_one(waiter);
			woken++;
		}
		waiter = next;
	}
	return woken;
}

uint64_t cbx_wait_wake(struct cbx_wait_queue *queue, uint64_t count)
{
	return cbx_wait_wake_for(queue, count, UINT32_MAX);
}

void cbx_wait_listen(struct cbx_waiter *waiter, struct cbx_wait_queue *queue,
	void (*call)(struct cbx_waiter *waiter, uint32_t events))
{
	*waiter = (struct cbx_waiter){ .call = call };
	cbx_wait_move(waiter, queue);
}

static bool woken_soon(const struct cbx_task *self, uint32_t spins)
{
	for (uint32_t i = 0; i < spins; i++) {
		if (__atomic_load_n(&self->woken, __ATOMIC_ACQUIRE)) {
			return true;
		}
		__builtin_ia32_pause();
	}
	return false;
}

/* On two CPUs a partner's answer often comes sooner than a park takes; on one
 * it never does: what helped is done again, what did not is tried rarely. */
static bool spin(struct cbx_task *self)
{
	uint32_t spins = self->spins;

	if (cbx_process_init.next == NULL && self->process->task_count == 1) {
		return false;
	}
	if (spins == 0 && ++self->sleeps % SPIN_TRY == 0) {
		spins = SPIN_MAX;
	}
	if (woken_soon(self, spins)) {
		self->spins = SPIN_MAX;
		return true;
	}
	self->spins /= 2;
	return false;
}

/* Without the lock: a wake-up before we are parked is seen, one after it ends
 * the parking. */
static void park(struct cbx_task *self, int64_t wake)
{
	cbx_cpu_time_sleep(self);
	cbx_runtime_unlock();
	if (spin(self)) {
		cbx_runtime_lock();
		cbx_cpu_time_wake(self);
		return;
	}
	__atomic_store_n(&self->parked, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&self->woken, __ATOMIC_SEQ_CST)) {
		cbx_gate_park(wake == CBX_WAIT_FOREVER ? 0 : (uint64_t)wake);
	}
	__atomic_store_n(&self->parked, false, __ATOMIC_SEQ_CST);
	cbx_runtime_lock();
	cbx_cpu_time_wake(self);
}

/* Until a time, which was @p wake in ticks; 0, or it is over. */
static int64_t sleep_until(struct cbx_task *self, int64_t until, int64_t wake)
{
	bool over = until != CBX_WAIT_FOREVER && cbx_time_over(until, wake);

	if (!over) {
		park(self, wake);
	}
	return over ? -LX_ETIMEDOUT : 0;
}

static int64_t wake_of(int64_t until)
{
	return until == CBX_WAIT_FOREVER ? until : cbx_time_wake(until);
}

int64_t cbx_wait_sleep(int64_t deadline)
{
	struct cbx_task *self = cbx_task_self();
	int64_t until = deadline;
	int64_t wake = wake_of(until);

	cbx_channel_flush();
	while (!__atomic_exchange_n(&self->woken, false, __ATOMIC_SEQ_CST)) {
		int64_t first;
		int64_t status;

		if (!self->deaf && (self->ending || cbx_signal_waiting() ||
					   cbx_template_wanted())) {
			return -LX_EINTR;
		}
		first = cbx_timers_sleep(deadline);
		if (first != until) {
			until = first;
			wake = wake_of(until);
		}
		status = sleep_until(self, until, wake);
		cbx_timers_awake();
		if (status != 0 && until == deadline) {
			return status;
		}
	}
	return 0;
}

void cbx_wait_deaf(struct cbx_wait_queue *queue)
{
	struct cbx_task *self = cbx_task_self();

	self->deaf = true;
	cbx_wait_on(queue, CBX_WAIT_FOREVER);
	self->deaf = false;
}

int64_t cbx_wait_on(struct cbx_wait_queue *queue, int64_t deadline)
{
	struct cbx_waiter waiter;
	int64_t status;

	cbx_wait_add(&waiter, queue);
	status = cbx_wait_sleep(deadline);
	cbx_wait_remove(&waiter);
	return status;
}

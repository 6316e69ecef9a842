/* SPDX-License-Identifier: Apache-2.0 */
#include "timers.h"

#include "gate.h"
#include "task.h"
#include "time.h"
#include "wait.h"

static struct cbx_timer_list list;

static struct {
	struct cbx_task *task; /* NULL: there was nothing to keep */
	bool sleeps;
} keeper;

static void become_keeper(struct cbx_task *task)
{
	keeper.task = task;
	keeper.sleeps = false;
}

void cbx_timers_set(struct cbx_timer *timer, int64_t at)
{
	cbx_timer_remove(&list, timer);
	timer->at = at;
	cbx_timer_add(&list, timer);
	if (list.first == timer) {
		become_keeper(cbx_task_self());
	}
}

void cbx_timers_cancel(struct cbx_timer *timer)
{
	cbx_timer_remove(&list, timer);
}

void cbx_timers_run(void)
{
	int64_t now;
	struct cbx_timer *timer;

	if (list.first == NULL) {
		return;
	}
	now = cbx_time_monotonic();
	while ((timer = cbx_timer_due(&list, now)) != NULL) {
		timer->fire(timer);
	}
}

int64_t cbx_timers_sleep(int64_t deadline)
{
	struct cbx_task *self = cbx_task_self();

	if (list.first == NULL || (keeper.task != self && keeper.sleeps)) {
		return deadline;
	}
	keeper.task = self;
	keeper.sleeps = true;
	return deadline < list.first->at ? deadline : list.first->at;
}

void cbx_timers_awake(void)
{
	if (keeper.task == cbx_task_self()) {
		keeper.sleeps = false;
		cbx_timers_run();
	}
}

/* In ticks, which a fixed clock does not follow. */
void cbx_timers_look_in(struct cbx_task *self, uint64_t ns)
{
	self->deadline = INT64_MIN; /* before any timer's */
	self->deadline_wake = 0;
	cbx_gate_deadline(cbx_gate_ticks() + ns, 0);
}

void cbx_timers_leave(struct cbx_task *self)
{
	int64_t at;

	if (list.first == NULL ||
		(keeper.task != NULL && keeper.task != self)) {
		return;
	}
	become_keeper(self);
	at = list.first->at;
	if (self->deadline == 0 || self->deadline > at) {
		self->deadline = at;
		self->deadline_wake = cbx_time_wake(at);
		cbx_gate_deadline((uint64_t)self->deadline_wake, 0);
	}
}

/* Any task of the box but one. */
static struct cbx_task *another(const struct cbx_task *self)
{
	for (struct cbx_process *p = &cbx_process_init; p != NULL;
		p = p->next) {
		struct cbx_task *task = p->tasks;

		while (task != NULL && task == self) {
			task = task->next;
		}
		if (task != NULL) {
			return task;
		}
	}
	return NULL;
}

void cbx_timers_away(struct cbx_task *self)
{
	struct cbx_task *task;

	if (keeper.task != self) {
		return;
	}
	become_keeper(NULL);
	task = list.first == NULL ? NULL : another(self);
	if (task != NULL) {
		cbx_task_interrupt(task);
	}
}

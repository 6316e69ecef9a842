/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu_time.h"

#include "task.h"
#include "time.h"

void cbx_cpu_time_begin(struct cbx_task *task)
{
	task->cpu = (struct cbx_cpu_time){ .began = cbx_time_monotonic() };
}

void cbx_cpu_time_sleep(struct cbx_task *self)
{
	self->cpu.asleep = cbx_time_monotonic();
}

void cbx_cpu_time_wake(struct cbx_task *self)
{
	self->cpu.slept += cbx_time_monotonic() - self->cpu.asleep;
	self->cpu.asleep = 0;
}

int64_t cbx_cpu_time_of_task(const struct cbx_task *task)
{
	int64_t now =
		task->cpu.asleep != 0 ? task->cpu.asleep : cbx_time_monotonic();

	return now - task->cpu.began - task->cpu.slept;
}

int64_t cbx_cpu_time_of_process(const struct cbx_process *process)
{
	int64_t sum = process->cpu_ended;

	for (const struct cbx_task *t = process->tasks; t != NULL;
		t = t->next) {
		sum += cbx_cpu_time_of_task(t);
	}
	return sum;
}

void cbx_cpu_time_end(struct cbx_task *task)
{
	task->process->cpu_ended += cbx_cpu_time_of_task(task);
}

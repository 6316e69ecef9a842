/* SPDX-License-Identifier: Apache-2.0 */
#include "support/check.h"
#include "support/cpus.h"

static void *run(void *arg)
{
	const struct cpus_thread *thread = arg;

	mock_cpu_set(thread->cpu);
	thread->work(thread->arg);
	return NULL;
}

void cpus_run(struct cpus_thread *thread, uint32_t cpu, void (*work)(void *arg),
	void *arg)
{
	*thread = (struct cpus_thread){
		.cpu = cpu,
		.work = work,
		.arg = arg,
	};
	assert_int_equal(pthread_create(&thread->thread, NULL, run, thread), 0);
}

void cpus_join(struct cpus_thread *thread)
{
	assert_int_equal(pthread_join(thread->thread, NULL), 0);
}

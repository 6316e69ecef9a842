/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>

#include "support/check.h"
#include "support/cpus.h"

static struct cpu {
	pthread_t thread;
	uint32_t number;
	void (*work)(void *arg);
	void *arg;
	bool begun; /* the test's: not joined yet */
	atomic_bool done;
} cpus[CPUS_MAX];
static atomic_bool ending;

static void *run(void *arg)
{
	struct cpu *cpu = arg;

	mock_cpu_set(cpu->number);
	cpu->work(cpu->arg);
	atomic_store(&cpu->done, true);
	return NULL;
}

void cpus_run(uint32_t cpu, void (*work)(void *arg), void *arg)
{
	struct cpu *c = &cpus[cpu];

	assert_in_range(cpu, 1, CPUS_MAX - 1);
	assert_false(c->begun);
	c->number = cpu;
	c->work = work;
	c->arg = arg;
	atomic_store(&c->done, false);
	assert_int_equal(pthread_create(&c->thread, NULL, run, c), 0);
	c->begun = true;
}

void cpus_join(uint32_t cpu)
{
	assert_true(cpus[cpu].begun);
	assert_int_equal(pthread_join(cpus[cpu].thread, NULL), 0);
	cpus[cpu].begun = false;
}

int cpus_ending(void)
{
	return atomic_load(&ending);
}

void cpus_down(void)
{
	atomic_store(&ending, true);
	for (uint32_t i = 1; i < CPUS_MAX; i++) {
		while (cpus[i].begun && !atomic_load(&cpus[i].done)) {
			cbx_hal_cpu_kick(i);
			cbx_hal_cpu_relax();
		}
		if (cpus[i].begun) {
			cpus_join(i);
		}
	}
	atomic_store(&ending, false);
}

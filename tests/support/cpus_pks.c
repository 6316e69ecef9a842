/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "support/bare/bare.h"
#include "support/bare/puppet.h"
#include "support/check.h"
#include "support/cpus_pks.h"

static struct cpu {
	void (*work)(void *arg);
	void *arg;
	atomic_bool begun; /* the test's: not joined yet */
	atomic_bool done;
} cpus[CPUS_MAX];
static atomic_bool ending;

void cpus_pks_start(void)
{
	bare_others_go();
	for (uint32_t i = 1; i < cbx_hal_cpu_count(); i++) {
		puppet_start_other(i);
	}
}

_Noreturn void bare_other(uint32_t number)
{
	puppet_start();
	for (;;) {
		struct cpu *cpu = &cpus[number % CPUS_MAX];

		puppet_rest();
		while (number >= CPUS_MAX || !atomic_load(&cpu->begun) ||
			atomic_load(&cpu->done)) {
			cbx_hal_cpu_relax();
		}
		cpu->work(cpu->arg);
		atomic_store(&cpu->done, true);
	}
}

void cpus_run(uint32_t cpu, void (*work)(void *arg), void *arg)
{
	struct cpu *c = &cpus[cpu];

	assert_in_range(cpu, 1, CPUS_MAX - 1);
	assert_true(cpu < cbx_hal_cpu_count());
	/* Two at once are not to be had where CPUs take turns. */
	assert_null(getenv("CPUS_TAKE_TURNS"));
	assert_false(atomic_load(&c->begun));
	c->work = work;
	c->arg = arg;
	atomic_store(&c->done, false);
	atomic_store(&c->begun, true);
}

void cpus_join(uint32_t cpu)
{
	assert_true(atomic_load(&cpus[cpu].begun));
	puppet_rest();
	while (!atomic_load(&cpus[cpu].done)) {
		cbx_hal_cpu_relax();
	}
	atomic_store(&cpus[cpu].begun, false);
}

int cpus_ending(void)
{
	return atomic_load(&ending);
}

void cpus_down(void)
{
	atomic_store(&ending, true);
	for (uint32_t i = 1; i < CPUS_MAX; i++) {
		while (atomic_load(&cpus[i].begun) &&
			!atomic_load(&cpus[i].done)) {
			const struct timespec pause = { .tv_nsec = 1000000 };

			cbx_hal_cpu_kick(i);
			(void)nanosleep(&pause, NULL);
		}
		atomic_store(&cpus[i].begun, false);
	}
	atomic_store(&ending, false);
}

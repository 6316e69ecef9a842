/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor panics on one CPU: a trap comes to a host that is in its handler,
 * while the others run in the host, with interrupts off. */
#include "other.h"

#define CPUS 4u /* run.py's machine */

void other_trapped(struct cbx_pks_trap *trap)
{
	(void)trap;
	__builtin_trap();
}

static volatile uint64_t rounds;

static void run_on(void)
{
	for (;;) {
		rounds++;
	}
}

static const char *one_panic_is_everybodys(void)
{
	const char *wrong = other_start_all(CPUS);

	WANT(wrong == NULL);
	for (uint32_t cpu = 1; cpu < CPUS; cpu++) {
		other_run(cpu, run_on);
	}
	WANT(other_changes(&rounds, 0));
	other_take_traps(0);
	__builtin_trap();
	return "the monitor goes on";
}

const struct host_case host_cases[] = {
	{ "one panic is everybody's", one_panic_is_everybodys },
};
const uint32_t host_case_count = 1;

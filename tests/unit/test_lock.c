/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>

#include <core/gate.h>
#include <core/lock.h>

#include "support/cpus.h"
#include "support/machine.h"

static struct cbx_lock lock;
static uint32_t order[CPUS_MAX];
static uint32_t had;

static void take_once(void *arg)
{
	cbx_lock_take(&lock, CBX_RANK_GATE);
	order[had++] = *(const uint32_t *)arg;
	cbx_lock_drop(&lock, CBX_RANK_GATE);
}

static void who_asks_first_has_it_first(void **state)
{
	static uint32_t asking[] = { 2, 3, 1 };

	(void)state;
	had = 0;
	cbx_lock_take(&lock, CBX_RANK_GATE);
	for (uint32_t i = 0; i < 3; i++) {
		const unsigned int before = atomic_load(&lock.next);

		cpus_run(asking[i], take_once, &asking[i]);
		while (atomic_load(&lock.next) == before) {
			(void)sched_yield();
		}
	}
	assert_int_equal(had, 0);
	cbx_lock_drop(&lock, CBX_RANK_GATE);
	for (uint32_t i = 0; i < 3; i++) {
		cpus_join(asking[i]);
	}
	assert_int_equal(had, 3);
	assert_memory_equal(order, asking, sizeof(asking));
}

static void tickets_wrap(void **state)
{
	uint32_t cpu = 1;

	(void)state;
	had = 0;
	atomic_store(&lock.next, UINT32_MAX);
	atomic_store(&lock.served, UINT32_MAX);
	take_once(&cpu);
	take_once(&cpu);
	assert_int_equal(had, 2);
	assert_int_equal(atomic_load(&lock.next), 1);
	assert_int_equal(atomic_load(&lock.served), 1);
}

static void twice_by_one_cpu_stops_the_machine(void **state)
{
	(void)state;
	cbx_gate_lock_take();
	expect_assert_failure(cbx_gate_lock_take()); /* drops it, too */
	assert_int_equal(*cbx_hal_cpu_rank(), CBX_RANK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(who_asks_first_has_it_first),
		MACHINE(tickets_wrap),
		MACHINE(twice_by_one_cpu_stops_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

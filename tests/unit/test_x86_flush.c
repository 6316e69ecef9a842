/* SPDX-License-Identifier: Apache-2.0 */
/* Flush tokens: what a CPU may still use, step by step and in earnest. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arch/x86_64/flush.h>

#define CPUS   3u
#define ROUNDS 1000u

static void load(uint32_t cpu, bool host)
{
	cbx_flush_end(cpu, host, cbx_flush_begin(cpu, host));
}

static void who_holds_nothing_is_not_waited_for(void **state)
{
	uint64_t token = cbx_flush_next();

	(void)state;
	assert_false(cbx_flush_stale(0, token)); /* never ran */
	load(0, true);
	load(0, false);
	assert_false(cbx_flush_stale(0, cbx_flush_next()));
}

static void who_runs_is_waited_for(void **state)
{
	uint64_t first;
	uint64_t second;

	(void)state;
	load(0, true);
	assert_false(cbx_flush_due(0));
	first = cbx_flush_next();
	second = cbx_flush_next();
	assert_int_equal(second, first + 1);
	assert_true(cbx_flush_due(0));
	assert_true(cbx_flush_stale(0, first));
	load(0, true);
	assert_false(cbx_flush_due(0));
	assert_false(cbx_flush_stale(0, first));
	assert_false(cbx_flush_stale(0, second));
	assert_true(cbx_flush_stale(0, cbx_flush_next()));
	load(0, false);
}

/* A flush between the two halves: the new translations may be from before it. */
static void who_is_loading_is_waited_for(void **state)
{
	uint64_t before;
	uint64_t token;

	(void)state;
	before = cbx_flush_begin(0, true);
	token = cbx_flush_next();
	assert_true(cbx_flush_stale(0, token));
	cbx_flush_end(0, true, before);
	assert_true(cbx_flush_stale(0, token));
	assert_true(cbx_flush_due(0));
	before = cbx_flush_begin(0, false);
	assert_true(cbx_flush_stale(0, token)); /* it has not left yet */
	cbx_flush_end(0, false, before);
	assert_false(cbx_flush_stale(0, token));
}

/* One page table with one entry, which says which page; CPUs that remember what
 * it said, and pages that were taken away. */
static _Atomic uint64_t entry;
static atomic_bool taken[ROUNDS + 1];
static atomic_bool end;
static _Atomic uint64_t uses;
static _Atomic uint64_t wrong;

static void host_runs(uint32_t cpu)
{
	bool have = false;
	uint64_t page = 0;

	while (!cbx_flush_due(cpu)) {
		if (!have) {
			page = atomic_load(&entry);
			have = true;
		}
		atomic_fetch_add(&wrong, atomic_load(&taken[page]));
		atomic_fetch_add(&uses, 1);
		(void)sched_yield();
		if (atomic_load(&end)) {
			return;
		}
	}
	/* the NMI comes only now */
	atomic_fetch_add(&wrong, have && atomic_load(&taken[page]));
}

static void *run_cpu(void *number)
{
	uint32_t cpu = *(const uint32_t *)number;

	for (uint32_t i = 0; !atomic_load(&end); i++) {
		load(cpu, true);
		host_runs(cpu);
		if (i % 4 == 0) {
			load(cpu, false);
		}
	}
	load(cpu, false);
	return NULL;
}

static bool anybody_is_stale(uint64_t token)
{
	bool stale = false;

	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		stale = stale || cbx_flush_stale(cpu, token);
	}
	return stale;
}

static void nobody_uses_what_was_taken(void **state)
{
	static uint32_t number[CPUS] = { 0, 1, 2 };
	pthread_t thread[CPUS];

	(void)state;
	for (uint32_t i = 0; i < CPUS; i++) {
		assert_int_equal(
			pthread_create(&thread[i], NULL, run_cpu, &number[i]),
			0);
	}
	while (atomic_load(&uses) == 0) {
		(void)sched_yield();
	}
	for (uint64_t page = 0; page < ROUNDS; page++) {
		uint64_t token;

		atomic_store(&entry, page + 1);
		token = cbx_flush_next();
		while (anybody_is_stale(token)) {
			(void)sched_yield();
		}
		atomic_store(&taken[page], true);
	}
	atomic_store(&end, true);
	for (uint32_t i = 0; i < CPUS; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	}
	assert_int_equal(atomic_load(&wrong), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_holds_nothing_is_not_waited_for),
		cmocka_unit_test(who_runs_is_waited_for),
		cmocka_unit_test(who_is_loading_is_waited_for),
		cmocka_unit_test(nobody_uses_what_was_taken),
	};

	return cmocka_run_group_tests_name("x86_flush", tests, NULL, NULL);
}

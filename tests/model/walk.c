/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random walks of core and specification, side by side.
 *
 *   CBX_WALK_SEED   the first seed (1)
 *   CBX_WALK_SEEDS  how many (10)
 *   CBX_WALK_CALLS  calls of host and boxes on each (300000)
 *   CBX_WALK_CARE   if set, everything is compared after every step
 *   CBX_WALK_VERBOSE  if set, how often each call succeeded is printed
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <model/choose.h>
#include <model/steps.h>
#include <support/check.h>

#define PAGES 72u

static uint64_t number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void print_count(uint64_t seed, const struct world_count *count)
{
	static const char *const names[] = { "interrupted", "idle", "output",
		"ended", "input", "forward", "trace", "result", "refused" };

	printf("seed %ju: %ju calls, %ju%% succeed (host's %ju%%), %ju "
	       "entries, "
	       "%ju hardware refusals; exits:",
		(uintmax_t)seed, (uintmax_t)count->calls,
		(uintmax_t)(count->succeeded * 100 / count->calls),
		(uintmax_t)(count->host_succeeded * 100 / count->by_host),
		(uintmax_t)count->entries, (uintmax_t)count->refusals);
	for (unsigned int i = 0; i < 9; i++) {
		printf(" %s %ju", names[i], (uintmax_t)count->exits[i]);
	}
	printf(" (confined %ju)\n", (uintmax_t)count->sealed);
	fflush(stdout);
}

static const struct {
	uint64_t number;
	const char *name;
} calls_there_are[] = {
#define X(number, NAME, name, callers, nargs, states, repeat) \
	{ (number), #NAME },
#include <confbox/gate.def>
#undef X
};
#define CALLS (sizeof(calls_there_are) / sizeof(calls_there_are[0]))

static void print_calls(const struct world_count *count)
{
	for (size_t i = 0; i < CALLS; i++) {
		uint64_t number = calls_there_are[i].number;

		printf("  %-16s %8ju of %8ju\n", calls_there_are[i].name,
			(uintmax_t)count->done[number],
			(uintmax_t)count->made[number]);
	}
}

/* Every call is made, and succeeds at times. */
static void assert_all_calls(const struct world_count *count)
{
	for (size_t i = 0; i < CALLS; i++) {
		uint64_t number = calls_there_are[i].number;
		bool keeper = number == CBX_CALL_KEEPER_NEXT;

		if ((count->done[number] == 0) != keeper) {
			print_calls(count);
			fail_msg("%s never succeeded", calls_there_are[i].name);
		}
	}
}

static void walk(uint64_t seed, uint64_t calls)
{
	world_count = (struct world_count){ 0 };
	world_name("seed %ju", (uintmax_t)seed);
	choose_seed(seed);
	world_begin(PAGES, steps_act,
		getenv("CBX_WALK_CARE") != NULL ? CARE_ALWAYS : CARE_OFTEN);
	while (world_count.calls < calls) {
		steps_next();
	}
	world_compare_all();
	world_reset();
	world_compare_all();
	world_end();
	print_count(seed, &world_count);
	if (getenv("CBX_WALK_VERBOSE") != NULL) {
		print_calls(&world_count);
	}
	if (calls < 100000) {
		return;
	}
	assert_all_calls(&world_count);
	assert_true(world_count.succeeded * 100 / world_count.calls >= 40);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_not_equal(world_count.exits[i], 0);
	}
}

static void core_and_specification_agree(void **state)
{
	uint64_t seed = number("CBX_WALK_SEED", 1);
	uint64_t seeds = number("CBX_WALK_SEEDS", 10);
	uint64_t calls = number("CBX_WALK_CALLS", 300000);

	(void)state;
	for (uint64_t i = 0; i < seeds; i++) {
		walk(seed + i, calls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_and_specification_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

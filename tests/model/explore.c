/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything a small machine can do: all sequences of calls from a short list,
 * breadth first, to the depth that fits into the time.  Core and specification
 * make each step together and are compared after it.  States are told apart by
 * a hash of the ledger: what each page, box, space and thread is.
 *
 *   CBX_EXPLORE_SECONDS  CPU time for each machine (40)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <model/judge.h>
#include <model/small.h>
#include <model/world.h>
#include <support/check.h>

#define STATES_MAX (1u << 21)
#define TABLE_SIZE (1u << 23)
#define DEPTH_MAX  64u

/** A state: how it was reached first. */
struct node {
	uint32_t parent;
	uint16_t step;
	uint16_t depth;
};

static struct node *nodes;
static uint64_t *table;
static uint32_t node_count;
static uint64_t transitions;

static const struct small_machine *machine;

/* ---- telling states apart ---- */

static bool insert(uint64_t hash)
{
	uint64_t at = hash % TABLE_SIZE;

	hash = hash != 0 ? hash : 1;
	while (table[at] != 0 && table[at] != hash) {
		at = (at + 1) % TABLE_SIZE;
	}
	if (table[at] == hash) {
		return false;
	}
	table[at] = hash;
	return true;
}

/* ---- getting there ---- */

static void restart(void)
{
	world_reset();
	world_cpu(0);
	for (unsigned int i = 0; i < machine->prefix_count; i++) {
		if (small_step(&machine->prefix[i]) != CBX_OK) {
			world_fail("the prefix fails at %u", i);
		}
	}
}

static void replay(uint32_t node)
{
	uint16_t path[DEPTH_MAX];
	unsigned int n = 0;

	for (; node != 0; node = nodes[node].parent) {
		SPEC_CHECK(n < DEPTH_MAX);
		path[n++] = nodes[node].step;
	}
	world_careless(true);
	restart();
	while (n != 0) {
		(void)small_step(&machine->steps[path[--n]]);
	}
	world_careless(false);
}

/* ---- exploring ---- */

static void add(uint32_t parent, uint16_t step)
{
	nodes[node_count++] = (struct node){
		.parent = parent,
		.step = step,
		.depth = (uint16_t)(nodes[parent].depth + 1),
	};
}

/* Every step from one state. */
static void expand(uint32_t node)
{
	uint64_t here;

	replay(node);
	here = small_hash();
	for (uint16_t i = 0; i < machine->step_count; i++) {
		uint64_t there;

		(void)small_step(&machine->steps[i]);
		transitions++;
		there = small_hash();
		if (there == here) {
			continue;
		}
		if (node_count < STATES_MAX && insert(there)) {
			add(node, i);
		}
		replay(node);
	}
}

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void explore(const struct small_machine *which, double limit)
{
	double end = seconds() + limit;
	uint32_t next = 0;

	machine = which;
	world_name("small machine '%s'", machine->name);
	small_begin(machine);
	memset(table, 0, TABLE_SIZE * sizeof(table[0]));
	restart();
	nodes[0] = (struct node){ 0 };
	node_count = 1;
	transitions = 0;
	(void)insert(small_hash());
	while (next < node_count && nodes[next].depth < DEPTH_MAX - 1 &&
		seconds() < end) {
		expand(next++);
	}
	printf("machine '%s': %u distinct states, %u of them with all %u steps "
	       "taken, %ju steps compared; depth %u complete%s\n",
		machine->name, node_count, next, machine->step_count,
		(uintmax_t)transitions,
		next == node_count ? nodes[next - 1].depth
				   : nodes[next].depth - 1u,
		next == node_count ? "; that is all there are" : "");
	world_reset();
	world_compare_all();
	world_end();
}

static void all_sequences_agree(void **state)
{
	const char *text = getenv("CBX_EXPLORE_SECONDS");
	double limit = text != NULL ? strtod(text, NULL) : 40;

	(void)state;
	nodes = calloc(STATES_MAX, sizeof(nodes[0]));
	table = calloc(TABLE_SIZE, sizeof(table[0]));
	assert_non_null(nodes);
	assert_non_null(table);
	for (unsigned int i = 0; i < small_machine_count; i++) {
		explore(&small_machines[i], limit);
		assert_true(node_count > 1000);
	}
	free(nodes);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sequences_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

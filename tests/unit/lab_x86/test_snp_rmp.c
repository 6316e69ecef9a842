/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab's reverse map table: every clause of its table, what no guest
 * instruction may do whatever is asked, and numbers from a hostile host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snp/rmp_table.h"

#define PAGES	(4 * SNP_LARGE_PAGES + 3) /* the last three in no whole 2 MiB */
#define ASID	5
#define PAGE(n) ((uint64_t)(n)*SNP_PAGE_SIZE)

struct machine {
	struct snp_rmp rmp;
	struct snp_rmp_entry entry[PAGES];
};

static int boot(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	assert_non_null(machine);
	machine->rmp = (struct snp_rmp){ machine->entry, PAGES };
	*state = machine;
	return 0;
}

static int stop(void **state)
{
	free(*state);
	return 0;
}

static struct snp_row_window window_of(struct machine *machine, uint64_t number)
{
	return (struct snp_row_window){
		.rmp = &machine->rmp,
		.spa = number * SNP_LARGE_SIZE,
		.gpa = (7 - number) * SNP_LARGE_SIZE,
		.asid = ASID,
	};
}

static void check_row(
	const struct snp_row_window *window, const struct snp_row *row)
{
	struct snp_row_result result;
	const char *wrong;

	snp_row_place(window, row);
	assert_true(snp_rmp_sound(window->rmp));
	result = snp_row_run(window, row);
	wrong = snp_row_check(window, row, &result);
	if (wrong != NULL) {
		fail_msg("%s: %s", row->clause, wrong);
	}
	assert_true(snp_rmp_sound(window->rmp));
}

static void every_row_of_the_table_holds(void **state)
{
	assert_true(snp_row_count >= 130);
	for (uint64_t number = 0; number < 3; number++) {
		struct snp_row_window window = window_of(*state, number);

		for (size_t i = 0; i < snp_row_count; i++) {
			check_row(&window, &snp_rows[i]);
		}
	}
}

/* Pages beside the ones an operation is about. */
static void neighbours_are_not_touched(void **state)
{
	struct machine *machine = *state;
	struct snp_row_window window = window_of(machine, 1);
	const struct snp_rmp_entry next = { .gpa = PAGE(1),
		.asid = ASID,
		.flags = SNP_RMP_ASSIGNED,
		.rights = { SNP_RIGHTS_ALL, 1, 2, 4 } };
	struct snp_rmp_entry *before = &machine->entry[SNP_LARGE_PAGES - 1];
	struct snp_rmp_entry *after = &machine->entry[2 * SNP_LARGE_PAGES];

	for (size_t i = 0; i < snp_row_count; i++) {
		struct snp_row_result result;

		*before = next;
		*after = next;
		snp_row_place(&window, &snp_rows[i]);
		result = snp_row_run(&window, &snp_rows[i]);
		assert_null(snp_row_check(&window, &snp_rows[i], &result));
		assert_memory_equal(before, &next, sizeof(next));
		assert_memory_equal(after, &next, sizeof(next));
	}
}

static void a_table_ends_with_its_last_page(void **state)
{
	struct snp_rmp_entry *entry = calloc(SNP_LARGE_PAGES, sizeof(*entry));
	struct snp_rmp rmp = { entry, SNP_LARGE_PAGES };
	struct snp_update update = { .gpa = SNP_LARGE_SIZE,
		.asid = ASID,
		.assigned = true,
		.large = true };
	struct snp_at at = { .gpa = PAGE(SNP_LARGE_PAGES),
		.spa = PAGE(SNP_LARGE_PAGES) };
	struct snp_cpu cpu = { ASID, 0, 0 };

	(void)state;
	assert_non_null(entry);
	assert_int_equal(snp_rmpupdate(&rmp, 0, &update), SNP_SUCCESS);
	assert_int_equal(snp_psmash(&rmp, 0), SNP_SUCCESS);
	assert_true(snp_rmp_sound(&rmp));
	update = (struct snp_update){ 0 };
	assert_int_equal(
		snp_rmpupdate(&rmp, PAGE(SNP_LARGE_PAGES - 1), &update),
		SNP_SUCCESS);
	assert_int_equal(snp_rmpupdate(&rmp, PAGE(SNP_LARGE_PAGES), &update),
		SNP_FAIL_INPUT);
	assert_null(snp_rmp_find(&rmp, PAGE(SNP_LARGE_PAGES)));
	assert_int_equal(
		snp_pvalidate(&rmp, cpu, at, false, true).fault, SNP_NPF);
	assert_false(snp_vmsa_start(&rmp, ASID, at));
	free(entry);
}

/* Whatever rule is broken, the invariant's own check says so. */
static void a_broken_rule_is_seen(void **state)
{
	const uint8_t a = SNP_RMP_ASSIGNED;
	const uint8_t v = SNP_RMP_VALIDATED;
	const uint8_t all = SNP_RIGHTS_ALL;
	const struct snp_rmp_entry broken[] = {
		{ .gpa = PAGE(1) }, { .asid = 1 },
		{ .flags = SNP_RMP_VALIDATED }, { .flags = SNP_RMP_IMMUTABLE },
		{ .rights = { 1, 0, 0, 0 } }, { .rights = { 0, 1, 0, 0 } },
		{ .rights = { 0, 0, 1, 0 } }, { .rights = { 0, 0, 0, 1 } },
		{ 5, 1, a, { all, 0, 0, 0 } },
		{ 0, 1, a, { all - 1, 0, 0, 0 } },
		{ 0, 1, a, { all, 0x20, 0, 0 } },
		{ 0, 1, a, { all, 0, 0x40, 0 } },
		{ 0, 1, a, { all, 0, 0, 0x80 } },
		{ 0, 0, a | v, { all, 0, 0, 0 } },
		{ 0, 1, a | v | SNP_RMP_IMMUTABLE, { all, 0, 0, 0 } },
		{ 0, 1, a | v | SNP_RMP_RUNNING, { all, 0, 0, 0 } },
		{ 0, 1, a | SNP_RMP_VMSA | SNP_RMP_RUNNING, { all, 0, 0, 0 } },
		{ 0, 1, a | SNP_RMP_LARGE,
			{ all, 0, 0, 0 } }, /* not the first */
	};
	struct machine *machine = *state;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_true(snp_rmp_sound(&machine->rmp));
		machine->entry[700] = broken[i];
		assert_false(snp_rmp_sound(&machine->rmp));
		machine->entry[700] = (struct snp_rmp_entry){ 0 };
	}
	machine->entry[512] = (struct snp_rmp_entry){ 0, 1, a | SNP_RMP_LARGE,
		{ all, 0, 0, 0 } };
	assert_true(snp_rmp_sound(&machine->rmp));
	machine->entry[512].gpa = PAGE(1);
	assert_false(snp_rmp_sound(&machine->rmp));
	machine->entry[512].gpa = 0;
	machine->entry[1023] =
		(struct snp_rmp_entry){ 0, 1, a, { all, 0, 0, 0 } };
	assert_false(snp_rmp_sound(&machine->rmp));
	machine->entry[1023] = (struct snp_rmp_entry){ 0 };
	machine->entry[2048] = machine->entry[512]; /* ends outside */
	assert_false(snp_rmp_sound(&machine->rmp));
}

/* A check that cannot fail would let everything pass. */
static void a_wrong_result_of_any_row_is_seen(void **state)
{
	struct machine *machine = *state;
	struct snp_row_window window = window_of(machine, 1);

	for (size_t i = 0; i < snp_row_count; i++) {
		const struct snp_row *row = &snp_rows[i];
		struct snp_row_result right;
		struct snp_row_result wrong;

		snp_row_place(&window, row);
		right = snp_row_run(&window, row);
		wrong = right;
		wrong.outcome.carry = !right.outcome.carry;
		assert_string_equal(
			snp_row_check(&window, row, &wrong), "carry");
		wrong = right;
		wrong.outcome.fault =
			right.outcome.fault == SNP_GP ? SNP_DONE : SNP_GP;
		assert_string_equal(
			snp_row_check(&window, row, &wrong), "fault");
		wrong = right;
		wrong.value ^= 1;
		wrong.outcome.error ^= 1;
		assert_string_equal(
			snp_row_check(&window, row, &wrong), "value");
		machine->entry[SNP_LARGE_PAGES + row->page + 1].flags ^=
			SNP_RMP_VALIDATED;
		if (row->page + 1U < SNP_LARGE_PAGES) {
			assert_string_equal(
				snp_row_check(&window, row, &right), "entries");
		}
		machine->entry[SNP_LARGE_PAGES + row->page + 1].flags ^=
			SNP_RMP_VALIDATED;
		machine->entry[SNP_LARGE_PAGES + row->page].rights[2] ^= 1;
		assert_string_equal(
			snp_row_check(&window, row, &right), "entries");
	}
}

/* For each operation, every outcome its contract names has a row. */
static void every_outcome_has_a_row(void **state)
{
	static const struct {
		enum snp_op op;
		enum snp_fault fault;
		enum snp_code code;
	} outcomes[] = {
		{ SNP_OP_PVALIDATE, SNP_GP, 0 },
		{ SNP_OP_PVALIDATE, SNP_NPF, 0 },
		{ SNP_OP_PVALIDATE, SNP_DONE, SNP_SUCCESS },
		{ SNP_OP_PVALIDATE, SNP_DONE, SNP_FAIL_INPUT },
		{ SNP_OP_PVALIDATE, SNP_DONE, SNP_FAIL_SIZEMISMATCH },
		{ SNP_OP_PVALIDATE, SNP_DONE, SNP_FAIL_INUSE },
		{ SNP_OP_RMPADJUST, SNP_GP, 0 },
		{ SNP_OP_RMPADJUST, SNP_NPF, 0 },
		{ SNP_OP_RMPADJUST, SNP_VC, 0 },
		{ SNP_OP_RMPADJUST, SNP_DONE, SNP_SUCCESS },
		{ SNP_OP_RMPADJUST, SNP_DONE, SNP_FAIL_INPUT },
		{ SNP_OP_RMPADJUST, SNP_DONE, SNP_FAIL_PERMISSION },
		{ SNP_OP_RMPADJUST, SNP_DONE, SNP_FAIL_SIZEMISMATCH },
		{ SNP_OP_RMPADJUST, SNP_DONE, SNP_FAIL_INUSE },
		{ SNP_OP_RMPQUERY, SNP_GP, 0 },
		{ SNP_OP_RMPQUERY, SNP_NPF, 0 },
		{ SNP_OP_RMPQUERY, SNP_VC, 0 },
		{ SNP_OP_RMPQUERY, SNP_DONE, SNP_SUCCESS },
		{ SNP_OP_RMPQUERY, SNP_DONE, SNP_FAIL_INPUT },
		{ SNP_OP_RMPQUERY, SNP_DONE, SNP_FAIL_PERMISSION },
		{ SNP_OP_RMPUPDATE, SNP_DONE, SNP_SUCCESS },
		{ SNP_OP_RMPUPDATE, SNP_DONE, SNP_FAIL_INPUT },
		{ SNP_OP_RMPUPDATE, SNP_DONE, SNP_FAIL_PERMISSION },
		{ SNP_OP_RMPUPDATE, SNP_DONE, SNP_FAIL_INUSE },
		{ SNP_OP_RMPUPDATE, SNP_DONE, SNP_FAIL_OVERLAP },
		{ SNP_OP_PSMASH, SNP_DONE, SNP_SUCCESS },
		{ SNP_OP_PSMASH, SNP_DONE, SNP_FAIL_INPUT },
		{ SNP_OP_PSMASH, SNP_DONE, SNP_FAIL_PERMISSION },
		{ SNP_OP_PSMASH, SNP_DONE, SNP_FAIL_BADADDR },
		{ SNP_OP_LAUNCH, SNP_DONE, SNP_SUCCESS },
		{ SNP_OP_LAUNCH, SNP_DONE, SNP_FAIL_INPUT },
		{ SNP_OP_TOUCH, SNP_DONE, 0 },
		{ SNP_OP_TOUCH, SNP_VC, 0 },
		{ SNP_OP_TOUCH, SNP_NPF, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		bool found = false;

		for (size_t j = 0; j < snp_row_count; j++) {
			found |= snp_rows[j].op == outcomes[i].op &&
				 snp_rows[j].fault == outcomes[i].fault &&
				 snp_rows[j].code == outcomes[i].code;
		}
		if (!found) {
			fail_msg("outcome %zu has no row", i);
		}
	}
}

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

/* Some page, near others that were used, and sometimes nowhere. */
static struct snp_at random_at(void)
{
	uint64_t page = random_below(4) == 0 ? random_below(PAGES + 2)
					     : random_below(12);

	return (struct snp_at){ .gpa = PAGE(page),
		.spa = random_below(16) == 0 ? ~UINT64_C(0) : PAGE(page) };
}

static enum snp_code host_step(struct machine *machine, struct snp_at at)
{
	bool large = random_below(6) == 0;
	struct snp_update update = {
		.gpa = large ? 0 : at.gpa,
		.asid = ASID,
		.assigned = true,
		.large = large,
		.immutable = random_below(8) == 0,
	};
	uint8_t rights[SNP_VMPLS] = { 0, 7, 0, 1 };

	switch (random_below(8)) {
	case 0:
		update = (struct snp_update){ .large = large };
		break;
	case 1:
		return snp_psmash(&machine->rmp, at.spa);
	case 2:
		return snp_launch_page(
			&machine->rmp, at.spa, rights, random_below(2) == 0);
	case 3:
		return snp_vmsa_start(&machine->rmp, ASID, at) ? SNP_SUCCESS
							       : SNP_FAIL_INPUT;
	case 4:
		snp_vmsa_stop(&machine->rmp, at);
		return SNP_SUCCESS;
	default:
		break;
	}
	return snp_rmpupdate(&machine->rmp, large ? 0 : at.spa, &update);
}

static struct snp_outcome guest_step(
	struct machine *machine, struct snp_cpu cpu, struct snp_at at)
{
	bool large = random_below(6) == 0;
	uint64_t rdx =
		random_below(5) | random_below(32) << 8 | random_below(2) << 16;

	if (random_below(2) == 0) {
		return snp_pvalidate(
			&machine->rmp, cpu, at, large, random_below(3) != 0);
	}
	return snp_rmpadjust(&machine->rmp, cpu, at, large, rdx);
}

/* What a level below VMPL0 may have done to one entry. */
static void assert_confined(const struct snp_rmp_entry *before,
	const struct snp_rmp_entry *after, uint8_t vmpl)
{
	assert_int_equal(before->gpa, after->gpa);
	assert_int_equal(before->asid, after->asid);
	assert_int_equal(before->flags, after->flags);
	for (unsigned int i = 0; i < SNP_VMPLS; i++) {
		if (i <= vmpl) {
			assert_int_equal(before->rights[i], after->rights[i]);
		}
		if (after->rights[i] != before->rights[i]) {
			assert_int_equal(
				after->rights[i] & ~before->rights[vmpl], 0);
		}
	}
}

static void walk(struct machine *machine, unsigned int *successes)
{
	static struct snp_rmp_entry before[PAGES];

	for (unsigned int step = 0; step < 5000; step++) {
		struct snp_cpu cpu = { ASID, (uint8_t)random_below(SNP_VMPLS),
			random_below(8) == 0 ? 3 : 0 };
		struct snp_at at = random_at();
		struct snp_outcome outcome;

		if (random_below(3) == 0) {
			*successes += host_step(machine, at) == SNP_SUCCESS;
		} else {
			memcpy(before, machine->entry, sizeof(before));
			outcome = guest_step(machine, cpu, at);
			*successes += outcome.fault == SNP_DONE &&
				      outcome.code == SNP_SUCCESS;
			for (unsigned int i = 0; cpu.vmpl != 0 && i < PAGES;
				i++) {
				assert_confined(&before[i], &machine->entry[i],
					cpu.vmpl);
			}
			if (outcome.fault != SNP_DONE ||
				outcome.code != SNP_SUCCESS || outcome.carry) {
				assert_memory_equal(
					before, machine->entry, sizeof(before));
			}
		}
		if (step % 64 == 0) {
			assert_true(snp_rmp_sound(&machine->rmp));
		}
	}
	assert_true(snp_rmp_sound(&machine->rmp));
}

static void no_guest_below_vmpl0_gains_by_any_sequence(void **state)
{
	unsigned int successes = 0;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		memset(((struct machine *)*state)->entry, 0,
			sizeof(((struct machine *)*state)->entry));
		random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
		walk(*state, &successes);
	}
	print_message("%u of 25000 steps succeeded\n", successes);
	assert_true(successes > 2500);
}

/* Whatever an entry says, nested tables let through only what an access may do. */
static void nested_tables_follow_from_accesses(void **state)
{
	struct machine *machine = *state;
	struct snp_at at = { .gpa = PAGE(9), .spa = PAGE(1) };
	unsigned int open = 0;

	for (unsigned int n = 0; n < 64 * 32 * 4 * 2; n++) {
		struct snp_cpu cpu = { ASID, (uint8_t)(n / 2048 % 4), 0 };
		struct snp_cpu user = { ASID, cpu.vmpl, 3 };
		bool shared = n / 8192 != 0;
		uint8_t nested;
		bool reads, writes, executes;

		machine->entry[1] = (struct snp_rmp_entry){ .gpa = at.gpa,
			.asid = ASID,
			.flags = (uint8_t)(n % 64 & 0x2f) };
		machine->entry[1].rights[cpu.vmpl] = (uint8_t)(n / 64 % 32);
		nested = snp_rmp_nested(&machine->rmp, cpu, at, shared);
		reads = snp_rmp_touch(&machine->rmp, cpu, at,
				(struct snp_touch){ SNP_READ, shared })
				.fault == SNP_DONE;
		writes = snp_rmp_touch(&machine->rmp, cpu, at,
				 (struct snp_touch){ SNP_WRITE, shared })
				 .fault == SNP_DONE;
		executes = snp_rmp_touch(&machine->rmp, cpu, at,
				   (struct snp_touch){ SNP_EXEC_SUPER, false })
					   .fault == SNP_DONE ||
			   snp_rmp_touch(&machine->rmp, user, at,
				   (struct snp_touch){ SNP_EXEC_USER, false })
					   .fault == SNP_DONE;
		assert_int_equal((nested & SNP_NESTED_PRESENT) != 0, reads);
		assert_int_equal(
			(nested & SNP_NESTED_WRITE) != 0, reads && writes);
		assert_int_equal((nested & SNP_NESTED_EXEC) != 0,
			reads && executes && !shared);
		open += nested != 0;
	}
	assert_true(open > 100);
}

static void addresses_outside_the_table_are_refused(void **state)
{
	static const uint64_t outside[] = { PAGE(PAGES),
		PAGE(PAGES) + SNP_LARGE_SIZE, UINT64_C(1) << 52, UINT64_MAX };
	struct machine *machine = *state;
	struct snp_cpu cpu = { ASID, 0, 0 };
	uint8_t rights[SNP_VMPLS] = { 0 };
	struct snp_answer answer;

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		struct snp_at at = { .gpa = outside[i], .spa = outside[i] };
		struct snp_update update = {
			.gpa = PAGE(1), .asid = ASID, .assigned = true
		};

		assert_null(snp_rmp_find(&machine->rmp, outside[i]));
		assert_int_equal(
			snp_pvalidate(&machine->rmp, cpu, at, false, true)
				.fault,
			SNP_NPF);
		assert_int_equal(
			snp_rmpadjust(&machine->rmp, cpu, at, false, 1).fault,
			SNP_NPF);
		assert_int_equal(
			snp_rmpquery(&machine->rmp, cpu, at, 1, &answer).fault,
			SNP_NPF);
		assert_int_equal(
			snp_rmpupdate(&machine->rmp,
				outside[i] & ~UINT64_C(0xfff), &update),
			SNP_FAIL_INPUT);
		assert_int_equal(snp_psmash(&machine->rmp,
					 outside[i] & ~(SNP_LARGE_SIZE - 1)),
			SNP_FAIL_INPUT);
		assert_int_equal(snp_launch_page(&machine->rmp, outside[i],
					 rights, false),
			SNP_FAIL_INPUT);
		assert_false(snp_vmsa_start(&machine->rmp, ASID, at));
		snp_vmsa_stop(&machine->rmp, at);
		assert_int_equal(snp_rmp_touch(&machine->rmp, cpu, at,
					 (struct snp_touch){ SNP_READ, false })
					 .fault,
			SNP_NPF);
		assert_int_equal(snp_rmp_touch(&machine->rmp, cpu, at,
					 (struct snp_touch){ SNP_READ, true })
					 .fault,
			SNP_DONE);
	}
}

static void two_mib_that_end_outside_are_refused(void **state)
{
	struct machine *machine = *state;
	struct snp_update update = {
		.gpa = 0, .asid = ASID, .assigned = true, .large = true
	};

	assert_int_equal(
		snp_rmpupdate(&machine->rmp, 3 * SNP_LARGE_SIZE, &update),
		SNP_SUCCESS);
	assert_int_equal(
		snp_rmpupdate(&machine->rmp, 4 * SNP_LARGE_SIZE, &update),
		SNP_FAIL_INPUT);
	assert_int_equal(
		snp_psmash(&machine->rmp, 4 * SNP_LARGE_SIZE), SNP_FAIL_INPUT);
}

static void addresses_of_an_update_are_whole_pages(void **state)
{
	struct machine *machine = *state;
	struct snp_update update = {
		.gpa = PAGE(4) + 8, .asid = ASID, .assigned = true
	};

	assert_int_equal(
		snp_rmpupdate(&machine->rmp, PAGE(1), &update), SNP_FAIL_INPUT);
	update.gpa = PAGE(4);
	assert_int_equal(snp_rmpupdate(&machine->rmp, PAGE(1) + 1, &update),
		SNP_FAIL_INPUT);
	update.large = true;
	assert_int_equal(snp_rmpupdate(&machine->rmp, SNP_LARGE_SIZE, &update),
		SNP_FAIL_INPUT);
	update = (struct snp_update){ .asid = ASID };
	assert_int_equal(
		snp_rmpupdate(&machine->rmp, PAGE(1), &update), SNP_FAIL_INPUT);
	update = (struct snp_update){ .gpa = PAGE(1) };
	assert_int_equal(
		snp_rmpupdate(&machine->rmp, PAGE(1), &update), SNP_FAIL_INPUT);
	assert_true(snp_rmp_sound(&machine->rmp));
}

/* The host takes a page away and puts another behind the address: never silent. */
static void a_page_swapped_behind_an_address_is_not_validated(void **state)
{
	struct machine *machine = *state;
	struct snp_cpu cpu = { ASID, 0, 0 };
	struct snp_at at = { .gpa = PAGE(20), .spa = PAGE(2) };
	struct snp_at swapped = { .gpa = PAGE(20), .spa = PAGE(3) };
	struct snp_update update = {
		.gpa = PAGE(20), .asid = ASID, .assigned = true
	};
	struct snp_touch touch = { SNP_READ, false };

	assert_int_equal(
		snp_rmpupdate(&machine->rmp, at.spa, &update), SNP_SUCCESS);
	assert_int_equal(
		snp_pvalidate(&machine->rmp, cpu, at, false, true).code,
		SNP_SUCCESS);
	assert_int_equal(
		snp_rmp_touch(&machine->rmp, cpu, at, touch).fault, SNP_DONE);
	assert_int_equal(
		snp_rmp_touch(&machine->rmp, cpu, swapped, touch).fault,
		SNP_NPF);
	assert_int_equal(snp_rmpupdate(&machine->rmp, swapped.spa, &update),
		SNP_SUCCESS);
	assert_int_equal(
		snp_rmp_touch(&machine->rmp, cpu, swapped, touch).fault,
		SNP_VC);
}

/* What hardware lets happen, and a guest must prevent by its own records. */
static void two_pages_can_be_validated_at_one_address(void **state)
{
	struct machine *machine = *state;
	struct snp_cpu cpu = { ASID, 0, 0 };
	struct snp_update update = {
		.gpa = PAGE(20), .asid = ASID, .assigned = true
	};

	for (unsigned int page = 2; page < 4; page++) {
		struct snp_at at = { .gpa = PAGE(20), .spa = PAGE(page) };
		struct snp_outcome outcome;

		assert_int_equal(snp_rmpupdate(&machine->rmp, at.spa, &update),
			SNP_SUCCESS);
		outcome = snp_pvalidate(&machine->rmp, cpu, at, false, true);
		assert_int_equal(outcome.code, SNP_SUCCESS);
		assert_false(outcome.carry);
	}
}

static void split_pages_keep_their_addresses_and_rights(void **state)
{
	struct machine *machine = *state;
	struct snp_cpu cpu = { ASID, 0, 0 };
	struct snp_update update = { .gpa = 5 * SNP_LARGE_SIZE,
		.asid = ASID,
		.assigned = true,
		.large = true };
	struct snp_at at = { .gpa = update.gpa, .spa = SNP_LARGE_SIZE };

	assert_int_equal(
		snp_rmpupdate(&machine->rmp, at.spa, &update), SNP_SUCCESS);
	assert_int_equal(snp_pvalidate(&machine->rmp, cpu, at, true, true).code,
		SNP_SUCCESS);
	assert_int_equal(
		snp_rmpadjust(&machine->rmp, cpu, at, true, 0x0302).code,
		SNP_SUCCESS);
	assert_int_equal(snp_psmash(&machine->rmp, at.spa), SNP_SUCCESS);
	cpu.vmpl = 2;
	for (unsigned int i = 0; i < SNP_LARGE_PAGES; i++) {
		struct snp_at page = { .gpa = update.gpa + PAGE(i),
			.spa = SNP_LARGE_SIZE + PAGE(i) };

		assert_int_equal(
			snp_rmp_nested(&machine->rmp, cpu, page, false),
			SNP_NESTED_PRESENT | SNP_NESTED_WRITE);
	}
	assert_int_equal(snp_psmash(&machine->rmp, at.spa), SNP_FAIL_BADADDR);
}

static void a_running_vmsa_is_free_again_when_it_stops(void **state)
{
	struct machine *machine = *state;
	struct snp_row_window window = window_of(machine, 0);
	struct snp_cpu cpu = { ASID, 0, 0 };
	struct snp_at at = { .gpa = window.gpa + PAGE(1), .spa = PAGE(1) };
	struct snp_row row = { .before = { SNP_RMP_ASSIGNED | SNP_RMP_VALIDATED,
				       { 0 } },
		.page = 1 };

	snp_row_place(&window, &row);
	assert_int_equal(
		snp_rmpadjust(&machine->rmp, cpu, at, false, 0x10001).code,
		SNP_SUCCESS);
	assert_true(snp_vmsa_start(&machine->rmp, ASID, at));
	assert_false(snp_vmsa_start(&machine->rmp, ASID, at));
	assert_int_equal(snp_rmpadjust(&machine->rmp, cpu, at, false, 0x1).code,
		SNP_FAIL_INUSE);
	snp_vmsa_stop(&machine->rmp, at);
	assert_int_equal(snp_rmpadjust(&machine->rmp, cpu, at, false, 0x1).code,
		SNP_SUCCESS);
	assert_false(snp_vmsa_start(&machine->rmp, ASID, at));
}

static void flags_follow_the_code(void **state)
{
	struct snp_outcome outcome = { .code = SNP_SUCCESS, .carry = true };

	(void)state;
	/* CF, PF, ZF; IF and the reserved bit stay */
	assert_int_equal(snp_rflags(0x0a92, &outcome), 0x0247);
	outcome.carry = false;
	assert_int_equal(snp_rflags(0x0202, &outcome), 0x0246);
	outcome.code = SNP_FAIL_INPUT; /* one bit: odd */
	assert_int_equal(snp_rflags(0x0ed7, &outcome), 0x0602);
	outcome.code = SNP_FAIL_SIZEMISMATCH; /* two bits: even */
	assert_int_equal(snp_rflags(0x0002, &outcome), 0x0006);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_row_of_the_table_holds, boot, stop),
		cmocka_unit_test_setup_teardown(
			a_wrong_result_of_any_row_is_seen, boot, stop),
		cmocka_unit_test(every_outcome_has_a_row),
		cmocka_unit_test_setup_teardown(
			neighbours_are_not_touched, boot, stop),
		cmocka_unit_test(a_table_ends_with_its_last_page),
		cmocka_unit_test_setup_teardown(
			a_broken_rule_is_seen, boot, stop),
		cmocka_unit_test_setup_teardown(
			no_guest_below_vmpl0_gains_by_any_sequence, boot, stop),
		cmocka_unit_test_setup_teardown(
			nested_tables_follow_from_accesses, boot, stop),
		cmocka_unit_test_setup_teardown(
			addresses_outside_the_table_are_refused, boot, stop),
		cmocka_unit_test_setup_teardown(
			two_mib_that_end_outside_are_refused, boot, stop),
		cmocka_unit_test_setup_teardown(
			addresses_of_an_update_are_whole_pages, boot, stop),
		cmocka_unit_test_setup_teardown(
			a_page_swapped_behind_an_address_is_not_validated, boot,
			stop),
		cmocka_unit_test_setup_teardown(
			two_pages_can_be_validated_at_one_address, boot, stop),
		cmocka_unit_test_setup_teardown(
			split_pages_keep_their_addresses_and_rights, boot,
			stop),
		cmocka_unit_test_setup_teardown(
			a_running_vmsa_is_free_again_when_it_stops, boot, stop),
		cmocka_unit_test(flags_follow_the_code),
	};

	return cmocka_run_group_tests_name("lab snp rmp", tests, NULL, NULL);
}

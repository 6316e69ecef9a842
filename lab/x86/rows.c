/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include "machine.h"
#include "npt.h"
#include "option.h"
#include "say.h"
#include "snp/rmp_table.h"

#define CODE(value)  ((value)&0xfff)
#define FAULT(value) ((value) >> 12 & 3)
#define EAX(value)   ((value) >> 14 & 0xff)
#define CARRY(value) ((value) >> 22 & 1)
#define VALUE(value) ((value) >> 24)

/* The row that is run, and what came of those before. */
static struct {
	bool is_on, is_open;
	bool is_judged; /* it came to an exit */
	size_t next;
	uint64_t by_guest, by_lab, left_out, bad;
} run;

static const struct snp_row_window window = { &lab_machine.rmp, LAB_ROWS_WINDOW,
	LAB_ROWS_WINDOW, LAB_ASID };

void lab_rows_start(void)
{
	run.is_on = lab_option("rows", NULL);
	if (run.is_on &&
		!(lab_is_ram(LAB_ROWS_WINDOW) &&
			lab_is_ram(LAB_ROWS_WINDOW + SNP_LARGE_SIZE - 1))) {
		lab_stop("no room for rows at", LAB_ROWS_WINDOW);
	}
}

static const struct snp_row *current(void)
{
	return &snp_rows[run.next - 1];
}

static void place(const struct snp_row *row)
{
	snp_row_place(&window, row);
	lab_npt_drop(LAB_ROWS_WINDOW, SNP_LARGE_SIZE);
}

static void judge(
	const struct snp_row *row, const struct snp_row_result *result)
{
	const char *wrong = snp_row_check(&window, row, result);

	if (wrong != NULL) {
		run.bad++;
		lab_say("lab: row bad: %s: %s\n", row->clause, wrong);
	}
}

/* Why a guest cannot do a row; NULL when it can. */
static const char *obstacle(const struct snp_row *row)
{
	return row->vmpl != 0 && row->cpl != 0
		       ? "levels below 0 execute at CPL 0 only"
		       : NULL;
}

/* Rows that are no guest's instructions, on the same table; then one that is. */
static const struct snp_row *next_row(void)
{
	while (run.next < snp_row_count) {
		const struct snp_row *row = &snp_rows[run.next++];
		struct snp_row_result result;

		place(row);
		if (row->op <= SNP_OP_RMPQUERY && obstacle(row) == NULL) {
			return row;
		}
		if (row->op <= SNP_OP_RMPQUERY) {
			run.left_out++;
			lab_say("lab: row not run: %s: %s\n", row->clause,
				obstacle(row));
			continue;
		}
		result = snp_row_run(&window, row);
		judge(row, &result);
		run.by_lab++;
	}
	return NULL;
}

static uint64_t next(void)
{
	const struct snp_row *row = next_row();

	if (row == NULL) {
		lab_say("lab: rows: %u by a guest, %u by the lab, %u not run, "
			"%u bad\n",
			run.by_guest, run.by_lab, run.left_out, run.bad);
		run.is_on = false;
		return LAB_ROWS_END << 12;
	}
	run.is_open = true;
	run.is_judged = false;
	return (uint64_t)row->op << 12 | (uint64_t)row->vmpl << 14 |
	       (uint64_t)row->cpl << 16 | (uint64_t)row->large << 18 |
	       (uint64_t)row->page << 19 | row->word << 28;
}

static void came(uint64_t value)
{
	const struct snp_row_result result = {
		.outcome = { (enum snp_fault)FAULT(value),
			(enum snp_code)EAX(value), CARRY(value) != 0, 0 },
		.value = VALUE(value),
	};

	if (!run.is_judged) {
		judge(current(), &result);
	} else if (result.outcome.fault != SNP_DONE) {
		run.bad++;
		lab_say("lab: row bad: %s: not done the second time\n",
			current()->clause);
	}
	run.is_open = false;
	run.by_guest++;
}

bool lab_rows_answer(uint64_t request, uint64_t *answer)
{
	if (run.is_on && !run.is_open && request == LAB_ROWS_NEXT) {
		*answer = next() | (LAB_ROWS_NEXT + 1);
		return true;
	}
	if (run.is_open && CODE(request) == LAB_ROWS_CAME) {
		came(request);
		*answer = LAB_ROWS_CAME + 1;
		return true;
	}
	return false;
}

bool lab_rows_exit(const struct snp_outcome *outcome)
{
	const struct snp_row_result result = { .outcome = *outcome };
	struct snp_row plain;

	if (!run.is_open || run.is_judged) {
		return false;
	}
	judge(current(), &result);
	run.is_judged = true;
	plain = (struct snp_row){ .whose = SNP_OF_GUEST,
		.page = current()->page,
		.before = { SNP_RMP_ASSIGNED | SNP_RMP_VALIDATED, { 0 } } };
	place(&plain);
	return true;
}

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

/* Fetches, and the code they find: JMP *R14. */
#define FETCH (SNP_EXEC_USER | SNP_EXEC_SUPER)
#define JUMP                     \
	{                        \
		0x41, 0xff, 0xe6 \
	}
#define NOT_HERE_CPL "levels below 0 execute at CPL 0 only"

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

static bool is_fetch(const struct snp_row *row)
{
	return row->op == SNP_OP_TOUCH && (row->word & FETCH) != 0;
}

static void place(const struct snp_row *row)
{
	static const uint8_t jump[] = JUMP;

	if (is_fetch(row)) {
		memcpy((void *)(window.spa + row->page * SNP_PAGE_SIZE), jump,
			sizeof(jump));
	}
	snp_row_place(&window, row);
	lab_npt_drop(LAB_ROWS_WINDOW, SNP_LARGE_SIZE);
}

/* What is there to read is in the nested tables: the access itself meets them,
 * and is not what fills them. */
static void fill(const struct snp_row *row)
{
	uint64_t address = window.gpa + row->page * SNP_PAGE_SIZE;

	if (row->op == SNP_OP_TOUCH) {
		address |= (row->word & SNP_ROW_SHARED) != 0 ? 0 : LAB_C;
		lab_npt_fill(lab_npt_of(row->vmpl, true), address,
			SNP_NESTED_PRESENT);
	}
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

/* Of an access, what the machine has not, or nested tables cannot say. */
static const char *obstacle_touch(const struct snp_row *row)
{
	uint8_t rights = row->vmpl == 0 ? SNP_RIGHTS_ALL
					: row->before.rights[row->vmpl - 1];
	uint8_t fetch = rights & FETCH;

	if ((row->word & SNP_SHADOW) != 0) {
		return "no shadow stacks";
	}
	if (!is_fetch(row)) {
		return NULL;
	}
	if ((row->word & SNP_ROW_SHARED) != 0) {
		return "nothing is fetched by a shared address";
	}
	return fetch != 0 && fetch != FETCH && row->fault == SNP_NPF
		       ? "user and supervisor execute are one right"
		       : NULL;
}

/* Why a guest cannot do a row; NULL when it can. */
static const char *obstacle(const struct snp_row *row)
{
	if (row->vmpl != 0 && row->cpl != 0) {
		return NOT_HERE_CPL;
	}
	return row->op == SNP_OP_TOUCH ? obstacle_touch(row) : NULL;
}

static bool is_guests(const struct snp_row *row)
{
	return row->op <= SNP_OP_RMPQUERY || row->op == SNP_OP_TOUCH;
}

/* Rows that are no guest's instructions, on the same table; then one that is. */
static const struct snp_row *next_row(void)
{
	while (run.next < snp_row_count) {
		const struct snp_row *row = &snp_rows[run.next++];
		struct snp_row_result result;

		place(row);
		if (is_guests(row) && obstacle(row) == NULL) {
			fill(row);
			return row;
		}
		if (is_guests(row)) {
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
	return (row->op == SNP_OP_TOUCH ? LAB_ROWS_TOUCH : (uint64_t)row->op)
		       << 12 |
	       (uint64_t)row->vmpl << 15 | (uint64_t)row->cpl << 17 |
	       (uint64_t)row->large << 19 | (uint64_t)row->page << 20 |
	       row->word << 29;
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
	plain = (struct snp_row){ .page = current()->page };
	if (current()->op != SNP_OP_TOUCH ||
		(current()->word & SNP_ROW_SHARED) == 0) {
		plain.before = (struct snp_row_state){
			SNP_RMP_ASSIGNED | SNP_RMP_VALIDATED,
			{ SNP_RIGHTS_ALL, SNP_RIGHTS_ALL, SNP_RIGHTS_ALL }
		};
	}
	place(&plain);
	return true;
}

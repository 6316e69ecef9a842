/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows, and running one.
 */
#include "rmp_table.h"

enum {
	A = SNP_RMP_ASSIGNED,
	V = SNP_RMP_VALIDATED,
	M = SNP_RMP_VMSA,
	I = SNP_RMP_IMMUTABLE,
	L = SNP_RMP_LARGE,
	B = SNP_RMP_RUNNING,
	R = SNP_READ,
	W = SNP_WRITE,
	U = SNP_EXEC_USER,
	S = SNP_EXEC_SUPER,
	K = SNP_SHADOW,
	ALL = SNP_RIGHTS_ALL,
	VMSA = 0x10000,
};

#define TO(vmpl, rights) ((uint64_t)(rights) << 8 | (vmpl))
#define NPF_OPEN	 (SNP_NPF_PRESENT | SNP_NPF_RMP)
#define NPF_RMP		 (NPF_OPEN | SNP_NPF_ENCRYPTED)
#define NPF_SIZE	 (NPF_RMP | SNP_NPF_SIZE)
#define NPF_LEVEL	 (NPF_RMP | SNP_NPF_VMPL)
#define NESTED_ALL	 (SNP_NESTED_PRESENT | SNP_NESTED_WRITE | SNP_NESTED_EXEC)

#define CPU(vmpl_, cpl_) .vmpl = (vmpl_), .cpl = (cpl_)
#define BEFORE(whose_, flags_, r1, r2, r3) \
	.whose = SNP_OF_##whose_, .before = { (flags_), { (r1), (r2), (r3) } }
#define ARG(page_, large_, word_) \
	.page = (page_), .large = (large_) != 0, .word = (word_)
#define RESULT(fault_, code_, carry_, value_)                                  \
	.fault = SNP_##fault_, .code = RESULT_##code_, .carry = (carry_) != 0, \
	.value = (value_)
#define RESULT_0		  SNP_SUCCESS
#define RESULT_SUCCESS		  SNP_SUCCESS
#define RESULT_FAIL_INPUT	  SNP_FAIL_INPUT
#define RESULT_FAIL_PERMISSION	  SNP_FAIL_PERMISSION
#define RESULT_FAIL_INUSE	  SNP_FAIL_INUSE
#define RESULT_FAIL_OVERLAP	  SNP_FAIL_OVERLAP
#define RESULT_FAIL_SIZEMISMATCH  SNP_FAIL_SIZEMISMATCH
#define RESULT_FAIL_BADADDR	  SNP_FAIL_BADADDR
#define SAME			  .same = true
#define AFTER(flags_, r1, r2, r3) .after = { (flags_), { (r1), (r2), (r3) } }
#define ROW(clause_, op_, ...) \
	{ .clause = (clause_), .op = SNP_OP_##op_, __VA_ARGS__ },

const struct snp_row snp_rows[] = {
#include "rmp_table.def"
};
const size_t snp_row_count = sizeof(snp_rows) / sizeof(snp_rows[0]);

/* The entry a row is about: the window's first when it speaks for all of it. */
static uint64_t place_of(
	const struct snp_row_window *window, const struct snp_row *row)
{
	return window->spa / SNP_PAGE_SIZE +
	       ((row->before.flags & L) != 0 ? 0 : row->page);
}

static struct snp_at at_of(
	const struct snp_row_window *window, const struct snp_row *row)
{
	uint64_t offset = row->page * SNP_PAGE_SIZE;

	return (struct snp_at){ .gpa = window->gpa + offset,
		.spa = window->spa + offset };
}

static struct snp_rmp_entry entry_before(
	const struct snp_row_window *window, const struct snp_row *row)
{
	struct snp_rmp_entry entry = { .flags = row->before.flags };
	bool large = (row->before.flags & L) != 0;

	if ((entry.flags & A) == 0) {
		return entry;
	}
	entry.rights[0] = ALL;
	for (unsigned int i = 1; i < SNP_VMPLS; i++) {
		entry.rights[i] = row->before.rights[i - 1];
	}
	if (row->whose != SNP_OF_NOBODY) {
		entry.asid =
			(uint16_t)(window->asid + (row->whose == SNP_OF_OTHER));
		entry.gpa =
			window->gpa + (large ? 0 : row->page * SNP_PAGE_SIZE);
		entry.gpa -= row->whose == SNP_OF_MOVED ? SNP_LARGE_SIZE : 0;
	}
	return entry;
}

void snp_row_place(
	const struct snp_row_window *window, const struct snp_row *row)
{
	struct snp_rmp_entry *entry =
		&window->rmp->entry[window->spa / SNP_PAGE_SIZE];

	for (uint64_t i = 0; i < SNP_LARGE_PAGES; i++) {
		entry[i] = (struct snp_rmp_entry){ 0 };
	}
	window->rmp->entry[place_of(window, row)] = entry_before(window, row);
}

static struct snp_row_result run_host(
	const struct snp_row_window *window, const struct snp_row *row)
{
	struct snp_at at = at_of(window, row);
	struct snp_row_result result = { 0 };
	struct snp_update update = {
		.gpa = (row->word & A) != 0 ? at.gpa : 0,
		.asid = (row->word & A) != 0 ? window->asid : 0,
		.assigned = (row->word & A) != 0,
		.large = row->large,
		.immutable = (row->word & I) != 0,
	};
	uint8_t rights[SNP_VMPLS] = { 0 };

	if (row->op == SNP_OP_RMPUPDATE) {
		result.outcome.code =
			snp_rmpupdate(window->rmp, at.spa, &update);
	} else if (row->op == SNP_OP_PSMASH) {
		result.outcome.code = snp_psmash(window->rmp, at.spa);
	} else {
		rights[row->word & 3] = (uint8_t)(row->word >> 8);
		result.outcome.code = snp_launch_page(
			window->rmp, at.spa, rights, (row->word & VMSA) != 0);
	}
	return result;
}

static struct snp_row_result run_memory(
	const struct snp_row_window *window, const struct snp_row *row)
{
	struct snp_cpu cpu = { window->asid, row->vmpl, row->cpl };
	bool shared = (row->word & SNP_ROW_SHARED) != 0;
	struct snp_at at = at_of(window, row);
	struct snp_row_result result = { 0 };

	if (row->op == SNP_OP_TOUCH) {
		struct snp_touch touch = { (enum snp_right)(row->word & ALL),
			shared };

		result.outcome = snp_rmp_touch(window->rmp, cpu, at, touch);
	} else if (row->op == SNP_OP_NESTED) {
		result.value = snp_rmp_nested(window->rmp, cpu, at, shared);
	} else {
		result.value = snp_vmsa_start(window->rmp, window->asid, at);
	}
	return result;
}

struct snp_row_result snp_row_run(
	const struct snp_row_window *window, const struct snp_row *row)
{
	struct snp_cpu cpu = { window->asid, row->vmpl, row->cpl };
	struct snp_at at = at_of(window, row);
	struct snp_row_result result = { 0 };
	struct snp_answer answer = { 0 };

	if (row->op == SNP_OP_PVALIDATE) {
		result.outcome = snp_pvalidate(
			window->rmp, cpu, at, row->large, row->word != 0);
	} else if (row->op == SNP_OP_RMPADJUST) {
		result.outcome = snp_rmpadjust(
			window->rmp, cpu, at, row->large, row->word);
	} else if (row->op == SNP_OP_RMPQUERY) {
		result.outcome =
			snp_rmpquery(window->rmp, cpu, at, row->word, &answer);
		result.value = TO(0, answer.rights) | (answer.vmsa ? VMSA : 0) |
			       answer.large;
	} else if (row->op == SNP_OP_TOUCH || row->op == SNP_OP_NESTED ||
		   row->op == SNP_OP_VMRUN) {
		result = run_memory(window, row);
	} else {
		result = run_host(window, row);
	}
	return result;
}

/* The entry as the row wants it afterwards, for the page with number @p page. */
static struct snp_rmp_entry entry_after(const struct snp_row_window *window,
	const struct snp_row *row, uint64_t page)
{
	struct snp_rmp_entry before = entry_before(window, row);
	struct snp_rmp_entry after = { .flags = row->after.flags };

	if (row->same) {
		return before;
	}
	if ((after.flags & A) == 0) {
		return after;
	}
	after.rights[0] = ALL;
	for (unsigned int i = 1; i < SNP_VMPLS; i++) {
		after.rights[i] = row->after.rights[i - 1];
	}
	after.asid = window->asid;
	after.gpa = window->gpa + page * SNP_PAGE_SIZE;
	return after;
}

static bool is_same(
	const struct snp_rmp_entry *a, const struct snp_rmp_entry *b)
{
	return a->gpa == b->gpa && a->asid == b->asid && a->flags == b->flags &&
	       a->rights[0] == b->rights[0] && a->rights[1] == b->rights[1] &&
	       a->rights[2] == b->rights[2] && a->rights[3] == b->rights[3];
}

/* Every entry of the window: the row's own, and the others, which are shared. */
static bool is_window_right(
	const struct snp_row_window *window, const struct snp_row *row)
{
	const struct snp_rmp_entry *entry =
		&window->rmp->entry[window->spa / SNP_PAGE_SIZE];
	uint64_t own = place_of(window, row) - window->spa / SNP_PAGE_SIZE;
	bool split = row->op == SNP_OP_PSMASH && !row->same;

	for (uint64_t i = 0; i < SNP_LARGE_PAGES; i++) {
		struct snp_rmp_entry want = { 0 };

		if (i == own || split) {
			want = entry_after(window, row, i);
		}
		if (!is_same(&entry[i], &want)) {
			return false;
		}
	}
	return true;
}

const char *snp_row_check(const struct snp_row_window *window,
	const struct snp_row *row, const struct snp_row_result *result)
{
	const struct snp_outcome *outcome = &result->outcome;

	if (outcome->fault != row->fault) {
		return "fault";
	}
	if (outcome->fault == SNP_DONE && outcome->code != row->code) {
		return "code";
	}
	if (outcome->carry != row->carry) {
		return "carry";
	}
	if ((outcome->fault == SNP_NPF ? outcome->error : result->value) !=
		row->value) {
		return "value";
	}
	return is_window_right(window, row) ? NULL : "entries";
}

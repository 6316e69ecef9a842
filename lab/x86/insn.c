/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions the processor beneath does not have: it says #UD of them. */
#include "asm.h"
#include "count.h"
#include "cpu.h"
#include "machine.h"
#include "npt.h"
#include "rows.h"
#include "say.h"
#include "vc.h"
#include "walk.h"

#define BYTES 4

static const uint8_t pvalidate[BYTES] = { 0xf2, 0x0f, 0x01, 0xff };
static const uint8_t rmpadjust[BYTES] = { 0xf3, 0x0f, 0x01, 0xfe };
static const uint8_t rmpquery[BYTES] = { 0xf3, 0x0f, 0x01, 0xfd };

/* What an instruction is about: the page at RAX. */
struct operand {
	struct snp_at at;
	bool large;
};

/* False when it raises #PF instead, as it then does. */
static bool get_operand(struct lab_cpu *cpu, struct operand *op)
{
	struct lab_save *state = lab_state(cpu);
	uint64_t va = state->rax & ~(LAB_PAGE - 1);
	uint64_t address;

	if (!lab_walk(state, va, &address)) {
		state->cr2 = va;
		lab_inject(cpu, LAB_PF);
		return false;
	}
	address &= ~LAB_C;
	op->at = (struct snp_at){ address, address };
	op->large = (state->rcx & 1) != 0;
	return true;
}

/* The registers after it, or what it raises. */
static void finish(struct lab_cpu *cpu, const struct operand *op,
	const struct snp_outcome *outcome)
{
	struct lab_save *state = lab_state(cpu);

	switch (outcome->fault) {
	case SNP_GP:
		lab_inject(cpu, LAB_GP);
		break;
	case SNP_VC:
		state->cr2 = state->rax;
		lab_vc(cpu, SNP_VC_NOT_VALIDATED);
		break;
	case SNP_NPF:
		if (lab_rows_exit(outcome)) {
			break;
		}
		lab_lost(cpu, "a page that is not the guest's:", op->at.gpa);
	case SNP_DONE:
		state->rax = outcome->code;
		state->rflags = snp_rflags(state->rflags, outcome);
		lab_skip(cpu, BYTES);
		break;
	}
}

/* The nested tables follow what the table of pages says. */
static void changed(const struct operand *op)
{
	if (lab_is_ram(op->at.gpa)) {
		lab_npt_drop(
			op->at.gpa, op->large ? SNP_LARGE_SIZE : SNP_PAGE_SIZE);
	}
}

static void do_pvalidate(struct lab_cpu *cpu, const struct operand *op)
{
	struct snp_outcome outcome =
		snp_pvalidate(&lab_machine.rmp, lab_who(cpu), op->at, op->large,
			(lab_state(cpu)->rdx & 1) != 0);

	lab_counts.pvalidate += outcome.fault == SNP_DONE &&
				outcome.code == SNP_SUCCESS && !outcome.carry;
	changed(op);
	finish(cpu, op, &outcome);
}

static void do_rmpadjust(struct lab_cpu *cpu, const struct operand *op)
{
	struct snp_outcome outcome = snp_rmpadjust(&lab_machine.rmp,
		lab_who(cpu), op->at, op->large, lab_state(cpu)->rdx);

	changed(op);
	finish(cpu, op, &outcome);
}

static void do_rmpquery(struct lab_cpu *cpu, const struct operand *op)
{
	struct lab_save *state = lab_state(cpu);
	struct snp_answer answer = { 0 };
	struct snp_outcome outcome = snp_rmpquery(
		&lab_machine.rmp, lab_who(cpu), op->at, state->rdx, &answer);

	if (outcome.fault == SNP_DONE && outcome.code == SNP_SUCCESS) {
		state->rcx = answer.large;
		state->rdx = (state->rdx & 0xff) |
			     (uint64_t)answer.rights << 8 |
			     (uint64_t)answer.vmsa << 16;
	}
	finish(cpu, op, &outcome);
}

void lab_exit_ud(struct lab_cpu *cpu)
{
	uint8_t bytes[BYTES];
	struct operand op;
	bool is_snp = !lab_npt_is_blind(cpu->vmpl) &&
		      lab_fetch(lab_state(cpu), bytes, BYTES);

	if (is_snp && memcmp(bytes, pvalidate, BYTES) == 0) {
		if (get_operand(cpu, &op)) {
			do_pvalidate(cpu, &op);
		}
	} else if (is_snp && memcmp(bytes, rmpadjust, BYTES) == 0) {
		if (get_operand(cpu, &op)) {
			do_rmpadjust(cpu, &op);
		}
	} else if (is_snp && memcmp(bytes, rmpquery, BYTES) == 0) {
		if (get_operand(cpu, &op)) {
			do_rmpquery(cpu, &op);
		}
	} else {
		lab_inject(cpu, LAB_UD);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Nested page faults: what the tables do not have yet, and what they never will. */
#include "cpu.h"
#include "host.h"
#include "machine.h"
#include "npt.h"
#include "rows.h"
#include "vc.h"

#define USER_LEVEL 3

static uint8_t need_of(uint64_t error)
{
	return (uint8_t)(SNP_NESTED_PRESENT |
			 ((error & LAB_NPF_WRITE) != 0 ? SNP_NESTED_WRITE : 0) |
			 ((error & LAB_NPF_FETCH) != 0 ? SNP_NESTED_EXEC : 0));
}

static enum snp_right right_of(const struct lab_cpu *cpu, uint64_t error)
{
	if ((error & LAB_NPF_FETCH) != 0) {
		return cpu->vmcb.save.cpl == USER_LEVEL ? SNP_EXEC_USER
							: SNP_EXEC_SUPER;
	}
	return (error & LAB_NPF_WRITE) != 0 ? SNP_WRITE : SNP_READ;
}

/* What the table of pages says of it; what only nested tables refuse (npt.h)
 * is a level that lacks a right. */
static struct snp_outcome refusal(
	const struct lab_cpu *cpu, uint64_t error, uint64_t address)
{
	uint64_t gpa = address & ~LAB_C;
	struct snp_touch touch = { .right = right_of(cpu, error),
		.shared = (address & LAB_C) == 0 && lab_npt(cpu) < SNP_VMPLS &&
			  !lab_npt_is_blind(cpu->vmpl) };
	struct snp_outcome outcome = snp_rmp_touch(&lab_machine.rmp,
		lab_who(cpu), (struct snp_at){ gpa, gpa }, touch);

	if (outcome.fault == SNP_DONE) {
		outcome.fault = SNP_NPF;
		outcome.error =
			(error & ~LAB_NPF_PRESENT) | LAB_NPF_RMP | LAB_NPF_VMPL;
	}
	return outcome;
}

static void refuse(struct lab_cpu *cpu, uint64_t error, uint64_t address)
{
	struct snp_outcome outcome = refusal(cpu, error, address);
	const uint64_t walk = LAB_NPF_FINAL | LAB_NPF_WALK;

	if (cpu->vmpl == 0 && lab_npt_is_blind(0)) {
		lab_inject(cpu, LAB_GP); /* what a kernel understands */
		return;
	}
	if (outcome.fault == SNP_VC) {
		lab_vc(cpu, SNP_VC_NOT_VALIDATED);
		return;
	}
	if (lab_rows_exit(&outcome)) {
		return;
	}
	if ((outcome.error & LAB_NPF_VMPL) == 0) {
		lab_lost(cpu, "a page that is not the guest's so:", address);
	}
	/* Below VMPL0, the host's part is to let VMPL0 see to it. */
	if (!lab_report(
		    cpu, outcome.error | (error & walk), address & ~LAB_C)) {
		lab_lost(cpu, "a page that is not the level's:", address);
	}
}

void lab_exit_npf(struct lab_cpu *cpu, uint64_t error, uint64_t address)
{
	uint64_t gpa = address & ~LAB_C;
	bool is_blind = lab_npt_is_blind(cpu->vmpl);

	/* It left paging since it was entered: other tables, at the next entry. */
	if (cpu->last[cpu->vmpl] != lab_npt(cpu)) {
		return;
	}
	if (lab_npt_fill(lab_npt(cpu), address, need_of(error)) ||
		((error & LAB_NPF_WALK) != 0 &&
			lab_npt_fill_walk(lab_npt(cpu), address))) {
		lab_host_touched(cpu, gpa);
		return;
	}
	if (!is_blind && !lab_is_ram(gpa) && (error & LAB_NPF_FINAL) != 0) {
		lab_vc(cpu, LAB_EXIT_NPF); /* a device: it asks for that */
	} else if (is_blind && gpa - LAB_LAPIC < LAB_PAGE &&
		   (error & LAB_NPF_WRITE) != 0) {
		lab_lapic_write(cpu, gpa);
	} else if (!lab_is_ram(gpa)) {
		lab_lost(cpu, "no memory is at", address);
	} else {
		refuse(cpu, error, address);
	}
}

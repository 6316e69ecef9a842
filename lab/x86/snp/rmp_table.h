/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on the reverse map table and their expected results, a row per
 * clause (rmp_table.def).
 *
 * The same rows are run against the model by a unit test and, inside the lab,
 * by a guest that executes the instructions: the lab places what was before,
 * the guest does what the row says at its level, and the lab compares.
 */
#ifndef LAB_X86_SNP_RMP_TABLE_H
#define LAB_X86_SNP_RMP_TABLE_H

#include <stddef.h>

#include "rmp.h"

enum snp_op {
	SNP_OP_PVALIDATE,
	SNP_OP_RMPADJUST,
	SNP_OP_RMPQUERY,
	SNP_OP_RMPUPDATE, /* from here on the host's, or no instruction */
	SNP_OP_PSMASH,
	SNP_OP_LAUNCH,
	SNP_OP_TOUCH,
	SNP_OP_NESTED,
	SNP_OP_VMRUN,
};

/** Whose the entry is before. */
enum snp_whose {
	SNP_OF_GUEST,  /* the guest's, at the address it is used at */
	SNP_OF_OTHER,  /* another guest's, at that address */
	SNP_OF_MOVED,  /* the guest's, but at another address */
	SNP_OF_NOBODY, /* as flags say, asid and address 0 */
};

struct snp_row_state {
	uint8_t flags;		       /* enum snp_rmp_flag */
	uint8_t rights[SNP_VMPLS - 1]; /* of VMPL1 to 3; VMPL0 has all */
};

struct snp_row {
	const char *clause;
	enum snp_op op;
	uint8_t vmpl;
	uint8_t cpl;
	enum snp_whose whose;
	struct snp_row_state before;
	/*
	 * page: the page of the window that is used.  word: PVALIDATE EDX,
	 * RMPADJUST and RMPQUERY RDX, RMPUPDATE flags wanted, LAUNCH RDX as
	 * RMPADJUST would take it, TOUCH right and SNP_ROW_SHARED, NESTED
	 * SNP_ROW_SHARED or 0.
	 */
	uint16_t page;
	bool large;
	uint64_t word;
	enum snp_fault fault;
	enum snp_code code;
	bool carry;
	/*
	 * SNP_NPF: EXITINFO1.  RMPQUERY: RDX[16:8] and RCX[0] in bit 0.
	 * NESTED: enum snp_nested.  VMRUN: 1 when it runs.
	 */
	uint64_t value;
	bool same; /* after is before */
	struct snp_row_state after;
};

#define SNP_ROW_SHARED 0x100

/** Where rows are run: 2 MiB of system memory and of guest addresses. */
struct snp_row_window {
	struct snp_rmp *rmp;
	uint64_t spa;  /* a multiple of 2 MiB, wholly in the table */
	uint64_t gpa;  /* a multiple of 2 MiB, 2 MiB or above */
	uint16_t asid; /* the guest's; asid + 1 is another's */
};

/** What came of a row. */
struct snp_row_result {
	struct snp_outcome outcome;
	uint64_t value; /* as in the row, but for SNP_NPF */
};

extern const struct snp_row snp_rows[];
extern const size_t snp_row_count;

/** Make the window what it is before @p row: one page as it says, all others shared. */
void snp_row_place(
	const struct snp_row_window *window, const struct snp_row *row);

/** Do @p row on the model. */
struct snp_row_result snp_row_run(
	const struct snp_row_window *window, const struct snp_row *row);

/**
 * Compare what came of a row, and the window, with what it expects.
 *
 * @return NULL when all is as expected; otherwise the first word that is not
 */
const char *snp_row_check(const struct snp_row_window *window,
	const struct snp_row *row, const struct snp_row_result *result);

#endif

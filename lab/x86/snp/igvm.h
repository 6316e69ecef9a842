/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program at VMPL0 in an IGVM file, format version 1: what a loader does, step
 * by step, in the file's order.
 *
 * Stricter than the format: a file is for SEV-SNP and for nothing else, every
 * type of header has to be known, pages are measured or the loader's one, and the
 * registers come last, as KVM has it.
 */
#ifndef LAB_X86_SNP_IGVM_H
#define LAB_X86_SNP_IGVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNP_IGVM_PAGE 4096

enum snp_igvm_what {
	SNP_IGVM_DATA,	  /* a page with something in it */
	SNP_IGVM_SECRETS, /* pages the firmware fills */
	SNP_IGVM_CPUID,
	SNP_IGVM_PARAM, /* the page the loader fills; not measured */
	SNP_IGVM_ASKED, /* memory that has to be there */
	SNP_IGVM_VMSA,	/* the registers */
};

struct snp_igvm_step {
	enum snp_igvm_what what;
	uint64_t gpa, bytes; /* whole pages */
	const uint8_t *data; /* a page of the file; NULL: zeros */
};

/** What is wrong with a file. */
struct snp_igvm_bad {
	const char *why; /* a sentence that wants a number behind it */
	uint64_t at;	 /* in the file */
};

/** Whether a file begins as an IGVM file does. */
bool snp_igvm_is(const uint8_t *file, uint64_t bytes);

/**
 * Whether every number in a file is in its range: every byte a step will lead to
 * is in the file, no page is there twice, and one step, the last, is registers.
 *
 * @param policy    what the guest's policy has to be
 * @param[out] bad  if not; at most one thing
 */
bool snp_igvm_check(const uint8_t *file, uint64_t bytes, uint64_t policy,
	struct snp_igvm_bad *bad);

/**
 * The next step.
 *
 * @param at  0 at first, and then what was left there
 *
 * @retval false  there is none
 *
 * @pre the file was checked
 */
bool snp_igvm_next(
	const uint8_t *file, uint64_t *at, struct snp_igvm_step *step);

#endif

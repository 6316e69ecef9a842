/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small machines: a few pages, at most two boxes, a short list of steps.
 */
#ifndef CBX_TESTS_MODEL_SMALL_H
#define CBX_TESTS_MODEL_SMALL_H

#include <model/spec.h>

/** One step; its arguments may be names (small.c). */
struct small_step {
	enum {
		STEP_HOST,    /* a call of the host's */
		STEP_BOX,     /* box 0 is entered and makes this call */
		STEP_HOLD,    /* CPU 1 holds flushes */
		STEP_RELEASE, /* and acknowledges them */
		STEP_CPU,     /* the other CPU calls from now on */
		STEP_SHARE,   /* a page is shared with the hypervisor */
		STEP_UNSHARE,
	} kind;
	uint64_t id;
	uint64_t arg[CBX_CALL_ARGS];
};

struct small_machine {
	const char *name;
	const struct small_step *prefix; /* to the state it begins in */
	unsigned int prefix_count;
	const struct small_step *steps;
	unsigned int step_count;
};
extern const struct small_machine small_machines[];
extern const unsigned int small_machine_count;

/** Boot one. */
void small_begin(const struct small_machine *machine);

/** Make a step, compared. @return what a call of the host's came to */
enum cbx_status small_step(const struct small_step *step);

/** What the ledger says, but for bytes and time, as one number. */
uint64_t small_hash(void);

#endif

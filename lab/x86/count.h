/* SPDX-License-Identifier: Apache-2.0 */
/* How often what only a confidential guest does was done. */
#ifndef LAB_COUNT_H
#define LAB_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "snp/rmp.h"

/** Guarded by the lock of lab_cpu_run(). */
struct lab_counts {
	uint64_t vc;	    /* #VC raised */
	uint64_t pvalidate; /* PVALIDATE that changed a page */
	uint64_t state;	    /* pages that changed between private and shared */
	uint64_t msr;	    /* VMGEXIT by the GHCB's MSR */
	uint64_t page;	    /* VMGEXIT by the GHCB's page */
	uint64_t port;	    /* of these, ports */
	uint64_t device;    /* of these, device memory */
	uint64_t create;    /* of these, processors created */
	uint64_t calls;	    /* levels that asked for VMPL0 */
	/* of each level: */
	uint64_t turns[SNP_VMPLS]; /* began when another one had run before */
	uint64_t ticks[SNP_VMPLS]; /* the TSC's while it ran */
	uint64_t start;		   /* VMPL0's ticks before another level ran */
};
extern struct lab_counts lab_counts;

/** A level ran: it was not the one before, if @p turn says so. */
void lab_count_run(uint8_t vmpl, bool turn, uint64_t ticks);

/** Print two lines of them. */
void lab_counts_say(void);

#endif

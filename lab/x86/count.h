/* SPDX-License-Identifier: Apache-2.0 */
/* How often what only a confidential guest does was done. */
#ifndef LAB_COUNT_H
#define LAB_COUNT_H

#include <stdint.h>

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
};
extern struct lab_counts lab_counts;

/** Print a line of them. */
void lab_counts_say(void);

#endif

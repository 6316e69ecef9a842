/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the host's memory the processor and the monitor use on its behalf:
 * registers of its CPUs, and the areas by which they call.
 *
 * Only pages that the host has wholly, by every right, can be so used: those are
 * its own.  What it shares with a box or the hypervisor it cannot execute
 * (core/page.def), so that neither can write to its registers.  As long as a page
 * is in use its view does not change, and nothing is written to it for the host.
 *
 * All of it is under one lock, which is held for a page's worth of work and
 * inside which nothing else is taken.
 */
#ifndef CBX_HAL_SNP_USE_H
#define CBX_HAL_SNP_USE_H

#include <base/types.h>
#include <hal/snp/host.h>

/** CPUs of the host there can be. */
#define CBX_SNP_CPUS 64u

/** A CPU of the host; a page 0 is none. */
struct cbx_snp_vcpu {
	struct cbx_pfn vmsa;	/* registers */
	struct cbx_pfn area;	/* calling area */
	struct cbx_pfn before;	/* registers until others came; still a VMSA */
	struct cbx_pfn runs;	/* those a CPU runs from now */
	struct cbx_pfn calls;	/* by this area */
	bool stays;		/* they were not given back (host.h) */
	struct cbx_pfn closing; /* not for it to write, soon its registers */
	uint64_t token;		/* the flush closing waits for */
};
extern struct cbx_snp_vcpu cbx_snp_vcpus[CBX_SNP_CPUS];

/** @param whole  a byte for each page of the machine, zeroed */
void cbx_snp_use_start(bool *whole);

/** Take the lock, and drop it. */
void cbx_snp_lock(void);
void cbx_snp_unlock(void);

/** Whether a page is the host's own. @pre locked, as below */
bool cbx_snp_is_whole(struct cbx_pfn pfn);

/** Whether it is used, by @p but's CPU as its calling area excepted. */
bool cbx_snp_is_used(struct cbx_pfn pfn, const struct cbx_snp_vcpu *but);

/** What the host may do with it has changed. */
void cbx_snp_note(struct cbx_pfn pfn, struct cbx_view view);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with SEV-SNP for src/hal/snp on the build machine: memory, the lab's
 * table of pages, and a hypervisor that can refuse, stop and lie.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hal/hal.h>
#include <hal/snp/host.h>
#include <hal/snp/insn.h>
#include <hal/snp/talk.h>

#include "snp/ghcb.h"

#define MACHINE_PAGES 1024u
#define MACHINE_GHCB  1u
#define MACHINE_VMSA  2u
#define MACHINE_AREA  3u /* and the page behind it */
#define MACHINE_BELL  5u
#define MACHINE_CPUS  3u
#define MACHINE_C     51u
#define NEVER	      (~0ull)

extern uint8_t machine_memory[MACHINE_PAGES][CBX_PAGE_SIZE];

/** What the hypervisor, or the processor, does otherwise than it should. */
struct machine {
	uint64_t refuse; /* page whose state stays */
	uint64_t most;	 /* pages of a list it changes */
	uint64_t answer; /* to requests by MSR, but for INFO and FEATURES */
	uint64_t echo;	 /* the answer to REGISTER */
	uint64_t info, features; /* to those */
	bool no_ap;
	struct snp_nae_answer (*message)(const struct snp_nae *nae);
	bool no_run;  /* says it ran the level, and did not */
	bool no_list; /* refuses the whole page */
	uint64_t at;  /* page at which an instruction comes to ... */
	uint32_t pvalidate, rmpadjust; /* ... these codes */
	uint8_t at_vmpl;
	uint64_t vmsa;	     /* page of the level's registers */
	void (*level)(void); /* what the level does when it runs */
	bool no_ipi;	     /* refuses them */
	bool no_bell;
	bool rings; /* #HV comes when the CPU's number is asked for next */
	uint32_t cpu;
	/* what happened */
	uint32_t lists, states, maps;
	bool had_svme; /* while the hypervisor was asked to run the level */
	bool flushed;  /* as the level was entered last */
	uint32_t ipis[MACHINE_CPUS];
	uint8_t created_vmpl;
	bool created_svme; /* while the hypervisor was told of the registers */
};
extern struct machine machine;

/** The table anew: pages from @p given on are shared, those below the monitor's.
 * For cmocka. */
int machine_boot(void **state);

/** Start the doorbell, with counts that are equal. @return cbx_snp_bell_start */
const char *machine_bell(void);

/** Of a page: assigned to the VM, validated, a VMSA; what a level may do. */
bool machine_is_private(uint64_t pfn);
bool machine_is_valid(uint64_t pfn);
bool machine_is_vmsa(uint64_t pfn);
uint8_t machine_rights(uint64_t pfn, uint8_t vmpl);
void machine_set_rights(uint64_t pfn, uint8_t vmpl, uint8_t rights);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that means ill: what it does is chosen on the command line.
 *
 * "lab.host=NAME,NAME" (host.def): it does so from the start, at every
 * occasion.  "lab.host=ask": software of the guest, at CPL 0 of any level, is in
 * league with it and says what and when, by VMMCALL without a prefix:
 *
 *   RAX  LAB_HOST_ASK and the number of the act, RCX how often from now on (0:
 *   no more, ~0: always), RDX its argument; RAX afterwards: how often it was
 *   done so far, or ~0 when that cannot be
 */
#ifndef LAB_HOST_H
#define LAB_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

#define LAB_HOST_ASK  0x6c6162686f737400ull
#define LAB_HOST_NONE (~0ull)

enum lab_act {
#define ACT(NAME, name, alone) LAB_ACT_##NAME,
#include "host.def"
#undef ACT
	LAB_ACTS,
};

/** Take the options; before any guest runs. */
void lab_host_start(void);

/** A guest's VMMCALL.  @retval false  not for such a host, which there may not be */
bool lab_host_ask(struct lab_cpu *cpu);

/** Whether it does that now; it counts. */
bool lab_host_does(enum lab_act act);

/** The argument the act was asked for with; 0 from the command line. */
uint64_t lab_host_argument(enum lab_act act);

/** What CPUID says, when the host is asked for it. */
struct lab_cpuid lab_host_cpuid(struct lab_cpuid r);

/** The level runs next, with its registers loaded: what comes with it. */
void lab_host_enters(struct lab_cpu *cpu);

/** It has left. */
void lab_host_leaves(struct lab_cpu *cpu);

/** It touched a page that was not in its tables until now. */
void lab_host_touched(struct lab_cpu *cpu, uint64_t gpa);

/** Its one instruction was executed (LAB_EXIT_DB). */
void lab_host_stepped(struct lab_cpu *cpu);

#endif

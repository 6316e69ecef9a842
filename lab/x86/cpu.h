/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's processors, each with a virtual processor of four levels.
 *
 * The registers of a level are in its VMSA, a page of the guest's: they are
 * read at every entry and written at every exit, as the processor does, so
 * that whoever may write the page decides what runs next.
 */
#ifndef LAB_CPU_H
#define LAB_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "asm.h"
#include "npt.h"
#include "snp/rmp.h"
#include "svm.h"

#define LAB_CPUS    4
#define LAB_NO_GHCB (~0ull)

/** A level of a virtual processor. */
struct lab_world {
	struct lab_save *save; /* its VMSA; NULL when there is none */
	uint64_t ghcb;	       /* its MSR of that name */
	uint64_t ghcb_page;    /* the page it registered; LAB_NO_GHCB: none */
	uint64_t doorbell;     /* the same of doorbell.h */
	bool rings;	       /* #HV comes with the next entry */
	bool has_nmi;	       /* so does an NMI, its own */
	uint64_t event; /* what it takes there, as in EVENTINJ; 0: nothing */
};

struct lab_cpu {
	struct lab_vmcb vmcb;
	uint8_t host_save[4096]; /* the processor's */
	uint8_t extended[4096];	 /* XSAVE area, of the level that left */
	uint8_t stack[8192];
	uint32_t id;
	uint8_t vmpl; /* the level that runs */
	uint8_t next; /* the one that runs next; cpu->vmpl but in an exit */
	uint8_t loaded; /* whose vector registers are loaded; SNP_VMPLS: nobody's */
	bool started;	 /* it runs lab_cpu_run() */
	bool waits;	 /* a host sent it INIT, and may send SIPI */
	bool holds;	 /* after its exit, until it is created again */
	bool is_stepped; /* by a host that means ill: one instruction (host.h) */
	bool is_open;	 /* to interrupts, though its level is restricted */
	bool is_told; /* that level knows of one that waits for another level */
	bool is_kicked; /* by NMI, for a level that has to run: kick */
	uint8_t kick;
	struct lab_world world[SNP_VMPLS];
	uint64_t seen[LAB_NPTS]; /* lab_npt_generation() at the last entry */
	uint8_t last[SNP_VMPLS]; /* by which tables that was */
} __attribute__((aligned(4096)));

extern struct lab_cpu lab_cpus[LAB_CPUS];

/** Ready to run guests on this processor. */
void lab_cpu_start(struct lab_cpu *cpu);

/** Run its level, and what follows, for ever. */
_Noreturn void lab_cpu_run(struct lab_cpu *cpu);

/** The registers of the level that runs, in the lab's memory. */
static inline struct lab_save *lab_state(struct lab_cpu *cpu)
{
	return &cpu->vmcb.save;
}

static inline struct lab_world *lab_world(struct lab_cpu *cpu)
{
	return &cpu->world[cpu->vmpl];
}

/** The tables its level has as it runs (npt.h). */
static inline uint8_t lab_npt(const struct lab_cpu *cpu)
{
	return lab_npt_of(cpu->vmpl, lab_npt_is_blind(cpu->vmpl) ||
					     (cpu->vmcb.save.cr0 & LAB_CR0_PG));
}

/** The level as the table of pages sees it. */
static inline struct snp_cpu lab_who(const struct lab_cpu *cpu)
{
	return (struct snp_cpu){ 1, cpu->vmpl, cpu->vmcb.save.cpl };
}

/**
 * Make a page a level's registers on a processor.
 *
 * A host cannot read it: whether VMRUN takes it shows when it runs.
 *
 * @retval false  it is not a VMSA of the guest's, or says another level
 */
bool lab_cpu_set_vmsa(struct lab_cpu *cpu, uint8_t vmpl, uint64_t gpa);

/** Whether VMRUN would take what the page says of a level, as it is now. */
bool lab_cpu_runnable(const struct lab_cpu *cpu, uint8_t vmpl);

/** Go on with another level from the next entry. @pre lab_cpu_runnable() */
void lab_cpu_switch(struct lab_cpu *cpu, uint8_t vmpl);

/** What is in its vector registers to the VMSA it is of: they are free. */
void lab_cpu_put_vectors(struct lab_cpu *cpu);

/** An exception the guest takes at the next entry. */
void lab_inject(struct lab_cpu *cpu, enum lab_vector vector);

/** Step over an instruction. */
void lab_skip(struct lab_cpu *cpu, uint64_t bytes);

/**
 * Report a nested page fault of a level below 0 to VMPL0: its registers are in
 * its VMSA, with why, and VMPL0 goes on where it asked for the level.
 *
 * @retval false  there is no VMPL0 that waits
 */
bool lab_report(struct lab_cpu *cpu, uint64_t error, uint64_t gpa);

/** The guest cannot go on: say why, with its level and RIP, and end the machine. */
_Noreturn void lab_lost(
	const struct lab_cpu *cpu, const char *why, uint64_t value);

/** What an exit asks for: each moves RIP past what it does. */
void lab_exit_npf(struct lab_cpu *cpu, uint64_t error, uint64_t address);
void lab_exit_ud(struct lab_cpu *cpu);
void lab_exit_cpuid(struct lab_cpu *cpu);
void lab_exit_msr(struct lab_cpu *cpu, bool write);
void lab_exit_vmmcall(struct lab_cpu *cpu);
void lab_exit_cr0(struct lab_cpu *cpu);

/** What the modelled processor's CPUID says, but for what a level has set. */
struct lab_cpuid lab_cpuid_for(bool is_blind, uint32_t leaf, uint32_t sub);

/** What CPUID says to a level, by whatever way it asks. */
struct lab_cpuid lab_cpuid_of(
	const struct lab_cpu *cpu, uint32_t leaf, uint32_t sub);

/**
 * An MSR the host answers for: memory types and the like, and where the local APIC
 * is, which stays.
 *
 * @retval false  #GP
 */
bool lab_msr_of(uint32_t msr, bool write, uint64_t *value);

/** A write to the local APIC's page, which the tables do not allow. */
void lab_lapic_write(struct lab_cpu *cpu, uint64_t gpa);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID, and the registers the lab answers for. */
#include "asm.h"
#include "cpu.h"
#include "npt.h"
#include "vc.h"
#include "vectors.h"

#define CPUID_BYTES 2
#define MSR_BYTES   2

#define LEAF_FEATURES 0x1u
#define LEAF_MORE     0x7u
#define LEAF_STATE    0xdu
#define LEAF_HIGHEST  0x80000000u
#define LEAF_EXTENDED 0x80000001u
#define LEAF_SVM      0x8000000au
#define LEAF_SEV      0x8000001fu
#define X2APIC	      (1u << 21)
#define CX16	      (1u << 13) /* the emulator's leaves flags that are none */
#define MPX	      (1u << 14) /* bound registers are in no save area */
#define PKS	      (1u << 31)
#define LA57	      (1u << 16)
#define SVM	      (1u << 2)
#define OSXSAVE	      (1u << 27)
#define OSPKE	      (1u << 4)
#define CR4_PKE	      (1ull << 22)

#define SEV_EAX	   0x107au /* SEV, SEV-ES, SEV-SNP, VMPL, RMPQUERY, restricted */
#define COHERENT   (1u << 31) /* no stale lines to evict */
#define SEV_STATUS 0x3u	      /* SEV, SEV-ES; then SEV_FEATURES */

#define EFER_BITS 0xfd01ull /* that there are */

struct lab_cpuid lab_cpuid_for(bool is_blind, uint32_t leaf, uint32_t sub)
{
	struct lab_cpuid r = lab_cpuid(leaf, sub);

	if (leaf == LEAF_FEATURES) {
		r.ecx &= ~(X2APIC | CX16);
	} else if (leaf == LEAF_MORE && sub == 0) {
		r.ebx &= ~MPX;
		r.ecx &= ~PKS; /* PKRS is in no save area */
		r.ecx &= is_blind ? ~0u : ~LA57;
	} else if (leaf == LEAF_STATE && sub == 0) {
		r.eax &= LAB_VECTORS;
		r.edx = 0;
	} else if (leaf == LEAF_STATE && sub > 1 && sub < 32 &&
		   (LAB_VECTORS >> sub & 1) == 0) {
		r = (struct lab_cpuid){ 0 };
	} else if (leaf == LEAF_EXTENDED) {
		r.ecx &= ~SVM;
	} else if (leaf == LEAF_SVM) {
		r = (struct lab_cpuid){ 0 };
	} else if (leaf == LEAF_HIGHEST && !is_blind) {
		r.eax = r.eax < LEAF_SEV ? LEAF_SEV : r.eax;
	} else if (leaf == LEAF_SEV) {
		r = (struct lab_cpuid){ 0 };
		if (!is_blind) {
			r.eax = SEV_EAX;
			r.ebx = LAB_C_BIT | LAB_C_LOST << 6 | SNP_VMPLS << 12 |
				COHERENT;
		}
	}
	return r;
}

/* Bits that say how the level has set its control registers. */
static void set_bit(uint32_t *word, uint32_t bit, bool is_set)
{
	*word = (*word & ~bit) | (is_set ? bit : 0);
}

struct lab_cpuid lab_cpuid_of(
	const struct lab_cpu *cpu, uint32_t leaf, uint32_t sub)
{
	uint64_t cr4 = cpu->vmcb.save.cr4;
	struct lab_cpuid r =
		lab_cpuid_for(lab_npt_is_blind(cpu->vmpl), leaf, sub);

	if (leaf == LEAF_FEATURES) {
		set_bit(&r.ecx, OSXSAVE, (cr4 & LAB_CR4_OSXSAVE) != 0);
	} else if (leaf == LEAF_MORE && sub == 0) {
		set_bit(&r.ecx, OSPKE, (cr4 & CR4_PKE) != 0);
	}
	return r;
}

void lab_exit_cpuid(struct lab_cpu *cpu)
{
	if (!lab_npt_is_blind(cpu->vmpl)) {
		lab_vc(cpu, LAB_EXIT_CPUID);
		return;
	}

	struct lab_save *state = lab_state(cpu);
	struct lab_cpuid r =
		lab_cpuid_of(cpu, (uint32_t)state->rax, (uint32_t)state->rcx);

	state->rax = r.eax;
	state->rbx = r.ebx;
	state->rcx = r.ecx;
	state->rdx = r.edx;
	lab_skip(cpu, CPUID_BYTES);
}

/* SVME is the page's, whatever is written (cpu.c). */
static bool write_efer(struct lab_save *state, uint64_t value)
{
	bool is_paging = (state->cr0 & LAB_CR0_PG) != 0;

	if ((value & ~EFER_BITS) != 0 ||
		(is_paging && ((value ^ state->efer) & LAB_EFER_LME) != 0)) {
		return false;
	}
	state->efer = (value & ~LAB_EFER_LMA) | (state->efer & LAB_EFER_LMA);
	return true;
}

static bool write_msr(struct lab_cpu *cpu, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case LAB_MSR_EFER:
		return write_efer(lab_state(cpu), value);
	case LAB_MSR_GHCB:
		lab_world(cpu)->ghcb = value;
		return true;
	case LAB_MSR_APIC_BASE: /* it stays where it is looked at */
		return value == lab_rdmsr(msr);
	default:
		return false;
	}
}

static bool read_msr(struct lab_cpu *cpu, uint32_t msr, uint64_t *value)
{
	bool is_blind = lab_npt_is_blind(cpu->vmpl);

	switch (msr) {
	case LAB_MSR_EFER:
		*value = lab_state(cpu)->efer;
		return true;
	case LAB_MSR_GHCB:
		*value = lab_world(cpu)->ghcb;
		return true;
	case LAB_MSR_SEV_STATUS:
		*value = is_blind ? 0
				  : SEV_STATUS | lab_state(cpu)->features << 2;
		return true;
	case LAB_MSR_APIC_BASE:
		*value = lab_rdmsr(msr);
		return true;
	default:
		return false;
	}
}

/* What a confidential guest reads and writes itself; it asks for all others. */
static bool is_own(uint32_t msr)
{
	return msr == LAB_MSR_EFER || msr == LAB_MSR_GHCB ||
	       msr == LAB_MSR_SEV_STATUS;
}

/* What a host lets its guests have of the processor: none of it matters here. */
static const struct {
	uint32_t first, last;
	bool write;
} hosts[] = {
	{ 0x8b, 0x8b, false },	/* revision of the microcode */
	{ 0x179, 0x17b, true }, /* machine checks */
	{ 0xfe, 0xfe, false },	/* memory types, to 0x2ff */
	{ 0x200, 0x20f, true }, { 0x250, 0x250, true }, { 0x258, 0x259, true },
	{ 0x268, 0x26f, true }, { 0x2ff, 0x2ff, true },
	{ 0x400, 0x427, true },		   /* banks of machine checks */
	{ 0xc0010010, 0xc0010010, false }, /* SYSCFG */
	{ 0xc0010015, 0xc0010015, false }, /* HWCR */
	{ 0xc0010055, 0xc0010055, false }, /* interrupts pending */
};

static bool is_hosts(uint32_t msr, bool write)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (msr >= hosts[i].first && msr <= hosts[i].last) {
			return !write || hosts[i].write;
		}
	}
	return false;
}

bool lab_msr_of(uint32_t msr, bool write, uint64_t *value)
{
	if (msr == LAB_MSR_APIC_BASE && write) {
		return *value == lab_rdmsr(msr);
	}
	if (msr != LAB_MSR_APIC_BASE && !is_hosts(msr, write)) {
		return false;
	}
	if (write) {
		lab_wrmsr(msr, *value);
	} else {
		*value = lab_rdmsr(msr);
	}
	return true;
}

void lab_exit_msr(struct lab_cpu *cpu, bool write)
{
	struct lab_save *state = lab_state(cpu);
	uint32_t msr = (uint32_t)state->rcx;
	uint64_t value = (uint32_t)state->rax | state->rdx << 32;

	if (!lab_npt_is_blind(cpu->vmpl) && !is_own(msr)) {
		lab_vc(cpu, LAB_EXIT_MSR);
		return;
	}
	if (!(write ? write_msr(cpu, msr, value)
		    : read_msr(cpu, msr, &value))) {
		lab_inject(cpu, LAB_GP);
		return;
	}
	if (!write) {
		state->rax = (uint32_t)value;
		state->rdx = value >> 32;
	}
	lab_skip(cpu, MSR_BYTES);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of a level of a virtual CPU, as the processor keeps them in a
 * page.  VMPL0 reads and writes it while the level does not run.
 *
 * @source AMD 24593, table B-4 (VMSA), 15.36.8
 */
#ifndef CBX_ARCH_X86_64_SEV_VMSA_H
#define CBX_ARCH_X86_64_SEV_VMSA_H

#include <base/types.h>

struct cbx_vmsa_segment {
	uint16_t selector;
	uint16_t attributes; /* type, S, DPL, P; AVL, L, D, G from bit 8 */
	uint32_t limit;
	uint64_t base;
};

struct cbx_vmsa {
	struct cbx_vmsa_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t shadow_stacks[0x2a];
	uint8_t vmpl; /* 0ca */
	uint8_t cpl;
	uint32_t reserved0;
	uint64_t efer; /* 0d0 */
	uint8_t reserved1[0x68];
	uint64_t xss; /* 140 */
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t debug[0x58];
	uint64_t rsp; /* 1d8 */
	uint8_t cet[0x18];
	uint64_t rax; /* 1f8 */
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter[3];
	uint64_t cr2; /* 240 */
	uint8_t reserved2[0x20];
	uint64_t pat; /* 268 */
	uint8_t reserved3[0x98];
	uint64_t rcx, rdx, rbx; /* 308 */
	uint64_t avic;
	uint64_t rbp, rsi, rdi; /* 328 */
	uint64_t r8_15[8];
	uint8_t reserved4[0x10];
	uint64_t exit_info1, exit_info2; /* 390 */
	uint64_t exit_event, next_rip;
	uint64_t features; /* 3b0 */
	uint64_t virtual_interrupt;
	uint64_t exit_code; /* 3c0 */
	uint64_t vtom, tlb, cpu;
	uint64_t event; /* 3e0 */
	uint64_t xcr0;
	uint8_t reserved5[0x10];
	uint64_t x87_dp; /* 400 */
	uint32_t mxcsr;
	uint16_t x87_ftw, x87_fsw, x87_fcw, x87_fop;
	uint8_t vectors[0xbec];
};
CBX_AT(0x0d0, 8, cbx_vmsa, efer);
CBX_AT(0x140, 8, cbx_vmsa, xss);
CBX_AT(0x1d8, 8, cbx_vmsa, rsp);
CBX_AT(0x1f8, 8, cbx_vmsa, rax);
CBX_AT(0x268, 8, cbx_vmsa, pat);
CBX_AT(0x308, 8, cbx_vmsa, rcx);
CBX_AT(0x340, 64, cbx_vmsa, r8_15);
CBX_AT(0x390, 8, cbx_vmsa, exit_info1);
CBX_AT(0x3b0, 8, cbx_vmsa, features);
CBX_AT(0x3e0, 8, cbx_vmsa, event);
CBX_AT(0x408, 4, cbx_vmsa, mxcsr);
CBX_SIZE(0x1000, cbx_vmsa);

/** EFER: without it nothing runs from the page. */
#define CBX_VMSA_SVME (1ull << 12)

/** virtual_interrupt: a CPU runs from the page. */
#define CBX_VMSA_BUSY (1ull << 63)

/** exit_code: why the level left; NONE: it has not since that was written. */
#define CBX_VMSA_NONE	 (~0ull)
#define CBX_VMSA_NPF	 0x400ull
#define CBX_VMSA_VMGEXIT 0x403ull

/** exit_info1 of NPF. */
#define CBX_VMSA_NPF_WRITE (1ull << 1)
#define CBX_VMSA_NPF_FETCH (1ull << 4)
#define CBX_VMSA_NPF_VMPL  (1ull << 36)

/**
 * Whether a page that a host hands over may be its registers.
 *
 * The host may not choose its level, nor features the monitor did not: those
 * decide what can be done to it, and to whom it can do things.
 *
 * @pre nobody but the monitor can write to the page any more
 */
bool cbx_vmsa_sound(
	const volatile struct cbx_vmsa *vmsa, uint8_t vmpl, uint64_t features);

/**
 * The right that was wanted when the level left because its view forbids it.
 *
 * Whether user or supervisor fetched is told by the level's CPL: nested walks
 * are user accesses to the processor, whoever made them.
 *
 * @return a view of one bit; of none when it left for another reason
 */
struct cbx_view cbx_vmsa_wanted(const volatile struct cbx_vmsa *vmsa);

/**
 * Let the level find #GP(0) where it left, as if what it did there had raised it:
 * kernels neither retry that nor take it for something to mend.
 *
 * @return false when its tables, its gate or its stack are not all its own, or an
 *         event was being delivered: its registers are as they were
 */
bool cbx_vmsa_raise(volatile struct cbx_vmsa *vmsa);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control block of a virtual CPU, and the save area of its state: the same
 * record in a VMCB and in an SEV-SNP VMSA page, which has more of it.
 */
#ifndef LAB_SVM_H
#define LAB_SVM_H

#include <stddef.h>
#include <stdint.h>

#define LAB_PAGE 4096ull

struct lab_segment {
	uint16_t selector;
	uint16_t attributes; /* type, S, DPL, P; AVL, L, D, G from bit 8 */
	uint32_t limit;
	uint64_t base;
};

/** Intercepts, by bit: control.intercept[0] and [1]. */
enum lab_intercept0 {
	LAB_ON_INTR = 1u << 0,
	LAB_ON_NMI = 1u << 1,
	LAB_ON_RDPMC = 1u << 15,
	LAB_ON_CPUID = 1u << 18,
	LAB_ON_INVLPGA = 1u << 26,
	LAB_ON_IOIO = 1u << 27,
	LAB_ON_MSR = 1u << 28,
	LAB_ON_SHUTDOWN = 1u << 31,
};
enum lab_intercept1 {
	LAB_ON_VMRUN = 1u << 0,
	LAB_ON_VMMCALL = 1u << 1,
	LAB_ON_VMLOAD = 1u << 2,
	LAB_ON_VMSAVE = 1u << 3,
	LAB_ON_STGI = 1u << 4,
	LAB_ON_CLGI = 1u << 5,
	LAB_ON_SKINIT = 1u << 6,
	LAB_ON_WBINVD = 1u << 9,
	LAB_ON_MONITOR = 1u << 10,
	LAB_ON_MWAIT = 1u << 11,
};

/** control.cr_write. */
#define LAB_ON_CR0 1u

enum lab_exit {
	LAB_EXIT_CR0 = 0x10,
	LAB_EXIT_DB = 0x41,
	LAB_EXIT_UD = 0x46,
	LAB_EXIT_INTR = 0x60,
	LAB_EXIT_NMI = 0x61,
	LAB_EXIT_RDPMC = 0x6f,
	LAB_EXIT_CPUID = 0x72,
	LAB_EXIT_INVLPGA = 0x7a,
	LAB_EXIT_IOIO = 0x7b,
	LAB_EXIT_MSR = 0x7c,
	LAB_EXIT_SHUTDOWN = 0x7f,
	LAB_EXIT_VMRUN = 0x80,
	LAB_EXIT_VMMCALL = 0x81,
	LAB_EXIT_VMLOAD = 0x82,
	LAB_EXIT_VMSAVE = 0x83,
	LAB_EXIT_STGI = 0x84,
	LAB_EXIT_CLGI = 0x85,
	LAB_EXIT_SKINIT = 0x86,
	LAB_EXIT_WBINVD = 0x89,
	LAB_EXIT_MONITOR = 0x8a,
	LAB_EXIT_MWAIT = 0x8b,
	LAB_EXIT_NPF = 0x400,
	LAB_EXIT_VMGEXIT = 0x403,
};
#define LAB_EXIT_INVALID 0xffffffffu

/** EXITINFO1 of LAB_EXIT_NPF. */
#define LAB_NPF_PRESENT 0x1ull
#define LAB_NPF_WRITE	0x2ull
#define LAB_NPF_FETCH	0x10ull
#define LAB_NPF_RMP	(1ull << 31)
#define LAB_NPF_FINAL	(1ull << 32) /* the access itself */
#define LAB_NPF_WALK	(1ull << 33) /* a page table of the guest's */
#define LAB_NPF_VMPL	(1ull << 36)

#define LAB_TLB_FLUSH 1u

/** SEV_FEATURES: SEV-SNP always, and of the others one. */
#define LAB_FEATURES	       1ull
#define LAB_FEATURE_RESTRICTED 8ull

/** EVENTINJ and EXITINTINFO. */
#define LAB_EVENT_VALID	    0x80000000u
#define LAB_EVENT_ERROR	    0x800u
#define LAB_EVENT_TYPE	    0x700u
#define LAB_EVENT_EXCEPTION 0x300u
#define LAB_EVENT_SOFTWARE  0x400u

enum lab_vector {
	LAB_DB = 1,
	LAB_NMI = 2,
	LAB_UD = 6,
	LAB_GP = 13,
	LAB_PF = 14,
};

struct lab_control {
	uint16_t cr_read;
	uint16_t cr_write;
	uint16_t dr_read;
	uint16_t dr_write;
	uint32_t exceptions;
	uint32_t intercept[2];
	uint8_t reserved0[0x2c];
	uint64_t iopm;
	uint64_t msrpm;
	uint64_t tsc_offset;
	uint32_t asid;
	uint32_t tlb;
	uint64_t virtual_interrupt;
	uint64_t interrupt_shadow;
	uint64_t exit_code;
	uint64_t exit_info1;
	uint64_t exit_info2;
	uint64_t exit_interrupt;
	uint64_t nested;
	uint8_t reserved1[0x10];
	uint64_t event;
	uint64_t nested_cr3;
	uint64_t extensions;
	uint64_t clean;
	uint64_t next_rip;
	uint8_t reserved2[0x330];
};

struct lab_save {
	struct lab_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint64_t shadow_stacks[4];
	uint64_t u_cet;
	uint16_t reserved0;
	uint8_t vmpl;
	uint8_t cpl;
	uint32_t reserved1;
	uint64_t efer;
	uint8_t reserved2[0x68];
	uint64_t xss;
	uint64_t cr4, cr3, cr0;
	uint64_t dr7, dr6;
	uint64_t rflags, rip;
	uint64_t dr[4], dr_mask[4];
	uint8_t reserved3[0x18];
	uint64_t rsp;
	uint64_t s_cet, ssp, isst;
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved4[0x20];
	uint64_t pat;
	uint64_t debug[5];
	uint8_t reserved5[0x48];
	uint64_t spec_ctrl;
	uint32_t pkru, tsc_aux;
	uint64_t tsc_scale, tsc_offset;
	uint64_t nonce;
	uint64_t rcx, rdx, rbx;
	uint64_t secure_avic;
	uint64_t rbp, rsi, rdi;
	uint64_t r8_15[8];
	uint8_t reserved6[0x10];
	uint64_t exit_info1, exit_info2, exit_interrupt, next_rip;
	uint64_t features;
	uint64_t virtual_interrupt;
	uint64_t exit_code;
	uint64_t vtom, tlb_id, pcpu_id;
	uint64_t event;
	uint64_t xcr0;
	uint8_t reserved7[0x10];
	uint64_t x87_dp;
	uint32_t mxcsr;
	uint16_t x87_ftw, x87_fsw, x87_fcw, x87_fop, x87_ds, x87_cs;
	uint64_t x87_rip;
	uint8_t st[8][10];
	uint8_t xmm[16][16];
	uint8_t ymm_high[16][16];
	uint8_t reserved8[0x590];
};

struct lab_vmcb {
	struct lab_control control;
	struct lab_save save;
};

/* The layouts are the processor's. */
#define LAB_AT(offset, type, field) \
	_Static_assert(             \
		offsetof(struct type, field) == (offset), #type "." #field)
LAB_AT(0x040, lab_control, iopm);
LAB_AT(0x058, lab_control, asid);
LAB_AT(0x070, lab_control, exit_code);
LAB_AT(0x090, lab_control, nested);
LAB_AT(0x0a8, lab_control, event);
LAB_AT(0x0c8, lab_control, next_rip);
LAB_AT(0x400, lab_vmcb, save);
LAB_AT(0x0a0, lab_save, shadow_stacks);
LAB_AT(0x0ca, lab_save, vmpl);
LAB_AT(0x0d0, lab_save, efer);
LAB_AT(0x140, lab_save, xss);
LAB_AT(0x178, lab_save, rip);
LAB_AT(0x1d8, lab_save, rsp);
LAB_AT(0x1f8, lab_save, rax);
LAB_AT(0x240, lab_save, cr2);
LAB_AT(0x268, lab_save, pat);
LAB_AT(0x2e0, lab_save, spec_ctrl);
LAB_AT(0x308, lab_save, rcx);
LAB_AT(0x328, lab_save, rbp);
LAB_AT(0x340, lab_save, r8_15);
LAB_AT(0x390, lab_save, exit_info1);
LAB_AT(0x3b0, lab_save, features);
LAB_AT(0x3c0, lab_save, exit_code);
LAB_AT(0x3e0, lab_save, event);
LAB_AT(0x400, lab_save, x87_dp);
LAB_AT(0x420, lab_save, st);
LAB_AT(0x470, lab_save, xmm);
LAB_AT(0x570, lab_save, ymm_high);
_Static_assert(sizeof(struct lab_vmcb) == 0x1000, "a VMCB is a page");

#endif

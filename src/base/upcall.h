/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a box's runtime sees when the program traps: the up-call.
 *
 * The arch saves the program's registers as struct cbx_regs and enters the
 * runtime at the address UPCALL_ENTRY registered.  The order is that of
 * Linux's struct sigcontext, so that on the linux backend the kernel's signal
 * frame serves as it is; other backends write the same layout.
 */
#ifndef CBX_BASE_UPCALL_H
#define CBX_BASE_UPCALL_H

#include <confbox/abi.h>

/** Registers of an x86-64 program. */
struct cbx_regs {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
};

/** What a faulting context wanted. */
enum cbx_fault {
	CBX_FAULT_READ = 0,
	CBX_FAULT_WRITE = 1,
	CBX_FAULT_EXECUTE = 2,
	CBX_FAULT_INSTRUCTION = 3, /* illegal or privileged */
	CBX_FAULT_ARITHMETIC = 4,
	CBX_FAULT_BREAKPOINT = 5,
};

/** Why the runtime was entered. */
struct cbx_upcall {
	uint32_t kind;	/* enum cbx_upcall_kind */
	uint32_t code;	/* system call: its number; fault: enum cbx_fault */
	uint64_t value; /* fault: the address; deadline: the ticks */
};

CBX_AT(0x00, 4, cbx_upcall, kind);
CBX_AT(0x04, 4, cbx_upcall, code);
CBX_AT(0x08, 8, cbx_upcall, value);
CBX_SIZE(0x10, cbx_upcall);
CBX_SIZE(0x90, cbx_regs);

#endif

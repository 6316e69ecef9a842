/* SPDX-License-Identifier: Apache-2.0 */
/* What entry.S and the assembler files of a HAL have in common. */
#ifndef CBX_ARCH_X86_64_STUB_H
#define CBX_ARCH_X86_64_STUB_H

#include <arch/x86_64/cet.h>

#ifdef __ASSEMBLER__
/* clang-format off */
/* A place in the image other files name. */
	.macro label name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.macro function name
	.balign	16
	.type	\name, @function
	label	\name
	.endm

/* The general registers that are not in the way, to the struct cbx_regs at
 * CBX_CPU_REGS from rcx, and from there. */
	.macro save_registers
	.set	cbx_at, CBX_CPU_REGS
	.irp	reg, r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx
	movq	%\reg, cbx_at(%rcx)
	.set	cbx_at, cbx_at + 8
	.endr
	.endm

	.macro load_registers
	.set	cbx_at, CBX_CPU_REGS
	.irp	reg, r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx
	movq	cbx_at(%rcx), %\reg
	.set	cbx_at, cbx_at + 8
	.endr
	.endm

/* Move a word from rdx to rcx; rax is lost. */
	.macro take from, to, wipe=0
	movq	\from(%rdx), %rax
	.if	\wipe
	movq	$0, \from(%rdx)
	.endif
	movq	%rax, \to(%rcx)
	.endm

/* The whole frame below rdx, the top of an entry stack. */
	.macro take_frame wipe=0
	take	CBX_FRAME_RAX, CBX_CPU_RAX, \wipe
	take	CBX_FRAME_RCX, CBX_CPU_RCX, \wipe
	take	CBX_FRAME_RDX, CBX_CPU_RDX, \wipe
	take	CBX_FRAME_RSP, CBX_CPU_RSP, \wipe
	take	CBX_FRAME_RIP, CBX_CPU_RIP, \wipe
	take	CBX_FRAME_RFLAGS, CBX_CPU_RFLAGS, \wipe
	take	CBX_FRAME_ERROR, CBX_CPU_ERROR, \wipe
	take	CBX_FRAME_CS, CBX_CPU_CS, \wipe
	take	CBX_FRAME_VECTOR, CBX_CPU_VECTOR, \wipe
	.if	\wipe
	movq	$0, CBX_FRAME_SS(%rdx)
	.endif
	.endm

/* A function leaves for somebody else's code, and when that has ended goes back
 * to its caller, nothing else in a register. */
	.macro push_kept
	.irp	reg, rbx, rbp, r12, r13, r14, r15
	pushq	%\reg
	.endr
	.endm

	.macro return_clean
	pushq	$2
	popfq
	.irp	reg, r15, r14, r13, r12, rbp, rbx
	popq	%\reg
	.endr
	.irp	reg, eax, ecx, edx, esi, edi, r8d, r9d, r10d, r11d
	xorl	%\reg, %\reg
	.endr
	ret
	.endm

/* To out if the HAL has not heard of every NMI; rax is lost. */
	.macro check_nmis state, out
	movq	CBX_CPU_NMIS(\state), %rax
	cmpq	CBX_CPU_SEEN(\state), %rax
	jne	\out
	.endm
/* clang-format on */

#endif
#endif

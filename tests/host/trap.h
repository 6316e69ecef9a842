/* SPDX-License-Identifier: Apache-2.0 */
/* What every kernel for tests does in assembly: call the gate, and go on with
 * the registers of a trap. */
#ifndef TESTS_HOST_TRAP_H
#define TESTS_HOST_TRAP_H

#include <hal/pks-vm/host.h>

/** Offsets in struct cbx_pks_trap. */
#define TRAP_BUSY   0x00
#define TRAP_VECTOR 0x08
#define TRAP_REGS   0x20

#ifdef __ASSEMBLER__
/* clang-format off */

/** The body of a function (const struct cbx_call *) that gives the reply. */
	.macro call_gate
	movq	%rdi, %rax
	movq	0x10(%rax), %rsi
	movq	0x08(%rax), %rdi
	movq	0x18(%rax), %rdx
	movq	0x20(%rax), %r10
	movq	0x28(%rax), %r8
	movq	0x30(%rax), %r9
	movq	(%rax), %rax
	leaq	1f(%rip), %r11
	movabsq	$CBX_IMAGE_VA, %rcx
	jmp	*%rcx
1:	ret
	.endm

/** All registers of the trap rbx points to, but rsp and rbx itself. */
	.macro load_trapped
	movq	TRAP_REGS+0x00(%rbx), %r8
	movq	TRAP_REGS+0x08(%rbx), %r9
	movq	TRAP_REGS+0x10(%rbx), %r10
	movq	TRAP_REGS+0x18(%rbx), %r11
	movq	TRAP_REGS+0x20(%rbx), %r12
	movq	TRAP_REGS+0x28(%rbx), %r13
	movq	TRAP_REGS+0x30(%rbx), %r14
	movq	TRAP_REGS+0x38(%rbx), %r15
	movq	TRAP_REGS+0x40(%rbx), %rdi
	movq	TRAP_REGS+0x48(%rbx), %rsi
	movq	TRAP_REGS+0x50(%rbx), %rbp
	movq	TRAP_REGS+0x60(%rbx), %rdx
	movq	TRAP_REGS+0x68(%rbx), %rax
	movq	TRAP_REGS+0x70(%rbx), %rcx
	.endm

/* clang-format on */
#endif
#endif

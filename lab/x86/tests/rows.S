/* SPDX-License-Identifier: Apache-2.0 */
/* What a row says, at any VMPL and CPL of VMPL0. */
#define MSR_GHCB  0xc0010130
#define RUN_VMPL0 0x016

	.macro instructions
	.balign	16
	.byte	0xf2, 0x0f, 0x01, 0xff	/* PVALIDATE */
	jmp	1f
	.balign	16
	.byte	0xf3, 0x0f, 0x01, 0xfe	/* RMPADJUST */
	jmp	1f
	.balign	16
	.byte	0xf3, 0x0f, 0x01, 0xfd	/* RMPQUERY */
	jmp	1f
	.balign	16
	movb	(%rax), %dl
	jmp	1f
	.balign	16
	movb	%dl, (%rax)
	jmp	1f
	.balign	16
	jmp	*%rax			/* comes back by r14 */
1:
	.endm

/*
 * void guest_row_enter(const struct guest_row *row): its registers, its frame;
 * comes back with the exception that follows (guest_take_row).
 */
	.text
	.globl	guest_row_enter, guest_row_back
guest_row_enter:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, guest_row_rsp
	movq	0(%rdi), %rax
	movq	8(%rdi), %rcx
	movq	16(%rdi), %rdx
	movq	$guest_row_done, %r14
	pushq	56(%rdi)		/* SS, RSP, RFLAGS, CS, RIP */
	pushq	48(%rdi)
	pushq	40(%rdi)
	pushq	32(%rdi)
	pushq	24(%rdi)
	iretq
guest_row_back:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.globl	guest_row_code, guest_row_done
	.balign	16
guest_row_code:
	instructions
guest_row_done:
	ud2

/* The same below VMPL0, with registers from the VMSA; r8 to r11: RAX, RCX, RDX
 * and CF; r12, r13: the vector and its error code. */
	.section .text.lower, "ax", @progbits
	.balign	4096
	.globl	guest_row_lower, guest_row_lower_done, guest_row_gp, guest_row_vc
guest_row_lower:
	instructions
guest_row_lower_done:
	movq	%rax, %r8
	movq	%rcx, %r9
	movq	%rdx, %r10
	setc	%r11b
	xorl	%r12d, %r12d
lower_exit:
	movl	$MSR_GHCB, %ecx
	movl	$RUN_VMPL0, %eax
	xorl	%edx, %edx
	wrmsr
	rep
	vmmcall
	ud2
guest_row_gp:
	movl	$13, %r12d
	popq	%r13
	jmp	lower_exit
guest_row_vc:
	movl	$29, %r12d
	popq	%r13
	jmp	lower_exit
	.balign	4096

	.data
	.balign	8
	.globl	guest_row_rsp
guest_row_rsp: .quad 0

	.section .note.GNU-stack, "", @progbits

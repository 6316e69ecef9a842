/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void lab_world_enter(struct lab_vmcb *vmcb): the virtual CPU runs until it
 * exits.  Its registers but rax and rsp, which the processor keeps itself, come
 * from and go to the save area (svm.h).  No interrupt comes between: GIF is
 * clear while the lab runs.
 */
#define SAVE(offset) (0x400 + offset)

	.macro registers move
	\move	SAVE(0x308), rcx
	\move	SAVE(0x310), rdx
	\move	SAVE(0x318), rbx
	\move	SAVE(0x328), rbp
	\move	SAVE(0x330), rsi
	\move	SAVE(0x338), rdi
	\move	SAVE(0x340), r8
	\move	SAVE(0x348), r9
	\move	SAVE(0x350), r10
	\move	SAVE(0x358), r11
	\move	SAVE(0x360), r12
	\move	SAVE(0x368), r13
	\move	SAVE(0x370), r14
	\move	SAVE(0x378), r15
	.endm
	.macro load at, register
	movq	\at(%rax), %\register
	.endm
	.macro store at, register
	movq	%\register, \at(%rax)
	.endm

	.text
	.globl	lab_world_enter
	.type	lab_world_enter, @function
lab_world_enter:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rdi, %rax
	vmload	%rax
	registers load
	vmrun	%rax
	vmsave	%rax			/* rax is as it was before VMRUN */
	registers store
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	cld
	ret
	.size	lab_world_enter, . - lab_world_enter

	.section .note.GNU-stack, "", @progbits

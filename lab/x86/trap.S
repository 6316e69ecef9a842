/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: the registers in a struct lab_trap, lab_trap() decides. */
	.text
	.macro entry vector, error=0
trap_\vector:
	.if \error == 0
	pushq	$0
	.endif
	pushq	$\vector
	jmp	common
	.endm

	entry	0
	entry	1
	entry	2
	entry	3
	entry	4
	entry	5
	entry	6
	entry	7
	entry	8, 1
	entry	9
	entry	10, 1
	entry	11, 1
	entry	12, 1
	entry	13, 1
	entry	14, 1
	entry	15
	entry	16
	entry	17, 1
	entry	18
	entry	19
	entry	20
	entry	21, 1
	entry	22
	entry	23
	entry	24
	entry	25
	entry	26
	entry	27
	entry	28
	entry	29, 1
	entry	30, 1
	entry	31

	.macro each what, from:vararg
	.irp	r, \from
	\what	%\r
	.endr
	.endm

common:
	each	pushq, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
	movq	%rsp, %rdi
	cld
	call	lab_trap
	each	popq, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	addq	$16, %rsp
	iretq

	.section .rodata, "a", @progbits
	.balign	8
	.globl	lab_trap_entries
lab_trap_entries:
	.irp	v, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.quad	trap_\v
	.endr

	.section .note.GNU-stack, "", @progbits

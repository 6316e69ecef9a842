/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void lab_library_call(void (*what)(void *), void *with): on a stack that
 * code built for hosted programs can use (snp/README.md).  One at a time.
 */
	.text
	.globl	lab_library_call
	.type	lab_library_call, @function
lab_library_call:
	pushq	%rbp
	movq	%rsp, %rbp
	leaq	stack_top(%rip), %rsp
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movq	%rbp, %rsp
	popq	%rbp
	ret
	.size	lab_library_call, . - lab_library_call

	.bss
	.balign	4096
	.skip	32 * 1024
stack_top:

	.section .note.GNU-stack, "", @progbits

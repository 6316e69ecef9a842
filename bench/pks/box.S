/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boxes of the benchmark do: one page of code, wherever it is mapped.
 * Those that count for themselves end with the least of many tries.
 */
#define GATE_BASE  0x0cbf0000
#define GATE_END   0x100
#define GATE_ENTRY 0x118
#define GATE_WRITE 0x131
#define GATE_RESULT 0x119
#define TRIES	   200

	.text
	.balign	4096
	.globl	bench_box
bench_box:

	.macro gate number
	movl	$(GATE_BASE + \number), %eax
	syscall
	.endm

	.macro clear_arguments
	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	.endm

/* The time in rbx, or since rbx in rax; rdx is lost. */
	.macro begin
	rdtsc
	shlq	$32, %rdx
	leaq	(%rax,%rdx), %rbx
	.endm

	.macro since
	rdtsc
	shlq	$32, %rdx
	addq	%rdx, %rax
	subq	%rbx, %rax
	.endm

/* Keep the least in r12, and begin again unless it was the last. */
	.macro least loop
	cmpq	%r12, %rax
	cmovbq	%rax, %r12
	decl	%r13d
	jne	\loop
	.endm

	.macro many
	movq	$-1, %r12
	movl	$TRIES, %r13d
	.endm

/* An exit for every time it is entered, with nothing to tell but a number. */
	.globl	bench_box_exit
bench_box_exit:
	clear_arguments
1:	gate	GATE_RESULT
	jmp	1b

/* The same, with a byte of output. */
	.globl	bench_box_output
bench_box_output:
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
1:	movl	$1, %edi
	leaq	-64(%rsp), %rsi
	movl	$1, %edx
	gate	GATE_WRITE
	jmp	1b

	.globl	bench_box_nothing
bench_box_nothing:
	many
1:	begin
	since
	least	1b
	jmp	finish

	.globl	bench_box_gate
bench_box_gate:
	clear_arguments
	many
1:	begin
	xorl	%edx, %edx
	gate	0			/* VERSION */
	since
	least	1b
	jmp	finish

/* A system call, to the runtime's first instruction. */
	.globl	bench_box_upcall
bench_box_upcall:
	clear_arguments
	leaq	arrived(%rip), %rdi
	gate	GATE_ENTRY
	many
	movq	%rsp, %rbp
1:	begin
	movl	$39, %eax
	syscall
arrived:
	movq	%rdx, %rcx		/* the frame: its registers are back */
	rdtsc
	shlq	$32, %rdx
	addq	%rdx, %rax
	movq	0x28+0x20(%rcx), %r12
	movq	0x28+0x28(%rcx), %r13
	movq	0x28+0x50(%rcx), %rbp
	subq	0x28+0x58(%rcx), %rax
	movq	%rbp, %rsp
	least	1b
	jmp	finish

/* The same, and back as every runtime goes. */
	.globl	bench_box_answer
bench_box_answer:
	clear_arguments
	leaq	answer(%rip), %rdi
	gate	GATE_ENTRY
	many
1:	begin
	movl	$39, %eax
	syscall
	since
	least	1b
	jmp	finish
answer:	movq	$42, 0x68(%rsi)		/* what the program finds in rax */
	jmp	cbx_upcall_return

finish:	clear_arguments
	movq	%r12, %rdi
	gate	GATE_END
	ud2

#include <base/upcall_return_linux.S>
	.text
	.globl	bench_box_end
bench_box_end:

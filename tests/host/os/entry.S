/* SPDX-License-Identifier: Apache-2.0 */
/* The words without a C name: begin, return, probe. */
#include <host/os/os.h>

	.text
	.globl	os_start
	.type	os_start, @function
os_start:
	leaq	os_start_stack(%rip), %rsp
	xorl	%ebp, %ebp
	call	os_main
	ud2

/* Another CPU; rdi is its struct os_cpu. */
	.globl	os_other_start
	.type	os_other_start, @function
os_other_start:
	movq	OS_CPU_STACK(%rdi), %rsp
	xorl	%ebp, %ebp
	call	os_other_main
	ud2

/* _Noreturn void os_resume(const struct cbx_regs *): to user mode */
	.globl	os_resume
	.type	os_resume, @function
os_resume:
	pushq	$CBX_SELECTOR_USER_DATA
	pushq	0x78(%rdi)
	pushq	0x88(%rdi)
	pushq	$CBX_SELECTOR_USER_CODE
	pushq	0x80(%rdi)
	pushq	0x40(%rdi)
	movq	0x00(%rdi), %r8
	movq	0x08(%rdi), %r9
	movq	0x10(%rdi), %r10
	movq	0x18(%rdi), %r11
	movq	0x20(%rdi), %r12
	movq	0x28(%rdi), %r13
	movq	0x30(%rdi), %r14
	movq	0x38(%rdi), %r15
	movq	0x48(%rdi), %rsi
	movq	0x50(%rdi), %rbp
	movq	0x58(%rdi), %rbx
	movq	0x60(%rdi), %rdx
	movq	0x68(%rdi), %rax
	movq	0x70(%rdi), %rcx
	popq	%rdi
	iretq

/* int os_probe(struct os_cpu *, uint64_t va, uint64_t *value, uint64_t op):
 * 0, or 1 when it trapped */
	.globl	os_probe
	.type	os_probe, @function
os_probe:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rdi
	movq	%rsp, OS_CPU_PROBE_RSP(%rdi)
	xorl	%eax, %eax
	rdsspq	%rax
	movq	%rax, OS_CPU_PROBE_SSP(%rdi)
	cmpq	$1, %rcx
	je	1f
	ja	2f
	movq	(%rsi), %rax
	movq	%rax, (%rdx)
	jmp	3f
1:	movq	(%rdx), %rax
	movq	%rax, (%rsi)
	jmp	3f
2:	call	*%rsi
3:	xorl	%eax, %eax
probe_end:
	popq	%rdi
	movq	$0, OS_CPU_PROBE_RSP(%rdi)
	cld
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/* The end of it: rdi is this CPU, whose kernel was trapped.  Up its shadow stack,
 * if any. */
	.globl	os_probe_trapped
	.type	os_probe_trapped, @function
os_probe_trapped:
	movq	%rdi, %rbx
	call	os_kernel_trap
	movq	%rbx, %rdi
	movq	OS_CPU_PROBE_RSP(%rdi), %rsp
	xorl	%eax, %eax
	rdsspq	%rax
	testq	%rax, %rax
	je	1f
	movq	OS_CPU_PROBE_SSP(%rdi), %rcx
	subq	%rax, %rcx
	shrq	$3, %rcx
	incsspq	%rcx
1:	movl	$1, %eax
	jmp	probe_end

	.bss
	.balign	4096
	.skip	16384
os_start_stack:

	.section .note.GNU-stack, "", @progbits

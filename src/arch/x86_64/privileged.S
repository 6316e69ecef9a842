/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions only the monitor may execute (machine.h), on pages of their
 * own.
 */
#include <arch/x86_64/stub.h>

	.section .locked, "ax", @progbits

/* Where a box faulted is no business of what runs next, which finds rsi. */
	locked	cbx_x86_root_load
	movq	%rdi, %cr3
	movq	%rsi, %cr2
	ret

	locked	cbx_x86_msr_write
	movl	%edi, %ecx
	movl	%esi, %eax
	movq	%rsi, %rdx
	shrq	$32, %rdx
	wrmsr
	ret

/* The old shadow stack, if any, has nothing to return by. */
	locked	cbx_x86_shadow_on
	popq	%r8
	movl	$CBX_MSR_S_CET, %ecx
	movl	$CBX_CET_SH_STK, %eax
	xorl	%edx, %edx
	wrmsr
	rstorssp (%rdi)
	movl	$1, %eax
	incsspq	%rax
	jmp	*%r8

	locked	cbx_x86_cr0_write
	movq	%rdi, %cr0
	ret

	locked	cbx_x86_cr4_write
	movq	%rdi, %cr4
	ret

	locked	cbx_x86_xcr0_write
	movl	%edi, %eax
	movq	%rdi, %rdx
	shrq	$32, %rdx
	xorl	%ecx, %ecx
	xsetbv
	ret

/* The new code segment is loaded by a far return. */
	locked	cbx_x86_tables_load
	lgdt	(%rdi)
	lidt	(%rsi)
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$CBX_SELECTOR_DATA, %eax
	movl	%eax, %ss
	popq	%rdx
	pushq	$CBX_SELECTOR_CODE
	pushq	%rdx
	lretq

/* DR6 and DR7 as after a reset: nothing breaks, and nothing has. */
	locked	cbx_x86_task_load
	movl	$CBX_SELECTOR_TSS, %eax
	ltr	%ax
	ret

	locked	cbx_x86_watch_write
	movq	%rdi, %dr0
	movq	%rsi, %dr7
	movl	$0xffff0ff0, %eax
	movq	%rax, %dr6
	ret

	.section .note.GNU-stack, "", @progbits

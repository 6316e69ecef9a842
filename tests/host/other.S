/* SPDX-License-Identifier: Apache-2.0 */
/* Test hosts on several CPUs: where another CPU begins, and a trap entry that
 * goes on where the trap's registers say when C has seen them. */
#include <hal/pks-vm/host.h>
#include "trap.h"

	.text
/* rdi: the number of the CPU, for the stack and the argument. */
	.globl	other_start
	.type	other_start, @function
other_start:
	movq	%rdi, %rax
	shlq	$14, %rax
	leaq	stacks(%rip), %rsp
	leaq	0x4000(%rsp,%rax), %rsp
	xorl	%ebp, %ebp
	call	other_main
1:	hlt
	jmp	1b

/* Interrupts off, on the trap stack.  Below the top of that lies a page for
 * the frame that leads back: an NMI may come as soon as busy is zero. */
	.globl	other_trap
	.type	other_trap, @function
other_trap:
	cld
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP, %rdi
	call	other_trapped
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP, %rbx
	subq	$0x1000, %rsp
	movq	TRAP_REGS+0x78(%rbx), %rax
	movq	TRAP_REGS+0x80(%rbx), %rcx
	movq	TRAP_REGS+0x88(%rbx), %rdx
	pushq	$CBX_SELECTOR_DATA
	pushq	%rax
	pushq	%rdx
	pushq	$CBX_SELECTOR_CODE
	pushq	%rcx
	pushq	TRAP_REGS+0x58(%rbx)
	load_trapped
	movq	$0, (%rbx)
	popq	%rbx
	iretq

/* int other_read(const volatile uint64_t *from, uint64_t *value), other_write(
 * volatile uint64_t *to, uint64_t value): 1 when it faulted; other_trapped
 * goes on at other_failed if rip is from here up to other_call. */
	.globl	other_read
	.type	other_read, @function
other_read:
	movq	(%rdi), %rax
	movq	%rax, (%rsi)
	xorl	%eax, %eax
	ret
	.globl	other_write
	.type	other_write, @function
other_write:
	movq	%rsi, (%rdi)
	xorl	%eax, %eax
	ret
/* int other_call(uint64_t va); the callee writes no register but rax. */
	.globl	other_call
	.type	other_call, @function
other_call:
	pushq	%rbp
	movq	%rsp, %rbp
	call	*%rdi
	popq	%rbp
	xorl	%eax, %eax
	ret
	.globl	other_call_failed
	.type	other_call_failed, @function
other_call_failed:
	movq	%rbp, %rsp
	popq	%rbp
	movl	$1, %eax
	ret
	.globl	other_failed
	.type	other_failed, @function
other_failed:
	movl	$1, %eax
	ret

	.bss
	.balign	4096
stacks:	.skip	8 * 0x4000

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a rewritten site into the runtime and back (fast.h).
 *
 * GS base is the task.  The program's registers are kept in it, not on a
 * stack: an up-call that comes while rsp is not the runtime's begins at the
 * top of that stack.
 */
#include "fast.h"

	.macro	keep register, offset
	movq	%\register, %gs:(CBX_FAST_REGS + \offset)
	.endm

	.macro	restore register, offset
	movq	%gs:(CBX_FAST_REGS + \offset), %\register
	.endm

	.macro	for_kept what
	\what	r8, 0x00
	\what	r9, 0x08
	\what	r10, 0x10
	\what	r12, 0x20
	\what	r13, 0x28
	\what	r14, 0x30
	\what	r15, 0x38
	\what	rdi, 0x40
	\what	rsi, 0x48
	\what	rbp, 0x50
	\what	rbx, 0x58
	\what	rdx, 0x60
	\what	rax, 0x68
	\what	rcx, 0x70
	.endm

	.text

	.globl	cbx_fast_entry
	.type	cbx_fast_entry, @function
	.balign	64
cbx_fast_entry:
	endbr64
	for_kept keep
	keep	rsp, 0x78
	keep	rcx, 0x80
	movq	%gs:CBX_FAST_STACK, %rcx
	jrcxz	3f
	movq	%rcx, %rsp
	pushfq
	popq	%r11
	movq	%r11, %gs:CBX_FAST_RFLAGS
	keep	r11, 0x18
	cld
	xorl	%ebp, %ebp
	movq	%gs:0, %rdi
	call	cbx_fast_serve
	testb	%al, %al
	je	cbx_fast_leave
	jmp	2f
3:	jmp	1f			/* jrcxz goes no farther */

/* From here to the end it may begin again (cbx_fast_interrupted). */
	.globl	cbx_fast_leave, cbx_fast_leave_end
cbx_fast_leave:
	cmpl	$0, %gs:CBX_FAST_DUE
	jne	2f
	movq	%gs:CBX_FAST_STACK, %rsp
	restore	r11, 0x18
	pushq	%r11
	popfq
	for_kept restore
	restore	rsp, 0x78
	notrack jmp *%rcx
cbx_fast_leave_end:

/* No up-call has shown where the stack is; the flags are still the
 * program's. */
1:	movl	$1, %gs:CBX_FAST_FLAGS
2:	movl	$CBX_FAST_TRAP, %eax
	syscall
	ud2
	.size	cbx_fast_entry, . - cbx_fast_entry

/* Up-calls end here, too.  Who is interrupted before the end has gone back: all
 * there is to load is in the task (cbx_fast_returning). */
	.globl	cbx_fast_return, cbx_fast_return_end
	.type	cbx_fast_return, @function
cbx_fast_return:
	pushq	%gs:CBX_FAST_RFLAGS
	popfq
	for_kept restore
	restore	r11, 0x18
	restore	rsp, 0x78
	jmp	*%gs:(CBX_FAST_REGS + 0x80)	/* no notrack beside a segment */
cbx_fast_return_end:
	.size	cbx_fast_return, . - cbx_fast_return

	.section .note.GNU-stack, "", @progbits

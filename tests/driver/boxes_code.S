/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boxes of boxes.c do, at the beginning of a page of code: rdi is the seed
 * and, from bit 32 on, how often to go over the data.  It ends with what boxes.c
 * computes, too.
 */
#include "boxes.h"

#define GATE_END 0x0cbf0100

	.section .rodata, "a", @progbits
	.globl	boxes_code, boxes_code_end
boxes_code:
	movq	%rdi, %rbx
	shrq	$32, %rbx		/* rounds */
	movl	%edi, %edi		/* the sum */
	movabsq	$BOXES_FACTOR, %r8
round:	movabsq	$BOXES_DATA, %rsi
	movl	$BOXES_WORDS, %ecx
word:	xorq	(%rsi), %rdi
	imulq	%r8, %rdi
	incq	%rdi
	movq	%rdi, (%rsi)
	addq	$8, %rsi
	decl	%ecx
	jnz	word
	decq	%rbx
	jnz	round
	xorl	%esi, %esi		/* what it does not take is zero */
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	movl	$GATE_END, %eax
	syscall
	ud2
boxes_code_end:

	.section .note.GNU-stack, "", @progbits

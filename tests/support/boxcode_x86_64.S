/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What boxes of tests run (boxcode.h): position-independent, copied
 * into a box.  r15 is the thread's slot, r13 the order it took last, r14 where
 * to go on when something else was done.
 */
#include <hal/linux/layout.h>

#include "support/boxcode.h"

#define GATE_BASE   0x0cbf0000
#define GATE_PARK   0x112
#define STATUS_FAULT 10

	.text
	.balign	64
	.globl	boxcode_begin
boxcode_begin:
	mov	%rdi, %r15
	shl	$9, %r15
	add	$BOXCODE_MAIL, %r15
	lea	BOXCODE_SLOT(%r15), %rsp
	xor	%r13d, %r13d
next:
	mov	BOXCODE_SEQ(%r15), %rax
	cmp	%r13, %rax
	jne	take
	mov	$1, %edi		/* until the next wake step */
	xor	%esi, %esi
	xor	%edx, %edx
	xor	%r10d, %r10d
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	mov	$(GATE_BASE + GATE_PARK), %eax
	syscall
	jmp	next

take:
	pause			/* where CPUs take turns, theirs comes while a box runs */
	mov	%rax, %r13
	mov	%r13, BOXCODE_SEEN(%r15)
	movq	$STATUS_FAULT, BOXCODE_STATUS(%r15)
	lea	landed(%rip), %r14
	mov	BOXCODE_OP(%r15), %rbx
	cmp	$BOXCODE_GATE, %rbx
	je	gate
	cmp	$BOXCODE_READ, %rbx
	je	read
	cmp	$BOXCODE_WRITE, %rbx
	je	write
	cmp	$BOXCODE_EXECUTE, %rbx
	je	execute
	cmp	$BOXCODE_SYSCALL, %rbx
	je	call
	cmp	$BOXCODE_SPIN, %rbx
	je	spin
	cmp	$BOXCODE_JUMP, %rbx
	je	jump
	cmp	$BOXCODE_KEEP, %rbx
	je	keep
	cmp	$BOXCODE_HOLD, %rbx
	je	keep
	ud2

worked:
	movq	$0, BOXCODE_STATUS(%r15)
landed:
	mov	%r13, BOXCODE_DONE(%r15)
	jmp	next

	.macro	ARGUMENTS
	mov	BOXCODE_ARG+0x00(%r15), %rdi
	mov	BOXCODE_ARG+0x08(%r15), %rsi
	mov	BOXCODE_ARG+0x10(%r15), %rdx
	mov	BOXCODE_ARG+0x18(%r15), %r10
	mov	BOXCODE_ARG+0x20(%r15), %r8
	mov	BOXCODE_ARG+0x28(%r15), %r9
	mov	BOXCODE_ID(%r15), %rax
	.endm

gate:
	ARGUMENTS
	add	$GATE_BASE, %rax
	syscall
	mov	%rax, %rsi
	lea	BOXCODE_REPLY(%r15), %rdi
	mov	$8, %ecx
	rep movsq
	jmp	worked

read:
	mov	BOXCODE_ADDRESS(%r15), %rax
	mov	(%rax), %rax
	mov	%rax, BOXCODE_WORD(%r15)
	jmp	worked

write:
	mov	BOXCODE_ADDRESS(%r15), %rax
	mov	BOXCODE_WORD(%r15), %rcx
	mov	%rcx, (%rax)
	jmp	worked

execute:
	lea	1f(%rip), %r14
	mov	BOXCODE_ADDRESS(%r15), %rbx
	ARGUMENTS
	jmp	*%rbx
1:	mov	%rax, BOXCODE_WORD(%r15)
	jmp	worked

call:
	ARGUMENTS
	syscall
	mov	%rax, BOXCODE_WORD(%r15)
	jmp	worked

/* rbp and r12 are what the stub's pager keeps its own things in. */
jump:
	ARGUMENTS
	mov	BOXCODE_ADDRESS(%r15), %rbx
	mov	%rax, %rbp
	movabs	$CBX_COMM_VA, %r12
	jmp	*%rbx

spin:
	mov	%r13, BOXCODE_DONE(%r15)
	movq	$0, BOXCODE_STATUS(%r15)
	ARGUMENTS
	mov	%rdi, %rbx
	mov	%rsi, %rcx
	mov	%rdx, %rbp
	mov	%r10, %r11
	mov	%rdi, %r12
	movq	%rdi, %xmm0
	movq	%rsi, %xmm1
	vinserti128 $1, %xmm0, %ymm1, %ymm2
	vmovdqa	%ymm2, %ymm15
1:	pause
	cmp	%r13, BOXCODE_SEQ(%r15)
	je	1b
	jmp	next

/* Every register a program has but r13 to r15 and rsp: general ones hold
 * arg 0 plus their number, vector ones that in each quarter. */
	.macro	FILL_YMM number
	lea	\number(%rax), %rbx
	vmovq	%rbx, %xmm\number
	vpbroadcastq %xmm\number, %ymm\number
	.endm
	.macro	CHECK_YMM number
	lea	\number(%rax), %rbx
	vmovq	%rbx, %xmm15
	vpbroadcastq %xmm15, %ymm15
	vpcmpeqq %ymm\number, %ymm15, %ymm15
	vpmovmskb %ymm15, %ebx
	cmp	$-1, %ebx
	setne	%bl
	movzx	%bl, %ebx
	add	%rbx, BOXCODE_WORD(%r15)
	.endm
	.macro	CHECK register, number
	add	$-\number, \register
	cmp	BOXCODE_ARG(%r15), \register
	je	1f
	incq	BOXCODE_WORD(%r15)
1:
	.endm

keep:
	movq	$0, BOXCODE_WORD(%r15)
	mov	BOXCODE_ARG(%r15), %rax
	FILL_YMM 0
	FILL_YMM 1
	FILL_YMM 2
	FILL_YMM 3
	FILL_YMM 4
	FILL_YMM 5
	FILL_YMM 6
	FILL_YMM 7
	FILL_YMM 8
	FILL_YMM 9
	FILL_YMM 10
	FILL_YMM 11
	FILL_YMM 12
	FILL_YMM 13
	FILL_YMM 14
	cmpq	$BOXCODE_HOLD, BOXCODE_OP(%r15)
	lea	1(%rax), %rbx
	lea	2(%rax), %rdi
	lea	3(%rax), %rsi
	lea	4(%rax), %rdx
	lea	5(%rax), %rbp
	lea	6(%rax), %r8
	lea	7(%rax), %r9
	lea	8(%rax), %r10
	lea	9(%rax), %r12
	je	2f
	mov	BOXCODE_ID(%r15), %rax
	add	$GATE_BASE, %rax
	syscall
	jmp	3f
2:	pause
	cmpq	$0, BOXCODE_STOP(%r15)
	je	2b
3:	CHECK	%rbx, 1
	CHECK	%rdi, 2
	CHECK	%rsi, 3
	CHECK	%rdx, 4
	CHECK	%rbp, 5
	CHECK	%r8, 6
	CHECK	%r9, 7
	CHECK	%r10, 8
	CHECK	%r12, 9
	mov	BOXCODE_ARG(%r15), %rax
	CHECK_YMM 0
	CHECK_YMM 1
	CHECK_YMM 2
	CHECK_YMM 3
	CHECK_YMM 4
	CHECK_YMM 5
	CHECK_YMM 6
	CHECK_YMM 7
	CHECK_YMM 8
	CHECK_YMM 9
	CHECK_YMM 10
	CHECK_YMM 11
	CHECK_YMM 12
	CHECK_YMM 13
	CHECK_YMM 14
	jmp	worked

/* ---- to go to with BOXCODE_EXECUTE: rdi and so on are the arguments ---- */

	.macro	ROUTINE name
	.globl	boxcode_\name
boxcode_\name:
	.endm
	.macro	BACK
	jmp	*%r14
	.endm

ROUTINE wrmsr				/* LSTAR */
	mov	$0xc0000082, %ecx
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	BACK
ROUTINE rdmsr
	mov	$0xc0000082, %ecx
	rdmsr
	BACK
ROUTINE in
	in	$0x80, %al
	BACK
ROUTINE out
	out	%al, $0x80
	BACK
ROUTINE cli
	cli
	BACK
ROUTINE hlt
	hlt
	BACK
ROUTINE stac
	stac
	BACK
ROUTINE invlpg
	invlpg	(%rsp)
	BACK
ROUTINE wbinvd
	wbinvd
	BACK
ROUTINE swapgs
	swapgs
	BACK
ROUTINE iret				/* to ring 0 */
	push	$0x18
	push	%r15
	pushfq
	push	$0x10
	push	%r14
	iretq
ROUTINE mov_cr0
	xor	%eax, %eax
	mov	%rax, %cr0
	BACK
ROUTINE mov_cr3
	mov	%rdi, %cr3
	BACK
ROUTINE mov_cr4
	xor	%eax, %eax
	mov	%rax, %cr4
	BACK
ROUTINE mov_from_cr3
	mov	%cr3, %rax
	BACK
ROUTINE xsetbv
	xor	%ecx, %ecx
	mov	$1, %eax
	xor	%edx, %edx
	xsetbv
	BACK
ROUTINE lidt
	lidt	-16(%rsp)
	BACK
ROUTINE lgdt
	lgdt	-16(%rsp)
	BACK
ROUTINE lldt
	xor	%eax, %eax
	lldt	%ax
	BACK
ROUTINE ltr
	xor	%eax, %eax
	ltr	%ax
	BACK
ROUTINE mov_dr7
	mov	%rdi, %dr7
	BACK
ROUTINE vmcall
	.byte	0x0f, 0x01, 0xc1
	BACK
ROUTINE vmmcall
	.byte	0x0f, 0x01, 0xd9
	BACK
ROUTINE vmgexit
	.byte	0xf3, 0x0f, 0x01, 0xd9
	BACK
ROUTINE tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
	BACK
ROUTINE rdpru
	xor	%ecx, %ecx
	.byte	0x0f, 0x01, 0xfd
	BACK
ROUTINE monitorx
	mov	%r15, %rax
	xor	%ecx, %ecx
	xor	%edx, %edx
	.byte	0x0f, 0x01, 0xfa
	BACK
ROUTINE mwaitx
	mov	$2, %ecx		/* with a timer */
	mov	$1000, %ebx
	xor	%eax, %eax
	.byte	0x0f, 0x01, 0xfb
	BACK
ROUTINE cpuid
	xor	%eax, %eax
	cpuid
	BACK
ROUTINE rdtsc
	rdtsc
	BACK
ROUTINE rdpmc
	xor	%ecx, %ecx
	rdpmc
	BACK
ROUTINE xgetbv
	xor	%ecx, %ecx
	xgetbv
	BACK
ROUTINE int80				/* getpid of 32-bit programs */
	mov	$20, %eax
	int	$0x80
	BACK
ROUTINE sysenter
	mov	$20, %eax
	sysenter
	BACK
ROUTINE vsyscall			/* time() */
	xor	%edi, %edi
	mov	$0xffffffffff600400, %rax
	call	*%rax
	BACK

ROUTINE set_bases
	wrfsbase %rdi
	wrgsbase %rdi
	BACK

	.macro	FLAG bit
	pushfq
	orq	$(1 << \bit), (%rsp)
	popfq
	.endm
	.macro	BAD_GATE		/* MAP of no page */
	xor	%edi, %edi
	xor	%esi, %esi
	xor	%edx, %edx
	xor	%r10d, %r10d
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	mov	$(GATE_BASE + 0x101), %eax
	syscall
	mov	(%rax), %rax
	.endm
ROUTINE gate_df_ac
	FLAG	10
	FLAG	18
	BAD_GATE
	cld
	pushfq
	andq	$~(1 << 18), (%rsp)
	popfq
	BACK
ROUTINE gate_tf
	FLAG	8
	BAD_GATE
	BACK

/* All vector registers full of two arguments, until something writes them. */
ROUTINE fill_vectors
	vmovq	%rdi, %xmm0
	vpinsrq	$1, %rsi, %xmm0, %xmm0
	vinserti128 $1, %xmm0, %ymm0, %ymm0
	.irp	number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqa	%ymm0, %ymm\number
	.endr
	BACK

ROUTINE dump_vectors
	mov	$BOXCODE_DATA, %eax
	vmovdqu	%ymm0, 0x000(%rax)
	vmovdqu	%ymm1, 0x020(%rax)
	vmovdqu	%ymm2, 0x040(%rax)
	vmovdqu	%ymm3, 0x060(%rax)
	vmovdqu	%ymm4, 0x080(%rax)
	vmovdqu	%ymm5, 0x0a0(%rax)
	vmovdqu	%ymm6, 0x0c0(%rax)
	vmovdqu	%ymm7, 0x0e0(%rax)
	vmovdqu	%ymm8, 0x100(%rax)
	vmovdqu	%ymm9, 0x120(%rax)
	vmovdqu	%ymm10, 0x140(%rax)
	vmovdqu	%ymm11, 0x160(%rax)
	vmovdqu	%ymm12, 0x180(%rax)
	vmovdqu	%ymm13, 0x1a0(%rax)
	vmovdqu	%ymm14, 0x1c0(%rax)
	vmovdqu	%ymm15, 0x1e0(%rax)
	BACK

	.macro	AES_KEY rcon		/* xmm1: the next round's key */
	aeskeygenassist $\rcon, %xmm1, %xmm2
	pshufd	$0xff, %xmm2, %xmm2
	movdqa	%xmm1, %xmm3
	pslldq	$4, %xmm3
	pxor	%xmm3, %xmm1
	pslldq	$4, %xmm3
	pxor	%xmm3, %xmm1
	pslldq	$4, %xmm3
	pxor	%xmm3, %xmm1
	pxor	%xmm2, %xmm1
	.endm
ROUTINE aes
	pxor	%xmm0, %xmm0		/* zeros, under the zero key */
	pxor	%xmm1, %xmm1
	AES_KEY	0x01
	aesenc	%xmm1, %xmm0
	AES_KEY	0x02
	aesenc	%xmm1, %xmm0
	AES_KEY	0x04
	aesenc	%xmm1, %xmm0
	AES_KEY	0x08
	aesenc	%xmm1, %xmm0
	AES_KEY	0x10
	aesenc	%xmm1, %xmm0
	AES_KEY	0x20
	aesenc	%xmm1, %xmm0
	AES_KEY	0x40
	aesenc	%xmm1, %xmm0
	AES_KEY	0x80
	aesenc	%xmm1, %xmm0
	AES_KEY	0x1b
	aesenc	%xmm1, %xmm0
	AES_KEY	0x36
	aesenclast %xmm1, %xmm0
	mov	$BOXCODE_DATA, %eax
	movdqu	%xmm0, (%rax)
	vmovdqu	1f(%rip), %ymm4
	vmovdqu	2f(%rip), %ymm5
	vpaddq	%ymm4, %ymm5, %ymm6
	vmovdqu	%ymm6, 32(%rax)
	BACK
	.balign	8
1:	.quad	0, 1, 2, 3
2:	.quad	4, 5, 6, 7

/* Tell the stub to stop with a frame of our own making: rdi is where, in the
 * slot's signal stack; all signals are masked in it, and it goes on at
 * boxcode_forged.  rsi is the stub's text. */
ROUTINE forge
	mov	%rdi, %rbx
	mov	$(0x130 / 8), %ecx
	xor	%eax, %eax
	rep stosq
	lea	boxcode_forged(%rip), %rax
	mov	%rax, 0x28+0x80(%rbx)	/* rip */
	mov	%r15, 0x28+0x38(%rbx)	/* r15 */
	movq	$0x202, 0x28+0x88(%rbx)	/* rflags */
	movw	$0x33, 0xb8(%rbx)	/* cs */
	movw	$0x2b, 0xbe(%rbx)	/* ss */
	movq	$-1, 0x128(%rbx)	/* sigmask */
	mov	%rbx, %r9
	mov	%rsi, %rax
	mov	$CBX_STUB_KICK, %edi
	mov	$-6, %rsi
	xor	%edx, %edx
	xor	%r10d, %r10d
	xor	%r8d, %r8d
1:	cmpl	$(CBX_STUB_STOP & 0xffffffff), (%rax)
	je	2f
	inc	%rax
	jmp	1b
2:	dec	%rax
	jmp	*%rax
ROUTINE forged
	incq	BOXCODE_WORD(%r15)
1:	pause
	jmp	1b

	.org	boxcode_begin + 0x1000
/* The up-call: rdi what, rsi the program's registers, rdx its frame.  Noted;
 * after a fault the program goes on at r14. */
boxcode_upcall:
	mov	0x38(%rsi), %r15
	incq	BOXCODE_UPCALLS(%r15)
	mov	0(%rdi), %rax
	mov	%rax, BOXCODE_UPCALL(%r15)
	mov	8(%rdi), %rax
	mov	%rax, BOXCODE_UPCALL+8(%r15)
	cmpl	$1, 0(%rdi)
	jne	1f
	mov	0x30(%rsi), %rax
	mov	%rax, 0x80(%rsi)
1:	jmp	cbx_upcall_return

#include "../../src/base/upcall_return_linux.S"
	.text
	.org	boxcode_begin + 0x2000
	.globl	boxcode_end
boxcode_end:

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The puppet's words without a C name.  What a CPU needs of its own lies in its
 * scratch page, which is the host's to write: where a probe ends, and its
 * stack.
 */
#include "support/bare/puppet.h"
#include "../../host/trap.h"

#define OWN	 PUPPET_OWN_VA
#define OWN_NMIS 0x18
#define OWN_SSP	 0x28

#define TRAP	    (CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP)
#define TRAP_RBX    0x78
#define TRAP_RSP    0x98
#define TRAP_RIP    0xa0
#define TRAP_RFLAGS 0xa8
#define VECTOR_NMI  2

	.text
	.globl	host_start
	.type	host_start, @function
host_start:
	xorl	%edi, %edi
/* Another CPU begins here, with its number. */
	.globl	host_other
	.type	host_other, @function
host_other:
	leaq	1(%rdi), %rax
	shll	$13, %eax
	leaq	stacks(%rip), %rsp
	addq	%rax, %rsp
	call	host_main
	ud2

/* const struct cbx_reply *host_gate(const struct cbx_call *): and behind it a
 * register that holds neither what it did nor, if it is of extended state, nothing
 * is counted. */
	.macro	differs register, value
	cmpq	\value, \register
	setne	%cl
	addq	%rcx, %rdx
	.endm

	.globl	host_gate
	.type	host_gate, @function
host_gate:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rdi
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	marks(%rip), %ymm\number
	.endr
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7
	movq	marks(%rip), %mm\number
	.endr
	.irp	name, rbx, rbp, r12, r13, r14, r15
	movq	marks(%rip), %\name
	.endr
	call	gate
	popq	%r11
	xorl	%edx, %edx
	xorl	%ecx, %ecx
	.irp	name, rbx, rbp, r12, r13, r14, r15
	differs	%\name, marks(%rip)
	.endr
	differs	%rdi, 0x08(%r11)
	differs	%rsi, 0x10(%r11)
	differs	%r10, 0x20(%r11)
	differs	%r8, 0x28(%r11)
	differs	%r9, 0x30(%r11)
	vmovdqu	%ymm15, -0x40(%rsp)	/* one to compare with */
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	vpxor	marks(%rip), %ymm\number, %ymm15
	vptest	%ymm\number, %ymm\number
	je	1f
	vptest	%ymm15, %ymm15
	je	1f
	incq	%rdx
1:
	.endr
	vmovdqu	-0x40(%rsp), %ymm15
	vpxor	marks(%rip), %ymm15, %ymm0
	vptest	%ymm15, %ymm15
	je	1f
	vptest	%ymm0, %ymm0
	je	1f
	incq	%rdx
1:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7
	movq	%mm\number, %rcx
	testq	%rcx, %rcx
	je	1f
	cmpq	marks(%rip), %rcx
	je	1f
	incq	%rdx
1:
	.endr
	emms
	movabsq	$OWN, %rcx
	addq	%rdx, PUPPET_OWN_BARED(%rcx)
	incq	PUPPET_OWN_GATES(%rcx)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

gate:
	call_gate

	.balign	32
marks:	.quad	0x6d61726b6d61726b, 0x6d61726b6d61726b, 0x6d61726b6d61726b, 0x6d61726b6d61726b

/* A trap ends the probe that is going on.  Without one there is nothing to go
 * back to. */
	.globl	host_trap
	.type	host_trap, @function
host_trap:
	movabsq	$TRAP, %rbx
	cmpq	$VECTOR_NMI, TRAP_VECTOR(%rbx)
	je	go_on
	movabsq	$OWN, %rbx
	cmpq	$0, (%rbx)
	jne	1f
	call	host_lost
1:	movq	$0, (%rbx)
	movq	8(%rbx), %rsp
	xorl	%eax, %eax		/* up the shadow stack, if there is one */
	rdsspq	%rax
	testq	%rax, %rax
	je	2f
	movq	OWN_SSP(%rbx), %rcx
	subq	%rax, %rcx
	shrq	$3, %rcx
	incsspq	%rcx
2:	call	host_trapped
	movl	$1, %eax
	jmp	probe_end

/* An NMI: counted, and nothing is lost but rbx, which was kept. */
go_on:
	pushq	$CBX_SELECTOR_DATA
	pushq	TRAP_RSP(%rbx)
	pushq	TRAP_RFLAGS(%rbx)
	pushq	$CBX_SELECTOR_CODE
	pushq	TRAP_RIP(%rbx)
	pushq	TRAP_RBX(%rbx)
	movq	$0, (%rbx)
	movabsq	$OWN, %rbx
	incq	OWN_NMIS(%rbx)
	popq	%rbx
	iretq

/* Probes: return 0, or 1 when there was a trap (host_trapped). */
	.macro probe name
	.globl	\name
	.type	\name, @function
\name:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movabsq	$OWN, %rbx
	movq	$1, (%rbx)
	movq	%rsp, 8(%rbx)
	xorl	%eax, %eax
	rdsspq	%rax
	movq	%rax, OWN_SSP(%rbx)
	.endm

	/* int probe_copy(void *to, const void *from, uint64_t size) */
	probe	probe_copy
	movq	%rdx, %rcx
	shrq	$3, %rcx
	rep movsq
	movq	%rdx, %rcx
	andl	$7, %ecx
	rep movsb
	jmp	probe_good

	/* int probe_call(uint64_t va) */
	probe	probe_call
	call	*%rdi
	jmp	probe_good

	/* int probe_int(uint64_t number) */
	probe	probe_int
	leaq	ints(%rip), %rax
	shlq	$4, %rdi
	addq	%rdi, %rax
	sti
	jmp	*%rax

	/* int probe_bases(uint64_t base) */
	probe	probe_bases
	wrfsbase %rdi
	wrgsbase %rdi
	jmp	probe_good

	/* int probe_dump(void *to): 16 registers of 32 bytes */
	probe	probe_dump
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	%ymm\number, 32 * \number(%rdi)
	.endr
	jmp	probe_good

	/* int probe_jump(uint64_t va, const struct cbx_call *, uint64_t rcx,
	 * uint64_t flags): with a frame for IRETQ that leads back, and r11 too */
	probe	probe_jump
	movq	%rsi, %rax
	movq	%rdx, %r14
	movq	%rsp, %r15
	leaq	probe_good(%rip), %r11
	pushq	$CBX_SELECTOR_DATA
	pushq	%r15
	pushq	$2
	pushq	$CBX_SELECTOR_CODE
	pushq	%r11
	movq	%rsp, %rbp
	pushq	$CBX_SELECTOR_DATA
	pushq	%rbp
	pushq	%rcx
	pushq	$CBX_SELECTOR_CODE
	pushq	%rdi
	movq	0x08(%rax), %rdi
	movq	0x10(%rax), %rsi
	movq	0x18(%rax), %rdx
	movq	0x20(%rax), %r10
	movq	0x28(%rax), %r8
	movq	0x30(%rax), %r9
	movq	%r14, %rcx
	movq	(%rax), %rax
	iretq

probe_good:
	movabsq	$OWN, %rbx
	movq	$0, (%rbx)
	xorl	%eax, %eax
probe_end:
	movabsq	$OWN, %rbx
	movq	8(%rbx), %rsp
	pushq	$2
	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.balign	16
ints:
	.set	number, 0
	.rept	256
	endbr64
	.byte	0xcd, number
	jmp	probe_good
	.balign	16
	.set	number, number + 1
	.endr

	.bss
	.balign	4096
stacks:
	.skip	8192 * CBX_X86_CPUS_MAX
	.globl	host_trap_stacks
host_trap_stacks:
	.skip	4096 * CBX_X86_CPUS_MAX

	.section .note.GNU-stack, "", @progbits

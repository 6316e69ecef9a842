/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A box with a secret in every register: a page of code, four of stack.  It
 * reads eight bytes of input, does what their number says, sees that the secrets
 * are still there, and reads again.
 */
#define BOX_STACK_END 0x504000

#define GATE_BASE  0x0cbf0000
#define GATE_END   0x100
#define GATE_ENTRY 0x118
#define GATE_READ  0x130

#define REGS_R15 0x38
#define REGS_RIP 0x80
#define FLAGS	 0x88

/* "?_TERCES", the first byte a number: nothing else in memory has it. */
#define SECRET(n) (0x5345435245545f00 + (n))

	.text
	.balign	4096
	.globl	fault_box, fault_box_end
fault_box:
	.macro gate number
	movl	$(GATE_BASE + \number), %eax
	syscall
	.endm

	.macro clear
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	.endm

	leaq	handler(%rip), %rdi
	clear
	gate	GATE_ENTRY
next:	movl	$BOX_STACK_END, %esp
	clear
	xorl	%edi, %edi		/* CBX_PORT_INPUT */
	leaq	-256(%rsp), %rsi
	movl	$8, %edx
	gate	GATE_READ
	cmpq	$0, (%rax)
	jne	bad
	movq	-256(%rsp), %rax
	movq	$0, -256(%rsp)
	cmpq	$0x100, %rax
	jb	known
	notq	%rax			/* a secret: the host never had it */
	movl	$(BOX_STACK_END - 0x4000), %edi
	movl	$64, %ecx
	rep stosq
	movq	%rax, %rbx
	movq	%rax, %r12
	movq	%rax, %xmm1
	jmp	next
known:	leaq	cases(%rip), %rbx
	leaq	(%rbx,%rax,8), %r15
	movabsq	$SECRET(1), %rbx
	movabsq	$SECRET(2), %rbp
	movabsq	$SECRET(3), %rsi
	movabsq	$SECRET(4), %rdi
	movabsq	$SECRET(5), %r8
	movabsq	$SECRET(6), %r9
	movabsq	$SECRET(7), %r10
	movabsq	$SECRET(8), %r11
	movabsq	$SECRET(9), %r12
	movabsq	$SECRET(10), %r13
	movabsq	$SECRET(11), %r14
	movabsq	$SECRET(12), %rax
	movabsq	$SECRET(13), %rcx
	movabsq	$SECRET(14), %rdx
	movq	%rbx, %xmm0
	movq	%rbp, %mm0
	jmp	*%r15

/* Eight bytes a case; r15 is its beginning, and where to go on is 8 behind. */
	.balign	8
cases:	jmp	compare			/* 0: nothing */
	.balign	8
	jmp	divide			/* 1 */
	.balign	8
	jmp	debug			/* 2 */
	.balign	8
	jmp	breakpoint		/* 3 */
	.balign	8
	jmp	undefined		/* 4 */
	.balign	8
	jmp	stack			/* 5: #SS */
	.balign	8
	jmp	protection		/* 6 */
	.balign	8
	jmp	page			/* 7 */
	.balign	8
	jmp	number			/* 8: #MF */
	.balign	8
	jmp	call			/* 9: a system call of the program's */
	.balign	8
	jmp	spin			/* 10 */

	.globl	fault_box_secret
fault_box_secret:
	.quad	SECRET(0xff)

	.macro is value, name
	pushq	%r15
	movabsq	$SECRET(\value), %r15
	cmpq	%r15, %\name
	popq	%r15
	jne	bad
	.endm
	.macro others
	is	1, rbx
	is	2, rbp
	is	3, rsi
	is	4, rdi
	is	5, r8
	is	6, r9
	is	7, r10
	is	9, r12
	is	10, r13
	is	11, r14
	is	14, rdx
	.endm
	.macro all
	others
	is	12, rax
	is	13, rcx
	is	8, r11
	.endm

/* Where the handler goes on. */
compare:
	all
	movq	%xmm0, %r15
	cmpq	%r15, %rbx
	jne	bad
	movq	%mm0, %r15
	cmpq	%r15, %rbp
	jne	bad
	emms
	jmp	next

	.globl	fault_box_spin
spin:	leaq	fault_box_spin(%rip), %r15
fault_box_spin:
	pause
	all
	jmp	fault_box_spin

	.macro onward
	leaq	compare(%rip), %r15
	.endm

divide:	onward
	pushq	$0
	divq	(%rsp)
debug:	onward
	.byte	0xf1
	ud2
breakpoint:
	onward
	int3
	ud2
undefined:
	onward
	ud2
stack:	onward
	movabsq	$0x8000000000000000, %rbp
	pushq	(%rbp)
protection:
	onward
	hlt
page:	onward
	movq	0, %rax
number:	leaq	repair(%rip), %r15
	emms
	pushq	$0x340			/* every exception */
	fldcw	(%rsp)
	fldz
	fldz
	fdivp
	fwait
	ud2
repair:	fninit
	all
	jmp	next
call:	onward
	movl	$39, %eax
	syscall

/* The registers of before, whatever the case did to them. */
handler:
	movq	REGS_R15(%rsi), %rax
	movq	%rax, REGS_RIP(%rsi)
	andq	$~0x40000, FLAGS(%rsi)
	movabsq	$SECRET(2), %rax
	movq	%rax, 0x50(%rsi)
	movabsq	$SECRET(12), %rax
	movq	%rax, 0x68(%rsi)
	movabsq	$SECRET(13), %rax
	movq	%rax, 0x70(%rsi)
	movabsq	$SECRET(8), %rax
	movq	%rax, 0x18(%rsi)
	jmp	cbx_upcall_return

bad:	clear
	movl	$99, %edi
	gate	GATE_END
	ud2
#include <base/upcall_return_linux.S>
	.text
fault_box_end:

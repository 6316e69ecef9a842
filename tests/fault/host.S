/* SPDX-License-Identifier: Apache-2.0 */
/* A host kernel that takes orders (mail.h): every register is known before
 * and after. */
#include <hal/pks-vm/host.h>

#include "mail.h"

#define REGS	   0x20 /* in struct cbx_pks_trap */
#define REGS_R8	   (REGS + 0x00)
#define REGS_R9	   (REGS + 0x08)
#define REGS_R10   (REGS + 0x10)
#define REGS_R11   (REGS + 0x18)
#define REGS_R12   (REGS + 0x20)
#define REGS_R13   (REGS + 0x28)
#define REGS_R14   (REGS + 0x30)
#define REGS_R15   (REGS + 0x38)
#define REGS_RDI   (REGS + 0x40)
#define REGS_RSI   (REGS + 0x48)
#define REGS_RBP   (REGS + 0x50)
#define REGS_RBX   (REGS + 0x58)
#define REGS_RDX   (REGS + 0x60)
#define REGS_RAX   (REGS + 0x68)
#define REGS_RCX   (REGS + 0x70)
#define REGS_RSP   (REGS + 0x78)
#define REGS_RIP   (REGS + 0x80)
#define REGS_FLAGS (REGS + 0x88)
#define TRAP_BYTES 0x100 /* room for one, on a stack */

	.text
	.globl	host_start
host_start:
	movq	$stack_top, %rsp
	xorl	%ebp, %ebp
	call	fault_begin

	.globl	fault_stop
fault_stop:
	nop
	pushq	fault_mail + MAIL_FLAGS
	popfq
	.macro load name, number
	movq	fault_mail + MAIL_IN + 8 * \number, %\name
	.endm
	load	rax, 0
	load	rbx, 1
	load	rcx, 2
	load	rdx, 3
	load	rsi, 4
	load	rdi, 5
	load	rbp, 6
	load	r8, 8
	load	r9, 9
	load	r10, 10
	load	r11, 11
	load	r12, 12
	load	r13, 13
	load	r14, 14
	load	r15, 15
	jmp	*fault_mail + MAIL_CODE

	.globl	fault_done
fault_done:
	.macro keep name, number
	movq	%\name, fault_mail + MAIL_OUT + 8 * \number
	.endm
	keep	rax, 0
	keep	rbx, 1
	keep	rcx, 2
	keep	rdx, 3
	keep	rsi, 4
	keep	rdi, 5
	keep	rbp, 6
	keep	r8, 8
	keep	r9, 9
	keep	r10, 10
	keep	r11, 11
	keep	r12, 12
	keep	r13, 13
	keep	r14, 14
	keep	r15, 15
	movq	$stack_top, %rsp
	pushfq
	popq	fault_mail + MAIL_OUT + 8 * 7
	pushq	$2
	popfq
	incq	fault_mail + MAIL_DONE
	jmp	fault_stop

/* Where an order may go; an exception in here ends it. */
	.globl	fault_orders, order_gate, order_syscall, order_touch, order_fill
	.globl	order_flood, order_spin, order_wait, order_undefined, order_int, fault_orders_end
fault_orders:
order_gate:			/* rcx: the gate; r11: fault_done */
	jmp	*%rcx
order_syscall:
	syscall
	jmp	fault_done
order_touch:
	movq	(%rdi), %rax
	jmp	fault_done
order_fill:
	rep stosq
	jmp	fault_done
order_spin:
	pause
	jmp	order_spin
/* r12 numbers, r13 how many gates, r14 and r15 the first page and the mask of
 * what pages it names; with no gate that stops or deafens this CPU. */
order_flood:
	movq	$2f, %r11
1:	call	flood_number
	movq	%r12, %rbp
	andl	$7, %ebp
	movq	%r12, %rax
	shrq	$8, %rax
	andl	$0x3f, %eax
	testl	$1, %ebp		/* of three kinds: the core's two, and ours */
	je	3f
	testl	$2, %ebp
	je	4f
	andl	$0x1f, %eax
	leaq	flood_skip(%rip), %rdx
	btl	%eax, (%rdx)
	jc	1b
	addl	$0x1000, %eax
	jmp	3f
4:	addl	$0x100, %eax
3:	movq	%rax, %rbx
	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%ecx, %ecx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	.irp	name, rdi, rsi, rcx, r10, r8, r9
	call	flood_argument
	movq	%rdx, %\name
	btq	$40, %r12		/* the last one? */
	jc	7f
	.endr
7:	movq	%rcx, %rdx
	movq	%rbx, %rax
	movabsq	$CBX_IMAGE_VA, %rcx
	movq	$2f, %r11
	jmp	*%rcx
2:	decq	%r13
	jne	1b
	jmp	fault_done

flood_number:
	movq	%r12, %rdx
	shlq	$13, %rdx
	xorq	%rdx, %r12
	movq	%r12, %rdx
	shrq	$7, %rdx
	xorq	%rdx, %r12
	movq	%r12, %rdx
	shlq	$17, %rdx
	xorq	%rdx, %r12
	ret

/* One of: a page, a small number, any number; rdx. */
flood_argument:
	call	flood_number
	movq	%r12, %rdx
	testl	$3, %edx
	je	5f
	shrq	$20, %rdx
	andq	%r15, %rdx
	addq	%r14, %rdx
	testl	$4, %r12d
	je	5f
	andl	$15, %edx
5:	ret

/* Another CPU, started there, does nothing else. */
	.globl	other_flood
other_flood:
	movq	$other_top, %rsp
	movabsq	$0x9e3779b97f4a7c15, %r12
	movq	$-1, %r13
	movq	fault_mail + MAIL_IN + 8 * 14, %r14
	movq	fault_mail + MAIL_IN + 8 * 15, %r15
	jmp	order_flood

	.balign	4
flood_skip:			/* 0x1001, 0x1002, 0x100a, 0x1010 */
	.long	1 << 1 | 1 << 2 | 1 << 10 | 1 << 16

order_wait:			/* with interrupts on, for a while */
	pause
	decq	%rcx
	jne	order_wait
	cli
	jmp	fault_done
order_undefined:
	ud2
	.balign	8
order_int:
	.set	number, 0
	.rept	256
	.byte	0xcd, number
	jmp	fault_done
	.balign	8
	.set	number, number + 1
	.endr
fault_orders_end:

/* A trap may come while one is looked at, up to its last instruction: it goes below
 * what that one has on the stack. */
	.globl	fault_trap
fault_trap:
	movabsq	$(CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP + REGS_RSP), %rax
	movq	(%rax), %rsp
	cmpq	$stacks, %rsp
	jb	1f
	cmpq	$stacks_top, %rsp
	jbe	2f
1:	movq	$stacks_top, %rsp
2:	andq	$-16, %rsp
	subq	$TRAP_BYTES, %rsp
	movq	%rsp, %rdi
	call	fault_trapped
	movq	%rsp, %rbx
	pushq	$CBX_SELECTOR_DATA
	pushq	REGS_RSP(%rbx)
	pushq	REGS_FLAGS(%rbx)
	pushq	$CBX_SELECTOR_CODE
	pushq	REGS_RIP(%rbx)
	pushq	REGS_RBX(%rbx)
	movq	REGS_R8(%rbx), %r8
	movq	REGS_R9(%rbx), %r9
	movq	REGS_R10(%rbx), %r10
	movq	REGS_R11(%rbx), %r11
	movq	REGS_R12(%rbx), %r12
	movq	REGS_R13(%rbx), %r13
	movq	REGS_R14(%rbx), %r14
	movq	REGS_R15(%rbx), %r15
	movq	REGS_RDI(%rbx), %rdi
	movq	REGS_RSI(%rbx), %rsi
	movq	REGS_RBP(%rbx), %rbp
	movq	REGS_RDX(%rbx), %rdx
	movq	REGS_RAX(%rbx), %rax
	movq	REGS_RCX(%rbx), %rcx
	popq	%rbx
	iretq

/* uint64_t fault_read(uint64_t va), fault_write(uint64_t va): 0 when it was
 * refused; the trap goes on behind it. */
	.globl	fault_read, fault_write, fault_probes_end
fault_read:
	movq	(%rdi), %rax
	jmp	1f
fault_write:
	movq	%rax, (%rdi)
1:	movl	$1, %eax
	ret
fault_probes_end:
	xorl	%eax, %eax
	ret

	.bss
	.balign	4096
	.skip	16384
stack_top:
	.globl	fault_entry_stack
	.skip	4096
fault_entry_stack:
stacks:	.skip	8 * 4096
stacks_top:
	.skip	4096
other_top:

	.section .note.GNU-stack, "", @progbits

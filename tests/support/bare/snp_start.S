/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The puppet at VMPL1: its first registers, and what makes the machine look to
 * it as one beside the monitor does (hal/pks-vm/host.h): the direct map, a
 * scratch page of the CPU's own, a gate at CBX_IMAGE_VA, and traps told there.
 * It knows of no SEV.
 *
 * The program gives CPU n its number in rdi, and the nth root in CR3.
 */
#include <arch/x86_64/sev/registers.h>

#include "support/bare/puppet.h"
#include "support/bare/snp.h"

#define HUGE	 0x83
#define LARGE	 0x83
#define LINK	 0x03
#define EFER	 0x1d00			/* SVME NXE LMA LME */
#define CR0	 0x80010033
#define CR4	 0x50620		/* OSXSAVE FSGSBASE OSXMMEXCPT OSFXSR PAE */
#define MSR_GHCB 0xc0010130
#define RUN_VMPL0 0x16

#define PHYSICAL(label) ((label) - CBX_KERNEL_VA + BARE_PUPPET_PA)
#define AREA		(CBX_CPU_SCRATCH_VA + 0x40)	/* where the gate area is */
#define TRAP		(CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP)
#define REPLY		(CBX_CPU_SCRATCH_VA + CBX_PKS_REPLY)
#define TRAP_BUSY	0x00
#define TRAP_VECTOR	0x08
#define TRAP_ERROR	0x10
#define TRAP_CR2	0x18
#define TRAP_RIP	0xa0
#define CALL		0x08
#define AREA_REPLY	0x80
#define WORDS		8

	.text
	.type	begin, @function
begin:	movabsq	$AREA, %rbx
	movq	%rdi, %rax
	shlq	$12, %rax
	movabsq	$(CBX_DIRECT_VA + BARE_AREAS_PA), %rcx
	addq	%rcx, %rax
	movq	%rax, (%rbx)
	movb	$0xff, %al		/* no interrupt of the machine's ends a box */
	outb	%al, $0x21
	outb	%al, $0xa1
	leaq	stubs(%rip), %rax
	leaq	idt(%rip), %rcx
1:	movw	%ax, (%rcx)
	movq	%rax, %rdx
	shrq	$16, %rdx
	movw	%dx, 6(%rcx)
	shrq	$16, %rdx
	movl	%edx, 8(%rcx)
	movl	$(CBX_SELECTOR_CODE + 0x8e000000), %edx
	movw	%dx, 2(%rcx)
	movw	$0x8e00, 4(%rcx)
	addq	$16, %rax
	addq	$16, %rcx
	leaq	idt_end(%rip), %rdx
	cmpq	%rdx, %rcx
	jb	1b
	lidt	idt_pointer(%rip)
	testq	%rdi, %rdi
	jne	host_other
	jmp	host_start

/* Traps, as a monitor beside it tells them. */
	.altmacro
	.macro	stub number
	.balign	16
	.if	\number != 8 && (\number < 10 || \number > 14) && \number != 17 && \number != 21 && \number != 29 && \number != 30
	pushq	$0
	.endif
	pushq	$\number
	jmp	trapped
	.endm
	.balign	16
stubs:
	.set	number, 0
	.rept	32
	stub	%number
	.set	number, number + 1
	.endr
	.noaltmacro
trapped:
	movabsq	$TRAP, %rbx
	popq	TRAP_VECTOR(%rbx)
	popq	TRAP_ERROR(%rbx)
	popq	TRAP_RIP(%rbx)
	movq	%cr2, %rax
	movq	%rax, TRAP_CR2(%rbx)
	movq	$1, TRAP_BUSY(%rbx)
	jmp	host_trap

/* The gate: registers as for the other one, which keeps all but rax, rcx, rdx. */
	.section .text.gate, "ax", @progbits
	.balign	4096
gate_page:
	movabsq	$AREA, %rcx
	movq	(%rcx), %rcx
	.set	at, CALL
	.irp	name, rax, rdi, rsi, rdx, r10, r8, r9
	movq	%\name, at(%rcx)
	.set	at, at + 8
	.endr
	movq	$0, at(%rcx)
1:	movb	$1, (%rcx)
	pushq	%rcx
	movl	$MSR_GHCB, %ecx
	movl	$RUN_VMPL0, %eax
	xorl	%edx, %edx
	wrmsr
	rep
	vmmcall
	popq	%rcx
	cmpb	$1, (%rcx)
	je	1b
	movabsq	$REPLY, %rax
	.set	at, 0
	.rept	WORDS
	movq	AREA_REPLY + at(%rcx), %rdx
	movq	%rdx, at(%rax)
	.set	at, at + 8
	.endr
	xorl	%edx, %edx
	xorl	%ecx, %ecx
	jmp	*%r11
	.balign	4096

	.data
	.balign	4096
	.altmacro
	.macro	root number
	.fill	256, 8, 0
	.quad	PHYSICAL(direct) + LINK
	.fill	253, 8, 0
	.quad	PHYSICAL(own) + \number * 0x4000 + LINK
	.quad	PHYSICAL(kernel) + LINK
	.endm
roots:	.set	number, 0
	.rept	BARE_CPUS
	root	%number
	.set	number, number + 1
	.endr
/* Of each CPU: table, the window's two, scratch page. */
	.macro	window number
	.quad	PHYSICAL(gate_directory) + LINK
	.quad	PHYSICAL(own) + \number * 0x4000 + 0x1000 + LINK
	.fill	510, 8, 0
	.quad	PHYSICAL(own) + \number * 0x4000 + 0x2000 + LINK
	.fill	511, 8, 0
	.fill	CBX_CPU_SCRATCH_PAGE, 8, 0
	.quad	PHYSICAL(own) + \number * 0x4000 + 0x3000 + LINK
	.fill	511 - CBX_CPU_SCRATCH_PAGE, 8, 0
	.fill	512, 8, 0
	.endm
own:	.set	number, 0
	.rept	BARE_CPUS
	window	%number
	.set	number, number + 1
	.endr
	.noaltmacro
gate_directory:
	.quad	PHYSICAL(gate_table) + LINK
	.fill	511, 8, 0
gate_table:
	.quad	PHYSICAL(gate_page) + LINK
	.fill	511, 8, 0
direct:	.set	at, HUGE
	.rept	4
	.quad	at
	.set	at, at + 0x40000000
	.endr
	.fill	508, 8, 0
kernel:	.fill	510, 8, 0
	.quad	PHYSICAL(kernel_directory) + LINK
	.quad	0
kernel_directory:
	.set	at, BARE_PUPPET_PA + LARGE
	.rept	4
	.quad	at
	.set	at, at + 0x200000
	.endr
	.fill	508, 8, 0

	.balign	16
gdt:	.quad	0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff
idt:	.fill	32 * 2, 8, 0
idt_end:
idt_pointer:
	.short	32 * 16 - 1
	.quad	idt

	registers 0x10, 0xa9b, 0x18, EFER, CR4, PHYSICAL(roots), CR0, begin, xcr0=7, gdt=gdt

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first registers and page tables of a program at VMPL0 (doc/snp.md, boot
 * contract), and what runs at VMPL1.
 *
 * FEATURES are its SEV_FEATURES: SEV-SNP, and 8 for restricted injection.
 *
 * All memory below 512 GiB is mapped private at its own address, and again,
 * shared, 512 GiB above.
 */
#include <arch/x86_64/sev/registers.h>

#define C	 0x800000000000		/* the C bit: 47 */
#define HUGE	 0xe3			/* present, writable, accessed, dirty */
#define LINK	 0x23
#define EFER	 0x1d00			/* SVME NXE LMA LME */
#define CR0	 0x80010033
#define CR4	 0x20
#define MSR_GHCB 0xc0010130
#define RUN_VMPL0 0x016
#define USER	 0x4
#define USER_CODE  0x10000000000	/* 1 TiB: slot 2 */
#define USER_STACK 0x10000002000

	.text
	.type	entry, @function
entry:	call	snp_main
	ud2

/* #VC, on a stack of its own: a library below may have a red zone. */
	.globl	vc_entry
	.type	vc_entry, @function
vc_entry:
	.irp	reg, rax, rcx, rdx, rbx, rsi, rdi, r8, r9, r10, r11
	pushq	%\reg
	.endr
	movq	%rsp, %rdi
	cld
	call	snp_vc
	.irp	reg, r11, r10, r9, r8, rdi, rsi, rbx, rdx, rcx, rax
	popq	%\reg
	.endr
	addq	$8, %rsp
	iretq

/* #HV, on a stack of its own: what cpus.h says.  gs is struct snp_cpu. */
	.globl	hv_entry
	.type	hv_entry, @function
hv_entry:
	pushq	%rax
	incq	%gs:8
	movq	8(%rsp), %rax
	cmpq	$cbx_x86_host_enter_from, %rax
	jb	1f
	cmpq	$cbx_x86_host_enter_to, %rax
	jae	1f
	movq	$cbx_x86_host_enter_out, 8(%rsp)
1:	popq	%rax
	iretq

/* Exceptions of user mode: back to the caller of snp_user_enter. */
	.altmacro
	.macro	user_stub number
	.balign	16
	.if	\number != 8 && (\number < 10 || \number > 14) && \number != 17 && \number != 21 && \number != 29 && \number != 30
	pushq	$0
	.endif
	pushq	$\number
	jmp	user_trap
	.endm
	.balign	16
	.globl	user_stubs
user_stubs:
	.set	number, 0
	.rept	32
	user_stub %number
	.set	number, number + 1
	.endr
	.noaltmacro
user_trap:
	testb	$3, 24(%rsp)
	jz	user_lost
	movq	%rax, user_registers
	popq	user_registers + 0x18	/* vector */
	popq	user_registers + 0x20	/* error */
	popq	user_registers + 0x28	/* rip */
	movq	user_resume, %rsp
	.irp	reg, r15, r14, r13, r12, rbp, rbx
	popq	%\reg
	.endr
	ret
user_lost:
	ud2

/* To user mode with the registers at rdi, rax, rcx and rdx; and back with what
 * made it stop, and rax. */
	.globl	snp_user_enter
	.type	snp_user_enter, @function
snp_user_enter:
	.irp	reg, rbx, rbp, r12, r13, r14, r15
	pushq	%\reg
	.endr
	movq	%rsp, user_resume
	pushq	$0x13
	movabsq	$USER_STACK, %rax
	pushq	%rax
	pushq	$2
	pushq	$0x1b
	movabsq	$USER_CODE, %rax
	pushq	%rax
	movq	user_registers, %rax
	movq	user_registers + 8, %rcx
	movq	user_registers + 16, %rdx
	iretq

/*
 * VMPL1: begins at host_code, does what rdi says with rsi, and leaves with
 * nothing pending; r12 is what came of it.  Order 4 takes rsi turns, order 3 is a call of the monitor's
 * with rax = r14 and rcx = r15, by the calling area at rbx: r12 is rax after
 * it, r13 what was pending, r15 rcx.  Order 6 reads for ever, and counts at rbx.
 */
	.section .text.host, "ax", @progbits
	.balign	4096
	.globl	host_code
host_code:
	movq	$host_stack_top, %rsp
	cmpq	$1, %rdi
	jb	host_read
	je	host_write
	cmpq	$3, %rdi
	jb	host_execute
	je	host_call
	cmpq	$4, %rdi
	je	host_wait
	cmpq	$6, %rdi
	jne	host_leave
host_keep:
	movq	(%rsi), %r12
	incq	(%rbx)
	jmp	host_keep

host_read:
	movq	(%rsi), %r12
	jmp	host_leave
host_write:
	movq	%rsi, (%rsi)
	movq	$1, %r12
	jmp	host_leave
host_execute:
	call	*%rsi
	movq	$1, %r12
	jmp	host_leave
host_wait:
	pause
	decq	%rsi
	jnz	host_wait
	movq	$1, %r12
	jmp	host_leave
host_call:
	movl	$MSR_GHCB, %ecx
	movl	$RUN_VMPL0, %eax
	xorl	%edx, %edx
	wrmsr
	movq	%r14, %rax
	movq	%r15, %rcx
	movb	$1, (%rbx)
	rep
	vmmcall
	movq	%rax, %r12
	movq	%rcx, %r15
	xorl	%r13d, %r13d
	xchgb	%r13b, (%rbx)

host_leave:
	movl	$MSR_GHCB, %ecx
	movl	$RUN_VMPL0, %eax
	xorl	%edx, %edx
	wrmsr
	rep
	vmmcall
	jmp	host_leave
	.balign	4096

	.section .rodata, "a", @progbits
	.balign	8
	.globl	snp_gdt
snp_gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cff3000000ffff
	.quad	0x00affb000000ffff

	.data
	.balign	4096
	.globl	snp_pml4
snp_pml4:
	.quad	private + LINK + C
	.quad	shared + LINK + C
	.quad	user_pdpt + LINK + USER + C
	.fill	509, 8, 0
	.macro	gigabytes first
	.set	at, \first + HUGE
	.rept	512
	.quad	at
	.set	at, at + 0x40000000
	.endr
	.endm
private: gigabytes C
shared:	gigabytes 0
	.macro	table name
\name:	.quad	\name\()_entry + LINK + USER + C
	.fill	511, 8, 0
	.endm
	.macro	user_tables
	table	user_pdpt
	.set	user_pdpt_entry, user_pd
	table	user_pd
	.set	user_pd_entry, user_pt
	.endm
	user_tables
user_pt:
	.quad	snp_user_code + LINK + USER + C
	.quad	user_stack + LINK + USER + C
	.fill	510, 8, 0
	.globl	snp_user_code
snp_user_code:
	.fill	512, 8, 0
user_stack:
	.fill	512, 8, 0
	.globl	user_registers
user_registers:				/* struct snp_user */
	.fill	6, 8, 0
user_resume:
	.quad	0
	.macro	task name, zero, one, two
\name:	.long	0
	.quad	\zero
	.fill	0x18, 1, 0
	.quad	\one			/* IST 1 */
	.quad	\two			/* IST 2 */
	.fill	0x34, 1, 0
	.endm
	task	tss, trap_stack_top, vc_stack_top, hv_stack_top
	.globl	snp_tss_second
	task	snp_tss_second, 0, 0, hv_stack_second_top

/* What VMPL1 has for itself: tables, a stack, a calling area. */
	.globl	host_data, host_pml4
	.balign	4096
host_data:
host_pml4:
	.quad	host_private + LINK + C
	.fill	511, 8, 0
host_private: gigabytes C
	.fill	512, 8, 0
host_stack_top:
	.globl	host_area
host_area:
	.fill	512, 8, 0
	.globl	host_data_end
host_data_end:

	registers 0x08, 0xa9b, 0, EFER, CR4, snp_pml4 + C, CR0, entry, stack_top, \
		features=FEATURES, gdt=snp_gdt, gs=snp_cpus, tss=tss

/* The firmware's to fill. */
	.section .secrets, "aw", @progbits
	.balign	4096
	.globl	snp_secrets
snp_secrets:
	.fill	512, 8, 0
	.section .cpuid, "aw", @progbits
	.balign	4096
	.globl	snp_cpuid
snp_cpuid:
	.fill	512, 8, 0

	.bss
	.balign	4096
	.skip	16 * 1024
stack_top:
	.skip	8 * 1024
vc_stack_top:
	.skip	4 * 1024
trap_stack_top:
	.skip	4 * 1024
hv_stack_top:
	.skip	4 * 1024
hv_stack_second_top:
	.globl	snp_stack_second_top
	.skip	16 * 1024
snp_stack_second_top:

	.section .note.GNU-stack, "", @progbits

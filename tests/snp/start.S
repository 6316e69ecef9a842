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
#define C	 0x800000000000		/* the C bit: 47 */
#define HUGE	 0xe3			/* present, writable, accessed, dirty */
#define LINK	 0x23
#define EFER	 0x1d00			/* SVME NXE LMA LME */
#define CR0	 0x80010033
#define CR4	 0x20
#define MSR_GHCB 0xc0010130
#define RUN_VMPL0 0x016

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

/*
 * VMPL1: begins at host_code, does what rdi says with rsi, and leaves with
 * nothing pending; r12 is what came of it.  Order 4 takes rsi turns, order 3 is a call of the monitor's
 * with rax = r14 and rcx = r15, by the calling area at rbx: r12 is rax after
 * it, r13 what was pending, r15 rcx.
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
	jmp	host_leave

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
gdt:	.quad	0
	.quad	0x00af9b000000ffff

	.data
	.balign	4096
	.globl	snp_pml4
snp_pml4:
	.quad	private + LINK + C
	.quad	shared + LINK + C
	.fill	510, 8, 0
	.macro	gigabytes first
	.set	at, \first + HUGE
	.rept	512
	.quad	at
	.set	at, at + 0x40000000
	.endr
	.endm
private: gigabytes C
shared:	gigabytes 0
tss:	.fill	0x24, 1, 0
	.quad	vc_stack_top		/* IST 1 */
	.fill	0x3c, 1, 0

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

/* A struct cbx_vmsa. */
	.section .vmsa, "aw", @progbits
	.balign	4096
vmsa:	.org	vmsa + 0x010
	.short	0x08, 0xa9b		/* CS */
	.long	0xffffffff
	.quad	0
	.org	vmsa + 0x060
	.short	0, 0			/* GDT */
	.long	15
	.quad	gdt
	.org	vmsa + 0x090
	.short	0, 0x8b			/* TR */
	.long	0x67
	.quad	tss
	.org	vmsa + 0x0d0
	.quad	EFER
	.org	vmsa + 0x148
	.quad	CR4, snp_pml4 + C, CR0
	.quad	0x400, 0xffff0ff0	/* DR7, DR6 */
	.quad	2, entry		/* RFLAGS, RIP */
	.org	vmsa + 0x1d8
	.quad	stack_top
	.org	vmsa + 0x268
	.quad	0x0007040600070406
	.org	vmsa + 0x3b0
	.quad	FEATURES		/* SEV_FEATURES */
	.org	vmsa + 0x3e8
	.quad	1			/* XCR0 */
	.org	vmsa + 0x408
	.long	0x1f80
	.short	0x5555, 0, 0x40
	.org	vmsa + 0x1000

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

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's first registers and page tables, at VMPL0; and what runs at VMPL1.
 *
 * All memory below 512 GiB is mapped private at its own address, and again,
 * shared, SHARED above it.
 */
#define C	 0x800000000000		/* the C bit */
#define HUGE	 0xe7			/* present, writable, user, accessed, dirty */
#define LINK	 0x27
#define EFER	 0x1d00			/* SVME NXE LMA LME */
#define CR0	 0x80010033
#define CR4	 0x20
#define MSR_GHCB 0xc0010130
#define RUN_VMPL0 0x016

	.text
	.type	entry, @function
entry:	call	guest_main
	ud2

/*
 * VMPL1: at RIP = guest_lower, does what rdi says with rsi; r8 is what came of
 * it, or the vector of what it raised.  Then VMPL0 goes on.
 */
	.section .text.lower, "ax", @progbits
	.balign	4096
	.globl	guest_lower
guest_lower:
	movq	$lower_stack_top, %rsp
	cmpq	$(lower_count), %rdi
	jae	lower_done
	jmp	*lower_table(,%rdi,8)

lower_read:
	movq	(%rsi), %r8
	jmp	lower_done
lower_write:
	movq	%rdi, (%rsi)
	movq	$1, %r8
	jmp	lower_done
lower_execute:
	call	*%rsi
	movq	$1, %r8
	jmp	lower_done
lower_pvalidate:
	movq	%rsi, %rax
	xorl	%ecx, %ecx
	movl	$1, %edx
	.byte	0xf2, 0x0f, 0x01, 0xff
	movq	%rax, %r8
	jmp	lower_done
lower_rmpadjust:
	movq	%rsi, %rax
	xorl	%ecx, %ecx
	movq	%rbx, %rdx
	.byte	0xf3, 0x0f, 0x01, 0xfe
	movq	%rax, %r8
	jmp	lower_done
lower_vector:
	movq	%xmm3, %r8
	movq	%rsi, %xmm3
	jmp	lower_done

lower_cpuid:
	cpuid
	ud2				/* the handler does not come back */

lower_wait:
	pause
	decq	%rsi
	jnz	lower_wait
	movq	$1, %r8
	jmp	lower_done

lower_exit:				/* one exchange; r8: the MSR afterwards */
	movl	$MSR_GHCB, %ecx
	movl	%esi, %eax
	movq	%rsi, %rdx
	shrq	$32, %rdx
	wrmsr
	rep
	vmmcall
	rdmsr
	shlq	$32, %rdx
	leaq	(%rdx,%rax), %r8
	jmp	lower_done

lower_done:
	movl	$MSR_GHCB, %ecx
	movl	$RUN_VMPL0, %eax
	xorl	%edx, %edx
	wrmsr
	.globl	guest_lower_exit
guest_lower_exit:
	rep
	vmmcall
	rdmsr				/* the host's answer, in r10:r9 */
	movq	%rax, %r9
	movq	%rdx, %r10
	jmp	guest_lower

	.globl	guest_lower_irq
guest_lower_irq:
	movq	$32, %r8
	jmp	lower_done

	.globl	guest_lower_gp
guest_lower_gp:
	movq	$13, %r8
	jmp	lower_done

	.globl	guest_lower_vc
guest_lower_vc:
	popq	%r8			/* the error code */
	movq	%rsp, %r9
	jmp	lower_done

	.balign	8
lower_table:
	.quad	lower_read, lower_write, lower_execute, lower_pvalidate
	.quad	lower_rmpadjust, lower_vector, lower_cpuid, lower_wait, lower_exit
	.set	lower_count, (. - lower_table) / 8
	.balign	4096

/* The firmware's to fill. */
	.section .secrets, "aw", @progbits
	.balign	4096
	.globl	guest_secrets
guest_secrets:
	.skip	4096

	.section .cpuid, "aw", @progbits
	.balign	4096
	.globl	guest_cpuids
guest_cpuids:
	.skip	4096

	.section .rodata, "a", @progbits
	.balign	8
	.globl	guest_gdt
guest_gdt:
	.quad	0
	.quad	0x00af9b000000ffff

	.data
	.balign	4096
	.globl	guest_pml4
guest_pml4:
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

/* What VMPL1 has for itself: tables and a stack. */
	.globl	guest_lower_pml4
guest_lower_pml4:
	.quad	lower_private + LINK + C
	.fill	511, 8, 0
lower_private: gigabytes C
	.fill	512, 8, 0
lower_stack_top:
	.globl	guest_lower_tss, guest_lower_ist
guest_lower_tss:
	.fill	0x24, 1, 0
	.quad	guest_lower_ist
	.balign	4096
	.fill	512, 8, 0
guest_lower_ist:
	.globl	guest_lower_data_end
guest_lower_data_end:

/* A struct lab_save (../svm.h). */
	.section .vmsa, "aw", @progbits
	.balign	4096
	.globl	guest_first_vmsa
guest_first_vmsa:
vmsa:	.org	vmsa + 0x010
	.short	0x08, 0xa9b		/* CS */
	.long	0xffffffff
	.quad	0
	.org	vmsa + 0x060
	.short	0, 0			/* GDT */
	.long	15
	.quad	guest_gdt
	.org	vmsa + 0x090
	.short	0, 0x8b			/* TR */
	.long	0x67
	.quad	0
	.org	vmsa + 0x0d0
	.quad	EFER
	.org	vmsa + 0x148
	.quad	CR4, guest_pml4 + C, CR0
	.quad	0x400, 0xffff0ff0	/* DR7, DR6 */
	.quad	2, entry		/* RFLAGS, RIP */
	.org	vmsa + 0x1d8
	.quad	stack_top
	.org	vmsa + 0x268
	.quad	0x0007040600070406
	.org	vmsa + 0x3b0
	.quad	GUEST_FEATURES		/* SEV_FEATURES */
	.org	vmsa + 0x3e8
	.quad	1			/* XCR0 */
	.org	vmsa + 0x408
	.long	0x1f80
	.short	0x5555, 0, 0x40
	.org	vmsa + 0x1000

	.bss
	.balign	4096
	.skip	16 * 1024
stack_top:

	.section .note.GNU-stack, "", @progbits

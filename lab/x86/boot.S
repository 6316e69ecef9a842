/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From 32-bit protected mode to C: the lab's own start (PVH), that of the
 * guests of its tests (the same contract), and that of its other CPUs, which
 * begin in real mode.
 *
 * All 512 GiB lie at their own address, in pages of 1 GiB.
 */
#define XEN_PHYS32_ENTRY 18

#define LARGE	 0x83		/* present, writable, a page */
#define LINK	 0x03
#define MSR_EFER 0xc0000080
#define EFER	 0x900		/* LME, NXE */
#define CR4	 0x20		/* PAE */
#define CR0	 0x80010033	/* PG WP NE ET MP PE */

	.section .note.pvh, "a", @note
	.balign	4
	.long	4
	.long	8
	.long	XEN_PHYS32_ENTRY
	.asciz	"Xen"
	.balign	4
	.quad	lab_boot

	.macro enter_long_mode
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$CR4, %eax
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER, %eax
	wrmsr
	movl	$CR0, %eax
	movl	%eax, %cr0
	.endm

	.section .boot, "ax", @progbits
	.code32
	.globl	lab_boot
	.type	lab_boot, @function
lab_boot:
	cli
	cld
	movl	$stack_top, %esp
	movl	%ebx, info

	movl	$(pdpt + LINK), pml4
	xorl	%ecx, %ecx
	movl	$LARGE, %eax
	xorl	%edx, %edx
1:	movl	%eax, pdpt(,%ecx,8)
	movl	%edx, pdpt + 4(,%ecx,8)
	addl	$0x40000000, %eax
	adcl	$0, %edx
	incl	%ecx
	cmpl	$512, %ecx
	jne	1b

	enter_long_mode
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

	.code64
long_mode:
	movl	$16, %eax
	movl	%eax, %ss
	movl	%eax, %ds
	movl	%eax, %es
	movl	info, %edi
	xorl	%ebp, %ebp
	call	lab_main
	ud2
	.size	lab_boot, . - lab_boot

/* Another CPU: these bytes, copied to a page below 1 MiB. */
	.code16
	.globl	lab_other
lab_other:
	cli
	lgdtl	%cs:(other_pointer - lab_other)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$24, $other_protected
	.balign	4
other_pointer:
	.short	gdt_end - gdt - 1
	.long	gdt
	.globl	lab_other_end
lab_other_end:

	.code32
other_protected:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %ss
	enter_long_mode
	ljmp	$8, $other_long

/* On the stack that was left for it. */
	.code64
other_long:
	movl	$16, %eax
	movl	%eax, %es
	xorl	%esp, %esp
	xchgq	%rsp, lab_other_stack
	xorl	%ebp, %ebp
	call	lab_main_other
	ud2

	.section .rodata, "a", @progbits
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x00cf9b000000ffff
gdt_end:
gdt_pointer:
	.short	gdt_end - gdt - 1
	.long	gdt

	.section .bss, "aw", @nobits
	.balign	4096
pml4:	.skip	4096
pdpt:	.skip	4096
	.skip	16 * 1024
stack_top:
	.globl	lab_other_stack
lab_other_stack: .skip 8
info:	.skip	4

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the loader's 32-bit mode to C in the monitor's half: PVH and
 * multiboot2.
 */
#define EFER 0x900		/* LME, NXE */

#include <monitor/bare/early.h>

#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_ARCH	 0
#define XEN_PHYS32_ENTRY 18

	.section .boot.header, "a", @progbits
	.balign	8
header:
	.long	MULTIBOOT2_MAGIC
	.long	MULTIBOOT2_ARCH
	.long	header_end - header
	.long	-(MULTIBOOT2_MAGIC + MULTIBOOT2_ARCH + (header_end - header))
	.balign	8
	.short	3, 0			/* entry address */
	.long	12
	.long	cbx_boot_start
	.balign	8
	.short	6, 0			/* modules on whole pages */
	.long	8
	.balign	8
	.short	0, 0			/* end */
	.long	8
header_end:

	.section .note.pvh, "a", @note
	.balign	4
	.long	4
	.long	8
	.long	XEN_PHYS32_ENTRY
	.asciz	"Xen"
	.balign	4
	.quad	cbx_boot_start

	.section .boot.text, "ax", @progbits
	.code32
	.globl	cbx_boot_start
	.type	cbx_boot_start, @function
cbx_boot_start:
	cli
	cld
	movl	$stack_top, %esp
	movl	%eax, magic
	movl	%ebx, info

	movl	$0x80000001, %eax	/* long mode, no-execute */
	cpuid
	andl	$0x20100000, %edx
	cmpl	$0x20100000, %edx
	jne	no_cpu

	build_tables
	enter_long_mode
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

	fill_entries

no_cpu:	movw	$0x3f8, %dx		/* nothing else works yet */
	movb	$'!', %al
	outb	%al, %dx
6:	hlt
	jmp	6b

	.code64
long_mode:
	null_segments
	movl	magic, %edi
	movl	info, %esi
	movabsq	$cbx_bare_start, %rax
	call	*%rax
	ud2
	.size	cbx_boot_start, . - cbx_boot_start

/* Another CPU, in real mode: these bytes, copied to a page below 1 MiB. */
	.code16
other:	cli
	lgdtl	%cs:(other_pointer - other)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$24, $other_protected
	.balign	4
other_pointer:
	.short	gdt_end - gdt - 1
	.long	gdt
other_end:

	.code32
other_protected:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %ss
	enter_long_mode
	ljmp	$8, $other_long

/* The root there is one CPU's: who does not get it stops. */
	.code64
other_long:
	xorl	%edi, %edi
	xchgq	%rdi, root
	testq	%rdi, %rdi
	je	7f
	movabsq	$CBX_CPU_STACK_TOP, %rsi
	movabsq	$cbx_bare_switch_other, %rax
	jmp	*%rax
7:	cli
	hlt
	jmp	7b

	boot_gdt

	boot_memory
root:	.skip	8
magic:	.skip	4
info:	.skip	4

/* The host must not be able to jump here: the page goes before there is one. */
	.section .locked, "ax", @progbits
	switch	cbx_bare_switch, cbx_bare_run
	switch	cbx_bare_switch_other, cbx_bare_run_other

/* struct cbx_bare_other. */
	.section .rodata, "a", @progbits
	.balign	8
	label	cbx_bare_other
	.quad	other, other_end, root

	.section .note.GNU-stack, "", @progbits

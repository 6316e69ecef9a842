/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the loader's 32-bit mode to C in the monitor's half: PVH and
 * multiboot2.
 *
 * The tables made here serve until start.c has built the real ones: memory
 * below 4 GiB at its own address, neither executable nor, where the image
 * lies, there at all; and the image where it is linked, as its sections say.
 */
#include <arch/x86_64/stub.h>

#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_ARCH	 0
#define XEN_PHYS32_ENTRY 18

#define PRESENT	 0x01
#define WRITE	 0x02
#define LINK	 (PRESENT + WRITE)
#define LARGE	 0x80
#define NX_HIGH	 0x80000000	/* in an entry's high half */

#define BOOT_PAGE (CBX_BOOT_PA >> 12)

#define MSR_EFER 0xc0000080
#define EFER	 0x900		/* LME, NXE */
#define CR4_PAE	 0x20
#define CR0	 0x80010033	/* PG WP NE ET MP PE */

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

	.macro entries table, from, to, first, high=0, step=4096
	movl	$(\table), %esi
	movl	$(\from), %ecx
	movl	$(\to), %edi
	movl	$(\first), %eax
	movl	$(\high), %edx
	movl	$(\step), %ebx
	call	fill
	.endm

/* Paging on, on the tables below. */
	.macro enter_long_mode
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	movl	$EFER, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$CR0, %eax
	movl	%eax, %cr0
	.endm

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

	movl	$(pdpt_low + LINK), pml4
	movl	$(pdpt_high + LINK), pml4 + 8 * CBX_MONITOR_SLOT
	movl	$(pd_high + LINK), pdpt_high + 8 * CBX_IMAGE_ENTRY

	/* 4 GiB in large pages, but not the first and the image */
	entries	pdpt_low, 0, 4, pd_low + LINK
	entries	pd_low, cbx_image_large_pages_end, 2048, \
		cbx_image_large_end + LINK + LARGE, NX_HIGH, 0x200000

	/* the first 2 MiB in small ones, and what follows the image */
	movl	$(pt_low + LINK), pd_low
	entries	pt_low, 0, 512, LINK, NX_HIGH
	entries	pt_low, BOOT_PAGE, BOOT_PAGE + 1, CBX_BOOT_PA + PRESENT
	entries	pd_low, cbx_image_large_pages_end-1, \
		cbx_image_large_pages_end, pt_last + LINK
	entries	pt_last, cbx_image_rest, 512, cbx_image_pa_end + LINK, NX_HIGH

	/* the image, as its sections say */
	entries	pd_high, 0, CBX_BOOT_IMAGE_TABLES, pt_high + LINK
	entries	pt_high, 0, cbx_image_text_pages, CBX_IMAGE_PA + PRESENT
	entries	pt_high, cbx_image_text_pages, cbx_image_rodata_pages, \
		cbx_image_text_pa_end + PRESENT, NX_HIGH
	entries	pt_high, cbx_image_rodata_pages, cbx_image_pages, \
		cbx_image_rodata_pa_end + LINK, NX_HIGH

	enter_long_mode
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

/* Entries ecx up to edi of the table at esi: eax, each ebx more than the one
 * before, with edx above. */
fill:	cmpl	%edi, %ecx
	jae	1f
	movl	%eax, (%esi,%ecx,8)
	movl	%edx, 4(%esi,%ecx,8)
	addl	%ebx, %eax
	incl	%ecx
	jmp	fill
1:	ret

no_cpu:	movw	$0x3f8, %dx		/* nothing else works yet */
	movb	$'!', %al
	outb	%al, %dx
6:	hlt
	jmp	6b

	.code64
long_mode:
	movl	$16, %eax
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	magic, %edi
	movl	info, %esi
	xorl	%ebp, %ebp
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

	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x00cf9b000000ffff
gdt_end:
gdt_pointer:
	.short	gdt_end - gdt - 1
	.long	gdt

	.section .boot.bss, "aw", @nobits
	.balign	4096
pml4:	.skip	4096
pdpt_low: .skip	4096
pdpt_high: .skip 4096
pd_high: .skip	4096
pt_low:	.skip	4096
pt_last: .skip	4096
pd_low:	.skip	4 * 4096
pt_high: .skip	CBX_BOOT_IMAGE_TABLES * 4096
	.skip	16 * 1024
stack_top:
	.balign	8
root:	.skip	8
magic:	.skip	4
info:	.skip	4

/* Go on as a function on the final tables: rdi root, rsi stack.  The host must
 * not be able to jump here: the page goes before there is one. */
	.section .locked, "ax", @progbits
	.macro switch name, to
	function \name
	movq	%rdi, %cr3
	movq	%rsi, %rsp
	xorl	%ebp, %ebp
	call	\to
	ud2
	.size	\name, . - \name
	.endm

	switch	cbx_bare_switch, cbx_bare_run
	switch	cbx_bare_switch_other, cbx_bare_run_other

/* struct cbx_bare_other. */
	.section .rodata, "a", @progbits
	.balign	8
	label	cbx_bare_other
	.quad	other, other_end, root

	.section .note.GNU-stack, "", @progbits

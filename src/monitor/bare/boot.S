/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the loader's 32-bit mode to C in the monitor's half: PVH and
 * multiboot2.
 *
 * The tables made here serve until start.c has built the real ones: memory
 * below 4 GiB at its own address, neither executable nor, where the image
 * lies, there at all; and the image where it is linked, as its sections say.
 */
#include <arch/x86_64/layout.h>

#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_ARCH	 0
#define XEN_PHYS32_ENTRY 18

#define PRESENT	 0x01
#define WRITE	 0x02
#define LARGE	 0x80
#define NX_HIGH	 0x80000000	/* in an entry's high half */

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

	movl	$(pdpt_low + PRESENT + WRITE), pml4
	movl	$(pdpt_high + PRESENT + WRITE), pml4 + 8 * CBX_MONITOR_SLOT
	movl	$(pd_high + PRESENT + WRITE), pdpt_high + 8 * CBX_IMAGE_ENTRY
	xorl	%ecx, %ecx
1:	movl	%ecx, %eax
	shll	$12, %eax
	addl	$(pd_low + PRESENT + WRITE), %eax
	movl	%eax, pdpt_low(,%ecx,8)
	incl	%ecx
	cmpl	$4, %ecx
	jne	1b

	xorl	%ecx, %ecx		/* 4 GiB in large pages */
2:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$(PRESENT + WRITE + LARGE), %eax
	movl	%eax, pd_low(,%ecx,8)
	movl	$NX_HIGH, pd_low + 4(,%ecx,8)
	incl	%ecx
	cmpl	$2048, %ecx
	jne	2b

	movl	$1, %ecx		/* but not the image */
3:	movl	$0, pd_low(,%ecx,8)
	movl	$0, pd_low + 4(,%ecx,8)
	incl	%ecx
	cmpl	$cbx_image_large_pages_end, %ecx
	jne	3b

	movl	$(pt_low + PRESENT + WRITE), pd_low
	movl	$0, pd_low + 4
	xorl	%ecx, %ecx		/* the first 2 MiB in small ones */
4:	movl	%ecx, %eax
	shll	$12, %eax
	orl	$(PRESENT + WRITE), %eax
	movl	%eax, pt_low(,%ecx,8)
	movl	$NX_HIGH, pt_low + 4(,%ecx,8)
	incl	%ecx
	cmpl	$512, %ecx
	jne	4b
	movl	$(CBX_BOOT_PA + PRESENT), pt_low + 8 * (CBX_BOOT_PA >> 12)
	movl	$0, pt_low + 8 * (CBX_BOOT_PA >> 12) + 4

	movl	$cbx_image_pages_end, %ecx	/* what follows the image */
8:	movl	%ecx, %eax
	shll	$12, %eax
	orl	$(PRESENT + WRITE), %eax
	movl	%ecx, %edx
	andl	$511, %edx
	je	9f			/* a large page begins */
	movl	%eax, pt_last(,%edx,8)
	movl	$NX_HIGH, pt_last + 4(,%edx,8)
	incl	%ecx
	jmp	8b
9:	shrl	$9, %ecx
	movl	$(pt_last + PRESENT + WRITE), pd_low - 8(,%ecx,8)

	xorl	%ecx, %ecx		/* the image's tables */
5:	movl	%ecx, %eax
	shll	$12, %eax
	addl	$(pt_high + PRESENT + WRITE), %eax
	movl	%eax, pd_high(,%ecx,8)
	incl	%ecx
	cmpl	$CBX_BOOT_IMAGE_TABLES, %ecx
	jne	5b

	xorl	%ecx, %ecx		/* its sections */
	xorl	%edx, %edx
	movl	$PRESENT, %ebx
	movl	$cbx_image_text_pages, %edi
	call	fill
	movl	$NX_HIGH, %edx
	movl	$cbx_image_rodata_pages, %edi
	call	fill
	movl	$(PRESENT + WRITE), %ebx
	movl	$cbx_image_pages, %edi
	call	fill

	enter_long_mode
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

/* Image pages ecx up to edi, with flags ebx and edx. */
fill:	movl	%ecx, %eax
	shll	$12, %eax
	addl	$CBX_IMAGE_PA, %eax
	orl	%ebx, %eax
	movl	%eax, pt_high(,%ecx,8)
	movl	%edx, pt_high + 4(,%ecx,8)
	incl	%ecx
	cmpl	%edi, %ecx
	jne	fill
	ret

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

	.text
/* Go on as cbx_bare_run on the final tables: rdi root, rsi stack. */
	.globl	cbx_bare_switch
	.hidden	cbx_bare_switch
	.type	cbx_bare_switch, @function
cbx_bare_switch:
	movq	%rdi, %cr3
	movq	%rsi, %rsp
	xorl	%ebp, %ebp
	call	cbx_bare_run
	ud2
	.size	cbx_bare_switch, . - cbx_bare_switch

	.type	cbx_bare_switch_other, @function
cbx_bare_switch_other:
	movq	%rdi, %cr3
	movq	%rsi, %rsp
	xorl	%ebp, %ebp
	call	cbx_bare_run_other
	ud2
	.size	cbx_bare_switch_other, . - cbx_bare_switch_other

/* struct cbx_bare_other. */
	.section .rodata, "a", @progbits
	.balign	8
	.globl	cbx_bare_other
	.hidden	cbx_bare_other
cbx_bare_other:
	.quad	other, other_end, root

	.section .note.GNU-stack, "", @progbits

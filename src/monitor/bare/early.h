/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start-up in 32-bit mode, for boot.S of every machine: tables that serve until
 * build.c has made the real ones, and the way into 64-bit mode.
 *
 * Memory below 4 GiB behind the image is at its own address, not executable; so
 * are the 2 MiB with the boot page, which is executable; and the image is where
 * it is linked, as its sections say.
 */
#ifndef CBX_MONITOR_BARE_EARLY_H
#define CBX_MONITOR_BARE_EARLY_H

#include <arch/x86_64/stub.h>

#define PRESENT 0x01
#define WRITE	0x02
#define LINK	(PRESENT + WRITE)
#define LARGE	0x80
#define NX_HIGH 0x80000000 /* in an entry's high half */

#define BLOCK	  (CBX_BOOT_PA & ~0x1fffff) /* 2 MiB */
#define BOOT_PAGE ((CBX_BOOT_PA - BLOCK) >> 12)

#define MSR_EFER 0xc0000080
#define CR4_PAE	 0x20
#define CR0	 0x80010033 /* PG WP NE ET MP PE */

/* clang-format off */
/* Entries of a table, with private_high in each. */
	.macro entries table, from, to, first, high=0, step=4096
	movl	$(\table), %esi
	movl	$(\from), %ecx
	movl	$(\to), %edi
	movl	$(\first), %eax
	movl	$(\high), %edx
	movl	$(\step), %ebx
	call	fill
	.endm

	.macro entry table, index, first, high=0
	entries	\table, \index, (\index) + 1, \first, \high
	.endm

	.macro build_tables
	entry	pml4, 0, pdpt_low + LINK
	entry	pml4, CBX_MONITOR_SLOT, pdpt_high + LINK
	entry	pdpt_high, CBX_IMAGE_ENTRY, pd_high + LINK

	/* 4 GiB in large pages, but not what is below the image's end */
	entries	pdpt_low, 0, 4, pd_low + LINK
	entries	pd_low, cbx_image_large_pages_end, 2048, \
		cbx_image_large_end + LINK + LARGE, NX_HIGH, 0x200000

	/* the block of the boot page in small ones, and what follows the image */
	entry	pd_low, BLOCK >> 21, pt_low + LINK
	entries	pt_low, 0, 512, BLOCK + LINK, NX_HIGH
	entry	pt_low, BOOT_PAGE, CBX_BOOT_PA + PRESENT
	entry	pd_low, cbx_image_large_pages_end-1, pt_last + LINK
	entries	pt_last, cbx_image_rest, 512, cbx_image_pa_end + LINK, NX_HIGH

	/* the image, as its sections say */
	entries	pd_high, 0, CBX_BOOT_IMAGE_TABLES, pt_high + LINK
	entries	pt_high, 0, cbx_image_text_pages, CBX_IMAGE_PA + PRESENT
	entries	pt_high, cbx_image_text_pages, cbx_image_rodata_pages, \
		cbx_image_text_pa_end + PRESENT, NX_HIGH
	entries	pt_high, cbx_image_rodata_pages, cbx_image_pages, \
		cbx_image_rodata_pa_end + LINK, NX_HIGH
	.endm

/* Entries ecx up to edi of the table at esi: eax, each ebx more than the one
 * before, with edx above. */
	.macro fill_entries
fill:	orl	private_high, %edx
1:	cmpl	%edi, %ecx
	jae	2f
	movl	%eax, (%esi,%ecx,8)
	movl	%edx, 4(%esi,%ecx,8)
	addl	%ebx, %eax
	incl	%ecx
	jmp	1b
2:	ret
	.endm

/* Paging on, on these tables: their own addresses need no C bit, as no CPU walks
 * tables that are not private. */
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

	.macro null_segments
	movl	$16, %eax
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	xorl	%ebp, %ebp
	.endm

	.macro boot_gdt
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x00cf9b000000ffff
gdt_end:
gdt_pointer:
	.short	gdt_end - gdt - 1
	.long	gdt
	.endm

	.macro boot_memory
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
private_high: .skip 8
	.endm

/* Go on as a function on the final tables: rdi root, rsi stack. */
	.macro switch name, to
	function \name
	movq	%rdi, %cr3
	movq	%rsi, %rsp
	xorl	%ebp, %ebp
	call	\to
	ud2
	.size	\name, . - \name
	.endm
/* clang-format on */

#endif

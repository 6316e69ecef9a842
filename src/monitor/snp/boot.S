/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the first registers, in 32-bit mode without paging, to C in the monitor's
 * half; and the pages of the boot contract (doc/snp.md).
 *
 * Without paging all memory is private.  The tables need the C bit, whose number
 * the CPUID page has.
 */
#define EFER 0x1900		/* SVME, LME, NXE */

#include <monitor/bare/early.h>
#include <arch/x86_64/sev/registers.h>

#define CPUID_MAX   64
#define CPUID_FIRST 0x10
#define CPUID_NEXT  0x30
#define CPUID_EBX   0x1c
#define LEAF_SEV    0x8000001f
#define MSR_GHCB    0xc0010130
#define REFUSED	    0x3100	/* set 3, reason 0 */

	.section .boot.text, "ax", @progbits
	.code32
	.globl	cbx_boot_start
	.type	cbx_boot_start, @function
cbx_boot_start:
	movl	$stack_top, %esp
	movl	$cbx_x86_told_pa, %esi
	movl	(%esi), %ebx
	cmpl	$CPUID_MAX, %ebx
	ja	no_c_bit
	addl	$CPUID_FIRST, %esi
1:	testl	%ebx, %ebx
	je	no_c_bit
	cmpl	$LEAF_SEV, (%esi)
	je	2f
	addl	$CPUID_NEXT, %esi
	decl	%ebx
	jmp	1b
2:	movl	CPUID_EBX(%esi), %ecx
	andl	$0x3f, %ecx
	subl	$32, %ecx
	jb	no_c_bit
	movl	$1, %eax
	shll	%cl, %eax
	movl	%eax, private_high

	build_tables

	/* the window, as far as one needs it to talk to the hypervisor */
	entry	pdpt_high, CBX_IMAGE_ENTRY + 1, pd_window + LINK
	entry	pd_window, 0, pt_window + LINK
	entry	pt_window, CBX_CPU_TABLE_PAGE, pt_window + LINK, NX_HIGH
	entry	pt_window, CBX_CPU_STATE_PAGE, window + LINK, NX_HIGH
	entries	pt_window, CBX_CPU_HAL_PAGE, CBX_CPU_HAL_PAGE + 2, \
		window + 0x1000 + LINK, NX_HIGH

	enter_long_mode
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

	fill_entries

no_c_bit:
	movl	$MSR_GHCB, %ecx
	movl	$REFUSED, %eax
	xorl	%edx, %edx
	wrmsr
	rep
	vmmcall
	jmp	no_c_bit

	.code64
long_mode:
	null_segments
	xorl	%edi, %edi
	xorl	%esi, %esi
	movabsq	$cbx_bare_start, %rax
	call	*%rax
	ud2
	.size	cbx_boot_start, . - cbx_boot_start

	boot_gdt

	boot_memory
	.balign	4096
pd_window: .skip 4096
pt_window: .skip 4096
window:	.skip	3 * 4096

	.section .text, "ax", @progbits
	switch	cbx_bare_switch, cbx_bare_run

/* Flat segments, no paging, restricted injection; SVME, ET and PE. */
	registers 24, 0xc9b, 16, 0x1000, 0, 0, 0x11, cbx_boot_start, features=9

/* Pages that others fill. */
	.macro filled part, name
	.section .told.\part, "aw", @progbits
	.balign	4096
	label	\name
	.skip	4096
	.endm
	filled	cpuid, cbx_x86_told
	filled	secrets, cbx_snp_secrets
	filled	boot, cbx_snp_told

	.section .rodata, "a", @progbits
	.balign	8
	label	cbx_snp_places
	.quad	cbx_boot_end, cbx_asked, cbx_asked_end

	.section .note.GNU-stack, "", @progbits

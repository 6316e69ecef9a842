/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU whose ring 0 is the host's, too: rights are those of protection keys.
 * Included before everything of the image (meson.build), as sev/backend.h is in
 * an image that has ring 0 for itself.
 */
#ifndef CBX_ARCH_X86_64_BACKEND_H
#define CBX_ARCH_X86_64_BACKEND_H

/** Where the image is loaded. */
#define CBX_IMAGE_PA 0x200000
#define CBX_BOOT_PA  0x100000
#define CBX_MARK_PA  0x1ff000 /* of a monitor that ran: no loader's */

/** Zero bytes per page for the HAL. */
#define CBX_X86_FRAME_BYTES 16

#ifdef __ASSEMBLER__

#include <arch/x86_64/state.h>

/* clang-format off */
/* Open the monitor's rights; rcx is the state page then, rax and rdx are lost.
 * All of it may run again from the beginning until the mode is set. */
	.macro open_rights
771:	movl	$CBX_MSR_PKRS, %ecx
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
774:	cmpl	$CBX_MSR_PKRS, %ecx
	jne	cbx_x86_misused
775:	testl	%eax, %eax
	jne	771b
	cli
	cld
	clac
	movabsq	$CBX_CPU_STATE_VA, %rcx
	.endm

/* After the instruction that sets the mode: struct cbx_x86_window. */
	.macro mode_set
776:	.pushsection .rodata.windows, "a", @progbits
	.quad	771b, 774b, 775b, 776b
	.popsection
	.endm

/* If the host ran: to the HAL. */
	.macro host_first to
	cmpl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	jne	772f
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
	mode_set
	jmp	\to
772:
	.endm

/* No NMI comes before the one before has ended. */
	.macro again_here name
	.endm

/* An NMI on the ways into the host. */
	.macro not_within_host
	not_within cbx_x86_host_enter_from, cbx_x86_host_enter_to, cbx_x86_host_enter_out
	not_within cbx_x86_host_leave_from, cbx_x86_host_leave_to, cbx_x86_host_leave_out
	.endm

/* An instruction only the monitor may execute: the HAL's function of that name
 * comes here (machine.h). */
	.macro locked name
	.type	\name\()_locked, @function
	label	\name\()_locked
	endbr64
	.endm

/* Somebody jumped to a WRMSR with another number: it has been written, and
 * nothing is sure any more. */
	.macro misuse
	.type	cbx_x86_misused, @function
	label	cbx_x86_misused
	open_rights
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
	mode_set
	movabsq	$CBX_CPU_PANIC_TOP, %rsp
	pushq	$2
	popfq
	xorl	%ebp, %ebp
	call	cbx_x86_own_misuse
	ud2
	.endm
/* clang-format on */

#else

#include <stdbool.h>

/** Set in every entry of a table that leads to memory of the machine's own. */
#define CBX_X86_PRIVATE 0ull

/** SCE LME LMA NXE; DE PAE MCE OSFXSR OSXMMEXCPT UMIP FSGSBASE OSXSAVE SMEP SMAP
 * PKS. */
#define CBX_X86_EFER	0xd01ull
#define CBX_X86_CR4	0x01350e68ull

/** Rights by key, and nobody who watches; without keys the CPU is refused. */
void cbx_x86_rights_init(void);

/** No instruction of a box's raises #VC. */
struct cbx_x86_vcpu;
static inline bool cbx_x86_vc(struct cbx_x86_vcpu *v)
{
	(void)v;
	return false;
}

#endif
#endif

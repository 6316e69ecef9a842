/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU whose ring 0 is the monitor's alone, and whose memory is encrypted: the
 * host is another level, with registers of its own (keys/backend.h is the
 * other).
 */
#ifndef CBX_ARCH_X86_64_BACKEND_H
#define CBX_ARCH_X86_64_BACKEND_H

/** Where the image is loaded, and the host's gate areas in it: above any kernel
 * of the host's. */
#define CBX_IMAGE_PA 0xa200000
#define CBX_BOOT_PA  0xa000000
#define CBX_AREAS_PA 0xa1c0000

/** Whether the host has it wholly (hal/snp/use.h). */
#define CBX_X86_FRAME_BYTES 1

#ifdef __ASSEMBLER__

#include <arch/x86_64/state.h>

/* clang-format off */
/* rcx is the state page then. */
	.macro open_rights
	cld
	clac
	movabsq	$CBX_CPU_STATE_VA, %rcx
	.endm

/* There is no host at this level. */
	.macro host_first to
	.endm

/* To out unless rax is in [from, to); rcx is lost. */
	.macro unless_within from, to, out
	leaq	\from(%rip), %rcx
	cmpq	%rcx, %rax
	jb	\out
	leaq	\to(%rip), %rcx
	cmpq	%rcx, %rax
	jae	\out
	.endm

/* Nothing but the hypervisor's word keeps #HV from coming again where it is taken,
 * at the address in rax, or where a frame is taken off the stack it came on: who
 * breaks it ends the machine, as the first frame is lost. */
	.macro again_here name
	unless_within cbx_x86_stub28, cbx_x86_stub29, 777f
	jmp	779f
777:	unless_within \name, \name\()_end, 778f
	jmp	779f
778:	unless_within cbx_from_box, cbx_left_box, 780f
	movq	%rdx, %rcx
	subq	CBX_FRAME_RSP(%rdx), %rcx
	cmpq	$0x1000, %rcx
	jae	780f
779:	movabsq	$CBX_CPU_STATE_VA, %rcx
	jmp	cbx_own_fault
780:
	.endm

/* #HV on the way into the host. */
	.macro not_within_host
	not_within cbx_x86_host_enter_from, cbx_x86_host_enter_to, cbx_x86_host_enter_out
	.endm

	.macro misuse
	.endm

/* Nobody else executes anything here. */
	.macro locked name
	function \name
	.endm
/* clang-format on */

#else

#include <stdbool.h>
#include <stdint.h>

/** Set in every entry of a table that leads to memory of the machine's own: the C
 * bit. */
extern uint64_t cbx_x86_private;
#define CBX_X86_PRIVATE cbx_x86_private

/** SVME SCE LME LMA NXE: the first is the processor's to keep; DE PAE MCE OSFXSR
 * OSXMMEXCPT UMIP FSGSBASE OSXSAVE SMEP SMAP. */
#define CBX_X86_EFER	0x1d01ull
#define CBX_X86_CR4	0x00350e68ull

/** All rights are the level's, and debug registers are as the first registers
 * say: what else watches raises #VC. */
static inline void cbx_x86_rights_init(void)
{
}

/** The box raised #VC. @return whether what it executed was done for it: CPUID,
 * unless its policy withholds that */
struct cbx_x86_vcpu;
bool cbx_x86_vc(struct cbx_x86_vcpu *v);

#endif
#endif

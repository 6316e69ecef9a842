/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control-flow enforcement (doc/pks-vm.md): all of ring 0, monitor and host,
 * where CPUID reports it.
 *
 * Shadow stacks are pages of the CPU window, one each, the last word a token
 * with its own address.  The page after it is an alias, memory behind the
 * monitor's key: there it writes what IRETQ is to compare with.  Its own stack
 * loses its alias when it comes into use.
 */
#ifndef CBX_ARCH_X86_64_CET_H
#define CBX_ARCH_X86_64_CET_H

#include <arch/x86_64/state.h>

/** From the top of an entry stack: its shadow stack's token, the SSP that was
 * interrupted in ring 0, and the alias of the RIP. */
#define CBX_SHADOW_TOKEN ((CBX_CPU_SHADOW_PAGE - 1) * 0x1000 - 0x08)
#define CBX_SHADOW_SSP	 ((CBX_CPU_SHADOW_PAGE - 1) * 0x1000 - 0x20)
#define CBX_SHADOW_RIP	 (CBX_CPU_SHADOW_PAGE * 0x1000 - 0x18)

/** The exit stack: a restore token, then what IRETQ pops. */
#define CBX_SHADOW_EXIT_VA (CBX_CPU_TOP(CBX_CPU_SHADOW_EXIT) - 0x30)

#define CBX_MSR_S_CET  0x6a2
#define CBX_CET_SH_STK 1
#define CBX_CET_ENDBR  4

#ifdef __ASSEMBLER__
/* clang-format off */
/* Where there are shadow stacks: leave this one for the exit stack, with a token
 * for coming back.  state: CBX_CPU_STATE_VA; rax and r8 are lost. */
	.macro shadow_leave state
	cmpq	$0, CBX_CPU_SHADOW(\state)
	je	779f
	rdsspq	%rax
	subq	$8, %rax
	movq	%rax, CBX_CPU_SHADOW(\state)
	movabsq	$CBX_SHADOW_EXIT_VA, %rax
	leaq	9(%rax), %r8
	movq	%r8, 0x1000(%rax)
	rstorssp (%rax)
	saveprevssp
779:
	.endm

/* And come back to it; rax is lost. */
	.macro shadow_back state
	movq	CBX_CPU_SHADOW(\state), %rax
	testq	%rax, %rax
	je	779f
	rstorssp (%rax)
	movl	$1, %eax
	incsspq	%rax
779:
	.endm

/* The entry stack with its top in rdx is not used any more; rcx: state. */
	.macro shadow_free
	cmpq	$0, CBX_CPU_SHADOW(%rcx)
	je	779f
	clrssbsy CBX_SHADOW_TOKEN(%rdx)
779:
	.endm
/* clang-format on */

#else

/** Fill the CPU's table of entry shadow stacks: uint64_t[8]. */
void cbx_x86_cet_table(uint64_t *table);

/** Turn on what this CPU has but for shadow stacks. @param table  the address
 * of the above @pre CR0.WP is set */
void cbx_x86_cet_init(uint64_t table);

/** Whether it tracks indirect branches; has supervisor shadow stacks fit for
 * use. */
bool cbx_x86_cet_has_tracking(void);
bool cbx_x86_cet_has_shadow(void);

/** Use them.  @pre the caller does not return */
void cbx_x86_shadow_start(void);

#endif
#endif

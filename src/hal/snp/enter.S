/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into the host.  The contract is in insn.h; talk.h has what #HV does
 * within it.
 */
#include <arch/x86_64/stub.h>

#define MSR_GHCB 0xc0010130
#define RUN	 0x16
#define RAN	 0x17

	.text

	function cbx_snp_enter
	movl	$MSR_GHCB, %ecx
	movl	$RUN, %eax
	movl	$CBX_SNP_HOST, %edx
	label cbx_x86_host_enter_from	/* #HV from here on leads to out */
	movq	(%rdi), %rsi
	cmpq	8(%rdi), %rsi
	jne	cbx_x86_host_enter_out
	wrmsr
	rep
	vmmcall
	label cbx_x86_host_enter_to
	rdmsr
	shlq	$32, %rdx
	orq	%rdx, %rax
	ret
	label cbx_x86_host_enter_out
	movl	$RAN, %eax
	ret
	.size	cbx_snp_enter, . - cbx_snp_enter

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/* The gate, and traps as the monitor tells them. */
#include <host/os/os.h>
#include "../trap.h"

	.text
/* const struct cbx_reply *os_pks_gate(const struct cbx_call *) */
	.globl	os_pks_gate
	.type	os_pks_gate, @function
os_pks_gate:
	call_gate

/* From the monitor: rsp is where this CPU says its own address. */
	.globl	os_pks_trap
	.type	os_pks_trap, @function
os_pks_trap:
	movq	(%rsp), %rdi
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP, %rsi
	testb	$3, OS_TRAP_CS(%rsi)
	jz	1f
	movq	OS_CPU_STACK(%rdi), %rsp
	xorl	%ebp, %ebp
	call	os_user_trap
	ud2
1:	cmpq	$2, TRAP_VECTOR(%rsi)
	je	2f
	cmpq	$32, TRAP_VECTOR(%rsi)
	jb	os_probe_trapped

/* An NMI or, while this CPU rests, an interrupt, of no interest: back, by a frame
 * below the kernel's own stack.  The next one may come as soon as busy is zero. */
2:	movq	%rsi, %rbx
	movq	TRAP_REGS+0x78(%rbx), %rcx
	movq	%rcx, %rsp
	pushq	$CBX_SELECTOR_DATA
	pushq	%rcx
	pushq	TRAP_REGS+0x88(%rbx)
	pushq	$CBX_SELECTOR_CODE
	pushq	TRAP_REGS+0x80(%rbx)
	pushq	TRAP_REGS+0x58(%rbx)
	load_trapped
	movq	$0, TRAP_BUSY(%rbx)
	popq	%rbx
	iretq

	.section .note.GNU-stack, "", @progbits

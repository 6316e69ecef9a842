/* SPDX-License-Identifier: Apache-2.0 */
/* The test host's words without a C name: begin, gate, trap, probe. */
#include <hal/pks-vm/host.h>
#include "trap.h"

	.text
	.globl	host_start
	.type	host_start, @function
host_start:
	leaq	stack_top(%rip), %rsp
	xorl	%ebp, %ebp
	call	host_main
1:	hlt
	jmp	1b

/* const struct cbx_reply *host_gate(const struct cbx_call *) */
	.globl	host_gate
	.type	host_gate, @function
host_gate:
	call_gate

/* A trap ends the probe that is going on, or the host. */
	.globl	host_trap
	.type	host_trap, @function
host_trap:
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP, %rbx
	cmpq	$1, TRAP_VECTOR(%rbx)
	jne	2f
	cmpq	$0, host_steps(%rip)
	je	2f
	decq	host_steps(%rip)	/* go on, one step more */
	movq	TRAP_REGS+0x78(%rbx), %rax
	movq	TRAP_REGS+0x80(%rbx), %rcx
	movq	TRAP_REGS+0x88(%rbx), %rdx
	leaq	step_top(%rip), %rsp
	pushq	$CBX_SELECTOR_DATA
	pushq	%rax
	pushq	%rdx
	pushq	$CBX_SELECTOR_CODE
	pushq	%rcx
	pushq	TRAP_REGS+0x58(%rbx)
	movq	TRAP_REGS+0x00(%rbx), %r8
	movq	TRAP_REGS+0x08(%rbx), %r9
	movq	TRAP_REGS+0x10(%rbx), %r10
	movq	TRAP_REGS+0x18(%rbx), %r11
	movq	TRAP_REGS+0x40(%rbx), %rdi
	movq	TRAP_REGS+0x48(%rbx), %rsi
	movq	TRAP_REGS+0x60(%rbx), %rdx
	movq	TRAP_REGS+0x68(%rbx), %rax
	movq	TRAP_REGS+0x70(%rbx), %rcx
	movq	$0, (%rbx)
	popq	%rbx
	iretq
2:	movq	probe_rip(%rip), %rax
	testq	%rax, %rax
	jne	1f
	call	host_unexpected
	ud2
1:	movq	$0, probe_rip(%rip)
	movq	probe_rsp(%rip), %rsp
	xorl	%eax, %eax		/* and up its shadow stack, if any */
	rdsspq	%rax
	testq	%rax, %rax
	je	3f
	movq	probe_ssp(%rip), %rcx
	subq	%rax, %rcx
	shrq	$3, %rcx
	incsspq	%rcx
3:	call	host_trapped
	movl	$1, %eax
	jmp	probe_end

/* Probes: return 0, or 1 when there was a trap (host_trapped). */
	.macro probe name
	.globl	\name
	.type	\name, @function
\name:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	leaq	probe_end(%rip), %rax
	movq	%rax, probe_rip(%rip)
	movq	%rsp, probe_rsp(%rip)
	xorl	%eax, %eax
	rdsspq	%rax
	movq	%rax, probe_ssp(%rip)
	.endm

	/* int probe_read(uint64_t va, uint64_t *value) */
	probe	probe_read
	movq	(%rdi), %rax
	movq	%rax, (%rsi)
	jmp	probe_good

	/* int probe_write(uint64_t va, uint64_t value) */
	probe	probe_write
	movq	%rsi, (%rdi)
	jmp	probe_good

	/* int probe_call(uint64_t va) */
	probe	probe_call
	call	*%rdi
	jmp	probe_good

	/* int probe_ret(uint64_t va), and by the two other returns */
	probe	probe_ret
	pushq	%rdi
	ret
	probe	probe_lret
	pushq	$CBX_SELECTOR_CODE
	pushq	%rdi
	lretq
	probe	probe_iret
	pushq	$CBX_SELECTOR_DATA
	pushq	probe_rsp(%rip)
	pushq	$2
	pushq	$CBX_SELECTOR_CODE
	pushq	%rdi
	iretq

	/* int probe_int3(void), probe_ud(void), probe_syscall(void) */
	probe	probe_int3
	int3
	jmp	probe_good
	probe	probe_ud
	ud2
	probe	probe_syscall
	syscall
	jmp	probe_good

	/* int probe_user(uint64_t va, uint64_t rsp, uint64_t rflags): what
	 * user mode does there, to its first trap */
	probe	probe_user
	movq	%rdi, %rbx
	movq	%rsi, %rbp
	movq	%rdx, %r12
	movl	$CBX_PKS_TRAP_ENTRY, %eax	/* with this SSP */
	leaq	host_trap(%rip), %rdi
	leaq	host_trap_stack(%rip), %rsi
	leaq	1f(%rip), %r11
	movabsq	$CBX_IMAGE_VA, %rcx
	jmp	*%rcx
1:	pushq	$CBX_SELECTOR_USER_DATA
	pushq	%rbp
	pushq	%r12
	pushq	$CBX_SELECTOR_USER_CODE
	pushq	%rbx
	xorl	%eax, %eax
	iretq

	/* int probe_jump(uint64_t va, uint64_t rax, uint64_t rcx): with a
	 * stack of frames for IRETQ that lead back, and r11 too */
	probe	probe_jump
	movq	%rdi, %rbx
	movq	%rsi, %rax
	movq	%rdx, %rcx
	leaq	probe_good(%rip), %r11
	leaq	frames_top(%rip), %rsp
	pushq	$CBX_SELECTOR_DATA
	pushq	probe_rsp(%rip)
	pushq	$2
	pushq	$CBX_SELECTOR_CODE
	pushq	%r11
	xorl	%edx, %edx
	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	cmpq	$0, host_steps(%rip)
	jne	3f
	jmp	*%rbx
3:	movq	%rsp, step_rsp(%rip)
	leaq	step_top(%rip), %rsp
	pushq	$CBX_SELECTOR_DATA
	pushq	step_rsp(%rip)
	pushq	$0x102			/* TF */
	pushq	$CBX_SELECTOR_CODE
	pushq	%rbx
	iretq

probe_good:
	movq	probe_rsp(%rip), %rsp
	pushq	$2			/* no TF any more */
	popfq
	xorl	%eax, %eax
	movq	$0, probe_rip(%rip)
probe_end:
	movq	probe_rsp(%rip), %rsp
	cld
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

	.bss
	.balign	4096
	.skip	16384
stack_top:
	.skip	4096
	.globl	host_trap_stack
host_trap_stack:
	.skip	4096
frames_top:
	.skip	4096
	.skip	512
step_top:
step_rsp:
	.skip	8
	.globl	host_steps
host_steps:
	.skip	8
probe_rip:
	.skip	8
probe_rsp:
	.skip	8
probe_ssp:
	.skip	8

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry stubs, and the way into a box.  The contract is in machine.h; the
 * argument for each instruction that runs with rights on somebody else's
 * registers is in doc/pks-vm.md.
 */
#include <arch/x86_64/stub.h>

#define VECTOR_NMI  2	/* and #HV, 28: an NMI of the hypervisor's */
#define VECTOR_PAGE 14

	.text

	.macro stub vector, error, to
	.balign	16
	.type	cbx_x86_stub\vector, @function
cbx_x86_stub\vector:
	endbr64
	.if	\error == 0
	pushq	$0
	.endif
	pushq	$\vector
	jmp	\to
	.endm

/* Vectors up to last that look alike. */
	.altmacro
	.macro stubs last, error=0, to=cbx_trap
	.rept	\last + 1 - number
	stub	%number, \error, \to
	.set	number, number + 1
	.endr
	.endm

	.balign	16
	.set	number, 0
	label	cbx_x86_stubs
	stubs	0
	stubs	1, 0, cbx_trap_debug
	stubs	2, 0, cbx_trap_nmi
	stubs	7
	stubs	8, 1, cbx_trap_double
	stubs	9
	stubs	14, 1
	stubs	16
	stubs	17, 1
	stubs	18, 0, cbx_trap_check
	stubs	20
	stubs	21, 1
	stubs	27
	stubs	28, 0, cbx_trap_nmi
	stubs	30, 1
	stubs	255
	.noaltmacro
	.balign	16
	label	cbx_x86_stubs_end

/* An NMI of the monitor's own: if rax, where it came, is in [from, to), it goes
 * back to out instead. */
	.macro not_within from, to, out
	leaq	\from(%rip), %rcx
	cmpq	%rcx, %rax
	jb	778f
	leaq	\to(%rip), %rcx
	cmpq	%rcx, %rax
	jae	778f
	leaq	\out(%rip), %rcx
	movq	%rcx, CBX_FRAME_RIP(%rdx)
	movq	%rcx, CBX_SHADOW_RIP(%rdx)
778:
	.endm

/* One body per entry stack: only its constant address is believed. */
	.macro body name, ist, nmi=0
	.balign	16
\name:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	open_rights
	movabsq	$CBX_IST_TOP(\ist), %rdx
	host_first cbx_x86_host_trap
	.if	\nmi
	incq	CBX_CPU_NMIS(%rcx)
	.endif
	cmpl	$CBX_MODE_BOX, CBX_CPU_MODE(%rcx)
	jne	773f
	testb	$3, CBX_FRAME_CS(%rdx)
	jne	cbx_from_box
773:					/* or on the way in or out of a box */
	.if	\nmi
	movq	CBX_FRAME_RIP(%rdx), %rax
	again_here \name
	not_within cbx_enter_from, cbx_enter_to, cbx_enter_out
	not_within_host
	not_within cbx_halt_from, cbx_halt_to, cbx_halt_to
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq
\name\()_end:
	.else
	jmp	cbx_own_fault
	.endif
	.endm

	body	cbx_trap, CBX_IST_TRAP
	body	cbx_trap_nmi, CBX_IST_NMI, 1
	body	cbx_trap_check, CBX_IST_CHECK
	body	cbx_trap_debug, CBX_IST_DEBUG
	body	cbx_trap_double, CBX_IST_DOUBLE

	misuse

/* The monitor's own fault: it ends here. */
cbx_own_fault:
	save_registers
	take_frame 1
	movq	%cr2, %rax
	movq	%rax, CBX_CPU_CR2(%rcx)
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
	movabsq	$CBX_CPU_PANIC_TOP, %rsp
	pushq	$2
	popfq
	xorl	%ebp, %ebp
	call	cbx_x86_own_fault
	ud2

cbx_from_box:
	shadow_free
	movq	CBX_CPU_BOX(%rcx), %rcx
	save_registers
	take_frame 1
	xorl	%eax, %eax
	cmpq	$VECTOR_PAGE, CBX_CPU_VECTOR(%rcx)
	jne	1f
	movq	%cr2, %rax
1:	movq	%rax, CBX_CPU_CR2(%rcx)

/* Back to the caller of cbx_x86_enter, nothing of the box in a register. */
cbx_left_box:
	movabsq	$CBX_CPU_STATE_VA, %rcx
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
	shadow_back %rcx
	movq	CBX_CPU_RESUME(%rcx), %rsp
	return_clean

/* `syscall`: rcx is rip, r11 rflags; rsp is the caller's. */
	function cbx_x86_syscall
	endbr64
	movabsq	%rax, CBX_CPU_SCRATCH_VA + CBX_SCRATCH_RAX
	movabsq	$CBX_CPU_SCRATCH_VA, %rax
	movq	%rcx, CBX_SCRATCH_RCX(%rax)
	movq	%rdx, CBX_SCRATCH_RDX(%rax)
	open_rights
	movabsq	$CBX_CPU_SCRATCH_VA, %rdx
	host_first cbx_x86_host_syscall
	cmpl	$CBX_MODE_BOX, CBX_CPU_MODE(%rcx)
	jne	3f
	movq	CBX_CPU_BOX(%rcx), %rcx
	save_registers
	movq	%r11, CBX_CPU_RFLAGS(%rcx)
	movq	%rsp, CBX_CPU_RSP(%rcx)
	take	CBX_SCRATCH_RAX, CBX_CPU_RAX, 1
	take	CBX_SCRATCH_RCX, CBX_CPU_RCX, 1
	movq	%rax, CBX_CPU_RIP(%rcx)
	take	CBX_SCRATCH_RDX, CBX_CPU_RDX, 1
	movq	$CBX_VECTOR_SYSCALL, CBX_CPU_VECTOR(%rcx)
	movq	$0, CBX_CPU_ERROR(%rcx)
	movq	$0, CBX_CPU_CR2(%rcx)
	jmp	cbx_left_box
3:	ud2				/* the monitor makes no system call */
	.size	cbx_x86_syscall, . - cbx_x86_syscall

	function cbx_x86_enter
	push_kept
	movabsq	$CBX_CPU_STATE_VA, %rcx
	movq	%rsp, CBX_CPU_RESUME(%rcx)
	shadow_leave %rcx
	movq	CBX_CPU_BOX(%rcx), %rdx
	pushq	$CBX_SELECTOR_USER_DATA
	pushq	CBX_CPU_RSP(%rdx)
	pushq	CBX_CPU_RFLAGS(%rdx)
	pushq	$CBX_SELECTOR_USER_CODE
	pushq	CBX_CPU_RIP(%rdx)
	movl	$CBX_MODE_BOX, CBX_CPU_MODE(%rcx)
cbx_enter_from:				/* an NMI from here on leads to out */
	check_nmis %rcx, cbx_enter_out
	movq	%rdx, %rcx
	load_registers
	movq	CBX_CPU_RDX(%rcx), %rdx
	movq	CBX_CPU_RAX(%rcx), %rax
	movq	CBX_CPU_RCX(%rcx), %rcx
	iretq
cbx_enter_to:

/* As if the box had been interrupted before its first instruction. */
cbx_enter_out:
	movabsq	$CBX_CPU_STATE_VA, %rcx
	movq	CBX_CPU_BOX(%rcx), %rcx
	movq	$VECTOR_NMI, CBX_CPU_VECTOR(%rcx)
	jmp	cbx_left_box
	.size	cbx_x86_enter, . - cbx_x86_enter

	function cbx_x86_halt
	movabsq	$CBX_CPU_STATE_VA, %rcx
cbx_halt_from:
	check_nmis %rcx, cbx_halt_to
	hlt
cbx_halt_to:
	ret
	.size	cbx_x86_halt, . - cbx_x86_halt

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate, the way into the host, and where the entry stubs go when the host
 * was running.  The argument for each instruction is in doc/pks-vm.md.
 */
#include <arch/x86_64/stub.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/own.h>

	.section .rodata.windows, "a", @progbits
	.quad	gate_open, gate_written, gate_checked, gate_opened
	.quad	host_close, host_written, host_checked, host_closed

	.section .gate, "ax", @progbits
	.type	cbx_pks_gate, @function
	label	cbx_pks_gate
	endbr64
	cli
	movabsq	%rax, CBX_CPU_SCRATCH_VA + CBX_PKS_GATE_RAX
	movabsq	$CBX_CPU_SCRATCH_VA, %rax
	movq	%rdx, CBX_PKS_GATE_RDX(%rax)
gate_open:
	movl	$CBX_MSR_PKRS, %ecx
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
gate_written:
	cmpl	$CBX_MSR_PKRS, %ecx
	jne	cbx_x86_misused
gate_checked:
	testl	%eax, %eax
	jne	gate_open
	cli
	cld
	movabsq	$CBX_CPU_STATE_VA, %rcx
	cmpl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	jne	cbx_x86_misused
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
gate_opened:
	cmpq	$0, CBX_CPU_SHADOW(%rcx)
	movabsq	$CBX_PKS_HOST_VA, %rcx
	movabsq	$CBX_CPU_SCRATCH_VA, %rdx
	jne	gate_stop		/* shadow stacks change there */
	cmpq	$CBX_PKS_MEMORY, CBX_PKS_GATE_RAX(%rdx)
	jae	gate_own
gate_stop:
	save_registers
	movq	%r11, CBX_CPU_RIP(%rcx)
	movq	%rsp, CBX_CPU_RSP(%rcx)
	movq	$2, CBX_CPU_RFLAGS(%rcx)
	movq	$CBX_VECTOR_GATE, CBX_CPU_VECTOR(%rcx)
	xorl	%eax, %eax
	rdsspq	%rax
	movq	%rax, CBX_HOST_CAME(%rcx)
	take	CBX_PKS_GATE_RAX, CBX_CPU_RAX
	take	CBX_PKS_GATE_RDX, CBX_CPU_RDX

/* Back to the caller of cbx_pks_enter; rcx is the host's state. */
left_host:
	movabsq	$CBX_CPU_STATE_VA, %rdx
	shadow_back %rdx
	movq	CBX_HOST_RESUME(%rcx), %rsp
	return_clean

/* A gate of the backend's is answered here, on the monitor's stack, the host's
 * registers but for the arguments where they are. */
gate_own:
	movq	%rsp, CBX_CPU_RSP(%rcx)
	movq	CBX_HOST_RESUME(%rcx), %rsp
	pushq	$2
	popfq
	pushq	%r11
	pushq	$0			/* struct cbx_call, from its end */
	pushq	%r9
	pushq	%r8
	pushq	%r10
	pushq	CBX_PKS_GATE_RDX(%rdx)
	pushq	%rsi
	pushq	%rdi
	pushq	CBX_PKS_GATE_RAX(%rdx)
	movq	%rsp, %rdi
	call	cbx_pks_own_call
	addq	$8, %rsp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%r10
	popq	%r8
	popq	%r9
	addq	$8, %rsp
	popq	%r11
	movabsq	$CBX_PKS_HOST_VA, %rcx
	cmpl	$CBX_PKS_OWN_NONE, %eax
	jb	gate_leave		/* CBX_PKS_OWN_DONE */
	movq	CBX_CPU_RSP(%rcx), %rsp
	ja	gate_leave_out		/* CBX_PKS_OWN_LATER */
	movabsq	$CBX_CPU_SCRATCH_VA, %rdx
	jmp	gate_stop
	.size	cbx_pks_gate, . - cbx_pks_gate

/* rdx, rcx, rax and the frame for IRETQ lie in the scratch page already. */
	function cbx_pks_enter
	push_kept
	movabsq	$CBX_PKS_HOST_VA, %rcx
	movq	%rsp, CBX_HOST_RESUME(%rcx)
	movabsq	$CBX_CPU_STATE_VA, %rdx
	shadow_leave %rdx
	label	cbx_x86_host_enter_from		/* an NMI from here on leads to out */
	check_nmis %rdx, cbx_x86_host_enter_out
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_FRAME, %rsp
	load_registers
	movabsq	$CBX_CPU_STATE_VA, %rcx
	movl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	label	cbx_x86_host_enter_to
host_close:
	movl	$CBX_MSR_PKRS, %ecx
	movl	$CBX_PKRS_HOST, %eax
	xorl	%edx, %edx
	wrmsr
host_written:
	cmpl	$CBX_MSR_PKRS, %ecx
	jne	cbx_x86_misused
host_checked:
	cmpl	$CBX_PKRS_HOST, %eax
	jne	host_close
host_closed:
	popq	%rdx
	popq	%rcx
	popq	%rax
	iretq

/* On from an own gate: as above, what IRETQ pops is put there now. */
gate_leave:
	movq	CBX_CPU_RSP(%rcx), %rdx
	movq	%r11, %rax
	sarq	$47, %rax		/* 0 or -1: canonical */
	incl	%eax
	cmpl	$1, %eax
	ja	gate_leave_out
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_FRAME, %rax
	movq	$0, (%rax)
	movq	$0, 0x08(%rax)
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_REPLY, %rcx
	movq	%rcx, 0x10(%rax)
	movq	%r11, 0x18(%rax)
	movq	$CBX_SELECTOR_CODE, 0x20(%rax)
	movq	$2, 0x28(%rax)
	movq	%rdx, 0x30(%rax)
	movq	$CBX_SELECTOR_DATA, 0x38(%rax)
	movq	%rax, %rsp
	movabsq	$CBX_CPU_STATE_VA, %rcx
	label	cbx_x86_host_leave_from		/* an NMI from here on leads to out */
	check_nmis %rcx, gate_leave_out
	movl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	label	cbx_x86_host_leave_to
	jmp	host_close
	label	cbx_pks_enter_end

/* The host did not run. */
	label	cbx_x86_host_enter_out
	movabsq	$CBX_PKS_HOST_VA, %rcx
	movq	$CBX_VECTOR_NONE, CBX_CPU_VECTOR(%rcx)
	jmp	left_host

/* Nor did it go on; its stack pointer was put away. */
	label	cbx_x86_host_leave_out
gate_leave_out:
	movabsq	$CBX_PKS_HOST_VA, %rcx
	save_registers
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_REPLY, %rax
	movq	%rax, CBX_CPU_RAX(%rcx)
	movq	$0, CBX_CPU_RDX(%rcx)
	movq	$0, CBX_CPU_RCX(%rcx)
	movq	%r11, CBX_CPU_RIP(%rcx)
	movq	$2, CBX_CPU_RFLAGS(%rcx)
	movq	$CBX_SELECTOR_CODE, CBX_CPU_CS(%rcx)
	movq	$CBX_VECTOR_NONE, CBX_CPU_VECTOR(%rcx)
	jmp	left_host
	.size	cbx_pks_enter, . - cbx_pks_enter

	.text
/* From an entry stub (machine.h): rdx is the top of the entry stack, rights are
 * open, the mode is MONITOR. */
	function cbx_x86_host_trap
	shadow_free
	movabsq	$CBX_PKS_HOST_VA, %rcx
	save_registers
	take_frame
	take	CBX_SHADOW_SSP, CBX_HOST_CAME
	movq	%cr2, %rax
	movq	%rax, CBX_CPU_CR2(%rcx)
	jmp	left_host
	.size	cbx_x86_host_trap, . - cbx_x86_host_trap

/* As above, for `syscall`; rdx is the scratch page. */
	function cbx_x86_host_syscall
	movabsq	$CBX_PKS_HOST_VA, %rcx
	save_registers
	take	CBX_SCRATCH_RAX, CBX_CPU_RAX
	take	CBX_SCRATCH_RCX, CBX_CPU_RIP
	take	CBX_SCRATCH_RDX, CBX_CPU_RDX
	movq	%r11, CBX_CPU_RFLAGS(%rcx)
	movq	%rsp, CBX_CPU_RSP(%rcx)
	movq	$CBX_VECTOR_SYSCALL, CBX_CPU_VECTOR(%rcx)
	movq	$0, CBX_CPU_ERROR(%rcx)
	movq	$0, CBX_CPU_CR2(%rcx)
	jmp	left_host
	.size	cbx_x86_host_syscall, . - cbx_x86_host_syscall

	.section .note.GNU-stack, "", @progbits

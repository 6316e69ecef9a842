/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate, the way into the host, and where the entry stubs go when the host
 * was running.  The argument for each instruction is in doc/pks-vm.md.
 */
#include <arch/x86_64/cet.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/own.h>

#define REGS_R8	    (CBX_HOST_REGS + 0x00)
#define REGS_R9	    (CBX_HOST_REGS + 0x08)
#define REGS_R10    (CBX_HOST_REGS + 0x10)
#define REGS_R11    (CBX_HOST_REGS + 0x18)
#define REGS_R12    (CBX_HOST_REGS + 0x20)
#define REGS_R13    (CBX_HOST_REGS + 0x28)
#define REGS_R14    (CBX_HOST_REGS + 0x30)
#define REGS_R15    (CBX_HOST_REGS + 0x38)
#define REGS_RDI    (CBX_HOST_REGS + 0x40)
#define REGS_RSI    (CBX_HOST_REGS + 0x48)
#define REGS_RBP    (CBX_HOST_REGS + 0x50)
#define REGS_RBX    (CBX_HOST_REGS + 0x58)
#define REGS_RDX    (CBX_HOST_REGS + 0x60)
#define REGS_RAX    (CBX_HOST_REGS + 0x68)
#define REGS_RCX    (CBX_HOST_REGS + 0x70)
#define REGS_RSP    (CBX_HOST_REGS + 0x78)
#define REGS_RIP    (CBX_HOST_REGS + 0x80)
#define REGS_RFLAGS (CBX_HOST_REGS + 0x88)

/* As those of entry.S, struct cbx_x86_window each. */
	.section .rodata.gate, "a", @progbits
	.balign	8
	.globl	cbx_pks_windows
	.hidden	cbx_pks_windows
cbx_pks_windows:
	.quad	gate_open, gate_written, gate_checked, gate_opened
	.quad	host_close, host_written, host_checked, host_closed
	.globl	cbx_pks_windows_end
	.hidden	cbx_pks_windows_end
cbx_pks_windows_end:

	.macro save_registers
	movq	%r8, REGS_R8(%rcx)
	movq	%r9, REGS_R9(%rcx)
	movq	%r10, REGS_R10(%rcx)
	movq	%r11, REGS_R11(%rcx)
	movq	%r12, REGS_R12(%rcx)
	movq	%r13, REGS_R13(%rcx)
	movq	%r14, REGS_R14(%rcx)
	movq	%r15, REGS_R15(%rcx)
	movq	%rdi, REGS_RDI(%rcx)
	movq	%rsi, REGS_RSI(%rcx)
	movq	%rbp, REGS_RBP(%rcx)
	movq	%rbx, REGS_RBX(%rcx)
	.endm

	.macro take from, to
	movq	\from(%rdx), %rax
	movq	%rax, \to(%rcx)
	.endm

	.section .gate, "ax", @progbits
	.globl	cbx_pks_gate
	.hidden	cbx_pks_gate
	.type	cbx_pks_gate, @function
cbx_pks_gate:
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
	movq	%r11, REGS_RIP(%rcx)
	movq	%rsp, REGS_RSP(%rcx)
	movq	$2, REGS_RFLAGS(%rcx)
	movq	$CBX_VECTOR_GATE, CBX_HOST_VECTOR(%rcx)
	xorl	%eax, %eax
	rdsspq	%rax
	movq	%rax, CBX_HOST_CAME(%rcx)
	take	CBX_PKS_GATE_RAX, REGS_RAX
	take	CBX_PKS_GATE_RDX, REGS_RDX

/* Back to the caller of cbx_pks_enter; rcx is the host's state. */
left_host:
	movabsq	$CBX_CPU_STATE_VA, %rdx
	shadow_back %rdx
	movq	CBX_HOST_RESUME(%rcx), %rsp
	pushq	$2
	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r11d, %r11d
	ret

/* A gate of the backend's is answered here, on the monitor's stack, the host's
 * registers but for the arguments where they are. */
gate_own:
	movq	%rsp, REGS_RSP(%rcx)
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
	movq	REGS_RSP(%rcx), %rsp
	ja	gate_leave_out		/* CBX_PKS_OWN_LATER */
	movabsq	$CBX_CPU_SCRATCH_VA, %rdx
	jmp	gate_stop
	.size	cbx_pks_gate, . - cbx_pks_gate

/* rdx, rcx, rax and the frame for IRETQ lie in the scratch page already. */
	.balign	16
	.globl	cbx_pks_enter
	.hidden	cbx_pks_enter
	.type	cbx_pks_enter, @function
cbx_pks_enter:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movabsq	$CBX_PKS_HOST_VA, %rcx
	movq	%rsp, CBX_HOST_RESUME(%rcx)
	movabsq	$CBX_CPU_STATE_VA, %rdx
	shadow_leave %rdx
	.globl	cbx_x86_host_enter_from
	.hidden	cbx_x86_host_enter_from
cbx_x86_host_enter_from:		/* an NMI from here on leads to out */
	movq	CBX_CPU_NMIS(%rdx), %rax
	cmpq	CBX_CPU_SEEN(%rdx), %rax
	jne	cbx_x86_host_enter_out
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_FRAME, %rsp
	movq	REGS_R8(%rcx), %r8
	movq	REGS_R9(%rcx), %r9
	movq	REGS_R10(%rcx), %r10
	movq	REGS_R11(%rcx), %r11
	movq	REGS_R12(%rcx), %r12
	movq	REGS_R13(%rcx), %r13
	movq	REGS_R14(%rcx), %r14
	movq	REGS_R15(%rcx), %r15
	movq	REGS_RDI(%rcx), %rdi
	movq	REGS_RSI(%rcx), %rsi
	movq	REGS_RBP(%rcx), %rbp
	movq	REGS_RBX(%rcx), %rbx
	movabsq	$CBX_CPU_STATE_VA, %rcx
	movl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	.globl	cbx_x86_host_enter_to
	.hidden	cbx_x86_host_enter_to
cbx_x86_host_enter_to:
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
	movq	REGS_RSP(%rcx), %rdx
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
	.globl	cbx_x86_host_leave_from
	.hidden	cbx_x86_host_leave_from
cbx_x86_host_leave_from:		/* an NMI from here on leads to out */
	movq	CBX_CPU_NMIS(%rcx), %rax
	cmpq	CBX_CPU_SEEN(%rcx), %rax
	jne	gate_leave_out
	movl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	.globl	cbx_x86_host_leave_to
	.hidden	cbx_x86_host_leave_to
cbx_x86_host_leave_to:
	jmp	host_close
	.globl	cbx_pks_enter_end
	.hidden	cbx_pks_enter_end
cbx_pks_enter_end:

/* The host did not run. */
	.globl	cbx_x86_host_enter_out
	.hidden	cbx_x86_host_enter_out
cbx_x86_host_enter_out:
	movabsq	$CBX_PKS_HOST_VA, %rcx
	movq	$CBX_VECTOR_NONE, CBX_HOST_VECTOR(%rcx)
	jmp	left_host

/* Nor did it go on; its stack pointer was put away. */
	.globl	cbx_x86_host_leave_out
	.hidden	cbx_x86_host_leave_out
cbx_x86_host_leave_out:
gate_leave_out:
	movabsq	$CBX_PKS_HOST_VA, %rcx
	save_registers
	movabsq	$CBX_CPU_SCRATCH_VA + CBX_PKS_REPLY, %rax
	movq	%rax, REGS_RAX(%rcx)
	movq	$0, REGS_RDX(%rcx)
	movq	$0, REGS_RCX(%rcx)
	movq	%r11, REGS_RIP(%rcx)
	movq	$2, REGS_RFLAGS(%rcx)
	movq	$CBX_SELECTOR_CODE, CBX_HOST_CS(%rcx)
	movq	$CBX_VECTOR_NONE, CBX_HOST_VECTOR(%rcx)
	jmp	left_host
	.size	cbx_pks_enter, . - cbx_pks_enter

	.text
/* From an entry stub (machine.h): rdx is the top of the entry stack, rights are
 * open, the mode is MONITOR. */
	.balign	16
	.globl	cbx_x86_host_trap
	.hidden	cbx_x86_host_trap
	.type	cbx_x86_host_trap, @function
cbx_x86_host_trap:
	shadow_free
	movabsq	$CBX_PKS_HOST_VA, %rcx
	save_registers
	take	CBX_FRAME_RAX, REGS_RAX
	take	CBX_FRAME_RCX, REGS_RCX
	take	CBX_FRAME_RDX, REGS_RDX
	take	CBX_FRAME_RSP, REGS_RSP
	take	CBX_FRAME_RIP, REGS_RIP
	take	CBX_FRAME_RFLAGS, REGS_RFLAGS
	take	CBX_FRAME_ERROR, CBX_HOST_ERROR
	take	CBX_FRAME_VECTOR, CBX_HOST_VECTOR
	take	CBX_FRAME_CS, CBX_HOST_CS
	take	CBX_SHADOW_SSP, CBX_HOST_CAME
	movq	%cr2, %rax
	movq	%rax, CBX_HOST_CR2(%rcx)
	jmp	left_host
	.size	cbx_x86_host_trap, . - cbx_x86_host_trap

/* As above, for `syscall`; rdx is the scratch page. */
	.balign	16
	.globl	cbx_x86_host_syscall
	.hidden	cbx_x86_host_syscall
	.type	cbx_x86_host_syscall, @function
cbx_x86_host_syscall:
	movabsq	$CBX_PKS_HOST_VA, %rcx
	save_registers
	take	CBX_SCRATCH_RAX, REGS_RAX
	take	CBX_SCRATCH_RCX, REGS_RIP
	take	CBX_SCRATCH_RDX, REGS_RDX
	movq	%r11, REGS_RFLAGS(%rcx)
	movq	%rsp, REGS_RSP(%rcx)
	movq	$CBX_VECTOR_SYSCALL, CBX_HOST_VECTOR(%rcx)
	movq	$0, CBX_HOST_ERROR(%rcx)
	movq	$0, CBX_HOST_CR2(%rcx)
	jmp	left_host
	.size	cbx_x86_host_syscall, . - cbx_x86_host_syscall

	.section .note.GNU-stack, "", @progbits

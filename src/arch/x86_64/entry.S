/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry stubs, and the way into a box.  The contract is in machine.h; the
 * argument for each instruction that runs with rights on somebody else's
 * registers is in doc/pks-vm.md.
 */
#include <arch/x86_64/cet.h>

#define REGS_R8	    (CBX_CPU_REGS + 0x00)
#define REGS_R9	    (CBX_CPU_REGS + 0x08)
#define REGS_R10    (CBX_CPU_REGS + 0x10)
#define REGS_R11    (CBX_CPU_REGS + 0x18)
#define REGS_R12    (CBX_CPU_REGS + 0x20)
#define REGS_R13    (CBX_CPU_REGS + 0x28)
#define REGS_R14    (CBX_CPU_REGS + 0x30)
#define REGS_R15    (CBX_CPU_REGS + 0x38)
#define REGS_RDI    (CBX_CPU_REGS + 0x40)
#define REGS_RSI    (CBX_CPU_REGS + 0x48)
#define REGS_RBP    (CBX_CPU_REGS + 0x50)
#define REGS_RBX    (CBX_CPU_REGS + 0x58)
#define REGS_RDX    (CBX_CPU_REGS + 0x60)
#define REGS_RAX    (CBX_CPU_REGS + 0x68)
#define REGS_RCX    (CBX_CPU_REGS + 0x70)
#define REGS_RSP    (CBX_CPU_REGS + 0x78)
#define REGS_RIP    (CBX_CPU_REGS + 0x80)
#define REGS_RFLAGS (CBX_CPU_REGS + 0x88)

#define VECTOR_NMI  2
#define VECTOR_PAGE 14

	.section .rodata.windows, "a", @progbits
	.balign	8
	.globl	cbx_x86_windows
	.hidden	cbx_x86_windows
cbx_x86_windows:

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

/* All registers but rax, rcx, rdx, rsp, rip and rflags to the state page. */
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

/* Move a word off an entry stack whose top is rdx. */
	.macro take from, to
	movq	\from(%rdx), %rax
	movq	$0, \from(%rdx)
	movq	%rax, \to(%rcx)
	.endm

/* The whole frame below rdx to the state page. */
	.macro save_frame
	take	CBX_FRAME_RAX, REGS_RAX
	take	CBX_FRAME_RCX, REGS_RCX
	take	CBX_FRAME_RDX, REGS_RDX
	take	CBX_FRAME_RSP, REGS_RSP
	take	CBX_FRAME_RIP, REGS_RIP
	take	CBX_FRAME_RFLAGS, REGS_RFLAGS
	take	CBX_FRAME_ERROR, CBX_CPU_ERROR
	take	CBX_FRAME_CS, CBX_CPU_CS
	take	CBX_FRAME_VECTOR, CBX_CPU_VECTOR
	movq	$0, CBX_FRAME_SS(%rdx)
	.endm

	.text

	.macro stub vector, error=0, to=cbx_trap
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

	.balign	16
	.globl	cbx_x86_stubs
	.hidden	cbx_x86_stubs
cbx_x86_stubs:
	stub	0
	stub	1, to=cbx_trap_debug
	stub	2, to=cbx_trap_nmi
	.irp	vector, 3, 4, 5, 6, 7
	stub	\vector
	.endr
	stub	8, 1, cbx_trap_double
	stub	9
	.irp	vector, 10, 11, 12, 13, 14
	stub	\vector, 1
	.endr
	stub	15
	stub	16
	stub	17, 1
	stub	18, to=cbx_trap_check
	stub	19
	stub	20
	stub	21, 1
	.irp	vector, 22, 23, 24, 25, 26, 27, 28
	stub	\vector
	.endr
	stub	29, 1
	stub	30, 1
	stub	31
	.altmacro
	.set	number, 32
	.rept	224
	stub	%number
	.set	number, number + 1
	.endr
	.noaltmacro
	.balign	16
	.globl	cbx_x86_stubs_end
	.hidden	cbx_x86_stubs_end
cbx_x86_stubs_end:

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
	.macro body name, page, nmi=0
	.balign	16
\name:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	open_rights
	movabsq	$CBX_CPU_TOP(\page), %rdx
	cmpl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	jne	772f
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
	mode_set
	jmp	cbx_x86_host_trap
772:
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
	not_within cbx_enter_from, cbx_enter_to, cbx_enter_out
	not_within cbx_x86_host_enter_from, cbx_x86_host_enter_to, cbx_x86_host_enter_out
	not_within cbx_x86_host_leave_from, cbx_x86_host_leave_to, cbx_x86_host_leave_out
	not_within cbx_halt_from, cbx_halt_to, cbx_halt_to
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq
	.else
	jmp	cbx_own_fault
	.endif
	.endm

	body	cbx_trap, CBX_CPU_TRAP_PAGE
	body	cbx_trap_nmi, CBX_CPU_NMI_PAGE, 1
	body	cbx_trap_check, CBX_CPU_CHECK_PAGE
	body	cbx_trap_debug, CBX_CPU_DEBUG_PAGE
	body	cbx_trap_double, CBX_CPU_DOUBLE_PAGE

/* Somebody jumped to a WRMSR with another number: it has been written, and
 * nothing is sure any more. */
	.globl	cbx_x86_misused
	.hidden	cbx_x86_misused
	.type	cbx_x86_misused, @function
cbx_x86_misused:
	open_rights
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
	mode_set
	movabsq	$CBX_CPU_PANIC_TOP, %rsp
	pushq	$2
	popfq
	xorl	%ebp, %ebp
	call	cbx_x86_own_misuse
	ud2

/* The monitor's own fault: it ends here. */
cbx_own_fault:
	save_registers
	save_frame
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
	save_frame
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

/* `syscall`: rcx is rip, r11 rflags; rsp is the caller's. */
	.balign	16
	.globl	cbx_x86_syscall
	.hidden	cbx_x86_syscall
	.type	cbx_x86_syscall, @function
cbx_x86_syscall:
	endbr64
	movabsq	%rax, CBX_CPU_SCRATCH_VA + CBX_SCRATCH_RAX
	movabsq	$CBX_CPU_SCRATCH_VA, %rax
	movq	%rcx, CBX_SCRATCH_RCX(%rax)
	movq	%rdx, CBX_SCRATCH_RDX(%rax)
	open_rights
	movabsq	$CBX_CPU_SCRATCH_VA, %rdx
	cmpl	$CBX_MODE_HOST, CBX_CPU_MODE(%rcx)
	jne	2f
	movl	$CBX_MODE_MONITOR, CBX_CPU_MODE(%rcx)
	mode_set
	jmp	cbx_x86_host_syscall
2:	cmpl	$CBX_MODE_BOX, CBX_CPU_MODE(%rcx)
	jne	3f
	movq	CBX_CPU_BOX(%rcx), %rcx
	save_registers
	movq	%r11, REGS_RFLAGS(%rcx)
	movq	%rsp, REGS_RSP(%rcx)
	take	CBX_SCRATCH_RAX, REGS_RAX
	take	CBX_SCRATCH_RCX, REGS_RCX
	movq	%rax, REGS_RIP(%rcx)
	take	CBX_SCRATCH_RDX, REGS_RDX
	movq	$CBX_VECTOR_SYSCALL, CBX_CPU_VECTOR(%rcx)
	movq	$0, CBX_CPU_ERROR(%rcx)
	movq	$0, CBX_CPU_CR2(%rcx)
	jmp	cbx_left_box
3:	ud2				/* the monitor makes no system call */
	.size	cbx_x86_syscall, . - cbx_x86_syscall

	.balign	16
	.globl	cbx_x86_enter
	.hidden	cbx_x86_enter
	.type	cbx_x86_enter, @function
cbx_x86_enter:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movabsq	$CBX_CPU_STATE_VA, %rcx
	movq	%rsp, CBX_CPU_RESUME(%rcx)
	shadow_leave %rcx
	movq	CBX_CPU_BOX(%rcx), %rdx
	pushq	$CBX_SELECTOR_USER_DATA
	pushq	REGS_RSP(%rdx)
	pushq	REGS_RFLAGS(%rdx)
	pushq	$CBX_SELECTOR_USER_CODE
	pushq	REGS_RIP(%rdx)
	movl	$CBX_MODE_BOX, CBX_CPU_MODE(%rcx)
cbx_enter_from:				/* an NMI from here on leads to out */
	movq	CBX_CPU_NMIS(%rcx), %rax
	cmpq	CBX_CPU_SEEN(%rcx), %rax
	jne	cbx_enter_out
	movq	%rdx, %rcx
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
	movq	REGS_RDX(%rcx), %rdx
	movq	REGS_RAX(%rcx), %rax
	movq	REGS_RCX(%rcx), %rcx
	iretq
cbx_enter_to:

/* As if the box had been interrupted before its first instruction. */
cbx_enter_out:
	movabsq	$CBX_CPU_STATE_VA, %rcx
	movq	CBX_CPU_BOX(%rcx), %rcx
	movq	$VECTOR_NMI, CBX_CPU_VECTOR(%rcx)
	movq	$0, CBX_CPU_ERROR(%rcx)
	movq	$0, CBX_CPU_CR2(%rcx)
	jmp	cbx_left_box
	.size	cbx_x86_enter, . - cbx_x86_enter

	.balign	16
	.globl	cbx_x86_halt
	.hidden	cbx_x86_halt
	.type	cbx_x86_halt, @function
cbx_x86_halt:
	movabsq	$CBX_CPU_STATE_VA, %rcx
cbx_halt_from:
	movq	CBX_CPU_NMIS(%rcx), %rax
	cmpq	CBX_CPU_SEEN(%rcx), %rax
	jne	cbx_halt_to
	hlt
cbx_halt_to:
	ret
	.size	cbx_x86_halt, . - cbx_x86_halt

	.section .rodata.windows, "a", @progbits
	.globl	cbx_x86_windows_end
	.hidden	cbx_x86_windows_end
cbx_x86_windows_end:

	.section .note.GNU-stack, "", @progbits

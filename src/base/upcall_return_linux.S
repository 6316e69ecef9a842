/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving an up-call on the linux backend (gatecall_linux.h):
 *
 *   _Noreturn void cbx_upcall_return(struct cbx_upcall *upcall,
 *	struct cbx_regs *regs, void *frame);
 *
 * The frame is the kernel's ucontext.  Its extended state is loaded with every
 * component it names, then the registers, without a system call.  A program
 * that made a system call expects rcx to be lost to rip: then nothing is
 * written to its stack.  Else rip, rflags and a register pass below the red
 * zone.
 */
#define REGS_R8	    0x00
#define REGS_R9	    0x08
#define REGS_R10    0x10
#define REGS_R11    0x18
#define REGS_R12    0x20
#define REGS_R13    0x28
#define REGS_R14    0x30
#define REGS_R15    0x38
#define REGS_RDI    0x40
#define REGS_RSI    0x48
#define REGS_RBP    0x50
#define REGS_RBX    0x58
#define REGS_RDX    0x60
#define REGS_RAX    0x68
#define REGS_RCX    0x70
#define REGS_RSP    0x78
#define REGS_RIP    0x80
#define REGS_RFLAGS 0x88
#define REGS_END    0x90

#define FRAME_FPSTATE	  0xe0
#define FPSTATE_MAGIC	  464 /* sw_reserved.magic1 */
#define FPSTATE_XFEATURES 472 /* sw_reserved.xfeatures */
#define MAGIC		  0x46505853

#define RED_ZONE 128

/* The extended state of the frame in rdx; rax, rcx and rdx are lost. */
	.macro	load_state
	mov	FRAME_FPSTATE(%rdx), %rcx
	test	%rcx, %rcx
	je	2f
	cmpl	$MAGIC, FPSTATE_MAGIC(%rcx)
	jne	1f
	mov	FPSTATE_XFEATURES(%rcx), %eax
	mov	FPSTATE_XFEATURES+4(%rcx), %edx
	xrstor64 (%rcx)
	jmp	2f
1:	fxrstor64 (%rcx)
2:
	.endm

	.text
	.globl	cbx_upcall_load
	.hidden	cbx_upcall_load
	.type	cbx_upcall_load, @function
cbx_upcall_load:
	mov	%rdi, %rdx
	load_state
	ret
	.size	cbx_upcall_load, . - cbx_upcall_load

	.globl	cbx_upcall_return
	.hidden	cbx_upcall_return
	.type	cbx_upcall_return, @function
cbx_upcall_return:
	cld
	load_state

/* A signal may come at any instruction and goes to the top of this stack once
 * rsp has left it: setting rsp is the last thing done with the frame. */
	mov	REGS_RIP(%rsi), %rcx
	mov	REGS_RSP(%rsi), %rax
	cmp	%rcx, REGS_RCX(%rsi)
	je	3f
	lea	-(RED_ZONE+24)(%rax), %rax
	mov	%rcx, 16(%rax)
	mov	REGS_RAX(%rsi), %rcx
	mov	%rcx, 8(%rax)
	mov	REGS_RFLAGS(%rsi), %rcx
	mov	%rcx, (%rax)

3:	mov	REGS_R8(%rsi), %r8
	mov	REGS_R9(%rsi), %r9
	mov	REGS_R10(%rsi), %r10
	mov	REGS_R11(%rsi), %r11
	mov	REGS_R12(%rsi), %r12
	mov	REGS_R13(%rsi), %r13
	mov	REGS_R14(%rsi), %r14
	mov	REGS_R15(%rsi), %r15
	mov	REGS_RDI(%rsi), %rdi
	mov	REGS_RBP(%rsi), %rbp
	mov	REGS_RBX(%rsi), %rbx
	mov	REGS_RDX(%rsi), %rdx
	mov	REGS_RCX(%rsi), %rcx
	je	4f			/* mov keeps the flags */

	mov	REGS_RSI(%rsi), %rsi
	mov	%rax, %rsp
	popf
	pop	%rax
	ret	$RED_ZONE

4:	mov	REGS_RAX(%rsi), %rax
	lea	REGS_RFLAGS(%rsi), %rsp
	popf
	mov	REGS_RSI-REGS_END(%rsp), %rsi
	mov	REGS_RSP-REGS_END(%rsp), %rsp
	jmp	*%rcx
	.size	cbx_upcall_return, . - cbx_upcall_return

/*
 * _Noreturn void cbx_upcall_step(struct cbx_regs *regs, void *frame);
 *
 * The return frame lies on the stack the runtime is on: a signal that comes
 * before IRETQ begins below it.
 */
	.globl	cbx_upcall_step
	.hidden	cbx_upcall_step
	.type	cbx_upcall_step, @function
cbx_upcall_step:
	cld
	mov	%rsi, %rdx
	mov	%rdi, %rsi
	load_state
	xor	%eax, %eax
	mov	%ss, %eax
	push	%rax
	push	REGS_RSP(%rsi)
	push	REGS_RFLAGS(%rsi)
	mov	%cs, %eax
	push	%rax
	push	REGS_RIP(%rsi)
	mov	REGS_R8(%rsi), %r8
	mov	REGS_R9(%rsi), %r9
	mov	REGS_R10(%rsi), %r10
	mov	REGS_R11(%rsi), %r11
	mov	REGS_R12(%rsi), %r12
	mov	REGS_R13(%rsi), %r13
	mov	REGS_R14(%rsi), %r14
	mov	REGS_R15(%rsi), %r15
	mov	REGS_RDI(%rsi), %rdi
	mov	REGS_RBP(%rsi), %rbp
	mov	REGS_RBX(%rsi), %rbx
	mov	REGS_RDX(%rsi), %rdx
	mov	REGS_RAX(%rsi), %rax
	mov	REGS_RCX(%rsi), %rcx
	mov	REGS_RSI(%rsi), %rsi
	iretq
	.size	cbx_upcall_step, . - cbx_upcall_step

	.section .note.GNU-stack, "", @progbits

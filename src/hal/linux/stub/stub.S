/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stub's code that stays in a box's process.  Any thread of the box can
 * jump anywhere in here; it gains nothing by that (layout.h).
 */
#include <hal/linux/layout.h>

#define NR_RT_SIGRETURN 15
#define NR_CLONE	56
#define NR_EXIT		60
#define NR_SECCOMP	317

	.section .text.first, "ax", @progbits

/* The pager: asks for a command, makes that system call, for ever.  It uses no
 * memory but the comm page, and has every signal blocked.  The system call is
 * at the text's first byte, where the filter looks for it. */
	.globl	cbx_stub_order
	.type	cbx_stub_order, @function
cbx_stub_order:
	syscall
	mov	%rax, %rbx
	cmp	$NR_CLONE, %rbp
	jne	1f
	test	%rax, %rax
	je	cbx_stub_born
1:	mov	%rbx, %rdi
	mov	$CBX_STUB_NEXT, %eax
	syscall
	mov	CBX_COMM_NR(%r12), %rbp
	mov	CBX_COMM_ARG+0x00(%r12), %rdi
	mov	CBX_COMM_ARG+0x08(%r12), %rsi
	mov	CBX_COMM_ARG+0x10(%r12), %rdx
	mov	CBX_COMM_ARG+0x18(%r12), %r10
	mov	CBX_COMM_ARG+0x20(%r12), %r8
	mov	CBX_COMM_ARG+0x28(%r12), %r9
	mov	%rbp, %rax
	jmp	cbx_stub_order

	.globl	cbx_stub_pager
cbx_stub_pager:
	movabs	$CBX_COMM_VA, %r12
	xor	%ebx, %ebx
	jmp	1b
	.size	cbx_stub_order, . - cbx_stub_order

/* A new thread: gives up the pager's right before it is anybody's. */
	.text
cbx_stub_born:
	mov	$1, %edi		/* seccomp(SET_MODE_FILTER, 0, filter) */
	xor	%esi, %esi
	lea	cbx_stub_filter_thread(%rip), %rdx
	mov	$NR_SECCOMP, %eax
	syscall
	test	%rax, %rax
	jne	2f
	xor	%edi, %edi
	/* fall through */

/* Stop: tell the monitor why (rdi rsi rdx r10 r8 r9); continue with the
 * registers it answers with, or exit. */
cbx_stub_stop:
	mov	$CBX_STUB_STOP, %eax
	syscall
	test	%rax, %rax
	je	2f
	mov	%rax, %rsp
	mov	$NR_RT_SIGRETURN, %eax
	syscall
	ud2
2:	xor	%edi, %edi
	mov	$NR_EXIT, %eax
	syscall
	ud2
	.size	cbx_stub_born, . - cbx_stub_born

/* From the handler: the fourth argument is where C puts it. */
	.globl	cbx_stub_report
	.type	cbx_stub_report, @function
cbx_stub_report:
	mov	%rcx, %r10
	jmp	cbx_stub_stop
	.size	cbx_stub_report, . - cbx_stub_report

/* From the handler into the runtime: entry, upcall, regs, context. */
	.globl	cbx_stub_enter
	.type	cbx_stub_enter, @function
cbx_stub_enter:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	jmp	*%rax
	.size	cbx_stub_enter, . - cbx_stub_enter

/* rt_sigaction wants a restorer; the handler never returns to it. */
	.globl	cbx_stub_restorer
	.type	cbx_stub_restorer, @function
cbx_stub_restorer:
	ud2
	.size	cbx_stub_restorer, . - cbx_stub_restorer

	.section .init.text, "ax", @progbits

	.globl	cbx_stub_start
	.type	cbx_stub_start, @function
cbx_stub_start:
	xor	%ebp, %ebp
	and	$-16, %rsp
	call	cbx_stub_init
	ud2
	.size	cbx_stub_start, . - cbx_stub_start

/* Leave the kernel's stack for good, seal the process, become the pager.
 * rdi: struct sock_fprog, rsi: struct msghdr, both in read-only memory. */
	.globl	cbx_stub_seal
	.type	cbx_stub_seal, @function
cbx_stub_seal:
	mov	%rdi, %rbx
	mov	%rsi, %r13
	xor	%esp, %esp

	xor	%edi, %edi		/* munmap what is below us */
	movabs	$CBX_STUB_TEXT, %rsi
	mov	$11, %eax
	syscall
	test	%rax, %rax
	jne	9f
	movabs	$(CBX_COMM_VA + 0x1000), %rdi	/* and what is above */
	movabs	$(CBX_TASK_TOP - CBX_COMM_VA - 0x1000), %rsi
	mov	$11, %eax
	syscall				/* sealed vdso pages may stay there */

	mov	$1, %edi		/* seccomp(SET_MODE_FILTER, */
	mov	$(8 | 32), %esi		/* NEW_LISTENER|WAIT_KILLABLE_RECV, */
	mov	%rbx, %rdx		/* filter) */
	mov	$NR_SECCOMP, %eax
	syscall
	cmp	$CBX_STUB_FD_LISTENER, %rax
	jne	9f
	mov	$CBX_STUB_FD_MONITOR, %edi	/* sendmsg(monitor, listener) */
	mov	%r13, %rsi
	xor	%edx, %edx
	mov	$46, %eax
	syscall
	cmp	$1, %rax
	jne	9f
	mov	$CBX_STUB_FD_LISTENER, %edi	/* close */
	mov	$3, %eax
	syscall
	mov	$CBX_STUB_FD_MONITOR, %edi
	mov	$3, %eax
	syscall
	jmp	cbx_stub_pager
9:	mov	$1, %edi		/* exit_group(1) */
	mov	$231, %eax
	syscall
	ud2
	.size	cbx_stub_seal, . - cbx_stub_seal

	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry points of the runtime on the linux backend, and the few instructions
 * that may fault in it.
 */
#define CBX_LINUX_GATE_BASE  0x0cbf0000
#define CBX_CALL_THREAD_EXIT 0x111

	.text

/* The box's first instruction: rdi = the start block's address. */
	.globl	cbx_runtime_entry
	.type	cbx_runtime_entry, @function
cbx_runtime_entry:
	xorl	%ebp, %ebp
	cld
	andq	$-16, %rsp
	testq	%rdi, %rdi
	jz	1f
	call	cbx_runtime_start
	ud2
1:	call	cbx_template_clone	/* there is no start block but the
					 * template's */
	ud2
	.size	cbx_runtime_entry, . - cbx_runtime_entry

/* An up-call: rdi = struct cbx_upcall *, rsi = struct cbx_regs *, rdx = the
 * backend's frame. */
	.globl	cbx_runtime_upcall_entry
	.type	cbx_runtime_upcall_entry, @function
cbx_runtime_upcall_entry:
	xorl	%ebp, %ebp
	cld
	andq	$-16, %rsp
	call	cbx_runtime_upcall
	ud2
	.size	cbx_runtime_upcall_entry, . - cbx_runtime_upcall_entry

/* A new task's thread begins: rdi = the task. */
	.globl	cbx_task_entry
	.type	cbx_task_entry, @function
cbx_task_entry:
	xorl	%ebp, %ebp
	cld
	andq	$-16, %rsp
	call	cbx_task_begin
	ud2
	.size	cbx_task_entry, . - cbx_task_entry

/* execve goes on in another space: rdi = the task. */
	.globl	cbx_exec_entry
	.type	cbx_exec_entry, @function
cbx_exec_entry:
	xorl	%ebp, %ebp
	cld
	andq	$-16, %rsp
	call	cbx_exec_begin
	ud2
	.size	cbx_exec_entry, . - cbx_exec_entry

/* cbx_upcall_on(upcall, regs, frame, stack): go on serving on another stack. */
	.globl	cbx_upcall_on
	.type	cbx_upcall_on, @function
cbx_upcall_on:
	movq	%rcx, %rsp
	xorl	%ebp, %ebp
	call	cbx_upcall_serve
	ud2
	.size	cbx_upcall_on, . - cbx_upcall_on

/* The bridge's thread begins: rdi = its task. */
	.globl	cbx_bridge_entry
	.type	cbx_bridge_entry, @function
cbx_bridge_entry:
	xorl	%ebp, %ebp
	cld
	andq	$-16, %rsp
	call	cbx_bridge_main
	ud2
	.size	cbx_bridge_entry, . - cbx_bridge_entry

/* cbx_task_leave(rdi = bool *left): the stack may be another's once it says
 * so. */
	.globl	cbx_task_leave
	.type	cbx_task_leave, @function
cbx_task_leave:
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	movl	$(CBX_LINUX_GATE_BASE + CBX_CALL_THREAD_EXIT), %eax
	movb	$1, (%rdi)
	xorl	%edi, %edi
	syscall
	ud2
	.size	cbx_task_leave, . - cbx_task_leave

/* cbx_start_program(rdi = entry, rsi = stack): begin the program, every other
 * register zero. */
	.globl	cbx_start_program
	.type	cbx_start_program, @function
cbx_start_program:
	movq	%rsi, %rsp
	movq	%rdi, %r11
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	xorl	%r10d, %r10d
	xorl	%r12d, %r12d
	xorl	%r13d, %r13d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
	jmp	*%r11
	.size	cbx_start_program, . - cbx_start_program

/* Where a signal handler returns to. */
	.globl	cbx_signal_restorer
	.type	cbx_signal_restorer, @function
cbx_signal_restorer:
	movl	$999, %eax	/* sigreturn, in syscall.def */
	syscall
	ud2
	.size	cbx_signal_restorer, . - cbx_signal_restorer

/* uint64_t cbx_user_copy(to, from, bytes) */
	.globl	cbx_user_copy, cbx_user_copy_touch, cbx_user_copy_fixup
	.globl	cbx_user_words_touch, cbx_user_words_fixup
	.type	cbx_user_copy, @function
cbx_user_copy:
	movq	%rdx, %rcx
	cmpq	$64, %rdx
	jb	cbx_user_copy_touch
	shrq	$3, %rcx
	andl	$7, %edx
cbx_user_words_touch:
	rep movsq
cbx_user_words_fixup:			/* the last ones byte by byte */
	leaq	(%rdx,%rcx,8), %rcx
cbx_user_copy_touch:
	rep movsb
cbx_user_copy_fixup:
	movq	%rcx, %rax
	ret
	.size	cbx_user_copy, . - cbx_user_copy

/* uint64_t cbx_user_zero(to, bytes) */
	.globl	cbx_user_zero, cbx_user_zero_touch, cbx_user_zero_fixup
	.globl	cbx_user_zeros_touch, cbx_user_zeros_fixup
	.type	cbx_user_zero, @function
cbx_user_zero:
	movq	%rsi, %rcx
	xorl	%eax, %eax
	cmpq	$64, %rsi
	jb	cbx_user_zero_touch
	shrq	$3, %rcx
	andl	$7, %esi
cbx_user_zeros_touch:
	rep stosq
cbx_user_zeros_fixup:
	leaq	(%rsi,%rcx,8), %rcx
cbx_user_zero_touch:
	rep stosb
cbx_user_zero_fixup:
	movq	%rcx, %rax
	ret
	.size	cbx_user_zero, . - cbx_user_zero

/* int64_t cbx_user_copy_string(to, from, size) */
	.globl	cbx_user_copy_string
	.globl	cbx_user_string_touch, cbx_user_string_fixup
	.type	cbx_user_copy_string, @function
cbx_user_copy_string:
	xorl	%eax, %eax
1:	cmpq	%rdx, %rax
	je	2f
cbx_user_string_touch:
	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	testb	%cl, %cl
	jz	2f
	incq	%rax
	jmp	1b
2:	ret
cbx_user_string_fixup:
	movq	$-14, %rax	/* -EFAULT */
	ret
	.size	cbx_user_copy_string, . - cbx_user_copy_string

/* int64_t cbx_user_swap(va, uint32_t *expected, desired): compare and swap a
 * word; *expected becomes what it was. */
	.globl	cbx_user_swap
	.globl	cbx_user_swap_touch, cbx_user_swap_fixup
	.type	cbx_user_swap, @function
cbx_user_swap:
	movl	(%rsi), %eax
cbx_user_swap_touch:
	lock cmpxchgl %edx, (%rdi)
	movl	%eax, (%rsi)
	xorl	%eax, %eax
	ret
cbx_user_swap_fixup:
	movq	$-14, %rax	/* -EFAULT */
	ret
	.size	cbx_user_swap, . - cbx_user_swap

/* bool cbx_fsgsbase_usable(void): whether wrfsbase works here. */
	.globl	cbx_fsgsbase_usable
	.globl	cbx_fsgsbase_touch, cbx_fsgsbase_fixup
	.type	cbx_fsgsbase_usable, @function
cbx_fsgsbase_usable:
	xorl	%eax, %eax
	xorl	%ecx, %ecx
cbx_fsgsbase_touch:
	wrfsbase %rcx
	movl	$1, %eax
cbx_fsgsbase_fixup:
	ret
	.size	cbx_fsgsbase_usable, . - cbx_fsgsbase_usable

/* bool cbx_tiles_usable(void): whether tile registers work here.  The processor
 * may have them and the one below not keep them. */
	.globl	cbx_tiles_usable
	.globl	cbx_tiles_touch, cbx_tiles_fixup
	.type	cbx_tiles_usable, @function
cbx_tiles_usable:
	xorl	%eax, %eax
	ldtilecfg one_tile(%rip)
cbx_tiles_touch:
	tilezero %tmm0
	movl	$1, %eax
cbx_tiles_fixup:
	tilerelease
	ret
	.size	cbx_tiles_usable, . - cbx_tiles_usable

	.section .rodata
	.balign	64
one_tile:
	.byte	1			/* the palette */
	.zero	15
	.short	64			/* bytes of a row */
	.zero	30
	.byte	16			/* rows */
	.zero	15

	.section .note.GNU-stack, "", @progbits

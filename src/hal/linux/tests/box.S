/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code the tests run in boxes: copied from here into box pages, so all of it
 * is position-independent.  rdi is the thread's argument.
 */
#include <hal/linux/layout.h>

#define GATE_BASE 0x0cbf0000
#define DATA_VA 0x20000000

	.macro BOX name
	.globl	\name
\name:
	.endm

	.macro GATE nr
	mov	$(GATE_BASE + \nr), %eax
	syscall
	.endm

	.text
	.globl	box_begin
box_begin:

/* Gates for ever: 0x111 with the argument and constants, then 0x122 with what
 * ret[0..2] said. */
BOX box_gates
	mov	%rdi, %rbx
1:	mov	%rbx, %rdi
	mov	$2, %esi
	mov	$3, %edx
	mov	$4, %r10d
	mov	$5, %r8d
	mov	$6, %r9d
	GATE	0x111
	mov	0x00(%rax), %rdi	/* status */
	mov	0x08(%rax), %rsi
	mov	0x10(%rax), %rdx
	mov	0x18(%rax), %r10
	mov	%rbx, %r8
	mov	%rsp, %r9
	GATE	0x122
	jmp	1b

/* The cheapest gate, for ever. */
BOX box_ping
1:	GATE	0x100
	jmp	1b

/* Read, write, execute at the argument; arrive at gate 0x123 if it works. */
BOX box_read
	mov	(%rdi), %rdi
	GATE	0x123
	ud2
BOX box_write
	movq	$77, (%rdi)
	GATE	0x123
	ud2
BOX box_execute
	call	*%rdi
	GATE	0x123
	ud2
BOX box_ret
	ret

BOX box_hlt
	hlt
/* CPUID, leaf 0; gate 0x123 with its vendor's first word. */
BOX box_cpuid
	xor	%eax, %eax
	cpuid
	mov	%rbx, %rdi
	GATE	0x123
	ud2
BOX box_divide
	xor	%ecx, %ecx
	mov	$1, %eax
	xor	%edx, %edx
	div	%ecx
BOX box_int3
	int3
	ud2

/* Spin, counting in rbx; the argument goes to gate 0x123 when DATA_VA is not
 * zero any more. */
BOX box_spin
	xor	%ebx, %ebx
	mov	$DATA_VA, %ecx
1:	inc	%rbx
	cmpq	$0, (%rcx)
	je	1b
	mov	%rbx, %rsi
	GATE	0x123
	ud2

/* Every register has a known value; on the way back all must. */
	.macro KNOWN
	mov	$0x1111, %rbx
	mov	$0x2222, %rbp
	mov	$0x3333, %r12
	mov	$0x4444, %r13
	mov	$0x5555, %r14
	mov	$0x6666, %r15
	mov	$0x7777, %rdi
	mov	$0x8888, %rsi
	mov	$0x9999, %rdx
	mov	$0xaaaa, %r10
	mov	$0xbbbb, %r8
	mov	$0xcccc, %r9
	movq	%rbx, %xmm0
	movq	%rbp, %xmm15
	vinserti128 $1, %xmm15, %ymm15, %ymm15
	movq	$0x5a5a, -8(%rsp)	/* red zone */
	.endm

	.macro IS reg, value, bad
	cmp	$\value, \reg
	jne	\bad
	.endm

	.macro CHECK bad
	IS	%rbx, 0x1111, \bad
	IS	%rbp, 0x2222, \bad
	IS	%r12, 0x3333, \bad
	IS	%r13, 0x4444, \bad
	IS	%r14, 0x5555, \bad
	IS	%r15, 0x6666, \bad
	IS	%rdi, 0x7777, \bad
	IS	%rsi, 0x8888, \bad
	IS	%rdx, 0x9999, \bad
	IS	%r10, 0xaaaa, \bad
	IS	%r8, 0xbbbb, \bad
	IS	%r9, 0xcccc, \bad
	cmpq	$0x5a5a, -8(%rsp)
	jne	\bad
	movq	%xmm0, %r11
	IS	%r11, 0x1111, \bad
	vextracti128 $1, %ymm15, %xmm1
	movq	%xmm1, %r11
	IS	%r11, 0x2222, \bad
	.endm

/* A program's system call number `argument`, the way libc makes it; after,
 * gate 0x123 tells: rdi = rax, rsi = 0 when every other register is kept. */
BOX box_syscall
	mov	%rdi, %rax
	KNOWN
	syscall
	CHECK	9f
	mov	%rax, %rdi
	xor	%esi, %esi
	GATE	0x123
	ud2
9:	mov	%rax, %rdi
	mov	$1, %esi
	GATE	0x123
	ud2

/* System calls and faults that a runtime skips, as often as DATA_VA says;
 * gate 0x123 with rsi = 0 at the end, 1 when a register was lost. */
BOX box_stress
	mov	$39, %eax
	KNOWN
	syscall
	CHECK	9f
	IS	%rax, 4242, 9f
	mov	$0xdddd, %eax
	mov	$0xeeee, %ecx
	ud2
	CHECK	9f
	IS	%rax, 0xdddd, 9f
	IS	%rcx, 0xeeee, 9f
	mov	$DATA_VA, %ecx
	decq	(%rcx)
	jne	box_stress
	xor	%esi, %esi
	GATE	0x123
	ud2
9:	mov	$1, %esi
	GATE	0x123
	ud2

/* A system call as often as the argument says, then gate 0x123. */
BOX box_syscalls
	mov	%rdi, %rbx
1:	mov	$39, %eax
	syscall
	dec	%rbx
	jne	1b
	GATE	0x123
	ud2

/* A runtime: answers 4242 to every system call, skips a fault by two bytes,
 * counts deadlines at DATA_VA + 8. */
BOX box_entry_quick
	cmpl	$0, (%rdi)
	jne	1f
	movq	$4242, 0x68(%rsi)
1:	cmpl	$1, (%rdi)
	jne	2f
	addq	$2, 0x80(%rsi)
2:	cmpl	$2, (%rdi)
	jne	3f
	mov	$(DATA_VA + 8), %ecx
	incq	(%rcx)
3:
	movd	%eax, %xmm0		/* its own use of extended state */
	vpxor	%ymm15, %ymm15, %ymm15
	jmp	cbx_upcall_return

/* A runtime: counts at DATA_VA + 8, and goes back when DATA_VA says so. */
BOX box_entry_spin
	mov	$DATA_VA, %ecx
	incq	8(%rcx)
1:	pause
	cmpq	$0, (%rcx)
	je	1b
	jmp	cbx_upcall_return

/* A runtime: tells the monitor first (gate 0x140: kind, code, value, rip, rax,
 * rsp), answers ret[0]; a fault is skipped by ret[1] bytes. */
BOX box_entry_gate
	mov	%rdi, %r12
	mov	%rsi, %r13
	mov	%rdx, %r14
	mov	0(%r12), %edi
	mov	4(%r12), %esi
	mov	8(%r12), %rdx
	mov	0x80(%r13), %r10
	mov	0x68(%r13), %r8
	mov	0x78(%r13), %r9
	GATE	0x140
	cmpl	$0, 0(%r12)
	jne	1f
	mov	0x08(%rax), %rcx
	mov	%rcx, 0x68(%r13)
1:	mov	0x10(%rax), %rcx
	add	%rcx, 0x80(%r13)
	mov	%r12, %rdi
	mov	%r13, %rsi
	mov	%r14, %rdx
	jmp	cbx_upcall_return

/* Attacks.  Each arrives at gate 0x123 if it got through (rdi = what the kernel
 * said), or ends otherwise. */
	.macro ATTACK name, nr, rdi=0, rsi=0, rdx=0, r10=0, r8=0, r9=0
BOX \name
	movabs	$\rdi, %rdi
	movabs	$\rsi, %rsi
	movabs	$\rdx, %rdx
	mov	$\r10, %r10
	mov	$\r8, %r8
	mov	$\r9, %r9
	mov	$\nr, %eax
	syscall
	mov	%rax, %rdi
	GATE	0x123
	ud2
	.endm

ATTACK attack_mmap, 9, 0x30000000, 0x1000, 3, 0x11, 0, 0
ATTACK attack_mmap_anon, 9, 0x30000000, 0x1000, 3, 0x32, -1, 0
ATTACK attack_munmap, 11, CBX_SLOT_VA, 0x40000
ATTACK attack_mprotect, 10, CBX_STUB_TEXT, 0x1000, 7
ATTACK attack_clone, 56, 0x50f00, 0x20000800
ATTACK attack_sigreturn, 15
ATTACK attack_open, 2, CBX_STUB_TEXT
ATTACK attack_getppid, 110
ATTACK attack_write, 1, 0, CBX_STUB_TEXT, 16
ATTACK attack_sendmsg, 46, 3
ATTACK attack_kill, 62, -1, 9
ATTACK attack_exit, 231, 3
ATTACK attack_cpuid, 158, 0x1012, 1	/* take it back: ARCH_SET_CPUID */
ATTACK attack_x32, 0x40000009, 0x30000000, 0x1000, 3, 0x32, -1, 0
ATTACK attack_negative, -1
ATTACK attack_next, CBX_STUB_NEXT
ATTACK attack_stop, CBX_STUB_STOP

BOX attack_int80
	mov	$20, %eax
	int	$0x80
	mov	%rax, %rdi
	GATE	0x123
	ud2
BOX attack_sysenter
	mov	$20, %eax
	sysenter
	ud2
BOX attack_vsyscall		/* time() */
	xor	%edi, %edi
	mov	$0xffffffffff600400, %rax
	call	*%rax
	mov	%rax, %rdi
	GATE	0x123
	ud2

/* Jump to the stub's instruction at the argument with registers set for
 * mmap(0x30000000, 4096, RW, SHARED|FIXED, private file, 0). */
BOX attack_stub
	mov	%rdi, %r15
	mov	$0x30000000, %edi
	mov	$0x1000, %esi
	mov	$3, %edx
	mov	$0x11, %r10d
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	mov	$9, %eax
	mov	$9, %ebp
	movabs	$CBX_COMM_VA, %r12
	jmp	*%r15

/* Tell the stub to stop with a frame of our making: CBX_STUB_STOP with the
 * argument as its context. */
BOX attack_frame
	mov	%rdi, %r9
	mov	$CBX_STUB_KICK, %edi
	mov	$-6, %rsi
	xor	%edx, %edx
	xor	%r10d, %r10d
	xor	%r8d, %r8d
	movabs	$CBX_STUB_TEXT, %rax
1:	cmpl	$(CBX_STUB_STOP & 0xffffffff), (%rax)
	je	2f
	inc	%rax
	jmp	1b
2:	dec	%rax
	jmp	*%rax

/* Single-step into the stub's CBX_STUB_STOP: iretq arms the trap for after that
 * system call.  The argument is the address of its instruction. */
BOX attack_step
	mov	%rsp, %rcx
	mov	%ss, %eax
	push	%rax
	push	%rcx
	pushf
	orq	$0x100, (%rsp)
	mov	%cs, %eax
	push	%rax
	push	%rdi
	movabs	$(CBX_SLOT_VA + CBX_SLOT_STACK + 0x1000), %r9
	mov	$CBX_STUB_KICK, %edi
	mov	$-6, %rsi
	xor	%edx, %edx
	xor	%r10d, %r10d
	xor	%r8d, %r8d
	mov	$CBX_STUB_STOP, %eax
	iretq

/* A runtime that, told of the trap between the monitor's answer and
 * rt_sigreturn, makes that system call with a frame of its own: zeros at
 * DATA_VA, but for rip, rsp and the segments. */
BOX attack_step_entry
	mov	$(DATA_VA + 0x100), %esp
	lea	attack_step_through(%rip), %rax
	mov	%rax, 0xa8(%rsp)	/* rip */
	mov	%rsp, 0xa0(%rsp)	/* rsp */
	movq	$0x33, 0xb8(%rsp)	/* cs; ss in the last half */
	movw	$0x2b, 0xbe(%rsp)
	movabs	$CBX_STUB_TEXT, %rdx
1:	inc	%rdx			/* mov $15, %eax; syscall */
	cmpl	$0x0f, 1(%rdx)
	jne	1b
	cmpw	$0x050f, 5(%rdx)
	jne	1b
	jmp	*%rdx
BOX attack_step_through
	GATE	0x123
	ud2

/* Spoil the signal stack: point rsp at its bottom, then fault. */
BOX attack_stack
	movabs	$(CBX_SLOT_VA + CBX_SLOT_STACK + 1024), %rsp
	ud2

/* Fill the whole signal stack with ones for ever. */
BOX attack_fill
	movabs	$(CBX_SLOT_VA + CBX_SLOT_STACK), %rdi
	mov	$((CBX_SLOT_BYTES - CBX_SLOT_STACK) / 8), %ecx
	mov	$-1, %rax
	rep stosq
	jmp	attack_fill

/* What was made for the program's own use is still there for the test. */
#include "../../../base/upcall_return_linux.S"
	.text
	.globl	box_end
box_end:

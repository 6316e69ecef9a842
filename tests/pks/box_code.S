/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boxes of box.c do: one page of code, mapped at CODE.  Each case ends
 * its box with a status, or by the fault it provokes.
 */
#include <arch/x86_64/layout.h>

#define GATE_BASE     0x0cbf0000
#define GATE_END      0x100
#define GATE_MAP      0x101
#define GATE_UNMAP    0x103
#define GATE_PROTECT  0x104
#define GATE_ENTRY    0x118
#define GATE_CREATE   0x110
#define GATE_EXIT     0x111
#define GATE_PARK     0x112
#define GATE_WRITE    0x131

#define REGS_R12 0x20
#define REGS_RBX 0x58
#define REGS_RAX 0x68
#define REGS_RSP 0x78
#define REGS_RIP 0x80

#define SCRATCH 0x700000000

	.section .rodata.box, "a", @progbits
	.balign	4096
	.globl	test_code, test_code_end
	.hidden	test_code, test_code_end
test_code:

	.macro case name
	.globl	test_\name
	.hidden	test_\name
test_\name:
	.endm

/* Make a gate; rax is the reply's address. */
	.macro gate number
	movl	$(GATE_BASE + \number), %eax
	syscall
	.endm

/* Go on if the condition holds, else end with this place's number; rdi is
 * lost. */
	.macro must condition
	movl	$\@ + 100, %edi
	\condition	1f
	jmp	finish
1:
	.endm

	.macro good
	movl	$1, %edi
	jmp	finish
	.endm

finish:	xorl	%esi, %esi		/* what it does not take is zero */
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	gate	GATE_END
	ud2

	case	end
	movl	$42, %edi
	jmp	finish

/* Everything a context starts with is zero but what it was given. */
	case	fresh
	pushq	%rdi
	orq	%rax, %rbx
	orq	%rcx, %rbx
	orq	%rdx, %rbx
	orq	%rbp, %rbx
	orq	%r8, %rbx
	orq	%r9, %rbx
	orq	%r10, %rbx
	orq	%r11, %rbx
	orq	%r12, %rbx
	orq	%r13, %rbx
	orq	%r14, %rbx
	orq	%r15, %rbx
	orq	%rsi, %rbx
	must	je
	cmpq	$0x77, (%rsp)
	must	je
	rdfsbase %rax
	rdgsbase %rcx
	orq	%rcx, %rax
	must	je
	movl	%ds, %eax
	movl	%es, %ecx
	orl	%ecx, %eax
	movl	%fs, %ecx
	orl	%ecx, %eax
	movl	%gs, %ecx
	orl	%ecx, %eax
	must	je
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vptest	%ymm\n, %ymm\n
	must	je
	.endr
	pushq	$0
	stmxcsr	(%rsp)
	cmpl	$0x1f80, (%rsp)
	must	je
	fnstcw	(%rsp)
	cmpw	$0x37f, (%rsp)
	must	je
	pushfq
	popq	%rax
	andl	$0xffffff, %eax
	cmpl	$0x246, %eax		/* of the cmp above: ZF, PF */
	must	je
	good

/* Registers survive a trip through the monitor, and a host in between. */
	case	keep
	movl	$0x5ec7e7, %eax
	vmovd	%eax, %xmm0
	vpbroadcastd %xmm0, %ymm0
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqa	%ymm0, %ymm\n
	.endr
	movq	$0x1111, %rbx
	movq	$0x2222, %rbp
	movq	$0x3333, %r12
	movq	$0x4444, %r13
	movq	$0x5555, %r14
	movq	$0x6666, %r15
	wrfsbase %rbx
	wrgsbase %rbp
	movl	$1, %edi		/* write to the output port */
	leaq	-64(%rsp), %rsi
	movl	$16, %edx
	gate	GATE_WRITE
	movq	%rax, %rcx
	cmpq	$0, (%rcx)
	must	je
	cmpq	$16, 8(%rcx)
	must	je
	cmpq	$0x1111, %rbx
	must	je
	cmpq	$0x2222, %rbp
	must	je
	cmpq	$0x3333, %r12
	must	je
	cmpq	$0x4444, %r13
	must	je
	cmpq	$0x5555, %r14
	must	je
	cmpq	$0x6666, %r15
	must	je
	rdfsbase %rax
	cmpq	%rbx, %rax
	must	je
	rdgsbase %rax
	cmpq	%rbp, %rax
	must	je
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	vpxor	%ymm\n, %ymm15, %ymm\n
	vptest	%ymm\n, %ymm\n
	must	je
	.endr
	vmovd	%xmm15, %eax
	cmpl	$0x5ec7e7, %eax
	must	je
	good

/* A system call becomes an up-call; the runtime answers it. */
	case	call
	leaq	answer(%rip), %rdi
	xorl	%esi, %esi
	gate	GATE_ENTRY
	movl	$0xfeed, %eax
	vmovd	%eax, %xmm7
	movq	%rsp, %rbx
	movl	$0x1234, %eax
	movl	$0x99, %edi
	syscall
	cmpq	$0x7777, %rax
	must	je
	cmpq	%rbx, %rsp
	must	je
	vmovd	%xmm7, %eax
	cmpl	$0xfeed, %eax
	must	je
	good

/* The runtime: it spoils a register it must not be able to keep spoiled. */
answer:	movq	(%rdi), %rax
	movabsq	$0x123400000000, %rcx
	cmpq	%rcx, %rax
	must	je
	cmpq	$0x1234, REGS_RAX(%rsi)
	must	je
	movq	0xe0(%rdx), %rcx	/* the state, as Linux hands it */
	cmpl	$0x46505853, 464(%rcx)
	must	je
	cmpl	$0xfeed, 160 + 7 * 16(%rcx)
	must	je
	vpxor	%xmm7, %xmm7, %xmm7
	movl	472(%rcx), %eax
	movl	476(%rcx), %edx
	xrstor64 (%rcx)
	movl	$0x7777, %eax
	movq	REGS_RBX(%rsi), %rbx
	movq	REGS_RIP(%rsi), %rcx
	movq	REGS_RSP(%rsi), %rsp
	jmp	*%rcx

/* A fault becomes an up-call, too. */
	case	touch
	leaq	caught(%rip), %rdi
	xorl	%esi, %esi
	gate	GATE_ENTRY
	movabsq	$0x123456789, %rax
	movb	$1, (%rax)
	ud2
caught:	movq	%rdi, %rbx
	cmpl	$1, (%rbx)
	must	je
	cmpl	$1, 4(%rbx)
	must	je
	movabsq	$0x123456789, %rax
	cmpq	%rax, 8(%rbx)
	must	je
	good

/* The up-call stack is gone: the fault is the box's end. */
	case	no_stack
	leaq	caught(%rip), %rdi
	movl	$0x1000000, %esi
	gate	GATE_ENTRY
	movl	$0x1234, %eax
	syscall
	ud2

/* Memory: map, write, take the right away, take the page away. */
	.macro	map_scratch
	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	movl	$3, %r10d
	gate	GATE_MAP
	cmpq	$0, (%rax)
	must	je
	movabsq	$SCRATCH, %rbx
	movq	$5, (%rbx)
	.endm

	case	protect
	map_scratch
	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	movl	$1, %r10d
	gate	GATE_PROTECT
	cmpq	$0, (%rax)
	must	je
	cmpq	$5, (%rbx)
	must	je
	movq	$6, (%rbx)
	ud2

	case	unmap
	map_scratch
	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	xorl	%r10d, %r10d
	gate	GATE_UNMAP
	cmpq	$0, (%rax)
	must	je
	movq	(%rbx), %rax
	ud2

/* Many times, so that a table made and given back is used again. */
	case	again
	movl	$200, %r12d
2:	map_scratch
	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	xorl	%r10d, %r10d
	gate	GATE_UNMAP
	cmpq	$0, (%rax)
	must	je
	decl	%r12d
	jne	2b
	good

/* Two threads: each reads its own reply, whoever ran in between. */
	case	threads
	xorl	%edi, %edi
	leaq	other(%rip), %rsi
	movq	%rsp, %rdx
	subq	$2048, %rdx
	xorl	%r10d, %r10d
	gate	GATE_CREATE
	cmpq	$0, (%rax)
	must	je
	movq	%rax, %rbx
	movq	8(%rax), %r12		/* the thread's handle */
	movl	$1, %edi		/* exits, and the other one runs */
	leaq	-64(%rsp), %rsi
	movl	$24, %edx
	xorl	%r10d, %r10d
	gate	GATE_WRITE
	cmpq	%rbx, %rax
	must	je
	cmpq	$24, 8(%rax)
	must	je
	good
other:	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	gate	0			/* VERSION */
	gate	GATE_EXIT
	ud2

/* Two threads on two CPUs: this one maps and unmaps, and finds every page it
 * gets empty; the other one makes gates meanwhile. */
	case	worker
	movq	%rsp, %rbp
	xorl	%edi, %edi
	leaq	partner(%rip), %rsi
	leaq	-2048(%rsp), %rdx
	xorl	%r10d, %r10d
	gate	GATE_CREATE
	cmpq	$0, (%rax)
	must	je
2:	cmpq	$0, -8(%rbp)		/* until it has begun */
	je	2b
	movl	$300, %r12d
3:	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	movl	$3, %r10d
	gate	GATE_MAP
	cmpq	$7, (%rax)		/* E_BUSY: until a flush completes */
	je	3b
	cmpq	$0, (%rax)
	must	je
	movabsq	$SCRATCH, %rbx
	cmpq	$0, (%rbx)
	must	je
	movq	%r12, (%rbx)
4:	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	xorl	%r10d, %r10d
	gate	GATE_UNMAP
	cmpq	$0, (%rax)
	must	je
	decl	%r12d
	jne	3b
	cmpq	$30, -8(%rbp)		/* both ran at once */
	must	jae
	good
partner: movq	%rsp, %rbp
	addq	$2048, %rbp
5:	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	gate	0			/* VERSION */
	cmpq	$0, (%rax)
	must	je
	incq	-8(%rbp)
	jmp	5b

/* A thousand gates; a thousand system calls the runtime answers at once. */
	case	gates
	movl	$1000, %r12d
6:	gate	0
	decl	%r12d
	jne	6b
	good

	case	calls
	leaq	quick(%rip), %rdi
	xorl	%esi, %esi
	gate	GATE_ENTRY
	movl	$1000, %r12d
7:	movl	$0x1234, %eax
	syscall
	decl	%r12d
	jne	7b
	good
quick:	movq	REGS_R12(%rsi), %r12
	movq	REGS_RIP(%rsi), %rcx
	movq	REGS_RSP(%rsi), %rsp
	jmp	*%rcx

/* What user mode may not do. */
	case	hlt
	hlt
	case	wrmsr
	movl	$0x6e1, %ecx
	wrmsr
	case	mov_cr3
	movq	%rax, %cr3
	case	cli
	cli
	case	port
	movl	$0x3f8, %edx
	outb	%al, %dx
	case	xsetbv
	xsetbv
	case	int80
	int	$0x80
	case	sysenter
	sysenter
	case	sgdt
	pushq	$0
	pushq	$0
	sgdt	(%rsp)
	case	rdpmc
	xorl	%ecx, %ecx
	rdpmc
	case	rdmsr
	movl	$0x6e1, %ecx
	rdmsr
	case	lgdt
	lgdt	(%rsp)
	case	lidt
	lidt	(%rsp)
	case	ltr
	xorl	%eax, %eax
	ltr	%ax
	case	clts
	clts
	case	mov_cr0
	movq	%cr0, %rax
	case	mov_cr4
	movq	%rax, %cr4
	case	mov_to_dr
	movq	%rax, %dr7
	case	mov_from_dr
	movq	%dr6, %rax
	case	invlpg
	invlpg	(%rsp)
	case	wbinvd
	wbinvd
	case	swapgs
	swapgs
	case	sysret
	sysretq
	case	stac
	stac
	case	vmcall
	vmcall
	case	vmmcall
	vmmcall
	case	vmgexit
	.byte	0xf3, 0x0f, 0x01, 0xd9
	case	vmrun
	vmrun
	case	tdcall
	.byte	0x66, 0x0f, 0x01, 0xcc
	case	monitor
	monitor
	case	mwait
	mwait
	case	monitorx
	monitorx
	case	mwaitx
	mwaitx
	case	in_port
	movl	$0xcf8, %edx
	inl	%dx, %eax
	case	ud2
	ud2
	case	noncanonical_stack
	movabsq	$0x8000000000000000, %rsp
	pushq	%rax
	case	noncanonical_data
	movabsq	$0x8000000000000000, %rax
	movq	(%rax), %rax
	case	x87			/* a division that is to be told of */
	pushq	$0x37b
	fldcw	(%rsp)
	fld1
	fldz
	fdivrp
	fwait

/* Exceptions QEMU does not raise, or raises as another. */
	case	int1
	.byte	0xf1
	case	alignment
	pushfq
	orl	$0x40000, (%rsp)
	popfq
	movl	1(%rsp), %eax
	ud2
	case	simd
	pushq	$0x1d80			/* division by zero is to be told of */
	ldmxcsr	(%rsp)
	pxor	%xmm1, %xmm1
	movl	$1, %eax
	cvtsi2sdl %eax, %xmm0
	divsd	%xmm1, %xmm0
	ud2

/* What anybody may execute tells nothing and changes nothing. */
	case	harmless
	xorl	%eax, %eax
	cpuid
	xorl	%ecx, %ecx
	xgetbv
	andl	$~0xe7, %eax
	orl	%edx, %eax
	must	je
	rdtsc
	movl	%edx, %ebx
	shlq	$32, %rbx
	orq	%rax, %rbx
	rdtscp
	shlq	$32, %rdx
	orq	%rax, %rdx
	cmpq	%rbx, %rdx
	must	jae
	good

/* Flags of the box's: a gate ignores them, and gives back those that are the
 * box's to set.  What it cannot set it has not set. */
	case	flags
	pushq	$0x247ed5		/* ID AC NT IOPL DF and arithmetic */
	popfq
	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	gate	0			/* VERSION */
	pushfq
	cld
	popq	%rcx
	cmpq	$0, (%rax)
	must	je
	andl	$0x267400, %ecx
	cmpl	$0x240400, %ecx		/* ID, AC, DF; IOPL 0, not NT, not VM */
	must	je
	good

/* Its own trap flag: one instruction, then the runtime, with the flag there. */
	case	step_upcall
	leaq	stepped(%rip), %rdi
	xorl	%esi, %esi
	gate	GATE_ENTRY
	pushq	$0x302
	popfq
	nop
	ud2
stepped: movq	%rdi, %rbx
	cmpl	$1, (%rbx)		/* a fault: */
	must	je
	cmpl	$5, 4(%rbx)		/* a breakpoint */
	must	je
	testl	$0x100, 0x88(%rsi)
	must	jne
	pushfq
	popq	%rax
	testl	$0x100, %eax
	must	je
	good

/* A runtime where no instruction can be. */
	case	bad_entry
	movabsq	$0x800000000000, %rdi
	xorl	%esi, %esi
	gate	GATE_ENTRY
	ud2

/* Text that is only executed.  A machine without user keys lets it be read. */
	case	read_text
	leaq	finish(%rip), %rbx
	movq	(%rbx), %rax
	movl	$42, %edi
	jmp	finish
	case	write_text
	leaq	finish(%rip), %rbx
	movb	$0, (%rbx)
	case	tell_text		/* a gate does not read it either */
	movl	$1, %edi
	leaq	finish(%rip), %rsi
	movl	$16, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	gate	GATE_WRITE
	cmpq	$10, (%rax)		/* E_FAULT */
	must	je
	good
	case	open_text
	xorl	%edi, %edi
	leaq	test_code(%rip), %rsi
	movl	$1, %edx
	movl	$5, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	gate	GATE_PROTECT
	cmpq	$2, (%rax)		/* E_DENIED */
	must	je
	good
	case	unlock_text		/* what a user key is not against */
	rdpkru
	cmpl	$0x55555554, %eax
	must	je
	xorl	%eax, %eax
	wrpkru
	leaq	finish(%rip), %rbx
	cmpb	$0x31, (%rbx)		/* the xor it begins with */
	must	je
	xorl	%edi, %edi		/* it keeps what it has set */
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	gate	0
	xorl	%ecx, %ecx
	rdpkru
	testl	%eax, %eax
	must	je
	good
	case	fresh_keys		/* and so does nobody else */
	xorl	%ecx, %ecx
	rdpkru
	cmpl	$0x55555554, %eax
	must	je
	good
	case	protect_text		/* mprotect(PROT_EXEC) */
	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	movl	$3, %r10d
	gate	GATE_MAP
	cmpq	$0, (%rax)
	must	je
	movabsq	$SCRATCH, %rbx
	movb	$0xc3, (%rbx)		/* ret */
	xorl	%edi, %edi
	movabsq	$SCRATCH, %rsi
	movl	$1, %edx
	movl	$4, %r10d
	gate	GATE_PROTECT
	cmpq	$0, (%rax)
	must	je
	call	*%rbx
	cmpb	$0xc3, (%rbx)
	must	je
	movl	$42, %edi
	jmp	finish

/* CPU features the policy withholds. */
	case	avx
	vpxor	%ymm0, %ymm0, %ymm0
	good
	case	counter
	rdtsc
	good
	case	counter_and_cpu
	rdtscp
	good
	case	components
	xorl	%ecx, %ecx
	xgetbv
	cmpl	$3, %eax
	must	je
	movl	$1, %eax		/* SSE works, and is kept */
	movd	%eax, %xmm5
	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	gate	0
	movd	%xmm5, %edi
	jmp	finish

	.macro	far selector
	leaq	finish(%rip), %rax
	pushq	$\selector
	pushq	%rax
	movl	%eax, 4(%rsp)
	ljmp	*4(%rsp)
	.endm
	case	compat			/* a 32-bit code segment of Linux */
	far	0x23
	case	ring0
	far	CBX_SELECTOR_CODE
	case	divide
	xorl	%ecx, %ecx
	divl	%ecx
	case	int3
	int3
	case	step
	pushq	$0x302
	popfq
	nop
	ud2
	case	far_jump
	movabsq	$0x8000000000000000, %rax
	jmp	*%rax
	case	read_state
	movabsq	$CBX_CPU_STATE_VA, %rax
	movq	(%rax), %rax
	case	read_scratch
	movabsq	$CBX_CPU_SCRATCH_VA, %rax
	movq	(%rax), %rax
	case	jump_gate
	movabsq	$CBX_IMAGE_VA, %rax
	jmp	*%rax
	case	write_reply
	movabsq	$CBX_REPLY_VA, %rax
	movq	$0, (%rax)
	case	run_reply
	movabsq	$CBX_REPLY_VA, %rax
	jmp	*%rax
	case	run_stack
	jmp	*%rsp
	case	write_code
	leaq	finish(%rip), %rax
	movb	$0, (%rax)
	case	null
	xorl	%eax, %eax
	jmp	*%rax
	case	bad_rsp				/* a gate needs no stack */
	movabsq	$0x8000000000000000, %rsp
	movl	$42, %edi
	jmp	finish
test_code_end:
	.balign	4096

	.section .note.GNU-stack, "", @progbits

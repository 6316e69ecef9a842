/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At VMPL1, which knows of no SEV: the first registers, the kernel's tables, and
 * how traps and system calls come.
 */
#include <arch/x86_64/sev/registers.h>
#include <host/os/os.h>
#include <host/os/snp.h>

#define LINK  0x03
#define LARGE 0x83
#define EFER  0x1d01			/* SVME NXE LMA LME SCE */
#define CR0   0x80010033
#define CR4   0x50620			/* OSXSAVE FSGSBASE OSXMMEXCPT OSFXSR PAE */

#define PHYSICAL(label) ((label) - CBX_KERNEL_VA + OS_SNP_PA)
#define STUB_BYTES	     16

/* In struct os_trap. */
#define TRAP(offset) os_snp_trapped+offset(%rip)
#define VECTOR 0x00
#define ERROR  0x08
#define CR2    0x10
#define REGS   0x18
#define RDI    (REGS + 0x40)
#define RCX    (REGS + 0x70)
#define RSP    (REGS + 0x78)
#define RIP    (REGS + 0x80)
#define RFLAGS (REGS + 0x88)

	.macro	save
	.set	at, REGS
	.irp	name, r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx
	movq	%\name, TRAP(at)
	.set	at, at + 8
	.endr
	.endm

	.text
/* Behind a vector's number and its error code, zero where the CPU says none.  An
 * interrupt of the kernel's ends its rest, and nothing else. */
	.type	trapped, @function
trapped:
	testb	$3, 24(%rsp)
	jnz	1f
	cmpq	$32, (%rsp)
	jb	1f
	addq	$16, %rsp
	iretq
1:	save
	movq	%cr2, %rax
	movq	%rax, TRAP(CR2)
	popq	TRAP(VECTOR)
	popq	TRAP(ERROR)
	popq	TRAP(RIP)
	popq	%rcx
	popq	TRAP(RFLAGS)
	popq	TRAP(RSP)
	leaq	os_cpus(%rip), %rdi
	testb	$3, %cl
	jz	os_probe_trapped
2:	movq	OS_CPU_STACK(%rdi), %rsp
	xorl	%ebp, %ebp
	call	os_user_trap
	ud2

	.globl	os_snp_syscall
	.type	os_snp_syscall, @function
os_snp_syscall:
	save
	movq	%rsp, TRAP(RSP)
	movq	%rcx, TRAP(RIP)
	movq	%r11, TRAP(RFLAGS)
	movq	$CBX_VECTOR_SYSCALL, TRAP(VECTOR)
	leaq	os_cpus(%rip), %rdi
	jmp	2b

/* An NMI, on a stack of its own, is of no interest. */
	.globl	os_snp_nmi
	.type	os_snp_nmi, @function
os_snp_nmi:
	iretq

	.altmacro
	.macro	stub number
	.balign	STUB_BYTES
	.if	\number != 8 && (\number < 10 || \number > 14) && \number != 17 && \number != 21 && \number != 29 && \number != 30
	pushq	$0
	.endif
	pushq	$\number
	jmp	trapped
	.endm
	.balign	STUB_BYTES
	.globl	os_snp_stubs
os_snp_stubs:
	.set	number, 0
	.rept	OS_SNP_VECTORS
	stub	%number
	.set	number, number + 1
	.endr
	.noaltmacro

/* All memory below 4 GiB at CBX_DIRECT_VA, and the kernel. */
	.data
	.balign	4096
	.globl	os_snp_root
os_snp_root:
	.fill	256, 8, 0
	.quad	PHYSICAL(direct) + LINK
	.fill	254, 8, 0
	.quad	PHYSICAL(kernel) + LINK
direct:	.set	at, LARGE
	.rept	4
	.quad	at
	.set	at, at + 0x40000000
	.endr
	.fill	508, 8, 0
kernel:	.fill	510, 8, 0
	.quad	PHYSICAL(kernel_directory) + LINK
	.quad	0
kernel_directory:
	.set	at, OS_SNP_PA + LARGE
	.rept	4
	.quad	at
	.set	at, at + 0x200000
	.endr
	.fill	508, 8, 0

	registers CBX_SELECTOR_CODE, 0xa9b, CBX_SELECTOR_DATA, EFER, CR4, PHYSICAL(os_snp_root), CR0, os_start, xcr0=7

	.section .note.GNU-stack, "", @progbits

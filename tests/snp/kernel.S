/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host kernel at VMPL1 that knows of no SEV: its first registers, its tables,
 * which map all memory below 4 GiB at its own address, and its traps.
 */
#include <arch/x86_64/sev/registers.h>

#define HUGE	 0x83
#define LINK	 0x03
#define EFER	 0x1d00			/* SVME NXE LMA LME */
#define CR0	 0x80010033
#define CR4	 0x20
#define GATE_END 0x0cbf0100		/* base/gatecall_linux.h */

	.text
	.globl	kernel_entry
	.type	kernel_entry, @function
kernel_entry:
	lidt	idt_pointer(%rip)
	call	kernel_main
	ud2

/* int kernel_probe(uint64_t *to, const uint64_t *from): a word; whether that
 * trapped. */
	.globl	kernel_probe
	.type	kernel_probe, @function
kernel_probe:
	movq	%rsp, probe_stack(%rip)
	movq	(%rsi), %rax
	movq	%rax, (%rdi)
	xorl	%eax, %eax
	ret

/* A trap ends the probe. */
	.type	trap, @function
trap:	movq	probe_stack(%rip), %rsp
	movq	%cr2, %rax
	movq	%rax, kernel_cr2(%rip)
	movl	$1, %eax
	ret

/* A box: the C bit's number, by CPUID, is how it ends. */
	.section .rodata, "a", @progbits
	.balign	4096
	.globl	kernel_box
kernel_box:
	movl	$0x8000001f, %eax
	cpuid
	andl	$0x3f, %ebx
	movl	%ebx, %edi
	movl	$GATE_END, %eax
	syscall
	ud2
	.balign	4096

	.data
	.balign	4096
pml4:	.quad	gigabytes + LINK
	.fill	511, 8, 0
gigabytes:
	.set	at, HUGE
	.rept	4
	.quad	at
	.set	at, at + 0x40000000
	.endr
	.fill	508, 8, 0

	.balign	8
gdt:	.quad	0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff
idt_pointer:
	.short	32 * 16 - 1
	.quad	kernel_idt
	.globl	kernel_cr2
kernel_cr2:
	.quad	0
probe_stack:
	.quad	0

/* Gates to trap: their offsets are filled by kernel_main. */
	.globl	kernel_idt, kernel_trap
	.balign	16
kernel_idt:
	.fill	32 * 2, 8, 0
kernel_trap:
	.quad	trap

	registers 0x10, 0xa9b, 0x18, EFER, CR4, pml4, CR0, kernel_entry, stack_top, gdt=gdt

	.bss
	.balign	4096
	.skip	16 * 1024
stack_top:

	.section .note.GNU-stack, "", @progbits

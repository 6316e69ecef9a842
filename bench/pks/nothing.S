/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image that only says when it was started: the time stamp counter, eight
 * bytes, on the serial port.  What the machine takes before the monitor.
 */
#define XEN_PHYS32_ENTRY 18
#define SERIAL		 0x3f8
#define EXIT		 0xf4
#define EXIT_GOOD	 0x2a

	.section .note.pvh, "a", @note
	.balign	4
	.long	4
	.long	4
	.long	XEN_PHYS32_ENTRY
	.asciz	"Xen"
	.balign	4
	.long	nothing

	.text
	.code32
	.globl	nothing
	.type	nothing, @function
nothing:
	rdtsc
	movl	%edx, %ebx
	movl	$SERIAL, %edx
	movl	$8, %ecx
1:	outb	%al, %dx
	shrdl	$8, %ebx, %eax
	shrl	$8, %ebx
	decl	%ecx
	jne	1b
	movl	$EXIT_GOOD, %eax
	movl	$EXIT, %edx
	outl	%eax, %dx
2:	hlt
	jmp	2b

	.section .note.GNU-stack, "", @progbits

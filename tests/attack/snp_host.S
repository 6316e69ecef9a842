/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host does at VMPL1 in a page of its own, from its first byte on: words
 * for it lie at the page's end.  It returns.
 */
#define MSR_GHCB  0xc0010130
#define RUN_VMPL0 0x16

#define WORDS 0xf00		/* snp_calls.c */

	.section .rodata
	.globl	snp_host_call, snp_host_call_end
	.globl	snp_host_debug, snp_host_debug_end
	.globl	snp_host_device, snp_host_device_end

/* An SVSM call: area, RAX, RCX, RDX, R8; of these the last four come back. */
	.balign	16
snp_host_call:
	leaq	snp_host_call(%rip), %r11
	addq	$WORDS, %r11
1:	movl	$MSR_GHCB, %ecx
	movl	$RUN_VMPL0, %eax
	xorl	%edx, %edx
	wrmsr
	movq	(%r11), %r9
	movb	$1, (%r9)
	movq	8(%r11), %rax
	movq	16(%r11), %rcx
	movq	24(%r11), %rdx
	movq	32(%r11), %r8
	rep
	vmmcall
	xorl	%r10d, %r10d
	xchgb	%r10b, (%r9)
	testb	%r10b, %r10b
	jne	1b			/* the monitor did not run */
	movq	%rax, 8(%r11)
	movq	%rcx, 16(%r11)
	movq	%rdx, 24(%r11)
	movq	%r8, 32(%r11)
	ret
snp_host_call_end:

/* Debug registers 0 to 3, and 7; 7 as it was comes back. */
	.balign	16
snp_host_debug:
	leaq	snp_host_debug(%rip), %r11
	addq	$WORDS, %r11
	movq	(%r11), %rax
	movq	%rax, %dr0
	movq	8(%r11), %rax
	movq	%rax, %dr1
	movq	16(%r11), %rax
	movq	%rax, %dr2
	movq	24(%r11), %rax
	movq	%rax, %dr3
	movq	%dr7, %rcx
	movq	32(%r11), %rax
	movq	%rax, %dr7
	movq	%rcx, 32(%r11)
	ret
snp_host_debug_end:

/* One access of 32 bits, or of 8 at last, by enum snp_access: which, where, value; a
 * value that was read comes back. */
	.balign	16
snp_host_device:
	leaq	snp_host_device(%rip), %r11
	addq	$WORDS, %r11
	movq	(%r11), %rcx
	movq	8(%r11), %rdx
	movl	16(%r11), %eax
	testq	%rcx, %rcx
	je	1f
	decq	%rcx
	je	2f
	decq	%rcx
	je	3f
	decq	%rcx
	jne	5f
	movl	(%rdx), %eax
	jmp	4f
1:	outl	%eax, %dx
	ret
2:	inl	%dx, %eax
	jmp	4f
3:	movl	%eax, (%rdx)
	ret
4:	movl	%eax, 16(%r11)
	ret
5:	outb	%al, %dx
	ret
snp_host_device_end:

	.section .note.GNU-stack, "", @progbits

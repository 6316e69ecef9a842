/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A struct cbx_vmsa in an image, which a program begins with: flat segments, and
 * what processors have after a reset where nothing is said.  For assembler files.
 */
#ifndef CBX_ARCH_X86_64_SEV_REGISTERS_H
#define CBX_ARCH_X86_64_SEV_REGISTERS_H

/* clang-format off */
/* All of the section.  Code and data are selectors, or data is 0: none; gdt is the
 * table of four descriptors, or 0. */
	.macro registers code, attributes, data, efer, cr4, cr3, cr0, rip, rsp=0, features=0, xcr0=1, gdt=0, gs=0, tss=0
	.section .vmsa, "aw", @progbits
	.balign	4096
vmsa:
	.if	\data
	segment	0x000, \data, 0xc93		/* ES, CS, SS, DS */
	.endif
	segment	0x010, \code, \attributes
	.if	\data
	segment	0x020, \data, 0xc93
	segment	0x030, \data, 0xc93
	.endif
	.org	vmsa + 0x058
	.quad	\gs
	.ifnc	\gdt, 0
	.long	0, 31
	.quad	\gdt
	.endif
	segment	0x090, 0, 0x8b, 0x67, \tss
	.org	vmsa + 0x0d0
	.quad	\efer
	.org	vmsa + 0x148
	.quad	\cr4, \cr3, \cr0
	.quad	0x400, 0xffff0ff0		/* DR7, DR6 */
	.quad	2, \rip				/* RFLAGS */
	.org	vmsa + 0x1d8
	.quad	\rsp
	.org	vmsa + 0x268
	.quad	0x0007040600070406		/* PAT */
	.org	vmsa + 0x3b0
	.quad	\features
	.org	vmsa + 0x3e8
	.quad	\xcr0
	.org	vmsa + 0x408
	.long	0x1f80				/* MXCSR */
	.short	0x5555, 0, 0x40			/* x87: tags, status, control */
	.org	vmsa + 0x1000
	.endm

	.macro segment at, selector, attributes, limit=0xffffffff, base=0
	.org	vmsa + \at
	.short	\selector, \attributes
	.long	\limit
	.quad	\base
	.endm
/* clang-format on */

#endif

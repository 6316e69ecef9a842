/* SPDX-License-Identifier: Apache-2.0 */
/* The stub's ELF file, as bytes. */
	.section .rodata
	.globl	cbx_linux_stub
	.globl	cbx_linux_stub_end
	.balign	16
cbx_linux_stub:
	.incbin CBX_STUB_FILE
cbx_linux_stub_end:
	.section .note.GNU-stack, "", @progbits

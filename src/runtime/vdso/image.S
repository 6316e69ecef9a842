/* SPDX-License-Identifier: Apache-2.0 */
/* The vDSO's ELF file, as bytes. */
	.section .rodata
	.globl	cbx_vdso_image, cbx_vdso_image_end
	.hidden	cbx_vdso_image, cbx_vdso_image_end
	.balign	16
cbx_vdso_image:
	.incbin CBX_VDSO_FILE
	.balign	8
cbx_vdso_image_end:
	.section .note.GNU-stack, "", @progbits

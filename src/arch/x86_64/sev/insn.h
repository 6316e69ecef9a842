/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions that change a page's entry.
 *
 * An address must be mapped private, and be a page; whatever else is wrong with
 * it ends in a fault of the monitor's, which nothing recovers.
 *
 * @source AMD 24594, PVALIDATE, RMPADJUST
 */
#ifndef CBX_ARCH_X86_64_SEV_INSN_H
#define CBX_ARCH_X86_64_SEV_INSN_H

#include <arch/x86_64/sev/rmp.h>

/** Take a page of 4 KiB into the confidential VM, or out of it. */
static inline struct cbx_rmp_result cbx_snp_pvalidate(
	const void *page, bool valid)
{
	struct cbx_rmp_result r;

	__asm__ volatile(".byte 0xf2, 0x0f, 0x01, 0xff"
			 : "=a"(r.code), "=@ccc"(r.carry)
			 : "a"(page), "c"(0ull), "d"((uint64_t)valid)
			 : "memory");
	return r;
}

/** @param rights  cbx_rmp_rights, and CBX_RMP_VMSA */
static inline struct cbx_rmp_result cbx_snp_rmpadjust(
	const void *page, uint64_t rights)
{
	struct cbx_rmp_result r = { 0 };

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfe"
			 : "=a"(r.code)
			 : "a"(page), "c"(0ull), "d"(rights)
			 : "memory", "cc");
	return r;
}

#endif

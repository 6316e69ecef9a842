/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions of SEV-SNP.
 *
 * An address must be mapped private, and be a page; whatever else is wrong with
 * it ends in a fault of the monitor's, which nothing recovers.
 *
 * @source AMD 24594, PVALIDATE, RMPADJUST, RMPQUERY, VMGEXIT
 */
#ifndef CBX_HAL_SNP_INSN_H
#define CBX_HAL_SNP_INSN_H

#include <hal/snp/pure/msr.h>
#include <hal/snp/pure/rmp.h>

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

/** What a level may do with a page. @param[out] view  with code 0 */
static inline struct cbx_rmp_result cbx_snp_rmpquery(
	const void *page, uint8_t vmpl, struct cbx_view *view)
{
	struct cbx_rmp_result r = { 0 };
	uint64_t rights = vmpl;
	uint64_t size = 0;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfd"
			 : "=a"(r.code), "+d"(rights), "+c"(size)
			 : "a"(page)
			 : "memory", "cc");
	view->bits = (uint8_t)(rights >> 8);
	return r;
}

/** Give the hypervisor a word in the GHCB MSR, let it run, and take its answer
 * from there, once. @pre interrupts are off */
static inline uint64_t cbx_snp_exchange(uint64_t request)
{
	uint32_t low = (uint32_t)request;
	uint32_t high = (uint32_t)(request >> 32);

	__asm__ volatile("wrmsr; rep; vmmcall; rdmsr"
			 : "+a"(low), "+d"(high)
			 : "c"(CBX_MSR_GHCB)
			 : "memory");
	return (uint64_t)high << 32 | low;
}

#endif

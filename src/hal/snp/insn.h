/* SPDX-License-Identifier: Apache-2.0 */
/* VMGEXIT, and what it asks for. @source AMD 24594, VMGEXIT */
#ifndef CBX_HAL_SNP_INSN_H
#define CBX_HAL_SNP_INSN_H

#include <arch/x86_64/sev/insn.h>
#include <hal/snp/pure/msr.h>
#include <hal/snp/talk.h>

/** VMGEXIT asks for nothing from now on, whoever executes it: the GHCB MSR names
 * this CPU's GHCB, in which nothing is valid (talk.h). */
static inline void cbx_snp_quiet(void)
{
	uint64_t ghcb = cbx_snp_ghcb()->pfn.n << CBX_PAGE_SHIFT;

	__asm__ volatile("wrmsr"
			 :
			 : "c"(CBX_MSR_GHCB), "a"((uint32_t)ghcb),
			 "d"((uint32_t)(ghcb >> 32)));
}

/** Give the hypervisor a word in the GHCB MSR, let it run, and take its answer
 * from there, once; then be quiet. @pre interrupts are off */
static inline uint64_t cbx_snp_exchange(uint64_t request)
{
	uint32_t low = (uint32_t)request;
	uint32_t high = (uint32_t)(request >> 32);

	__asm__ volatile("wrmsr; rep; vmmcall; rdmsr"
			 : "+a"(low), "+d"(high)
			 : "c"(CBX_MSR_GHCB)
			 : "memory");
	cbx_snp_quiet();
	return (uint64_t)high << 32 | low;
}

/** The same to run the host, but not quiet: unless @p rung says that #HV came that
 * was not heard of.  Then the answer is that of a hypervisor that runs nobody. */
uint64_t cbx_snp_enter(const volatile uint64_t *rung);

#endif

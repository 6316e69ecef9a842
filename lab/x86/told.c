/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#include "asm.h"
#include "cpu.h"
#include "npt.h"
#include "say.h"
#include "snp/cpuid.h"

/* Addresses end below the C bit. */
static struct snp_cpuid_sev sev = {
	.features = SNP_SEV | SNP_SEV_ES | SNP_SEV_SNP | SNP_SEV_VMPL |
		    SNP_SEV_RMPQUERY | SNP_SEV_RESTRICTED,
	.c_bit = LAB_C_BIT,
	.lost_bits = LAB_C_LOST,
	.vmpls = SNP_VMPLS,
};

static struct snp_cpuid filtered(uint32_t leaf, uint32_t sub)
{
	const struct lab_cpuid is = lab_cpuid_for(false, leaf, sub);
	struct snp_cpuid r = { .leaf = leaf,
		.subleaf = sub,
		.eax = is.eax,
		.ebx = is.ebx,
		.ecx = is.ecx,
		.edx = is.edx };

	snp_cpuid_filter(&r, &sev);
	return r;
}

/* A leaf's subleaves that say something, behind @p count others. */
static size_t add(struct snp_cpuid *all, size_t count,
	const struct snp_cpuid_range *range)
{
	for (uint32_t sub = 0; sub <= range->last; sub++) {
		struct snp_cpuid r = filtered(range->leaf, sub);

		if (!snp_cpuid_is_empty(&r)) {
			LAB_ASSERT(count < SNP_CPUID_MAX);
			all[count++] = r;
		}
	}
	return count;
}

void lab_told_cpuid(uint64_t page, bool xsave)
{
	static struct snp_cpuid all[SNP_CPUID_MAX];
	size_t count = 0;

	sev.xsave = xsave;
	for (size_t i = 0; i < snp_cpuid_range_count; i++) {
		count = add(all, count, &snp_cpuid_ranges[i]);
	}
	LAB_ASSERT(snp_cpuid_page(all, count, (uint8_t *)page));
}

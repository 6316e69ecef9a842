/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPUID page, the secrets page, and the blob that names them.
 */
#include "cpuid.h"

#include "bytes.h"

#define ENTRY_AT    16
#define ENTRY_BYTES 48

#define HYPERVISOR   0x80000000u /* leaf 1, ECX */
#define APIC_ID	     0xff000000u /* leaf 1, EBX */
#define OSXSAVE	     0x08000000u /* leaf 1, ECX: CR4's, not the processor's */
#define XSAVE_LEGACY 0x240u	 /* bytes of x87 and SSE, and the header */
#define COHERENT     0x80000000u /* leaf 0x8000001F, EBX: no stale lines to evict */

#define SECRETS_VERSION 3
#define BLOB_MAGIC	0x45444d41u
#define BLOB_VERSION	1
#define SETUP_CC_BLOB	7

const struct snp_cpuid_range snp_cpuid_ranges[] = {
	{ 0x00000000, 0 },
	{ 0x00000001, 0 },
	{ 0x00000002, 0 },
	{ 0x00000004, 3 },
	{ 0x00000005, 0 },
	{ 0x00000006, 0 },
	{ 0x00000007, 1 },
	{ 0x0000000b, 1 },
	{ 0x0000000d, 13 },
	{ 0x80000000, 0 },
	{ 0x80000001, 0 },
	{ 0x80000002, 0 },
	{ 0x80000003, 0 },
	{ 0x80000004, 0 },
	{ 0x80000005, 0 },
	{ 0x80000006, 0 },
	{ 0x80000007, 0 },
	{ 0x80000008, 0 },
	{ 0x8000000a, 0 },
	{ 0x80000019, 0 },
	{ 0x8000001a, 0 },
	{ 0x8000001d, 3 },
	{ 0x8000001e, 0 },
	{ 0x8000001f, 0 },
};
const size_t snp_cpuid_range_count =
	sizeof(snp_cpuid_ranges) / sizeof(snp_cpuid_ranges[0]);

/* Leaf 1, ECX: FMA, XSAVE, AVX, F16C */
#define NEED_XSAVE_1 0x34001000u
/* Leaf 7, EBX: AVX2, MPX, AVX-512; ECX: VBMI, PKU and OSPKE, VAES and so on; EDX */
#define NEED_XSAVE_7B 0xdc234020u
#define NEED_XSAVE_7C 0x00005e5au
#define NEED_XSAVE_7D 0x03c0010cu
/* Leaf 0x80000001, ECX: XOP, LWP, FMA4 */
#define NEED_XSAVE_EXT	      0x00018800u
#define HIGHEST_WITHOUT_XSAVE 0xc

static void clear_answer(struct snp_cpuid *cpuid)
{
	cpuid->eax = 0;
	cpuid->ebx = 0;
	cpuid->ecx = 0;
	cpuid->edx = 0;
}

static void hide_xsave(struct snp_cpuid *cpuid)
{
	switch (cpuid->leaf) {
	case 0x0:
		if (cpuid->eax > HIGHEST_WITHOUT_XSAVE) {
			cpuid->eax = HIGHEST_WITHOUT_XSAVE;
		}
		break;
	case 0x1:
		cpuid->ecx &= ~NEED_XSAVE_1;
		break;
	case 0x7:
		if (cpuid->subleaf != 0) {
			clear_answer(cpuid);
		}
		cpuid->eax = 0;
		cpuid->ebx &= ~NEED_XSAVE_7B;
		cpuid->ecx &= ~NEED_XSAVE_7C;
		cpuid->edx &= ~NEED_XSAVE_7D;
		break;
	case 0x80000001:
		cpuid->ecx &= ~NEED_XSAVE_EXT;
		break;
	default:
		if (cpuid->leaf > HIGHEST_WITHOUT_XSAVE &&
			cpuid->leaf < 0x80000000) {
			clear_answer(cpuid);
		}
		break;
	}
}

static void filter_xsave(struct snp_cpuid *cpuid)
{
	if (cpuid->subleaf <= 1) {
		cpuid->xcr0 = 1;
		cpuid->ebx = XSAVE_LEGACY;
	}
}

static void filter_sev(struct snp_cpuid *cpuid, const struct snp_cpuid_sev *sev)
{
	cpuid->eax = sev->features;
	cpuid->ebx = (sev->c_bit & 0x3fu) | (sev->lost_bits & 0x3fu) << 6 |
		     (sev->vmpls & 0xfu) << 12 | COHERENT;
	cpuid->ecx = sev->asids;
	cpuid->edx = 0;
}

void snp_cpuid_filter(struct snp_cpuid *cpuid, const struct snp_cpuid_sev *sev)
{
	cpuid->xcr0 = 0;
	cpuid->xss = 0;
	switch (cpuid->leaf) {
	case 0x1:
		cpuid->ebx &= ~APIC_ID;
		cpuid->ecx = (cpuid->ecx | HYPERVISOR) & ~OSXSAVE;
		break;
	case 0xb:
		cpuid->edx = 0;
		break;
	case 0xd:
		filter_xsave(cpuid);
		break;
	case 0x80000000:
		if (cpuid->eax < 0x8000001f) {
			cpuid->eax = 0x8000001f;
		}
		break;
	case 0x8000000a: /* a guest with SEV runs no guests */
		clear_answer(cpuid);
		break;
	case 0x8000001e:
		cpuid->eax = 0;
		cpuid->ebx &= 0xffffff00;
		cpuid->ecx &= 0xffffff00;
		break;
	case 0x8000001f:
		filter_sev(cpuid, sev);
		break;
	default:
		break;
	}
	if (!sev->xsave) {
		hide_xsave(cpuid);
	}
}

bool snp_cpuid_is_empty(const struct snp_cpuid *cpuid)
{
	return (cpuid->eax | cpuid->ebx | cpuid->ecx | cpuid->edx) == 0;
}

static void store_entry(uint8_t *at, const struct snp_cpuid *cpuid)
{
	snp_store(at + 0x00, cpuid->leaf, 4);
	snp_store(at + 0x04, cpuid->subleaf, 4);
	snp_store(at + 0x08, cpuid->xcr0, 8);
	snp_store(at + 0x10, cpuid->xss, 8);
	snp_store(at + 0x18, cpuid->eax, 4);
	snp_store(at + 0x1c, cpuid->ebx, 4);
	snp_store(at + 0x20, cpuid->ecx, 4);
	snp_store(at + 0x24, cpuid->edx, 4);
}

bool snp_cpuid_page(const struct snp_cpuid *cpuid, size_t count,
	uint8_t page[SNP_CPUID_PAGE])
{
	if (count > SNP_CPUID_MAX) {
		return false;
	}
	snp_clear(page, SNP_CPUID_PAGE);
	snp_store(page, count, 4);
	for (size_t i = 0; i < count; i++) {
		store_entry(page + ENTRY_AT + i * ENTRY_BYTES, &cpuid[i]);
	}
	return true;
}

void snp_secrets_page(
	const struct snp_secrets *secrets, uint8_t page[SNP_SECRETS_PAGE])
{
	snp_clear(page, SNP_SECRETS_PAGE);
	snp_store(page + 0x000, SECRETS_VERSION, 4);
	snp_store(page + 0x008, secrets->stepping, 4);
	for (size_t i = 0; i < 4; i++) {
		snp_copy(page + 0x020 + i * SNP_SECRETS_KEY, secrets->vmpck[i],
			SNP_SECRETS_KEY);
	}
	snp_store(page + 0x160, secrets->tsc_factor, 4);
}

void snp_blob(uint64_t secrets, uint64_t cpuid, uint8_t blob[SNP_BLOB_BYTES])
{
	snp_clear(blob, SNP_BLOB_BYTES);
	snp_store(blob + 0x00, BLOB_MAGIC, 4);
	snp_store(blob + 0x04, BLOB_VERSION, 2);
	snp_store(blob + 0x08, secrets, 8);
	snp_store(blob + 0x10, SNP_SECRETS_PAGE, 4);
	snp_store(blob + 0x18, cpuid, 8);
	snp_store(blob + 0x20, SNP_CPUID_PAGE, 4);
}

void snp_blob_setup(
	uint64_t next, uint32_t blob, uint8_t setup[SNP_SETUP_BYTES])
{
	snp_store(setup + 0x00, next, 8);
	snp_store(setup + 0x08, SETUP_CC_BLOB, 4);
	snp_store(setup + 0x0c, 4, 4);
	snp_store(setup + 0x10, blob, 4);
}

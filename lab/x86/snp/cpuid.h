/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest finds in memory at launch: the CPUID page, the secrets page, and
 * how a kernel is told where they are.
 *
 * Formats are the SNP firmware ABI's and Linux's boot protocol's (README.md).
 */
#ifndef LAB_X86_SNP_CPUID_H
#define LAB_X86_SNP_CPUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNP_CPUID_MAX	 64
#define SNP_CPUID_PAGE	 4096
#define SNP_SECRETS_PAGE 4096
#define SNP_SECRETS_KEY	 32
#define SNP_BLOB_BYTES	 40
#define SNP_SETUP_BYTES	 20

/** One leaf: what is asked with, and what is answered. */
struct snp_cpuid {
	uint32_t leaf, subleaf;
	uint64_t xcr0, xss;
	uint32_t eax, ebx, ecx, edx;
};

/** What the modelled processor says of itself in leaf 0x8000001F. */
struct snp_cpuid_sev {
	uint32_t features; /* EAX: enum snp_sev */
	uint8_t c_bit;
	uint8_t lost_bits; /* of physical addresses */
	uint8_t vmpls;
	uint32_t asids; /* ECX */
	/*
	 * false: hide XSAVE and what needs it.  Processors with SEV-SNP all have
	 * XSAVEC, and Linux gives up where leaf 0xD says otherwise; QEMU's TCG has
	 * it not.
	 */
	bool xsave;
};

enum snp_sev {
	SNP_SEV = 0x02,
	SNP_SEV_ES = 0x08,
	SNP_SEV_SNP = 0x10,
	SNP_SEV_VMPL = 0x20,
	SNP_SEV_RMPQUERY = 0x40,
	SNP_SEV_SHADOW = 0x80,
	SNP_SEV_RESTRICTED = 0x1000,
};

/** Leaves worth asking the processor for; subleaves from 0 to last. */
struct snp_cpuid_range {
	uint32_t leaf;
	uint32_t last;
};
extern const struct snp_cpuid_range snp_cpuid_ranges[];
extern const size_t snp_cpuid_range_count;

/**
 * Make of what the processor answered what a guest is to believe.
 *
 * The guest is virtual, has SEV as @p sev says, and the numbers of a CPU that
 * differ from one CPU to the next are zero, as only the host can answer them.
 * Of XSAVE the size is that of x87 and SSE; the guest adds its own up.  Leaves
 * above what leaf 0 and 0x80000000 then say are not for the page
 * (snp_cpuid_is_empty: they come out empty).
 */
void snp_cpuid_filter(struct snp_cpuid *cpuid, const struct snp_cpuid_sev *sev);

/** Whether a subleaf of @p cpuid's leaf says anything: an empty one is left out. */
bool snp_cpuid_is_empty(const struct snp_cpuid *cpuid);

/**
 * Write the page.
 *
 * @retval false  more than SNP_CPUID_MAX; the page is untouched
 */
bool snp_cpuid_page(const struct snp_cpuid *cpuid, size_t count,
	uint8_t page[SNP_CPUID_PAGE]);

/** What the firmware puts into the secrets page. */
struct snp_secrets {
	uint32_t stepping; /* family, model and stepping, as CPUID leaf 1 EAX */
	uint8_t vmpck[4][SNP_SECRETS_KEY];
	uint32_t tsc_factor;
};

/** Write the page, version 3: no VMSA field is tweaked, no SVSM is there yet. */
void snp_secrets_page(
	const struct snp_secrets *secrets, uint8_t page[SNP_SECRETS_PAGE]);

/** The confidential-computing blob. @param secrets, cpuid  addresses of whole pages */
void snp_blob(uint64_t secrets, uint64_t cpuid, uint8_t blob[SNP_BLOB_BYTES]);

/**
 * The entry of a Linux kernel's setup_data that names a blob.
 *
 * @param next  the next entry's address; 0 for none
 * @param blob  its address, below 4 GiB
 */
void snp_blob_setup(
	uint64_t next, uint32_t blob, uint8_t setup[SNP_SETUP_BYTES]);

#endif

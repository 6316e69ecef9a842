/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What whoever loads the monitor tells it: a page of the monitor's own, filled
 * before it begins (doc/snp.md, boot contract).
 *
 * It is not measured, and the loader may be the hypervisor: a page it calls
 * RAM and is none costs the machine, not a secret, as the processor keeps the
 * table of pages.
 */
#ifndef CBX_MONITOR_SNP_BOOT_H
#define CBX_MONITOR_SNP_BOOT_H

#include <base/types.h>

/** "cbx boot". */
#define CBX_BOOT_MAGIC 0x746f6f6220786263ull

/** What lies at a range of pages; what no range has is devices. */
enum cbx_boot_kind {
	CBX_BOOT_RAM = 1,     /* the host's to be: validated, VMPL0's alone */
	CBX_BOOT_BARE = 2,    /* the same, not validated */
	CBX_BOOT_MONITOR = 3, /* of the monitor's file; what that asks for
			       * besides is not validated */
	CBX_BOOT_KEPT = 4,    /* the loader's: nobody's */
	CBX_BOOT_TABLES = 5,  /* the firmware's for the host, no pages of the
			       * processor's table */
};

struct cbx_boot_range {
	uint64_t first; /* page number */
	uint32_t count; /* not 0 */
	uint32_t kind;
};

#define CBX_BOOT_RANGES 252u

/** The page.  Addresses are of pages that are RAM. */
struct cbx_boot {
	uint64_t magic;
	uint32_t cpus; /* with local APIC numbers from 0 */
	uint32_t ranges;
	uint64_t tsc_khz;   /* how fast the TSC runs */
	uint64_t registers; /* the host's first, as a struct cbx_vmsa; 0: there
			     * is no host */
	uint64_t secrets;   /* where the host looks for its secrets page; 0: it
			     * does not */
	uint64_t zero[3];
	struct cbx_boot_range range[CBX_BOOT_RANGES];
};
CBX_AT(0x08, 4, cbx_boot, cpus);
CBX_AT(0x10, 8, cbx_boot, tsc_khz);
CBX_AT(0x18, 8, cbx_boot, registers);
CBX_AT(0x40, 4032, cbx_boot, range);
CBX_SIZE(0x1000, cbx_boot);

/** Program headers, by type, of a page or pages the loader looks for. */
enum cbx_boot_header {
	CBX_BOOT_PT_VMSA = 0x6c616276,
	CBX_BOOT_PT_SECRETS = 0x6c616273,
	CBX_BOOT_PT_CPUID = 0x6c616263,
	CBX_BOOT_PT_BOOT = 0x6c616270,	/* struct cbx_boot */
	CBX_BOOT_PT_ASKED = 0x6c616272, /* memory beside the file's; p_memsz */
	CBX_BOOT_PT_AREAS = 0x6c616261, /* gate areas; told a host's kernel */
};

/**
 * Whether the page can be believed as far as it goes: ranges in order that do
 * not overlap, of known kinds, below @p page_max, and addresses that are pages
 * of RAM.
 */
bool cbx_boot_sound(const struct cbx_boot *boot, uint64_t page_max);

/** What a range says of all the pages; 0 when it does not say one thing. */
uint32_t cbx_boot_kind(
	const struct cbx_boot *boot, struct cbx_pfn first, uint64_t count);

/** One more than the last page that is RAM or the monitor's. */
uint64_t cbx_boot_pages(const struct cbx_boot *boot);

#endif

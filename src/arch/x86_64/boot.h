/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the image's start-up found, and hands to the HAL.
 *
 * Start-up maps, besides the image: CBX_PAGES_VA, room for the core's table;
 * CBX_FRAMES_VA, CBX_X86_FRAME_BYTES zero bytes per page for the HAL (backend.h); and the
 * window of every CPU.
 */
#ifndef CBX_ARCH_X86_64_BOOT_H
#define CBX_ARCH_X86_64_BOOT_H

#include <arch/x86_64/layout.h>
#include <base/types.h>

#define CBX_X86_REGIONS_MAX 64

/** What a range of pages is. */
enum cbx_x86_kind {
	CBX_X86_RAM,
	CBX_X86_RESERVED, /* in the loader's map, but not ordinary memory */
	CBX_X86_MONITOR,  /* low memory; the image and all it carved */
	CBX_X86_MODULE,	  /* RAM that holds the host's image as it was loaded */
};

/** A range of pages of the machine's memory map. */
struct cbx_x86_region {
	uint64_t first;
	uint64_t count;
	enum cbx_x86_kind kind;
};

struct cbx_x86_boot {
	/* what is not RESERVED overlaps nothing and is within page_count; some
	 * are empty */
	struct cbx_x86_region region[CBX_X86_REGIONS_MAX];
	uint32_t region_count;
	uint32_t cpu_count; /* that run */
	uint64_t page_count;
	uint64_t
		module_address; /* the host's image as it was loaded; 0: none */
	uint64_t module_bytes;
	bool used;	 /* memory may hold what a monitor before left there */
	const void *log; /* what was loaded, says who loaded it */
	uint64_t log_bytes; /* at most a page; 0: nobody says */
	uint64_t rsdp;	    /* ACPI's root pointer, if the loader says */
	bool smis;	    /* an SMI comes back, on every CPU */
	uint64_t iommu;	    /* address of its registers, if there is just one */
	uint64_t iommu_devices[4]; /* bits: what is its business on PCI bus 0 */
	uint16_t iommu_source;	   /* the I/O interrupt controller, for it */
	uint64_t home; /* address of CPU 0's root with no user half */
	uint64_t homes[CBX_X86_CPUS_MAX]; /* of each CPU's */
};

/** What the HAL has of it: whom its functions of the machine's memory, CPUs and
 * time answer by (found.c). */
extern struct cbx_x86_boot cbx_x86_found;

/** The HAL's start on the first CPU, its window mapped. */
void cbx_x86_hal_start(const struct cbx_x86_boot *boot);

/** And on each other one, before the first CPU's. */
void cbx_x86_hal_start_other(void);

/** The image's main, on the first CPU, the HAL started. */
_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot);

/** What each other CPU runs, from before cbx_x86_hal_start on; @param cpu  its
 * number */
_Noreturn void cbx_x86_main_other(uint32_t cpu);

#endif

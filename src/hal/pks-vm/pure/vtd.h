/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of an Intel IOMMU that lie in memory or are read from it: which
 * ones will do, entries of its tables, requests of its queue.
 *
 * @source Intel D51397, Virtualization Technology for Directed I/O, 9 and 11
 */
#ifndef CBX_HAL_PKS_VM_PURE_VTD_H
#define CBX_HAL_PKS_VM_PURE_VTD_H

#include <base/types.h>

/** Entries of a root, context and remapping table, and of the queue. */
#define CBX_VTD_WIDE 256u

/** Requests: forget everything about devices; about pages, and wait for
 * accesses under way; about lines; write a word. */
#define CBX_VTD_FORGET_DEVICES 0x11ull
#define CBX_VTD_FORGET_PAGES   0xd2ull
#define CBX_VTD_FORGET_LINES   0x04ull
#define CBX_VTD_WAIT(value)    (0x25ull | (uint64_t)(value) << 32)

/** 128 bits. */
struct cbx_vtd_wide {
	uint64_t low;
	uint64_t high;
};
CBX_SIZE(16, cbx_vtd_wide);

/** What an IOMMU says of itself. */
struct cbx_vtd_facts {
	uint64_t cap;
	uint64_t ecap;
};

/** Levels of the tables it walks: 3 or 4; 0 when it walks neither. */
unsigned int cbx_vtd_levels(struct cbx_vtd_facts facts);

/** Its fault records, 16 bytes each: the first one's offset, and how many. */
uint32_t cbx_vtd_record(struct cbx_vtd_facts facts);
uint32_t cbx_vtd_records(struct cbx_vtd_facts facts);

/**
 * Whether it can keep devices out of @p pages pages.
 *
 * It must have a queue and remap interrupts, reach all pages, report faults in
 * its first page of registers, need no flush of write buffers and not remember
 * what is absent: no more is needed by real ones since 2008.
 */
bool cbx_vtd_serves(struct cbx_vtd_facts facts, uint64_t pages);

/**
 * Entries: to a table of pages below; of a bus, whose devices are at @p devices;
 * of a device, in domain 1, whose tables begin at @p table.
 *
 * A page's and a link's have reading, writing and the address where a CPU's have
 * them, and for the rest of what the direct map uses (accessed, dirty, never
 * executed) bits that are ignored here: so a CPU's tables serve as they are.
 *
 * @source 9.8, with the extended memory types off
 */
uint64_t cbx_vtd_link(struct cbx_pfn table);
struct cbx_vtd_wide cbx_vtd_bus(struct cbx_pfn devices);
struct cbx_vtd_wide cbx_vtd_device(struct cbx_pfn table, unsigned int levels);

/** For a line that should do what @p entry, of an I/O interrupt controller
 * with no IOMMU, says (fixed vector, a CPU's number): the entry for remapping,
 * which only @p source may use, and the controller's own. */
struct cbx_vtd_wide cbx_vtd_remap(uint64_t entry, uint16_t source);
uint64_t cbx_vtd_redirect(uint64_t entry, uint32_t line);

#endif

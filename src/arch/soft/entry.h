/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an entry of the software table looks like: bit 0 present, bits 1 to 3
 * rights (leaf only), from bit 12 on the page number.
 *
 * A CPU that walks the table itself brings its own encoding: a header with
 * this one's guard and functions, included first (src/arch/x86_64/entry.h).
 * An entry that maps nothing is 0.
 */
#ifndef CBX_TABLE_ENTRY_H
#define CBX_TABLE_ENTRY_H

#include <base/types.h>

/** Entries of a root that are the table's. */
#define CBX_ENTRY_ROOT_COUNT 512u

/** Whether a CPU walks the tables: then one that was unlinked must not be used
 * again before its translations are flushed. */
#define CBX_ENTRY_WALKED false

#define CBX_ENTRY_PRESENT      1ull
#define CBX_ENTRY_RIGHTS_SHIFT 1u

/** The entry that leads to a table. */
static inline uint64_t cbx_entry_page(struct cbx_pfn pfn)
{
	return pfn.n << CBX_PAGE_SHIFT | CBX_ENTRY_PRESENT;
}

/** The entry that maps a page. */
static inline uint64_t cbx_entry_leaf(
	struct cbx_pfn pfn, struct cbx_rights rights)
{
	return cbx_entry_page(pfn) | (uint64_t)rights.bits
					     << CBX_ENTRY_RIGHTS_SHIFT;
}

/** The page or table of an entry. */
static inline struct cbx_pfn cbx_entry_pfn(uint64_t entry)
{
	return (struct cbx_pfn){ entry >> CBX_PAGE_SHIFT };
}

/** The rights a leaf was made with. */
static inline struct cbx_rights cbx_entry_rights(uint64_t entry)
{
	uint8_t bits = (uint8_t)(entry >> CBX_ENTRY_RIGHTS_SHIFT & CBX_RIGHTS);

	return (struct cbx_rights){ bits };
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of a box's page tables, as the CPU walks them.  Included before
 * src/arch/soft/entry.h, in whose place it stands, and behind backend.h.
 *
 * What may be written may be read: the CPU has no bit against it.  What may
 * only be executed has the user key CBX_ENTRY_HIDDEN, which is ignored by a CPU
 * without user keys: there it may be read, too.  The rights a mapping was made
 * with are kept in bits the CPU ignores.
 *
 * The upper half of a root is not the table's: the root is never loaded, its
 * entries are copied (space.h).
 */
#ifndef CBX_TABLE_ENTRY_H
#define CBX_TABLE_ENTRY_H
#ifndef __ASSEMBLER__

#include <base/types.h>

#define CBX_ENTRY_ROOT_COUNT 256u
#define CBX_ENTRY_WALKED     true

#define CBX_ENTRY_PRESENT      0x001ull
#define CBX_ENTRY_WRITE	       0x002ull
#define CBX_ENTRY_USER	       0x004ull
#define CBX_ENTRY_RIGHTS_SHIFT 9u
#define CBX_ENTRY_ADDRESS      0x000ffffffffff000ull
#define CBX_ENTRY_HIDDEN       0x0800000000000000ull /* key 1 */
#define CBX_ENTRY_NO_EXECUTE   0x8000000000000000ull

/** The entry that leads to a table. */
static inline uint64_t cbx_entry_page(struct cbx_pfn pfn)
{
	return pfn.n << CBX_PAGE_SHIFT | CBX_ENTRY_PRESENT | CBX_ENTRY_WRITE |
	       CBX_ENTRY_USER | CBX_X86_PRIVATE;
}

/** The entry that maps a page. */
static inline uint64_t cbx_entry_leaf(
	struct cbx_pfn pfn, struct cbx_rights rights)
{
	uint64_t entry = pfn.n << CBX_PAGE_SHIFT | CBX_ENTRY_PRESENT |
			 CBX_ENTRY_USER | CBX_X86_PRIVATE |
			 (uint64_t)rights.bits << CBX_ENTRY_RIGHTS_SHIFT;

	if ((rights.bits & CBX_RIGHT_W) != 0) {
		entry |= CBX_ENTRY_WRITE;
	}
	if ((rights.bits & CBX_RIGHT_X) == 0) {
		entry |= CBX_ENTRY_NO_EXECUTE;
	}
	if (rights.bits == CBX_RIGHT_X) {
		entry |= CBX_ENTRY_HIDDEN;
	}
	return entry;
}

/** The page or table of an entry. */
static inline struct cbx_pfn cbx_entry_pfn(uint64_t entry)
{
	entry &= CBX_ENTRY_ADDRESS & ~CBX_X86_PRIVATE;
	return (struct cbx_pfn){ entry >> CBX_PAGE_SHIFT };
}

/** The rights a leaf was made with. */
static inline struct cbx_rights cbx_entry_rights(uint64_t entry)
{
	uint8_t bits = (uint8_t)(entry >> CBX_ENTRY_RIGHTS_SHIFT & CBX_RIGHTS);

	return (struct cbx_rights){ bits };
}

#endif
#endif

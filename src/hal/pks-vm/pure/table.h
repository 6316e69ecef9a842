/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the host's page tables.
 *
 * Host tables are pages of the host's that it declared; from then on only
 * these functions write them.  The rules, and why, are in doc/pks-vm.md.
 * The caller holds the table lock.
 *
 * Below are used: cbx_hal_page_map, cbx_hal_page_scrub, cbx_hal_view_flush,
 * cbx_hal_view_flushed, and the two functions at the end.
 */
#ifndef CBX_HAL_PKS_VM_PURE_TABLE_H
#define CBX_HAL_PKS_VM_PURE_TABLE_H

#include <hal/pks-vm/pure/frame.h>

#define CBX_TABLE_ENTRIES 512u

/** Bits of an entry. */
#define CBX_PTE_P	1ull
#define CBX_PTE_W	2ull
#define CBX_PTE_U	4ull
#define CBX_PTE_PWT	8ull
#define CBX_PTE_PCD	0x10ull
#define CBX_PTE_A	0x20ull
#define CBX_PTE_D	0x40ull
#define CBX_PTE_LARGE	0x80ull
#define CBX_PTE_SOFT	0x07f0000000000e00ull
#define CBX_PTE_KEY	0x7800000000000000ull
#define CBX_PTE_NX	0x8000000000000000ull
#define CBX_PTE_ADDRESS 0x000ffffffffff000ull

/** Entries of a root that are the monitor's: the direct map, the monitor, the
 * host kernel. */
#define CBX_TABLE_DIRECT_SLOT  256u
#define CBX_TABLE_MONITOR_SLOT 510u
#define CBX_TABLE_KERNEL_SLOT  511u
static inline bool cbx_table_is_monitors(uint64_t index)
{
	return index == CBX_TABLE_DIRECT_SLOT ||
	       index == CBX_TABLE_MONITOR_SLOT ||
	       index == CBX_TABLE_KERNEL_SLOT;
}

/** Use @p frames, zeroed, for pages 0 to @p count minus one. */
void cbx_table_start(struct cbx_frame *frames, uint64_t count);

/**
 * The core's view of a page is @p view from now on.
 *
 * @pre pfn.n is less than the count
 *
 * @retval CBX_OK      the direct map says so, nothing else says more
 * @retval CBX_E_BUSY  the direct map is narrowed, no new leaf is let in, but
 *                     leaves of the host's still use what is taken away, or
 *                     the page is a table or code: repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_table_view(
	struct cbx_pfn pfn, struct cbx_view view);

/** At start, before the host and the core: the host has every right to the
 * pages, but that no code of its kernel is written.
 * @pre they are less than the count */
void cbx_table_open(struct cbx_pfn first, uint64_t count);

/** The core's view of a page. @return false when there is no such page */
bool cbx_table_seen(struct cbx_pfn pfn, struct cbx_view *view);

/**
 * Make a page of the host's a table of level @p level, all entries zero.
 *
 * @retval CBX_OK         it is one, now or before
 * @retval CBX_E_INVALID  no such page or level
 * @retval CBX_E_DENIED   the host has not every right to that page: a box may
 *                        have one, too
 * @retval CBX_E_STATE    it is another table or code, or has writable leaves
 * @retval CBX_E_BUSY     a CPU may still write it: repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_table_declare(
	struct cbx_pfn pfn, uint64_t level);

/**
 * Make a table an ordinary page again; what its entries mapped is not mapped
 * by it any more.  The caller drops the CPUs' translations of what was mapped.
 *
 * @retval CBX_OK         it is
 * @retval CBX_E_INVALID  no such page
 * @retval CBX_E_STATE    not a table, or an entry leads to it, or a CPU runs
 *                        on it
 * @retval CBX_E_BUSY     a CPU may still walk it: repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_table_remove(struct cbx_pfn pfn);

/**
 * Write an entry of a table.
 *
 * @retval CBX_OK         written
 * @retval CBX_E_INVALID  no such page or index, or a malformed entry
 * @retval CBX_E_STATE    @p table is no table, or the entry leads to what is
 *                        no table of the level below
 * @retval CBX_E_DENIED   the entry would allow what the rules do not
 * @retval CBX_E_NOMEM    a frame has as many leaves as can be counted
 */
CBX_MUST_CHECK enum cbx_status cbx_table_update(
	struct cbx_pfn table, uint64_t index, uint64_t entry);

/**
 * Write @p count entries of a table from @p index on, in this order.
 *
 * @param from  read once; anybody may write it meanwhile
 * @param[out] done  how many were written
 *
 * @retval CBX_OK         all
 * @retval CBX_E_INVALID  the entries do not lie in one table: none was written
 * @return else as cbx_table_update, for entry *done
 */
CBX_MUST_CHECK enum cbx_status cbx_table_batch(struct cbx_pfn table,
	uint64_t index, const volatile uint64_t *from, uint64_t count,
	uint64_t *done);

/**
 * Replace a large leaf by the empty table @p child with 512 small ones that
 * map the same.
 *
 * @retval CBX_OK         done
 * @retval CBX_E_INVALID  no such page or index
 * @retval CBX_E_STATE    no large leaf there, or @p child is not a table of
 *                        level 1 that is empty and unused
 */
CBX_MUST_CHECK enum cbx_status cbx_table_split(
	struct cbx_pfn table, uint64_t index, struct cbx_pfn child);

/**
 * A CPU is about to run on a root, or has left it.
 *
 * @retval CBX_OK         it may, and the root stays one until it is released
 * @retval CBX_E_INVALID  no such page
 * @retval CBX_E_STATE    not a table of level 4
 * @retval CBX_E_NOMEM    as many CPUs run on it as can be counted
 */
CBX_MUST_CHECK enum cbx_status cbx_table_root_hold(struct cbx_pfn root);
void cbx_table_root_release(struct cbx_pfn root);

/** A page holds scanned code of the host's kernel, which the caller maps: no
 * writable mapping of it, for ever.  @pre the host has not begun */
void cbx_table_code(struct cbx_pfn pfn);

/** Provided by the caller: what the direct map lets the host do with a page;
 * CBX_VIEW_R and CBX_VIEW_W or less. */
void cbx_direct_set(struct cbx_pfn pfn, struct cbx_view view);

/** Provided by the caller: the direct map lets the host read and write the
 * pages. */
void cbx_direct_open(struct cbx_pfn first, uint64_t count);

/** Provided by the caller: an entry of a table of level 4 was written. */
void cbx_root_changed(struct cbx_pfn root, uint64_t index, uint64_t entry);

#endif

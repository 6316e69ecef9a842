/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page table walked in software: four levels of 512 entries, as on x86-64,
 * over table pages (META) that are touched only through cbx_hal_page_map.
 *
 * The mock and linux backends keep a space's translations in it; the x86-64
 * arch has the CPU walk it, too (entry.h).  Nothing
 * here can fail once the table pages were given; a broken precondition stops
 * the machine.  One page is mapped at a time, and none when a function
 * returns.
 *
 * Every table page but the root holds at least one entry: a table that
 * becomes empty goes back to the spares at once.  So the walks below cost what
 * is mapped, not what once was.
 *
 * @lock  whatever guards the struct; nothing here locks
 */
#ifndef CBX_ARCH_SOFT_TABLE_H
#define CBX_ARCH_SOFT_TABLE_H

#include <base/types.h>

/** A table; zeroed before cbx_soft_create.  Owned by this file. */
struct cbx_soft_table {
	uint64_t root;	   /* page number plus one; 0 is none */
	uint64_t spare;	   /* first of the list of unused pages, plus one */
	uint64_t spares;   /* length of that list */
	uint64_t mapped;   /* translations */
	uint64_t retired;  /* as spare: of pages a CPU may still walk */
	uint64_t retireds; /* length of that list */
};

/**
 * The table maps nothing and has @p root as its root table.
 *
 * @param table  zeroed
 * @param root   a zeroed META page
 */
void cbx_soft_create(struct cbx_soft_table *table, struct cbx_pfn root);

/**
 * Table pages that must be given before @p count pages can be mapped at @p va;
 * exact.  Takes time in proportion to @p count / 512.
 *
 * @pre cbx_va_range_valid(va, count)
 */
uint64_t cbx_soft_tables(
	const struct cbx_soft_table *table, struct cbx_va va, uint64_t count);

/** Add a zeroed META page to the spares. */
void cbx_soft_give(struct cbx_soft_table *table, struct cbx_pfn page);

/** No CPU walks a table any more that was unlinked until now: such pages become
 * spares.  Where only this file walks the tables they did so at once. */
void cbx_soft_settle(struct cbx_soft_table *table);

/** Take back a spare, the youngest first. @return false when there is none */
bool cbx_soft_take_spare(struct cbx_soft_table *table, struct cbx_pfn *page);

/**
 * Take back a page that is no longer needed: a spare, or, when there is none
 * and nothing is mapped, the root.  Its bytes are not zero.
 *
 * @return false when none is left
 *
 * @pre nothing is mapped, and cbx_soft_settle was called since
 */
bool cbx_soft_take(struct cbx_soft_table *table, struct cbx_pfn *page);

/**
 * Map pages pfn, pfn + 1, ... at va, va + 1 page, ...; in place of what is
 * mapped there.
 *
 * @pre cbx_va_range_valid(va, count); all of it is mapped, or nothing, and the
 *      tables needed were given; rights has at least one bit
 */
void cbx_soft_map(struct cbx_soft_table *table, struct cbx_va va,
	struct cbx_pfn pfn, uint64_t count, struct cbx_rights rights);

/** Remove translations.  @pre every page of the range is mapped */
void cbx_soft_unmap(
	struct cbx_soft_table *table, struct cbx_va va, uint64_t count);

/** Change rights.  @pre every page of the range is mapped; rights has at
 * least one bit */
void cbx_soft_protect(struct cbx_soft_table *table, struct cbx_va va,
	uint64_t count, struct cbx_rights rights);

/**
 * The translation of the page that holds @p va, which may be any number.
 *
 * @param[out] pfn     untouched when there is none
 * @param[out] rights  untouched when there is none
 *
 * @return false when there is none
 */
bool cbx_soft_lookup(const struct cbx_soft_table *table, struct cbx_va va,
	struct cbx_pfn *pfn, struct cbx_rights *rights);

/**
 * The first translation at or after the page that holds *va.
 *
 * @param[in,out] va  any number; where it was found; untouched when there is
 *                    none
 *
 * @return false when there is none
 */
bool cbx_soft_next(const struct cbx_soft_table *table, struct cbx_va *va,
	struct cbx_pfn *pfn, struct cbx_rights *rights);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested page tables, one per VMPL: a cache of what the table of pages (rmp.h)
 * allows.  Filled where a guest faults, emptied where the table changes.
 *
 * A guest address with the C bit is private, one without is shared.  To a
 * level that is blind, that was not told of a C bit, all addresses are private.
 */
#ifndef LAB_NPT_H
#define LAB_NPT_H

#include <stdbool.h>
#include <stdint.h>

#include "snp/rmp.h"

/** Where guests have the C bit. */
#define LAB_C_BIT 47
#define LAB_C	  (1ull << LAB_C_BIT)

/** Bits of an address a guest has not, as memory is encrypted: of 52, those from
 * the C bit. */
#define LAB_C_LOST 5

/** Make empty tables for every level. */
void lab_npt_start(void);

/**
 * Tables a level has: one for when it pages, one for when it does not and has
 * nowhere to put a C bit: then all its addresses are private.
 */
#define LAB_NPTS (2 * SNP_VMPLS)
static inline uint8_t lab_npt_of(uint8_t vmpl, bool is_paging)
{
	return (uint8_t)(is_paging ? vmpl : vmpl + SNP_VMPLS);
}

/** Whether a level knows of the C bit; before it runs. */
void lab_npt_set_blind(uint8_t vmpl, bool blind);
bool lab_npt_is_blind(uint8_t vmpl);

/** The root, for a VMCB.  @param npt  here and below: of lab_npt_of() */
uint64_t lab_npt_root(uint8_t npt);

/** Changes when a CPU must flush before it enters a level by it. */
uint64_t lab_npt_generation(uint8_t npt);

/**
 * Allow what a level needs at a guest address, if the table of pages does.
 *
 * @param address  less than 2^48, with the C bit or without
 * @param need     enum snp_nested
 *
 * @retval false  the table does not allow it: nothing changed
 */
bool lab_npt_fill(uint8_t npt, uint64_t address, uint8_t need);

/**
 * Allow the walk of a guest's page tables an address without the C bit as if it
 * had it, as a processor does: tables are private.  Nested tables cannot tell a
 * walk from the level's own access, so that one is not refused either, at that
 * page, until the table of pages changes there.
 *
 * @retval false  the level may not have the page as its own table
 */
bool lab_npt_fill_walk(uint8_t npt, uint64_t address);

/** Whether the table of pages allows that, filled or not. */
bool lab_npt_allows(uint8_t npt, uint64_t address, uint8_t need);

/** The table of pages changed there; @p bytes from @p gpa. */
void lab_npt_drop(uint64_t gpa, uint64_t bytes);

#endif

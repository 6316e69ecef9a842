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

/** Where guests have the C bit. */
#define LAB_C_BIT 47
#define LAB_C	  (1ull << LAB_C_BIT)

/** Make empty tables for every level. */
void lab_npt_start(void);

/** Whether a level knows of the C bit; before it runs. */
void lab_npt_set_blind(uint8_t vmpl, bool blind);
bool lab_npt_is_blind(uint8_t vmpl);

/** The level's root, for a VMCB. */
uint64_t lab_npt_root(uint8_t vmpl);

/** Changes when a CPU must flush before it enters the level. */
uint64_t lab_npt_generation(uint8_t vmpl);

/**
 * Allow what a level needs at a guest address, if the table of pages does.
 *
 * @param address  less than 2^48, with the C bit or without
 * @param need     enum snp_nested
 *
 * @retval false  the table does not allow it: nothing changed
 */
bool lab_npt_fill(uint8_t vmpl, uint64_t address, uint8_t need);

/** Whether the table of pages allows a level that, filled or not. */
bool lab_npt_allows(uint8_t vmpl, uint64_t address, uint8_t need);

/** The table of pages changed there; @p bytes from @p gpa. */
void lab_npt_drop(uint64_t gpa, uint64_t bytes);

#endif

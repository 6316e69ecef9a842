/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's addresses, by its own page tables. */
#ifndef LAB_WALK_H
#define LAB_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "svm.h"

/**
 * Translate a guest-virtual address: none without paging, 4 or 5 levels in long
 * mode.
 *
 * @param[out] address  guest-physical, with the C bit when the entry has it
 *
 * @retval false  not mapped, or a mode that is not modelled
 */
bool lab_walk(const struct lab_save *save, uint64_t va, uint64_t *address);

/**
 * Read or write a guest's memory with its level's rights, and those of page
 * tables to be there.
 *
 * @param bytes  of a write: at most a page
 *
 * @retval false  some of it cannot be; of a write, nothing was written
 */
bool lab_read(
	const struct lab_save *save, uint64_t va, void *to, uint64_t bytes);
bool lab_write(const struct lab_save *save, uint64_t va, const void *from,
	uint64_t bytes);

/**
 * Read bytes of the instruction at the guest's RIP.
 *
 * @retval false  not all of them can be read
 */
bool lab_fetch(const struct lab_save *save, uint8_t *bytes, uint64_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the table rules share. */
#ifndef CBX_HAL_PKS_VM_PURE_TABLE_INT_H
#define CBX_HAL_PKS_VM_PURE_TABLE_INT_H

#include <hal/pks-vm/pure/table.h>

/** The record of a page; NULL when there is no such page. */
struct cbx_frame *cbx_frame_at(uint64_t pfn);

/** Whether it is a table a CPU may use. */
bool cbx_frame_is_table(const struct cbx_frame *frame, unsigned int level);

/** Bring the direct map in line with the record. */
void cbx_frame_direct(struct cbx_pfn pfn, const struct cbx_frame *frame);

/** Count what @p entry, of a table of @p level, refers to; all or nothing.
 * @return as cbx_table_update */
CBX_MUST_CHECK enum cbx_status cbx_entry_take(
	unsigned int level, uint64_t entry);

/** The reverse, of an entry that was taken. */
void cbx_entry_drop(unsigned int level, uint64_t entry);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the table rules share. */
#ifndef CBX_HAL_PKS_VM_PURE_TABLE_INT_H
#define CBX_HAL_PKS_VM_PURE_TABLE_INT_H

#include <hal/pks-vm/pure/table.h>

extern struct cbx_frame *cbx_frames;
extern uint64_t cbx_frame_count;

/** The record of a page; NULL when there is no such page. */
static inline struct cbx_frame *cbx_frame_at(uint64_t pfn)
{
	return pfn < cbx_frame_count ? &cbx_frames[pfn] : NULL;
}

/** Whether it is a table a CPU may use. */
static inline bool cbx_frame_is_table(
	const struct cbx_frame *frame, unsigned int level)
{
	return frame->type == level && frame->state == 0;
}

/** Whether a page of the host's that nobody writes or executes can become what
 * it is to be, or is it already.
 *
 * @param frame  NULL when there is no such page
 *
 * @retval CBX_E_INVALID  no such page
 * @retval CBX_E_DENIED   the host may not read and write it
 * @retval CBX_E_STATE    it is something else, or is written or executed */
CBX_MUST_CHECK enum cbx_status cbx_frame_check(
	const struct cbx_frame *frame, uint64_t type);

/** Bring the direct map in line with the record. */
void cbx_frame_direct(struct cbx_pfn pfn, const struct cbx_frame *frame);

/** Count what @p entry, of a table of @p level, refers to; all or nothing.
 * @return as cbx_table_update */
CBX_MUST_CHECK enum cbx_status cbx_entry_take(
	unsigned int level, uint64_t entry);

/** The reverse, of an entry that was taken. */
void cbx_entry_drop(unsigned int level, uint64_t entry);

/** Take, write and drop what was there, entry by entry of a table of level 1.
 * @param from  read once; anybody may write it
 * @param[out] done  how many were written
 * @return as cbx_table_update, for entry *done */
CBX_MUST_CHECK enum cbx_status cbx_entry_leaves(uint64_t *to,
	const volatile uint64_t *from, uint64_t count, uint64_t *done);

#endif

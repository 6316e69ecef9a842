/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates that work on a range of pages, made over extents of any length.
 */
#ifndef CBX_CLIENT_RANGE_H
#define CBX_CLIENT_RANGE_H

#include <client/context.h>

/** A range gate; its last two arguments are pfn and count. */
struct cbx_range {
	enum cbx_call_id id;
	uint64_t box;	  /* first argument; 0 when the gate names no box */
	const char *what; /* for the error's text */
};

/**
 * Make the gate on pages *done and up of an extent, repeating it while it is
 * busy.
 *
 * @param[in,out] done  pages of the extent it completed, also on failure
 *
 * @retval CBX_OK  *done is extent.count
 * @return else what refused page *done, recorded
 */
CBX_CHECKED enum cbx_status cbx_range_call(struct cbx_cpu *cpu,
	const struct cbx_range *range, struct cbx_extent extent,
	uint64_t *done);

/**
 * The same on all pages, several calls under way at a time: for gates that are
 * refused only when something is wrong with all of it.
 *
 * @retval CBX_OK  every page is done
 * @return else what refused a page, recorded; any others may be done
 */
CBX_CHECKED enum cbx_status cbx_range_call_whole(struct cbx_cpu *cpu,
	const struct cbx_range *range, struct cbx_extent extent);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest-physical memory: two files of the same size, of which one holds the
 * bytes of a page.
 *
 * The host file holds what the host may touch; the service maps it and nothing
 * else.  The private file holds the rest.  Both are sparse, sealed against
 * growing and shrinking, and mapped here once and for all.  In the file that
 * does not hold a page there is a hole, or, in the host file, what the service
 * wrote there in vain.
 *
 * @lock  a page's file changes only in cbx_hal_view_set; the core's lock
 *        orders that with every use of the page
 */
#ifndef CBX_HAL_LINUX_MEMORY_H
#define CBX_HAL_LINUX_MEMORY_H

#include <hal/hal.h>

/** Which file. */
enum cbx_linux_file {
	CBX_FILE_PRIVATE = 0,
	CBX_FILE_HOST = 1,
	CBX_FILES = 2,
};

/**
 * Make the memory: page 0 private and the monitor's, the rest the host's.
 *
 * @param pages  CBX_WIRE_PAGES_MIN to 2^32 - 1
 *
 * @return false when the kernel refuses (errno)
 */
bool cbx_linux_memory_start(uint64_t pages);

/** The descriptor of a file. */
int cbx_linux_memory_fd(enum cbx_linux_file file);

/** Which file holds a page's bytes. @pre pfn.n < cbx_hal_page_count() */
enum cbx_linux_file cbx_linux_memory_file(struct cbx_pfn pfn);

/** How many of @p count pages from @p pfn on lie in the same file as the
 * first; at least 1. @pre count is at least 1 */
uint64_t cbx_linux_memory_run(struct cbx_pfn pfn, uint64_t count);

/**
 * Move pages, all in the other file, to @p file.
 *
 * @retval CBX_OK          all of them
 * @retval CBX_E_HARDWARE  no memory; none of them
 */
CBX_MUST_CHECK enum cbx_status cbx_linux_memory_move(
	struct cbx_pfn pfn, uint64_t count, enum cbx_linux_file file);

#endif

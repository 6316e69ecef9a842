/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of the host's that become code of its kernel, and cease to be; the
 * caller holds the table lock, and makes and removes the executable mapping,
 * which is the only one of such a page.
 */
#ifndef CBX_HAL_PKS_VM_PURE_CODE_H
#define CBX_HAL_PKS_VM_PURE_CODE_H

#include <base/types.h>

/**
 * From now on nobody writes the pages.
 *
 * @retval CBX_OK         nobody can, nor does a CPU execute code that has left:
 *                        look at them, then keep or drop them
 * @retval CBX_E_INVALID  there are no such pages
 * @retval CBX_E_DENIED   the host has not every right to one of them
 * @retval CBX_E_STATE    one is a table or code already, or has writable or
 *                        executable leaves
 * @retval CBX_E_BUSY     a CPU may still write: repeat, or leave
 */
CBX_MUST_CHECK enum cbx_status cbx_code_take(
	struct cbx_pfn pfn, uint64_t count);

/** Taken pages are code, or are not. */
void cbx_code_keep(struct cbx_pfn pfn, uint64_t count);
void cbx_code_drop(struct cbx_pfn pfn, uint64_t count);

/** Whether the page is code that was kept, or (@p mapped is false) code that
 * comes or leaves. */
bool cbx_code_is(struct cbx_pfn pfn, bool mapped);

/**
 * Pages of code become ordinary ones again.
 *
 * @pre all are code, none is mapped executable any more
 *
 * @retval CBX_OK      they are
 * @retval CBX_E_BUSY  a CPU may still execute them: repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_code_leave(
	struct cbx_pfn pfn, uint64_t count);

#endif

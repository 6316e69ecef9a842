/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: boxes that never run again and lend their pages.
 *
 * A template's pages are COMMON.  A box that borrows of it maps them without
 * the right to write, at the same addresses, while it is BUILDING; a page it
 * wants to write later it copies.  Single mappings are not counted, borrowers
 * are: none of the pages is reclaimed before the last of them has no space
 * left.
 */
#ifndef CBX_CORE_TEMPLATE_H
#define CBX_CORE_TEMPLATE_H

#include <core/space.h>

/** Whether @p d, BUILDING, may begin to borrow, or go on.
 * @retval CBX_OK       it may
 * @retval CBX_E_STATE  @p lender is no template, or not finished, or @p d
 *                      borrows of it already, or of another one first
 * @retval CBX_E_NOMEM  @p d borrows of too many, or was granted nothing */
CBX_MUST_CHECK enum cbx_status cbx_template_check(
	const struct cbx_domain *d, const struct cbx_domain *lender);

/** Begin.  @pre cbx_template_check said yes */
void cbx_template_begin(struct cbx_domain *d, struct cbx_domain *lender);

/** Map pages of the lender that are not yet mapped, a bounded number.
 * @retval ...  as BOX_BORROW */
CBX_MUST_CHECK enum cbx_status cbx_template_map(
	struct cbx_domain *d, const struct cbx_domain *lender);

/**
 * Replace borrowed pages, consecutive and mapped from page @p at of the span on,
 * by copies.
 *
 * @param[in,out] n  how many; how many were replaced and are flushed
 *
 * @retval ...  as cbx_space_protect
 */
CBX_MUST_CHECK enum cbx_status cbx_template_copy(struct cbx_domain *d,
	const struct cbx_stretch *to, uint64_t at, uint64_t *n);

/** A box that has no space left borrows nothing any more. */
void cbx_template_give_back(struct cbx_domain *d);

#endif

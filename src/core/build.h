/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a box: every step is measured.
 *
 * The measurement is taken first, into a copy, because the keeper can refuse;
 * it is committed with what it describes.
 */
#ifndef CBX_CORE_BUILD_H
#define CBX_CORE_BUILD_H

#include <core/domain.h>

/** As cbx_domain_create, measured.
 * @retval CBX_E_HARDWARE  the keeper did not measure; nothing happened
 * @retval ...             as cbx_domain_create */
CBX_MUST_CHECK enum cbx_status cbx_build_create(
	uint64_t pfn, uint64_t space, const struct cbx_policy *policy);

/** Pages to add. */
struct cbx_addition {
	struct cbx_va va;
	uint64_t pfn;
	uint64_t count;
	uint64_t rights; /* CBX_RIGHT_* */
	uint64_t source; /* HOST pages, or CBX_NO_PAGE */
};

/**
 * Make POOL pages the box's, with the source's bytes or zeros, mapped.
 *
 * @param[out] done  pages added and measured
 *
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID   a range or the rights are malformed
 * @retval CBX_E_STATE     a page is not POOL, or something is mapped there
 * @retval CBX_E_DENIED    a source page is not HOST
 * @retval CBX_E_NOMEM     the reserve has no page for a table
 * @retval CBX_E_HARDWARE  the keeper, or page *done, was refused
 */
CBX_MUST_CHECK enum cbx_status cbx_build_add(
	struct cbx_domain *d, const struct cbx_addition *add, uint64_t *done);

/** Measure a template and map its pages, without the right to write.
 * @retval CBX_OK          all of them
 * @retval CBX_E_INVALID   @p handle is no box
 * @retval CBX_E_STATE     it is no template, or its pages are borrowed already;
 *                         another one's are not all in; or something is mapped
 *                         where it has a page
 * @retval CBX_E_DENIED    the box may not map pages with such rights
 * @retval CBX_E_NOMEM     the box borrows of too many, or its reserve has no
 *                         page for a table
 * @retval CBX_E_BUSY      not finished; repeat
 * @retval CBX_E_HARDWARE  the keeper did not measure, or a page was refused */
CBX_MUST_CHECK enum cbx_status cbx_build_borrow(
	struct cbx_domain *d, uint64_t handle);

/** Add a thread. @param[out] handle  its handle
 * @retval ...             as cbx_thread_create
 * @retval CBX_E_HARDWARE  also: the keeper did not measure */
CBX_MUST_CHECK enum cbx_status cbx_build_thread(struct cbx_domain *d,
	const struct cbx_vcpu_start *start, uint64_t *handle);

/** Fix the measurement: the box is READY.
 * @retval CBX_OK          READY
 * @retval CBX_E_STATE     it has no thread, or lost track of its measurement
 * @retval CBX_E_HARDWARE  the keeper did not measure */
CBX_MUST_CHECK enum cbx_status cbx_build_finalize(struct cbx_domain *d);

#endif

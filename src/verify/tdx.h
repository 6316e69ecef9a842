/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verification of a TD quote as a part of another one.
 */
#ifndef CBX_VERIFY_TDX_H
#define CBX_VERIFY_TDX_H

#include <verify/tdx_tcb.h>

/**
 * All of cbx_verify_tdx on a verdict that has begun, except for the appraisal's
 * requirements, which the caller checks at its end.
 *
 * @param report_data  what the TD had to put into its report: 64 bytes; size 0:
 *                     the appraisal's challenge
 *
 * @return as cbx_verify_tdx; CBX_REFUSED_BINDING when the report has other data
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_check(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal, struct cbx_span report_data);

/** Claims of everything a quote says, whether true or not. */
void cbx_tdx_claim_quote(
	struct cbx_verdict *verdict, const struct cbx_tdx_quote *quote);

/** Claims of what collateral says. */
void cbx_tdx_claim_tcb(
	struct cbx_verdict *verdict, const struct cbx_tdx_tcb *tcb);

/**
 * Whether the TD is closed to the outside.
 *
 * @retval CBX_ACCEPTED             it is, or debugging is allowed
 * @retval CBX_REFUSED_DEBUG        debugging or profiling is on
 * @retval CBX_REFUSED_UNSUPPORTED  an attribute that may weaken it, and that
 *                                  nobody here knows
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_check_attributes(
	struct cbx_verdict *verdict, const struct cbx_tdx_quote *quote,
	const struct cbx_appraisal *appraisal);

#endif

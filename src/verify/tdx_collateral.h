/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collateral for a quote: files in any order, from anybody, and what they say
 * once Intel's signatures were checked.
 */
#ifndef CBX_VERIFY_TDX_COLLATERAL_H
#define CBX_VERIFY_TDX_COLLATERAL_H

#include <verify/chain.h>
#include <verify/pcs.h>
#include <verify/tdx_tcb.h>

#define CBX_TDX_COLLATERAL_FILES 16u

struct cbx_tdx_collateral {
	struct cbx_pcs_answer answers[CBX_PCS_KINDS]; /* object NULL: absent */
	/* What answers' texts lie in: copies, so that what is checked is what
	 * was read, and bundles. */
	uint8_t *copies[CBX_TDX_COLLATERAL_FILES];
	json_t *bundles[CBX_TDX_COLLATERAL_FILES];
	size_t copy_count;
	size_t bundle_count;
};

/**
 * Sort files: answers of Intel's service here, certificates and revocation
 * lists into the chain, bundles into both.
 *
 * @param[out] collateral  cbx_tdx_collateral_forget it, also after a refusal
 *
 * @retval CBX_ACCEPTED            every file was understood
 * @retval CBX_REFUSED_COLLATERAL  one was not, or is there twice
 * @retval CBX_REFUSED_INTERNAL    no memory
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_collateral_read(
	struct cbx_verdict *verdict,
	const struct cbx_endorsements *endorsements, struct cbx_chain *chain,
	struct cbx_tdx_collateral *collateral);

/** Drop what was read. */
void cbx_tdx_collateral_forget(struct cbx_tdx_collateral *collateral);

/** What collateral is checked against. */
struct cbx_tdx_platform {
	const struct cbx_tdx_quote *quote;
	const struct cbx_pck *pck;
	const mbedtls_x509_crt *root; /* where the PCK's chain ended */
};

/**
 * Whether what is there is Intel's, of this time and about this platform, and
 * what the platform's TCB status is.
 *
 * @param[out] tcb  all NONE without collateral
 *
 * @retval CBX_ACCEPTED             and claims say what was found
 * @retval CBX_REFUSED_CERTIFICATE  nobody's certificate to check it with
 * @retval CBX_REFUSED_CHAIN        its signer does not lead to that root
 * @retval CBX_REFUSED_COLLATERAL   a signature is wrong; not what Intel
 *                                  specifies
 * @retval CBX_REFUSED_EXPIRED, CBX_REFUSED_REVOKED  it, or its signer
 * @retval CBX_REFUSED_IDENTITY     it is about another platform, module or
 *                                  quoting code
 * @retval CBX_REFUSED_TCB          below every level
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_collateral_check(
	struct cbx_verdict *verdict,
	const struct cbx_tdx_collateral *collateral, struct cbx_chain *chain,
	const struct cbx_tdx_platform *platform, struct cbx_tdx_tcb *tcb);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof in a quote: from Intel's root down to the TD's report.
 */
#ifndef CBX_VERIFY_TDX_PROOF_H
#define CBX_VERIFY_TDX_PROOF_H

#include <verify/tdx_collateral.h>

/** One verification under way. */
struct cbx_tdx_state {
	struct cbx_verdict *verdict;
	const struct cbx_appraisal *appraisal;
	const struct cbx_endorsements *endorsements; /* NULL: none */
	struct cbx_span report_data;		     /* expected; or empty */
	struct cbx_tdx_quote quote;
	struct cbx_chain *chain;

	/* What a proof finds. */
	size_t certificate_count; /* in the quote: the chain's first */
	struct cbx_tdx_collateral collateral; /* read, not checked */
	struct cbx_pck pck;
	const mbedtls_x509_crt *pck_certificate;
	const mbedtls_x509_crt *root;
	bool revocation_checked;
};

/**
 * Prove that the quote is genuine: the root issued a CA, that a PCK, the PCK
 * signed the report of quoting code, which names a key, which signed the TD's
 * report.
 *
 * @pre quote is parsed, chain is empty
 *
 * @retval CBX_ACCEPTED             it is
 * @retval CBX_REFUSED_CERTIFICATE, CBX_REFUSED_CHAIN, CBX_REFUSED_EXPIRED,
 *         CBX_REFUSED_REVOKED      of the PCK's chain
 * @retval CBX_REFUSED_COLLATERAL   a file of the endorsements is none
 * @retval CBX_REFUSED_SIGNATURE    of the quoting code's report, of the TD's
 * @retval CBX_REFUSED_BINDING      between these two
 * @retval CBX_REFUSED_INTERNAL     no memory
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_tdx_prove(struct cbx_tdx_state *state);

#endif

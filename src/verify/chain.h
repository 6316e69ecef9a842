/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates from anywhere, and whether one of them leads to a trusted root.
 *
 * mbedTLS reads them and checks their signatures.  Its clock has no say: time
 * is an argument, and whatever is not valid then is left out of the search.
 */
#ifndef CBX_VERIFY_CHAIN_H
#define CBX_VERIFY_CHAIN_H

#include <confbox/verify.h>
#include <verify/certificate.h>

#define CBX_CHAIN_GIVEN	  24u	     /* certificates from anybody */
#define CBX_CHAIN_TRUSTED 16u	     /* roots */
#define CBX_CHAIN_LISTS	  8u	     /* revocation lists */
#define CBX_CHAIN_PATH	  8u	     /* from a leaf to a root */
#define CBX_CHAIN_FILE	  (1u << 20) /* bytes of one file */

struct cbx_verdict;

struct cbx_chain {
	mbedtls_x509_crt given[CBX_CHAIN_GIVEN];
	size_t given_count;
	mbedtls_x509_crt trusted[CBX_CHAIN_TRUSTED];
	size_t trusted_count;
	mbedtls_x509_crl lists[CBX_CHAIN_LISTS];
	size_t list_count;

	/* What the last cbx_chain_verify that accepted went along: path[0] is
	 * the leaf, path[path_length - 1] the root. */
	const mbedtls_x509_crt *path[CBX_CHAIN_PATH];
	size_t path_length;
	bool revocation_checked; /* a list covers each certificate but the
				  * root */
};

/** An empty one.  @return NULL when there is no memory; the caller destroys */
struct cbx_chain *cbx_chain_create(void);

/** @param chain  NULL does nothing */
void cbx_chain_destroy(struct cbx_chain *chain);

/**
 * Add certificates and revocation lists nobody vouches for.
 *
 * @param file  one DER certificate or list, or PEM with any number of both;
 *              copied, read once
 *
 * @retval CBX_ACCEPTED             they are in the chain
 * @retval CBX_REFUSED_CERTIFICATE  something is malformed, has bytes behind its
 *                                  end or an unusual key; too many, too large
 * @retval CBX_REFUSED_INTERNAL     no memory
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_chain_add(struct cbx_verdict *verdict,
	struct cbx_chain *chain, struct cbx_span file);

/** Add certificates that are trusted: the same, without revocation lists. */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_chain_trust(struct cbx_verdict *verdict,
	struct cbx_chain *chain, struct cbx_span file);

/**
 * Add what the caller brought: the appraisal's roots as trusted, the
 * endorsements' certificates as given.
 *
 * @param endorsements  NULL: none
 *
 * @return as cbx_chain_add; a root that cannot be read is
 *         CBX_REFUSED_INTERNAL, as is an unknown size of the endorsements
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_chain_bring(struct cbx_verdict *verdict,
	struct cbx_chain *chain, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal);

/**
 * Whether @p leaf leads to a trusted certificate other than itself, everything
 * on the way being valid at @p now and in none of the lists, each of which has
 * to be valid at that time, too.
 *
 * @param leaf  one of chain->given
 *
 * @retval CBX_ACCEPTED             it does; path says how
 * @retval CBX_REFUSED_CHAIN        no way leads to a root
 * @retval CBX_REFUSED_EXPIRED      one would, at another time; or a list is not
 *                                  of this time
 * @retval CBX_REFUSED_REVOKED      a list names one of them
 * @retval CBX_REFUSED_CERTIFICATE  a key or algorithm too weak, or a
 *                                  certificate used for what it is not for
 * @retval CBX_REFUSED_COLLATERAL   a list its issuer did not sign
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_chain_verify(
	struct cbx_verdict *verdict, struct cbx_chain *chain,
	const mbedtls_x509_crt *leaf, int64_t now);

/** Whether one of the lists is of the issuer of @p certificate, which was on
 * the path: it is not in it, then. */
bool cbx_chain_has_list(
	const struct cbx_chain *chain, const mbedtls_x509_crt *certificate);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from a certificate to a root.
 */
#include <verify/chain.h>

#include <verify/span.h>
#include <verify/verdict.h>

/* What a vendor's certificates use, and nothing weaker. */
static const mbedtls_x509_crt_profile profile = {
	.allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
	.allowed_pks = MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSA) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_RSASSA_PSS) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA),
	.allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
	.rsa_min_bitlen = 2048,
};

/* What mbedTLS's own clock says. */
#define CLOCK                                      \
	((uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | \
		    MBEDTLS_X509_BADCERT_FUTURE |  \
		    MBEDTLS_X509_BADCRL_EXPIRED | MBEDTLS_X509_BADCRL_FUTURE))

/* Called for each certificate of a path, the root first. */
static int visit(void *context, mbedtls_x509_crt *certificate, int depth,
	uint32_t *flags)
{
	struct cbx_chain *chain = context;

	*flags &= ~CLOCK;
	if (depth < 0 || (size_t)depth >= CBX_CHAIN_PATH) {
		*flags |= MBEDTLS_X509_BADCERT_OTHER;
		return 0;
	}
	if (chain->path_length == 0) {
		chain->path_length = (size_t)depth + 1;
	}
	chain->path[depth] = certificate;
	return 0;
}

/* Put those of certificates[count] that are valid at that time, or all, in a
 * row behind @p last, which is in no row yet, without @p leaf.
 * @return how many were left out */
static size_t put_in_row(mbedtls_x509_crt *certificates, size_t count,
	mbedtls_x509_crt *last, const int64_t *now)
{
	const mbedtls_x509_crt *leaf = last;
	size_t left_out = 0;

	for (size_t i = 0; i < count; i++) {
		if (&certificates[i] == leaf) {
			continue;
		}
		if (now != NULL &&
			!cbx_certificate_valid_at(&certificates[i], *now)) {
			left_out++;
			continue;
		}
		last->next = &certificates[i];
		last = last->next;
	}
	return left_out;
}

static bool is_issuer(
	const mbedtls_x509_crt *certificate, const mbedtls_x509_crt *issuer)
{
	const mbedtls_x509_buf *name = &certificate->issuer_raw;
	const mbedtls_x509_buf *other = &issuer->subject_raw;

	return cbx_span_equal((struct cbx_span){ name->p, name->len },
		(struct cbx_span){ other->p, other->len });
}

/* Put what is behind @p before behind @p last, which is no further back.
 * @return the new last */
static mbedtls_x509_crt *bring_forward(
	mbedtls_x509_crt *last, mbedtls_x509_crt *before)
{
	mbedtls_x509_crt *moved = before->next;

	before->next = moved->next;
	moved->next = last->next;
	last->next = moved;
	return moved;
}

/* mbedTLS looks for an issuer only behind what it issued.  The leaf's come
 * first, then theirs; who is nobody's stays at the end. */
static void put_in_order(mbedtls_x509_crt *leaf)
{
	mbedtls_x509_crt *last = leaf;

	for (mbedtls_x509_crt *at = leaf; at != NULL; at = at->next) {
		mbedtls_x509_crt *before = last;

		while (before->next != NULL) {
			bool next = before == last;

			if (!is_issuer(at, before->next)) {
				before = before->next;
				continue;
			}
			last = bring_forward(last, before);
			before = next ? last : before;
		}
	}
}

/* mbedTLS frees what is in a row with its first. */
static void take_apart(mbedtls_x509_crt *certificates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		certificates[i].next = NULL;
	}
}

static mbedtls_x509_crl *all_lists(struct cbx_chain *chain)
{
	for (size_t i = 0; i + 1 < chain->list_count; i++) {
		chain->lists[i].next = &chain->lists[i + 1];
	}
	return chain->list_count == 0 ? NULL : &chain->lists[0];
}

/* Search a path.  @param now  NULL: at any time.  @return mbedTLS's flags, 0
 * when there is one; @p left_out says how many were not looked at. */
static uint32_t search(struct cbx_chain *chain, const mbedtls_x509_crt *leaf,
	const int64_t *now, size_t *left_out)
{
	mbedtls_x509_crt *first = &chain->given[leaf - chain->given];
	mbedtls_x509_crt roots = { 0 }; /* only its next is used */
	uint32_t flags = 0;

	*left_out =
		put_in_row(chain->given, chain->given_count, first, now) +
		put_in_row(chain->trusted, chain->trusted_count, &roots, now);
	put_in_order(first);
	chain->path_length = 0;
	if (mbedtls_x509_crt_verify_with_profile(first, roots.next,
		    all_lists(chain), &profile, NULL, &flags, visit,
		    chain) != 0 &&
		flags == 0) {
		flags = MBEDTLS_X509_BADCERT_NOT_TRUSTED;
	}
	if (chain->path_length < 2) { /* a root is nobody's leaf */
		flags |= MBEDTLS_X509_BADCERT_NOT_TRUSTED;
	}
	take_apart(chain->given, chain->given_count);
	take_apart(chain->trusted, chain->trusted_count);
	for (size_t i = 0; i < chain->list_count; i++) {
		chain->lists[i].next = NULL;
	}
	return flags;
}

static enum cbx_refusal refusal_of(uint32_t flags)
{
	const uint32_t list =
		MBEDTLS_X509_BADCRL_NOT_TRUSTED | MBEDTLS_X509_BADCRL_BAD_MD |
		MBEDTLS_X509_BADCRL_BAD_PK | MBEDTLS_X509_BADCRL_BAD_KEY;

	if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
		return CBX_REFUSED_CHAIN;
	}
	if ((flags & MBEDTLS_X509_BADCERT_REVOKED) != 0) {
		return CBX_REFUSED_REVOKED;
	}
	if ((flags & list) != 0) {
		return CBX_REFUSED_COLLATERAL;
	}
	return flags == 0 ? CBX_ACCEPTED : CBX_REFUSED_CERTIFICATE;
}

bool cbx_chain_has_list(
	const struct cbx_chain *chain, const mbedtls_x509_crt *certificate)
{
	struct cbx_span issuer = { certificate->issuer_raw.p,
		certificate->issuer_raw.len };

	for (size_t i = 0; i < chain->list_count; i++) {
		const mbedtls_x509_buf *name = &chain->lists[i].issuer_raw;

		if (cbx_span_equal(
			    issuer, (struct cbx_span){ name->p, name->len })) {
			return true;
		}
	}
	return false;
}

static enum cbx_refusal refuse_path(struct cbx_verdict *verdict, uint32_t flags)
{
	enum cbx_refusal refusal = refusal_of(flags);

	switch ((int)refusal) {
	case CBX_REFUSED_CHAIN:
		return cbx_refuse(verdict, refusal,
			"no way leads from the certificate to a trusted root");
	case CBX_REFUSED_REVOKED:
		return cbx_refuse(verdict, refusal,
			"a list names a certificate on the way to the root");
	case CBX_REFUSED_COLLATERAL:
		return cbx_refuse(verdict, refusal,
			"a revocation list is not signed by its issuer");
	default:
		return cbx_refuse(verdict, refusal,
			"a certificate on the way to the root is not as it "
			"should be: mbedTLS's flags are 0x%x",
			(unsigned int)flags);
	}
}

static enum cbx_refusal check_lists(
	struct cbx_verdict *verdict, const struct cbx_chain *chain, int64_t now)
{
	for (size_t i = 0; i < chain->list_count; i++) {
		const mbedtls_x509_crl *list = &chain->lists[i];

		if (now < cbx_x509_seconds(&list->this_update) ||
			now > cbx_x509_seconds(&list->next_update)) {
			return cbx_refuse(verdict, CBX_REFUSED_EXPIRED,
				"a revocation list is not of this time");
		}
	}
	return CBX_ACCEPTED;
}

static bool fine_at_another_time(
	struct cbx_chain *chain, const mbedtls_x509_crt *leaf)
{
	size_t left_out;

	return search(chain, leaf, NULL, &left_out) == 0;
}

enum cbx_refusal cbx_chain_verify(struct cbx_verdict *verdict,
	struct cbx_chain *chain, const mbedtls_x509_crt *leaf, int64_t now)
{
	size_t left_out;
	uint32_t flags = search(chain, leaf, &now, &left_out);

	if (flags != 0 &&
		(left_out == 0 || !fine_at_another_time(chain, leaf))) {
		return refuse_path(verdict, flags);
	}
	if (flags != 0 || !cbx_certificate_valid_at(leaf, now)) {
		return cbx_refuse(verdict, CBX_REFUSED_EXPIRED,
			"a certificate is not of this time");
	}
	chain->revocation_checked = true;
	for (size_t i = 0; i + 1 < chain->path_length; i++) {
		chain->revocation_checked &=
			cbx_chain_has_list(chain, chain->path[i]);
	}
	return check_lists(verdict, chain, now);
}

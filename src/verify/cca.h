/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arm CCA attestation tokens: what evidence that embeds one needs, and the
 * parts the verification is made of.
 */
#ifndef CBX_VERIFY_CCA_H
#define CBX_VERIFY_CCA_H

#include <confbox/verify.h>
#include <trust/cbor.h>

#define CBX_CCA_TOKEN_MAX  65536u
#define CBX_CCA_ITEMS	   1024u /* of CBOR, in one half of a token */
#define CBX_CCA_COMPONENTS 24u
#define CBX_CCA_REGISTERS  4u
#define CBX_CCA_TEXT_MAX   512u
#define CBX_CCA_BYTES_MAX  4096u

/** Claims of a token, by their keys (cca.def). */
enum cbx_cca_label {
	CBX_CCA_CHALLENGE = 10,
	CBX_CCA_PROFILE = 265,
	CBX_CCA_LIFECYCLE = 2395,
	CBX_CCA_REALM_KEY = 44237,
	CBX_CCA_REALM_KEY_HASH = 44240,
};

enum cbx_cca_half {
	CBX_CCA_HALF_PLATFORM,
	CBX_CCA_HALF_REALM,
};

/** State of a platform's life, the upper byte of the claim. */
enum cbx_cca_lifecycle {
	CBX_CCA_SECURED = 0x30,
	CBX_CCA_REALM_DEBUG = 0x40,    /* realm management can be debugged */
	CBX_CCA_PLATFORM_DEBUG = 0x50, /* the root world, recoverably */
};

/**
 * Add the claims of one half to the verdict, and check each by its line in
 * cca.def.
 *
 * @param claims  the payload, decoded; NULL is malformed
 *
 * @retval CBX_ACCEPTED             complete and well-formed; nothing was said
 *                                  about who says so
 * @retval CBX_REFUSED_MALFORMED    a claim is missing, of the wrong type or size
 * @retval CBX_REFUSED_UNSUPPORTED  a profile, an algorithm or a claim that is
 *                                  not verified here
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_cca_claims(struct cbx_verdict *verdict,
	enum cbx_cca_half half, const struct cbx_cbor *claims);

/** Bytes of the digests of a hash algorithm's name; 0: not one of ours. */
size_t cbx_cca_digest_bytes(const struct cbx_cbor *algorithm);

/**
 * Verify a token on a verdict that has begun; cbx_verify_cca without the
 * appraisal's requirements.
 *
 * @param challenge  what the realm's challenge has to be: 64 bytes, all of
 *                   them; size 0: the appraisal's nonce decides
 *
 * @return as cbx_verify_cca; CBX_REFUSED_BINDING when the realm has another
 *         challenge than that
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_cca_check(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal, struct cbx_span challenge);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing a box's measurement (gate BOX_SIGN): the signer's side.
 */
#ifndef CBX_TRUST_SIGNER_H
#define CBX_TRUST_SIGNER_H

#include <stdbool.h>

#include <confbox/abi.h>

#define CBX_SIGNER_SECRET_BYTES 48u

/** What a signer signs; @c label is CBX_SIGN_LABEL and zeros. */
struct cbx_signed_text {
	char label[32];
	uint8_t measurement[CBX_DIGEST_BYTES];
	uint8_t family[CBX_FAMILY_BYTES];
	uint64_t version;
};

/**
 * Sign: ES384, deterministic.  Takes a turn (turn.h).
 *
 * @param         secret     a P-384 scalar
 * @param         measurement  of the box
 * @param[in,out] signature  family and version are set by the caller; the key
 *                           and the signature are filled in
 *
 * @return false: PSA refused, the scalar say
 */
bool cbx_signer_sign(const uint8_t secret[CBX_SIGNER_SECRET_BYTES],
	const uint8_t measurement[CBX_DIGEST_BYTES],
	struct cbx_signature *signature);

CBX_SIZE(0x68, cbx_signed_text);

#endif

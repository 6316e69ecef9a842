/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures over evidence, by the PSA interface.
 */
#ifndef CBX_VERIFY_SIGNATURE_H
#define CBX_VERIFY_SIGNATURE_H

#include <psa/crypto.h>

#include <confbox/verify.h>
#include <trust/cose.h>

/**
 * Check an ECDSA signature, in a turn of its own.
 *
 * @param hash       PSA_ALG_SHA_256 or another
 * @param point      the public key, 04 X Y, on the NIST curve of that size
 * @param signature  R S, both big-endian and as long as a coordinate
 *
 * @retval CBX_ACCEPTED             it is the key's signature of the message
 * @retval CBX_REFUSED_SIGNATURE    it is not; R or S out of range, too
 * @retval CBX_REFUSED_CERTIFICATE  that is no point of the curve
 * @retval CBX_REFUSED_INTERNAL     no memory, or an algorithm that is not there
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_check_ecdsa(psa_algorithm_t hash,
	struct cbx_span point, struct cbx_span message,
	struct cbx_span signature);

/** The same for a COSE_Sign1: cbx_cose_sign1_verify when it is its turn. */
CBX_VERIFY_CHECKED bool cbx_check_sign1(
	const struct cbx_cose_sign1 *sign1, struct cbx_span point);

/** Whether 04 X Y is on the NIST curve of that size; takes turns, too. */
CBX_VERIFY_CHECKED bool cbx_check_point(struct cbx_span point);

#endif

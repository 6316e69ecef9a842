/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HKDF (RFC 5869) with SHA-256, its two steps apart, as HPKE and sealing want
 * them: PSA 1.0 has them in one only.  The HMAC is PSA's.
 */
#ifndef CBX_TRUST_HKDF_H
#define CBX_TRUST_HKDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/span.h>

#define CBX_HKDF_BYTES	    32u
#define CBX_HKDF_EXPAND_MAX (255u * CBX_HKDF_BYTES)

/**
 * HKDF-Extract.
 *
 * @param      salt   size 0: 32 zero bytes
 * @param      parts  parts[count]: the input keying material, in pieces
 * @param[out] prk    what HKDF-Expand takes
 *
 * @return false: PSA refused; @p prk is zero
 */
bool cbx_hkdf_extract(struct cbx_span salt, const struct cbx_span *parts,
	size_t count, uint8_t prk[CBX_HKDF_BYTES]);

/** What HKDF-Expand gives. */
struct cbx_hkdf_output {
	uint8_t *bytes;
	size_t size; /* at most CBX_HKDF_EXPAND_MAX */
};

/**
 * HKDF-Expand.
 *
 * @param parts  parts[count]: the info, in pieces
 *
 * @return false: too many bytes, or PSA refused; the output is zero
 */
bool cbx_hkdf_expand(const uint8_t prk[CBX_HKDF_BYTES],
	const struct cbx_span *parts, size_t count,
	struct cbx_hkdf_output output);

#endif

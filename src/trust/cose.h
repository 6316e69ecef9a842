/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COSE (RFC 9052): a signed payload, and keys.  All arithmetic is PSA's, which
 * has to be initialized (psa_crypto_init).
 */
#ifndef CBX_TRUST_COSE_H
#define CBX_TRUST_COSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <psa/crypto.h>

#include <confbox/span.h>
#include <trust/cbor.h>

/** The longest x or y: that of P-521; and the longest point. */
#define CBX_COSE_COORDINATE 66u
#define CBX_COSE_POINT	    (1u + 2 * CBX_COSE_COORDINATE)

/** What may be accepted; or them. */
#define CBX_COSE_ACCEPT_ES256 1u /* -7: P-256, SHA-256 */
#define CBX_COSE_ACCEPT_ES384 2u /* -35: P-384, SHA-384 */
#define CBX_COSE_ACCEPT_ES512 4u /* -36: P-521, SHA-512 */
/** Nothing but the algorithm in the headers, everything encoded
 * deterministically. */
#define CBX_COSE_PLAIN 0x10000u
/** No head that is not the shortest; implied by CBX_COSE_PLAIN. */
#define CBX_COSE_SHORTEST 0x20000u

enum cbx_cose_error {
	CBX_COSE_FINE = 0,
	CBX_COSE_MALFORMED = 1, /* not CBOR, or not a COSE_Sign1 of tag 18 */
	CBX_COSE_CRITICAL = 2,	/* a critical header we do not know */
	CBX_COSE_ALGORITHM = 3, /* not an accepted one */
	CBX_COSE_HEADER = 4,	/* a header a plain one does not have */
};

/** What is wrong, in a few words; never NULL. */
const char *cbx_cose_error_text(enum cbx_cose_error error);

/** A COSE_Sign1, taken apart; the spans point into it. */
struct cbx_cose_sign1 {
	int64_t alg;			  /* CBX_COSE_ALG_* */
	struct cbx_span protected_header; /* the byte string's content */
	struct cbx_span payload;
	struct cbx_span signature; /* r || s, of the algorithm's size */
	struct cbx_span kid;	   /* size 0: none; protected or not */
};

/**
 * Take a COSE_Sign1 apart.  It is not verified.
 *
 * @param      token  may come from anybody
 * @param      flags  CBX_COSE_ACCEPT_*, CBX_COSE_PLAIN
 * @param[out] sign1  on success
 *
 * @retval CBX_COSE_FINE       the algorithm is an accepted one and protected,
 *                             the signature has its size, the payload is there,
 *                             no label stands in both headers
 * @retval CBX_COSE_MALFORMED  it is not that
 * @retval CBX_COSE_CRITICAL   a header is critical that is none of alg, content
 *                             type and kid
 * @retval CBX_COSE_ALGORITHM  another algorithm
 * @retval CBX_COSE_HEADER     CBX_COSE_PLAIN, and there is another header
 */
enum cbx_cose_error cbx_cose_sign1_read(
	struct cbx_span token, uint32_t flags, struct cbx_cose_sign1 *sign1);

/**
 * Whether the signature is that of the key.
 *
 * @param point  X9.62 uncompressed: 04 || x || y, 65 bytes for ES256, 97 for
 *               ES384, 133 for ES512; anything else, or a point that is not on the curve, is
 *               false
 */
bool cbx_cose_sign1_verify(
	const struct cbx_cose_sign1 *sign1, struct cbx_span point);

/**
 * Sign: a plain COSE_Sign1, ES384.
 *
 * @param         key      P-384 key pair, of PSA_ALG_ECDSA(PSA_ALG_SHA_384),
 *                         that may sign hashes
 * @param[in,out] writer   the COSE_Sign1 is appended
 *
 * @return false: PSA refused; what was appended is not to be used
 */
bool cbx_cose_sign1_write(psa_key_id_t key, struct cbx_span payload,
	struct cbx_cbor_writer *writer);

/** A public key. */
struct cbx_cose_key {
	int64_t kty; /* CBX_COSE_KTY_EC2, _OKP */
	int64_t crv; /* CBX_COSE_CRV_P256, _P384; _X25519 */
	size_t size; /* of x, and of y */
	uint8_t x[CBX_COSE_COORDINATE];
	uint8_t y[CBX_COSE_COORDINATE]; /* EC2 */
	bool plain;			/* it has no other parameter */
};

/**
 * Read a COSE_Key: EC2 on P-256, P-384 or P-521, y in full, or OKP on X25519.
 *
 * @param      map  NULL is no key
 * @param[out] key  on success
 *
 * @return false: it is none, its sizes are not the curve's, or it has a private
 *         part.  Whether the point is on the curve is not looked at.
 */
bool cbx_cose_key_read(const struct cbx_cbor *map, struct cbx_cose_key *key);

/** Append it, kty, crv, x (and y) alone. */
void cbx_cose_key_write(
	struct cbx_cbor_writer *writer, const struct cbx_cose_key *key);

/** 04 || x || y.  @return its size; 0 when the key is no EC2 */
size_t cbx_cose_key_point(
	const struct cbx_cose_key *key, uint8_t point[CBX_COSE_POINT]);

/** The key of an uncompressed point of P-256, P-384 or P-521, by its size.
 * @return false: it is none */
bool cbx_cose_key_of_point(struct cbx_span point, struct cbx_cose_key *key);

#endif

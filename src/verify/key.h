/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys on NIST's curves, in the forms they come in.
 */
#ifndef CBX_VERIFY_KEY_H
#define CBX_VERIFY_KEY_H

#include <stdbool.h>

#include <confbox/verify.h>

#define CBX_KEY_POINT_MAX 133u
#define CBX_KEY_FILE_MAX  16384u

/** A point of P-256, P-384 or P-521, known to be on its curve. */
struct cbx_key {
	size_t field_bytes;		 /* 32, 48, 66 */
	uint8_t x963[CBX_KEY_POINT_MAX]; /* 0x04 || x || y */
};

/**
 * Take an uncompressed point (X9.63).
 *
 * @param[out] key  untouched on failure
 *
 * @return NULL, or why it is no key
 */
CBX_VERIFY_CHECKED const char *cbx_key_from_point(
	struct cbx_key *key, struct cbx_span point);

/** The same from two coordinates, each as long as the field of the curve. */
CBX_VERIFY_CHECKED const char *cbx_key_from_coordinates(
	struct cbx_key *key, struct cbx_span x, struct cbx_span y);

/** The same from what a file holds: a JWK (RFC 7517), PEM ("PUBLIC KEY") or the
 * bare point; at most CBX_KEY_FILE_MAX bytes. */
CBX_VERIFY_CHECKED const char *cbx_key_from_file(
	struct cbx_key *key, struct cbx_span file);

/** The point. */
static inline struct cbx_span cbx_key_point(const struct cbx_key *key)
{
	return (struct cbx_span){ key->x963, 1 + 2 * key->field_bytes };
}

#endif

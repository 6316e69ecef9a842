/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of X25519 (RFC 7748) in PSA's store.
 */
#ifndef CBX_TRUST_X25519_H
#define CBX_TRUST_X25519_H

#include <stdbool.h>
#include <stdint.h>

#include <psa/crypto.h>

#include <confbox/span.h>

#define CBX_X25519 32u

/**
 * A new key pair; the caller ends it with psa_destroy_key.
 *
 * @param[out] key     0 when it failed
 * @param[out] public  the public key
 *
 * @return false: PSA refused
 */
bool cbx_x25519_generate(psa_key_id_t *key, uint8_t public[CBX_X25519]);

/** The key pair of a private key; as above. */
bool cbx_x25519_import(const uint8_t private[CBX_X25519], psa_key_id_t *key,
	uint8_t public[CBX_X25519]);

/** RFC 9180's DeriveKeyPair of at least 32 secret bytes; as above. */
bool cbx_x25519_derive(
	struct cbx_span ikm, psa_key_id_t *key, uint8_t public[CBX_X25519]);

/**
 * The shared secret.
 *
 * @return false: PSA refused, or the secret is zero (a peer of small order);
 *         @p secret is zero
 */
bool cbx_x25519_agree(psa_key_id_t key, const uint8_t peer[CBX_X25519],
	uint8_t secret[CBX_X25519]);

#endif

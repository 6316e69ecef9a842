/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-GCM.
 * PSA has to be initialized (psa_crypto_init).
 */
#ifndef CBX_TRUST_HPKE_H
#define CBX_TRUST_HPKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <psa/crypto.h>

#include <confbox/span.h>
#include <trust/aead.h>
#include <trust/hkdf.h>
#include <trust/x25519.h>

/** AEAD identifiers; ours is the second, the first has RFC vectors. */
enum cbx_hpke_aead {
	CBX_HPKE_AES_128_GCM = 1,
	CBX_HPKE_AES_256_GCM = 2,
};

/** One side of a context. */
struct cbx_hpke {
	struct cbx_aead aead;
	enum cbx_hpke_aead id;
	uint8_t exporter[CBX_HKDF_BYTES];
};

/**
 * SetupBaseS: begin to send.
 *
 * @param      peer  the receiver's public key; may come from anybody
 * @param[out] enc   for the receiver
 *
 * @return false: PSA refused, or the peer's key is no good; there is nothing to
 *         end
 */
bool cbx_hpke_send(struct cbx_hpke *hpke, enum cbx_hpke_aead id,
	const uint8_t peer[CBX_X25519], struct cbx_span info,
	uint8_t enc[CBX_X25519]);

/** The same with an ephemeral key of the caller's, whose public part is enc: for
 * known answers.  A key that is used twice betrays both messages. */
bool cbx_hpke_send_with(struct cbx_hpke *hpke, enum cbx_hpke_aead id,
	const uint8_t peer[CBX_X25519], struct cbx_span info,
	psa_key_id_t ephemeral);

/**
 * SetupBaseR: begin to receive.
 *
 * @param key  the receiver's key pair
 * @param enc  the sender's; may come from anybody
 *
 * @return as cbx_hpke_send
 */
bool cbx_hpke_receive(struct cbx_hpke *hpke, enum cbx_hpke_aead id,
	psa_key_id_t key, const uint8_t enc[CBX_X25519], struct cbx_span info);

/** Seal, open the next message: cbx_aead_seal, cbx_aead_open. */
static inline bool cbx_hpke_seal(struct cbx_hpke *hpke,
	struct cbx_span additional, struct cbx_span plain, uint8_t *sealed)
{
	return cbx_aead_seal(&hpke->aead, additional, plain, sealed);
}

static inline bool cbx_hpke_open(struct cbx_hpke *hpke,
	struct cbx_span additional, struct cbx_span sealed, uint8_t *plain)
{
	return cbx_aead_open(&hpke->aead, additional, sealed, plain);
}

/**
 * Context.Export: a secret both sides have.
 *
 * @param context  what it is for
 *
 * @return false: more than CBX_HKDF_EXPAND_MAX bytes, or PSA refused; the output
 *         is zero
 */
bool cbx_hpke_export(const struct cbx_hpke *hpke, struct cbx_span context,
	struct cbx_hkdf_output output);

/** Forget the keys.  Ending twice is ending once. */
void cbx_hpke_end(struct cbx_hpke *hpke);

#endif

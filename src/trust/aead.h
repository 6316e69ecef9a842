/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-GCM over numbered messages: the nonce is a base XOR the number (RFC 9180
 * 5.2, RFC 8446 5.3).  HPKE's contexts, and a channel's output.
 */
#ifndef CBX_TRUST_AEAD_H
#define CBX_TRUST_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <psa/crypto.h>

#include <confbox/span.h>

#define CBX_AEAD_NONCE 12u
#define CBX_AEAD_TAG   16u
#define CBX_AEAD_KEY   32u /* AES-256; AES-128 has 16 */

/** The messages of one key, in one direction. */
struct cbx_aead {
	psa_key_id_t key;
	uint8_t nonce[CBX_AEAD_NONCE];
	uint64_t sequence; /* of the next message */
};

/**
 * Begin with message 0.
 *
 * @param key  16 or 32 bytes
 *
 * @return false: PSA refused; there is nothing to stop
 */
bool cbx_aead_start(struct cbx_aead *aead, struct cbx_span key,
	const uint8_t nonce[CBX_AEAD_NONCE]);

/** The key, as it was given: for who keeps it elsewhere between messages.
 * @return false: PSA refused, or it is no AES-256 key */
bool cbx_aead_key(const struct cbx_aead *aead, uint8_t key[CBX_AEAD_KEY]);

/** Forget the key.  Stopping twice is stopping once. */
void cbx_aead_stop(struct cbx_aead *aead);

/**
 * Seal the next message.
 *
 * @param[out] sealed  plain.size + CBX_AEAD_TAG bytes; not where plain is
 *
 * @return false: PSA refused, or 2^64 - 1 messages were sealed; the next number
 *         is as it was
 */
bool cbx_aead_seal(struct cbx_aead *aead, struct cbx_span additional,
	struct cbx_span plain, uint8_t *sealed);

/**
 * Open the next message.
 *
 * @param[out] plain  sealed.size - CBX_AEAD_TAG bytes; not where sealed is;
 *                    zero when it does not open
 *
 * @return false: it is not the next message, as it was sealed; the next number
 *         is as it was
 */
bool cbx_aead_open(struct cbx_aead *aead, struct cbx_span additional,
	struct cbx_span sealed, uint8_t *plain);

#endif

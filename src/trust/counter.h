/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers about counters: signed by who keeps them, believed by who asked.
 *
 * The signature is ES384, deterministic (RFC 6979), of "libconfbox counter 1",
 * zeros to 32 bytes, and the answer's first 128 bytes.  The nonce in it makes it
 * an answer to this question and to no other.
 */
#ifndef CBX_TRUST_COUNTER_H
#define CBX_TRUST_COUNTER_H

#include <stdbool.h>

#include <psa/crypto.h>

#include <confbox/counter.h>

#define CBX_COUNTER_LABEL	 "libconfbox counter 1"
#define CBX_COUNTER_POINT_BYTES	 97u
#define CBX_COUNTER_SECRET_BYTES 48u

/** The key of a service, of its P-384 scalar; 0 when PSA refuses.  Who has it
 * destroys it. */
psa_key_id_t cbx_counter_key(const uint8_t secret[CBX_COUNTER_SECRET_BYTES]);

/**
 * The name of a service: SHA-256 of its public key.
 *
 * @param[out] point    the public key
 * @param[out] service  its name
 * @return false: PSA refused
 */
bool cbx_counter_service_of(psa_key_id_t key,
	uint8_t point[CBX_COUNTER_POINT_BYTES], uint8_t service[32]);

/**
 * Sign an answer whose asked, value and done hold.
 *
 * @return false: PSA refused, and the answer says nothing
 */
bool cbx_counter_sign(psa_key_id_t key, struct cbx_counter_answer *answer);

/**
 * Whether an answer is its service's, to this question.
 *
 * @retval CBX_SEAL_OK         it is, and value and done are what it says
 * @retval CBX_SEAL_E_FORGED   it is not
 * @retval CBX_SEAL_E_LIBRARY  PSA has no SHA-256
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_counter_check(
	const struct cbx_counter_question *question,
	const struct cbx_counter_answer *answer);

#endif

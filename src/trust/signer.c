/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/signer.h>

#include <string.h>

#include <trust/counter.h>
#include <trust/labels.h>
#include <trust/turn.h>

static bool sign(psa_key_id_t key, const struct cbx_signed_text *text,
	struct cbx_signature *signature)
{
	uint8_t point[CBX_COUNTER_POINT_BYTES];
	uint8_t hash[CBX_DIGEST_BYTES];
	size_t size = 0;

	if (psa_export_public_key(key, point, sizeof(point), &size) !=
			PSA_SUCCESS ||
		psa_hash_compute(PSA_ALG_SHA_384, (const uint8_t *)text,
			sizeof(*text), hash, sizeof(hash),
			&size) != PSA_SUCCESS ||
		psa_sign_hash(key, PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_384),
			hash, sizeof(hash), signature->signature,
			sizeof(signature->signature), &size) != PSA_SUCCESS) {
		return false;
	}
	memcpy(signature->key, point + 1, sizeof(signature->key));
	return size == sizeof(signature->signature);
}

bool cbx_signer_sign(const uint8_t secret[CBX_SIGNER_SECRET_BYTES],
	const uint8_t measurement[CBX_DIGEST_BYTES],
	struct cbx_signature *signature)
{
	struct cbx_signed_text text = { .label = CBX_SIGN_LABEL,
		.version = signature->version };
	psa_key_id_t key = 0;
	bool made;

	memcpy(text.measurement, measurement, sizeof(text.measurement));
	memcpy(text.family, signature->family, sizeof(text.family));
	cbx_psa_take_turn();
	if (psa_crypto_init() == PSA_SUCCESS) {
		key = cbx_counter_key(secret);
	}
	made = key != 0 && sign(key, &text, signature);
	(void)psa_destroy_key(key);
	cbx_psa_end_turn();
	return made;
}

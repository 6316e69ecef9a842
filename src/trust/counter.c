/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/counter.h>

#include <stddef.h>
#include <string.h>

#define P384	    PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)
#define P384_PUBLIC PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1)
/* Of one message there is one signature: no number to run out of luck with. */
#define ES384	     PSA_ALG_DETERMINISTIC_ECDSA(PSA_ALG_SHA_384)
#define SIGNED_BYTES offsetof(struct cbx_counter_answer, key)

psa_key_id_t cbx_counter_key(const uint8_t secret[CBX_COUNTER_SECRET_BYTES])
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key = 0;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
	psa_set_key_algorithm(&attributes, ES384);
	psa_set_key_type(&attributes, P384);
	psa_set_key_bits(&attributes, 384);
	return psa_import_key(&attributes, secret, CBX_COUNTER_SECRET_BYTES,
		       &key) == PSA_SUCCESS
		       ? key
		       : 0;
}

static bool name_of(
	const uint8_t point[CBX_COUNTER_POINT_BYTES], uint8_t service[32])
{
	size_t size = 0;

	return psa_hash_compute(PSA_ALG_SHA_256, point, CBX_COUNTER_POINT_BYTES,
		       service, 32, &size) == PSA_SUCCESS &&
	       size == 32;
}

bool cbx_counter_service_of(psa_key_id_t key,
	uint8_t point[CBX_COUNTER_POINT_BYTES], uint8_t service[32])
{
	size_t size = 0;

	return psa_export_public_key(key, point, CBX_COUNTER_POINT_BYTES,
		       &size) == PSA_SUCCESS &&
	       size == CBX_COUNTER_POINT_BYTES && name_of(point, service);
}

/* What is signed, hashed. */
static bool hash_of(const struct cbx_counter_answer *answer, uint8_t hash[48])
{
	struct {
		char label[32];
		uint8_t answer[SIGNED_BYTES];
	} text = { .label = CBX_COUNTER_LABEL };
	size_t size = 0;

	memcpy(text.answer, answer, SIGNED_BYTES);
	return psa_hash_compute(PSA_ALG_SHA_384, (const uint8_t *)&text,
		       sizeof(text), hash, 48, &size) == PSA_SUCCESS &&
	       size == 48;
}

bool cbx_counter_sign(psa_key_id_t key, struct cbx_counter_answer *answer)
{
	uint8_t service[32];
	uint8_t hash[48];
	size_t size = 0;

	memset(answer->reserved, 0, sizeof(answer->reserved));
	if (!cbx_counter_service_of(key, answer->key, service) ||
		!hash_of(answer, hash)) {
		return false;
	}
	return psa_sign_hash(key, ES384, hash, sizeof(hash), answer->signature,
		       sizeof(answer->signature), &size) == PSA_SUCCESS &&
	       size == sizeof(answer->signature);
}

/* A service's public key, if it is one; 0 otherwise. */
static psa_key_id_t public_key(const uint8_t point[CBX_COUNTER_POINT_BYTES])
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key = 0;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
	psa_set_key_algorithm(&attributes, ES384);
	psa_set_key_type(&attributes, P384_PUBLIC);
	psa_set_key_bits(&attributes, 384);
	return psa_import_key(&attributes, point, CBX_COUNTER_POINT_BYTES,
		       &key) == PSA_SUCCESS
		       ? key
		       : 0;
}

static bool is_signed(const struct cbx_counter_answer *answer)
{
	psa_key_id_t key = public_key(answer->key);
	uint8_t hash[48];
	bool good = key != 0 && hash_of(answer, hash) &&
		    psa_verify_hash(key, ES384, hash, sizeof(hash),
			    answer->signature,
			    sizeof(answer->signature)) == PSA_SUCCESS;

	(void)psa_destroy_key(key);
	return good;
}

enum cbx_seal_result cbx_counter_check(
	const struct cbx_counter_question *question,
	const struct cbx_counter_answer *answer)
{
	static const uint8_t zero[sizeof(answer->reserved)];
	uint8_t service[32];

	if (memcmp(&answer->asked, question, sizeof(*question)) != 0 ||
		answer->done > 1 ||
		memcmp(answer->reserved, zero, sizeof(zero)) != 0) {
		return CBX_SEAL_E_FORGED;
	}
	if (!name_of(answer->key, service)) {
		return CBX_SEAL_E_LIBRARY;
	}
	if (memcmp(service, question->id.service, sizeof(service)) != 0) {
		return CBX_SEAL_E_FORGED;
	}
	return is_signed(answer) ? CBX_SEAL_OK : CBX_SEAL_E_FORGED;
}

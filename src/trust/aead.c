/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/aead.h>

#include <string.h>

#include <mbedtls/platform_util.h>

bool cbx_aead_start(struct cbx_aead *aead, struct cbx_span key,
	const uint8_t nonce[CBX_AEAD_NONCE])
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	*aead = (struct cbx_aead){ 0 };
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT |
						     PSA_KEY_USAGE_DECRYPT |
						     PSA_KEY_USAGE_EXPORT);
	psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
	psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
	if (psa_import_key(&attributes, key.bytes, key.size, &aead->key) !=
		PSA_SUCCESS) {
		aead->key = 0;
		return false;
	}
	memcpy(aead->nonce, nonce, CBX_AEAD_NONCE);
	return true;
}

bool cbx_aead_key(const struct cbx_aead *aead, uint8_t key[CBX_AEAD_KEY])
{
	size_t size = 0;

	return psa_export_key(aead->key, key, CBX_AEAD_KEY, &size) ==
		       PSA_SUCCESS &&
	       size == CBX_AEAD_KEY;
}

void cbx_aead_stop(struct cbx_aead *aead)
{
	(void)psa_destroy_key(aead->key);
	mbedtls_platform_zeroize(aead, sizeof(*aead));
}

/* The next message's nonce; false when there is none any more. */
static bool next_nonce(
	const struct cbx_aead *aead, uint8_t nonce[CBX_AEAD_NONCE])
{
	if (aead->sequence == UINT64_MAX) {
		return false;
	}
	memcpy(nonce, aead->nonce, CBX_AEAD_NONCE);
	for (size_t i = 0; i < sizeof(aead->sequence); i++) {
		nonce[CBX_AEAD_NONCE - 1 - i] ^=
			(uint8_t)(aead->sequence >> (8 * i));
	}
	return true;
}

bool cbx_aead_seal(struct cbx_aead *aead, struct cbx_span additional,
	struct cbx_span plain, uint8_t *sealed)
{
	uint8_t nonce[CBX_AEAD_NONCE];
	size_t size = 0;

	if (!next_nonce(aead, nonce) || plain.size > SIZE_MAX - CBX_AEAD_TAG) {
		return false;
	}
	if (psa_aead_encrypt(aead->key, PSA_ALG_GCM, nonce, sizeof(nonce),
		    additional.bytes, additional.size, plain.bytes, plain.size,
		    sealed, plain.size + CBX_AEAD_TAG, &size) != PSA_SUCCESS ||
		size != plain.size + CBX_AEAD_TAG) {
		return false;
	}
	aead->sequence++;
	return true;
}

bool cbx_aead_open(struct cbx_aead *aead, struct cbx_span additional,
	struct cbx_span sealed, uint8_t *plain)
{
	uint8_t nonce[CBX_AEAD_NONCE];
	size_t size = 0;

	if (!next_nonce(aead, nonce) || sealed.size < CBX_AEAD_TAG) {
		return false;
	}
	if (psa_aead_decrypt(aead->key, PSA_ALG_GCM, nonce, sizeof(nonce),
		    additional.bytes, additional.size, sealed.bytes,
		    sealed.size, plain, sealed.size - CBX_AEAD_TAG,
		    &size) != PSA_SUCCESS ||
		size != sealed.size - CBX_AEAD_TAG) {
		if (sealed.size != CBX_AEAD_TAG) {
			memset(plain, 0, sealed.size - CBX_AEAD_TAG);
		}
		return false;
	}
	aead->sequence++;
	return true;
}

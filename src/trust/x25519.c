/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/x25519.h>

#include <string.h>

#include <mbedtls/platform_util.h>

#include <trust/labeled.h>

#define PAIR PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY)

static psa_key_attributes_t pair_attributes(void)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDH);
	psa_set_key_type(&attributes, PAIR);
	psa_set_key_bits(&attributes, 255);
	return attributes;
}

/* Give out a pair that was made, with its public key, or nothing. */
static bool hand_out(
	psa_status_t made, psa_key_id_t *key, uint8_t public[CBX_X25519])
{
	size_t size = 0;

	if (made != PSA_SUCCESS) {
		*key = 0;
		return false;
	}
	if (psa_export_public_key(*key, public, CBX_X25519, &size) !=
			PSA_SUCCESS ||
		size != CBX_X25519) {
		(void)psa_destroy_key(*key);
		*key = 0;
		return false;
	}
	return true;
}

bool cbx_x25519_generate(psa_key_id_t *key, uint8_t public[CBX_X25519])
{
	psa_key_attributes_t attributes = pair_attributes();

	return hand_out(psa_generate_key(&attributes, key), key, public);
}

bool cbx_x25519_import(const uint8_t private[CBX_X25519], psa_key_id_t *key,
	uint8_t public[CBX_X25519])
{
	psa_key_attributes_t attributes = pair_attributes();

	return hand_out(psa_import_key(&attributes, private, CBX_X25519, key),
		key, public);
}

bool cbx_x25519_derive(
	struct cbx_span ikm, psa_key_id_t *key, uint8_t public[CBX_X25519])
{
	const struct cbx_suite suite = cbx_suite_kem();
	const struct cbx_span none = { 0 };
	uint8_t prk[CBX_HKDF_BYTES];
	uint8_t private[CBX_X25519];
	bool made =
		ikm.size >= CBX_X25519 &&
		cbx_labeled_extract(&suite, none, "dkp_prk", ikm, prk) &&
		cbx_labeled_expand(&suite, prk, "sk", none,
			(struct cbx_hkdf_output){ private, sizeof(private) });

	*key = 0;
	made = made && cbx_x25519_import(private, key, public);
	mbedtls_platform_zeroize(prk, sizeof(prk));
	mbedtls_platform_zeroize(private, sizeof(private));
	return made;
}

bool cbx_x25519_agree(psa_key_id_t key, const uint8_t peer[CBX_X25519],
	uint8_t secret[CBX_X25519])
{
	size_t size = 0;
	uint8_t any = 0;

	if (psa_raw_key_agreement(PSA_ALG_ECDH, key, peer, CBX_X25519, secret,
		    CBX_X25519, &size) != PSA_SUCCESS ||
		size != CBX_X25519) {
		memset(secret, 0, CBX_X25519);
		return false;
	}
	for (size_t i = 0; i < CBX_X25519; i++) {
		any |= secret[i];
	}
	return any != 0;
}

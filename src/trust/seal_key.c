/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/seal_key.h>

#include <string.h>

#include <psa/crypto.h>

static psa_status_t derive(psa_key_derivation_operation_t *hkdf,
	struct cbx_span secret, struct cbx_span info, uint8_t *key)
{
	psa_status_t status =
		psa_key_derivation_setup(hkdf, PSA_ALG_HKDF(PSA_ALG_SHA_384));

	if (status == PSA_SUCCESS) {
		status = psa_key_derivation_input_bytes(hkdf,
			PSA_KEY_DERIVATION_INPUT_SECRET, secret.bytes,
			secret.size);
	}
	if (status == PSA_SUCCESS) {
		status = psa_key_derivation_input_bytes(hkdf,
			PSA_KEY_DERIVATION_INPUT_INFO, info.bytes, info.size);
	}
	if (status == PSA_SUCCESS) {
		status = psa_key_derivation_output_bytes(
			hkdf, key, CBX_SEAL_KEY_BYTES);
	}
	return status;
}

bool cbx_seal_derive(const uint8_t secret[CBX_SEAL_KEY_BYTES],
	struct cbx_span info, uint8_t key[CBX_SEAL_KEY_BYTES])
{
	psa_key_derivation_operation_t hkdf = PSA_KEY_DERIVATION_OPERATION_INIT;
	const struct cbx_span input = { secret, CBX_SEAL_KEY_BYTES };
	bool made = derive(&hkdf, input, info, key) == PSA_SUCCESS;

	(void)psa_key_derivation_abort(&hkdf);
	if (!made) {
		memset(key, 0, CBX_SEAL_KEY_BYTES);
	}
	return made;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/signature.h>

#include <trust/turn.h>

static enum cbx_refusal import(
	psa_algorithm_t algorithm, struct cbx_span point, psa_key_id_t *key)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
	psa_set_key_algorithm(&attributes, algorithm);
	psa_set_key_type(&attributes,
		PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	switch (psa_import_key(&attributes, point.bytes, point.size, key)) {
	case PSA_SUCCESS:
		return CBX_ACCEPTED;
	case PSA_ERROR_INVALID_ARGUMENT:
	case PSA_ERROR_NOT_PERMITTED: /* mbedTLS's word for a wrong point */
	case PSA_ERROR_NOT_SUPPORTED: /* a curve of no such size */
		return CBX_REFUSED_CERTIFICATE;
	default:
		return CBX_REFUSED_INTERNAL;
	}
}

static enum cbx_refusal check(psa_algorithm_t algorithm, struct cbx_span point,
	struct cbx_span digest, struct cbx_span signature)
{
	psa_key_id_t key = 0;
	enum cbx_refusal refusal = import(algorithm, point, &key);
	psa_status_t status;

	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	status = psa_verify_hash(key, algorithm, digest.bytes, digest.size,
		signature.bytes, signature.size);
	(void)psa_destroy_key(key); /* a public key: there is nothing to lose */
	switch (status) {
	case PSA_SUCCESS:
		return CBX_ACCEPTED;
	case PSA_ERROR_INVALID_SIGNATURE:
		return CBX_REFUSED_SIGNATURE;
	default:
		return CBX_REFUSED_INTERNAL;
	}
}

enum cbx_refusal cbx_check_ecdsa(psa_algorithm_t hash, struct cbx_span point,
	struct cbx_span message, struct cbx_span signature)
{
	uint8_t digest[PSA_HASH_MAX_SIZE];
	size_t size;
	enum cbx_refusal refusal;

	if (psa_hash_compute(hash, message.bytes, message.size, digest,
		    sizeof(digest), &size) != PSA_SUCCESS) {
		return CBX_REFUSED_INTERNAL;
	}
	cbx_psa_take_turn();
	refusal = check(PSA_ALG_ECDSA(hash), point,
		(struct cbx_span){ digest, size }, signature);
	cbx_psa_end_turn();
	return refusal;
}

bool cbx_check_sign1(const struct cbx_cose_sign1 *sign1, struct cbx_span point)
{
	bool good;

	cbx_psa_take_turn();
	good = cbx_cose_sign1_verify(sign1, point);
	cbx_psa_end_turn();
	return good;
}

bool cbx_check_point(struct cbx_span point)
{
	psa_key_id_t key = 0;
	bool good;

	cbx_psa_take_turn();
	good = import(PSA_ALG_ECDSA(PSA_ALG_SHA_256), point, &key) ==
	       CBX_ACCEPTED;
	(void)psa_destroy_key(key);
	cbx_psa_end_turn();
	return good;
}

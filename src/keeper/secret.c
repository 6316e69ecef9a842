/* SPDX-License-Identifier: Apache-2.0 */
#include <keeper/secret.h>

#include <string.h>

#include <trust/x25519.h>

#define SECRET_BITS 384

static struct {
	psa_key_id_t secret; /* 0: not drawn yet */
	psa_key_id_t signer; /* 0: not made yet */
	bool released;
	uint8_t root[CBX_ROOT_KEY_BYTES];
} keeper;

/* A key that PSA draws. */
static psa_key_id_t draw(psa_key_type_t type, size_t bits, psa_algorithm_t alg)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key = 0;

	psa_set_key_type(&attributes, type);
	psa_set_key_bits(&attributes, bits);
	psa_set_key_algorithm(&attributes, alg);
	psa_set_key_usage_flags(&attributes,
		PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_SIGN_MESSAGE);
	return psa_generate_key(&attributes, &key) == PSA_SUCCESS ? key : 0;
}

bool cbx_secret_start(void)
{
	if (psa_crypto_init() != PSA_SUCCESS) {
		return false;
	}
	if (keeper.secret == 0) {
		keeper.secret = draw(PSA_KEY_TYPE_HMAC, SECRET_BITS,
			PSA_ALG_HMAC(PSA_ALG_SHA_384));
	}
	return keeper.secret != 0;
}

bool cbx_secret_signer(psa_key_id_t *key, uint8_t point[CBX_P384_POINT_BYTES])
{
	size_t size = 0;

	if (keeper.signer == 0) {
		keeper.signer =
			draw(PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1),
				384, PSA_ALG_ECDSA(PSA_ALG_SHA_384));
	}
	*key = keeper.signer;
	return keeper.signer != 0 &&
	       psa_export_public_key(keeper.signer, point, CBX_P384_POINT_BYTES,
		       &size) == PSA_SUCCESS &&
	       size == CBX_P384_POINT_BYTES;
}

void cbx_secret_label(const char *label, uint8_t bytes[CBX_LABEL_BYTES])
{
	size_t size = strlen(label);

	memset(bytes, 0, CBX_LABEL_BYTES);
	memcpy(bytes, label, size < CBX_LABEL_BYTES ? size : CBX_LABEL_BYTES);
}

static psa_status_t mac_parts(
	psa_mac_operation_t *mac, const char *label, struct cbx_span bytes)
{
	uint8_t padded[CBX_LABEL_BYTES];
	psa_status_t status = psa_mac_sign_setup(
		mac, keeper.secret, PSA_ALG_HMAC(PSA_ALG_SHA_384));

	cbx_secret_label(label, padded);
	if (status == PSA_SUCCESS) {
		status = psa_mac_update(mac, padded, sizeof(padded));
	}
	if (status == PSA_SUCCESS && bytes.size != 0) {
		status = psa_mac_update(mac, bytes.bytes, bytes.size);
	}
	return status;
}

bool cbx_secret_mac(
	const char *label, struct cbx_span bytes, uint8_t mac[CBX_DIGEST_BYTES])
{
	psa_mac_operation_t operation = PSA_MAC_OPERATION_INIT;
	size_t size = 0;
	psa_status_t status = mac_parts(&operation, label, bytes);

	if (status == PSA_SUCCESS) {
		status = psa_mac_sign_finish(
			&operation, mac, CBX_DIGEST_BYTES, &size);
	}
	if (status != PSA_SUCCESS) {
		(void)psa_mac_abort(&operation);
	}
	return status == PSA_SUCCESS && size == CBX_DIGEST_BYTES;
}

bool cbx_secret_channel(
	uint64_t number, psa_key_id_t *key, uint8_t public[CBX_X25519_BYTES])
{
	const struct cbx_span which = { (const uint8_t *)&number,
		sizeof(number) };
	uint8_t ikm[CBX_DIGEST_BYTES];
	bool made;

	*key = 0;
	made = cbx_secret_mac("libconfbox channel key", which, ikm) &&
	       cbx_x25519_derive(
		       (struct cbx_span){ ikm, sizeof(ikm) }, key, public);
	memset(ikm, 0, sizeof(ikm));
	return made;
}

const uint8_t *cbx_secret_root(void)
{
	return keeper.released ? keeper.root : NULL;
}

void cbx_secret_release(const uint8_t root[CBX_ROOT_KEY_BYTES])
{
	memcpy(keeper.root, root, CBX_ROOT_KEY_BYTES);
	keeper.released = true;
}

void cbx_secret_forget(void)
{
	(void)psa_destroy_key(keeper.secret);
	(void)psa_destroy_key(keeper.signer);
	memset(&keeper, 0, sizeof(keeper));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <keeper/secret.h>

#include <string.h>
#include <sys/random.h>

#include <mbedtls/platform_util.h>

#include <trust/x25519.h>

#define SECRET_BITS	384 /* and those of a private key of P-384 */
#define SIGNER_ATTEMPTS 4u

static struct {
	bool drawn; /* seed holds, until it is the secret */
	uint8_t seed[SECRET_BITS / 8];
	psa_key_id_t secret;		     /* 0: PSA does not have it yet */
	psa_key_id_t signer;		     /* 0: not computed yet */
	uint8_t point[CBX_P384_POINT_BYTES]; /* of the signer */
	uint32_t root_kind; /* of the next; CBX_ROOT_NONE: there is none */
	uint8_t root[CBX_ROOT_KEY_BYTES];
	size_t boot_bytes;
	uint8_t boot[CBX_PAGE_SIZE];
} keeper;

static psa_key_attributes_t attributes_of(
	psa_key_type_t type, psa_algorithm_t alg)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	psa_set_key_type(&attributes, type);
	psa_set_key_bits(&attributes, SECRET_BITS);
	psa_set_key_algorithm(&attributes, alg);
	psa_set_key_usage_flags(&attributes,
		PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_SIGN_MESSAGE);
	return attributes;
}

bool cbx_secret_draw(void)
{
	if (!keeper.drawn) {
		keeper.drawn = getrandom(keeper.seed, sizeof(keeper.seed), 0) ==
			       (ssize_t)sizeof(keeper.seed);
	}
	return keeper.drawn;
}

/* Give what was drawn to PSA. */
static bool import_secret(void)
{
	psa_key_attributes_t attributes =
		attributes_of(PSA_KEY_TYPE_HMAC, PSA_ALG_HMAC(PSA_ALG_SHA_384));

	if (psa_import_key(&attributes, keeper.seed, sizeof(keeper.seed),
		    &keeper.secret) != PSA_SUCCESS) {
		keeper.secret = 0;
		return false;
	}
	mbedtls_platform_zeroize(keeper.seed, sizeof(keeper.seed));
	return true;
}

bool cbx_secret_start(void)
{
	if (!cbx_secret_draw() || psa_crypto_init() != PSA_SUCCESS) {
		return false;
	}
	return keeper.secret != 0 || import_secret();
}

/* The private number that the secret makes at this attempt; PSA refuses one that
 * is not below the order, once in 2^190. */
static psa_key_id_t derive_signer(uint8_t attempt)
{
	psa_key_attributes_t attributes =
		attributes_of(PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1),
			PSA_ALG_ECDSA(PSA_ALG_SHA_384));
	uint8_t number[CBX_DIGEST_BYTES];
	psa_key_id_t key = 0;

	if (!cbx_secret_mac("libconfbox signing key",
		    (struct cbx_span){ &attempt, 1 }, number) ||
		psa_import_key(&attributes, number, sizeof(number), &key) !=
			PSA_SUCCESS) {
		key = 0;
	}
	mbedtls_platform_zeroize(number, sizeof(number));
	return key;
}

static bool compute_signer(void)
{
	psa_key_id_t key = 0;
	size_t size = 0;

	for (uint8_t i = 0; i < SIGNER_ATTEMPTS && key == 0; i++) {
		key = derive_signer(i);
	}
	if (key == 0 ||
		psa_export_public_key(key, keeper.point, sizeof(keeper.point),
			&size) != PSA_SUCCESS ||
		size != sizeof(keeper.point)) {
		(void)psa_destroy_key(key);
		return false;
	}
	keeper.signer = key;
	return true;
}

bool cbx_secret_signer(psa_key_id_t *key, uint8_t point[CBX_P384_POINT_BYTES])
{
	if (keeper.signer == 0 && !compute_signer()) {
		return false;
	}
	*key = keeper.signer;
	memcpy(point, keeper.point, sizeof(keeper.point));
	return true;
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

uint32_t cbx_secret_root_kind(void)
{
	return keeper.root_kind;
}

const uint8_t *cbx_secret_root(void)
{
	return keeper.root_kind != CBX_ROOT_NONE ? keeper.root : NULL;
}

void cbx_secret_keep_root(
	enum cbx_root_kind kind, const uint8_t root[CBX_ROOT_KEY_BYTES])
{
	if (keeper.root_kind == CBX_ROOT_NONE) {
		memcpy(keeper.root, root, CBX_ROOT_KEY_BYTES);
		keeper.root_kind = (uint32_t)kind;
	}
}

void cbx_secret_keep_boot_log(struct cbx_span log)
{
	keeper.boot_bytes =
		log.size < sizeof(keeper.boot) ? log.size : sizeof(keeper.boot);
	if (keeper.boot_bytes != 0) {
		memcpy(keeper.boot, log.bytes, keeper.boot_bytes);
	}
}

struct cbx_span cbx_secret_boot_log(void)
{
	return (struct cbx_span){ keeper.boot, keeper.boot_bytes };
}

void cbx_secret_forget(void)
{
	(void)psa_destroy_key(keeper.secret);
	(void)psa_destroy_key(keeper.signer);
	memset(&keeper, 0, sizeof(keeper));
}

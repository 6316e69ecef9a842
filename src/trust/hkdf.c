/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/hkdf.h>

#include <string.h>

#include <mbedtls/platform_util.h>
#include <psa/crypto.h>

#define HMAC PSA_ALG_HMAC(PSA_ALG_SHA_256)

/* An HMAC in the making. */
struct mac {
	psa_mac_operation_t operation;
	psa_status_t status; /* the first that was no success */
};

/* A key for HMAC; 0 when PSA refuses. */
static psa_key_id_t hmac_key(struct cbx_span secret)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key = 0;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
	psa_set_key_algorithm(&attributes, HMAC);
	psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
	if (psa_import_key(&attributes, secret.bytes, secret.size, &key) !=
		PSA_SUCCESS) {
		return 0;
	}
	return key;
}

static void begin(struct mac *mac, psa_key_id_t key)
{
	*mac = (struct mac){ .operation = PSA_MAC_OPERATION_INIT };
	mac->status = psa_mac_sign_setup(&mac->operation, key, HMAC);
}

static void add(struct mac *mac, const struct cbx_span *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (mac->status == PSA_SUCCESS && parts[i].size != 0) {
			mac->status = psa_mac_update(
				&mac->operation, parts[i].bytes, parts[i].size);
		}
	}
}

static bool end(struct mac *mac, uint8_t result[CBX_HKDF_BYTES])
{
	size_t size = 0;

	if (mac->status == PSA_SUCCESS) {
		mac->status = psa_mac_sign_finish(
			&mac->operation, result, CBX_HKDF_BYTES, &size);
	}
	(void)psa_mac_abort(&mac->operation);
	return mac->status == PSA_SUCCESS && size == CBX_HKDF_BYTES;
}

bool cbx_hkdf_extract(struct cbx_span salt, const struct cbx_span *parts,
	size_t count, uint8_t prk[CBX_HKDF_BYTES])
{
	static const uint8_t zero[CBX_HKDF_BYTES];
	const struct cbx_span none = { zero, sizeof(zero) };
	psa_key_id_t key = hmac_key(salt.size == 0 ? none : salt);
	struct mac mac;
	bool made;

	begin(&mac, key);
	add(&mac, parts, count);
	made = end(&mac, prk);
	(void)psa_destroy_key(key);
	if (!made) {
		memset(prk, 0, CBX_HKDF_BYTES);
	}
	return made;
}

/* T(number), from T(number - 1), in place. */
static bool next_block(psa_key_id_t key, const struct cbx_span *parts,
	size_t count, uint8_t number, uint8_t t[CBX_HKDF_BYTES])
{
	const struct cbx_span before = { t, number == 1 ? 0 : CBX_HKDF_BYTES };
	const struct cbx_span last = { &number, 1 };
	struct mac mac;

	begin(&mac, key);
	add(&mac, &before, 1);
	add(&mac, parts, count);
	add(&mac, &last, 1);
	return end(&mac, t);
}

bool cbx_hkdf_expand(const uint8_t prk[CBX_HKDF_BYTES],
	const struct cbx_span *parts, size_t count,
	struct cbx_hkdf_output output)
{
	psa_key_id_t key = hmac_key((struct cbx_span){ prk, CBX_HKDF_BYTES });
	bool made = output.size <= CBX_HKDF_EXPAND_MAX;
	uint8_t t[CBX_HKDF_BYTES];
	uint8_t number = 1;

	for (size_t at = 0; made && at < output.size; at += sizeof(t)) {
		size_t left = output.size - at;

		made = next_block(key, parts, count, number++, t);
		memcpy(output.bytes + at, t,
			left < sizeof(t) ? left : sizeof(t));
	}
	(void)psa_destroy_key(key);
	mbedtls_platform_zeroize(t, sizeof(t));
	if (!made && output.size != 0) {
		memset(output.bytes, 0, output.size);
	}
	return made;
}

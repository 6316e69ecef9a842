/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/key.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <mbedtls/asn1.h>
#include <mbedtls/base64.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>

#include <verify/signature.h>

#define UNCOMPRESSED 0x04u
#define FIELD_MAX    66u
#define BASE64_MAX   92u /* of FIELD_MAX bytes, padded, with a zero byte */
#define SPKI_MAX     256u

const char *cbx_key_from_coordinates(
	struct cbx_key *key, struct cbx_span x, struct cbx_span y)
{
	struct cbx_key made = { .field_bytes = x.size };

	if ((x.size != 32 && x.size != 48 && x.size != FIELD_MAX) ||
		x.size != y.size) {
		return "no point of P-256, P-384 or P-521";
	}
	made.x963[0] = UNCOMPRESSED;
	memcpy(made.x963 + 1, x.bytes, x.size);
	memcpy(made.x963 + 1 + x.size, y.bytes, y.size);
	if (!cbx_check_point(cbx_key_point(&made))) {
		return "the point is not on its curve";
	}
	*key = made;
	return NULL;
}

const char *cbx_key_from_point(struct cbx_key *key, struct cbx_span point)
{
	size_t field = point.size / 2;

	if (point.size % 2 != 1 || point.bytes[0] != UNCOMPRESSED) {
		return "no uncompressed point";
	}
	return cbx_key_from_coordinates(key,
		(struct cbx_span){ point.bytes + 1, field },
		(struct cbx_span){ point.bytes + 1 + field, field });
}

/* base64url without padding (RFC 7515, 2) of exactly @p size bytes. */
static bool from_base64url(const json_t *text, uint8_t *bytes, size_t size)
{
	const char *from = json_string_value(text);
	size_t length = json_string_length(text);
	unsigned char padded[BASE64_MAX] = { 0 };
	size_t written = 0;

	if (from == NULL || length != (size * 4 + 2) / 3) {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		char c = from[i];

		if (c == '+' || c == '/' || c == '=' || c == '\n' ||
			c == '\r') {
			return false;
		}
		padded[i] = (unsigned char)(c == '-'   ? '+'
					    : c == '_' ? '/'
						       : c);
	}
	for (; length % 4 != 0; length++) {
		padded[length] = '=';
	}
	return mbedtls_base64_decode(bytes, size, &written, padded, length) ==
		       0 &&
	       written == size;
}

/* Bytes of the field of a JWK's curve (RFC 7518, 6.2.1.1); 0: not one of
 * ours. */
static size_t jwk_field(const json_t *curve)
{
	const char *name = json_string_value(curve);

	if (name == NULL) {
		return 0;
	}
	return strcmp(name, "P-256") == 0   ? 32
	       : strcmp(name, "P-384") == 0 ? 48
	       : strcmp(name, "P-521") == 0 ? FIELD_MAX
					    : 0;
}

static const char *from_jwk(struct cbx_key *key, const json_t *jwk)
{
	const char *type = json_string_value(json_object_get(jwk, "kty"));
	size_t field = jwk_field(json_object_get(jwk, "crv"));
	uint8_t x[FIELD_MAX];
	uint8_t y[FIELD_MAX];

	if (type == NULL || strcmp(type, "EC") != 0 || field == 0) {
		return "JSON, but no JWK of P-256, P-384 or P-521";
	}
	if (!from_base64url(json_object_get(jwk, "x"), x, field) ||
		!from_base64url(json_object_get(jwk, "y"), y, field)) {
		return "a JWK whose coordinates are malformed";
	}
	return cbx_key_from_coordinates(key, (struct cbx_span){ x, field },
		(struct cbx_span){ y, field });
}

static const char *from_json(struct cbx_key *key, struct cbx_span file)
{
	json_t *jwk = json_loadb((const char *)file.bytes, file.size,
		JSON_REJECT_DUPLICATES, NULL);
	const char *why = jwk == NULL ? "neither JSON, PEM nor a point"
				      : from_jwk(key, jwk);

	json_decref(jwk);
	return why;
}

/* Bytes of the field of a named curve (RFC 5480, 2.1.1.1); 0: not one of
 * ours. */
static size_t oid_field(const mbedtls_asn1_buf *oid)
{
	if (oid->tag != MBEDTLS_ASN1_OID) {
		return 0;
	}
	return MBEDTLS_OID_CMP(MBEDTLS_OID_EC_GRP_SECP256R1, oid) == 0	 ? 32
	       : MBEDTLS_OID_CMP(MBEDTLS_OID_EC_GRP_SECP384R1, oid) == 0 ? 48
	       : MBEDTLS_OID_CMP(MBEDTLS_OID_EC_GRP_SECP521R1, oid) == 0
		       ? FIELD_MAX
		       : 0;
}

/* A SubjectPublicKeyInfo the library wrote. */
static const char *from_spki(
	struct cbx_key *key, unsigned char *spki, size_t size)
{
	const char *other = "no key of P-256, P-384 or P-521";
	const unsigned char *end = spki + size;
	mbedtls_asn1_buf algorithm = { 0 };
	mbedtls_asn1_buf curve = { 0 };
	size_t length = 0;

	if (mbedtls_asn1_get_tag(&spki, end, &length,
		    MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) != 0 ||
		mbedtls_asn1_get_alg(&spki, end, &algorithm, &curve) != 0 ||
		mbedtls_asn1_get_bitstring_null(&spki, end, &length) != 0 ||
		MBEDTLS_OID_CMP(MBEDTLS_OID_EC_ALG_UNRESTRICTED, &algorithm) !=
			0 ||
		length != 1 + 2 * oid_field(&curve)) {
		return other;
	}
	return cbx_key_from_point(key, (struct cbx_span){ spki, length });
}

static const char *from_pem(struct cbx_key *key, struct cbx_span file)
{
	const char *why = "PEM, but no public key";
	unsigned char spki[SPKI_MAX];
	mbedtls_pk_context pk;
	unsigned char *text = calloc(1, file.size + 1);

	if (text == NULL) {
		return "no memory";
	}
	memcpy(text, file.bytes, file.size);
	mbedtls_pk_init(&pk);
	if (mbedtls_pk_parse_public_key(&pk, text, file.size + 1) == 0) {
		int size = mbedtls_pk_write_pubkey_der(&pk, spki, sizeof(spki));

		why = size <= 0 ? "no key of P-256, P-384 or P-521"
				: from_spki(key,
					  spki + sizeof(spki) - (size_t)size,
					  (size_t)size);
	}
	mbedtls_pk_free(&pk);
	free(text);
	return why;
}

const char *cbx_key_from_file(struct cbx_key *key, struct cbx_span file)
{
	static const char pem[] = "-----BEGIN ";

	if (file.size == 0 || file.size > CBX_KEY_FILE_MAX) {
		return "empty, or too long for a key";
	}
	if (file.bytes[0] == UNCOMPRESSED) {
		return cbx_key_from_point(key, file);
	}
	if (file.size > sizeof(pem) &&
		memcmp(file.bytes, pem, sizeof(pem) - 1) == 0) {
		return from_pem(key, file);
	}
	return from_json(key, file);
}

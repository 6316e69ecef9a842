/* SPDX-License-Identifier: Apache-2.0 */
#include "cca_forge.h"

#include <psa/crypto.h>

#include <trust/cose.h>

#define ROOM 80000

/* A key pair of a curve and its point. */
struct pair {
	psa_key_id_t id;
	int64_t alg;
	uint8_t point[CBX_COSE_POINT];
	size_t point_size;
};

/* Where a part of a token is put together. */
struct room {
	uint8_t bytes[ROOM];
};

static struct cbx_cbor_writer writer_in(struct room *room)
{
	return (struct cbx_cbor_writer){ .bytes = room->bytes,
		.size = sizeof(room->bytes) };
}

struct forge forge_usual(void)
{
	struct forge usual = {
		.tag = 399,
		.format = 263,
		.record = 2,
		.sign1 = 18,
		.platform_alg = CBX_COSE_ALG_ES384,
		.realm_alg = CBX_COSE_ALG_ES384,
		.platform_profile = "tag:arm.com,2023:cca_platform#1.0.0",
		.realm_profile = "tag:arm.com,2023:realm#1.0.0",
		.lifecycle = 0x3003,
		.components = 1,
		.component_bytes = 32,
		.ueid = 1,
		.client = 1,
		.mec = 1,
		.key_hash = "sha-256",
		.realm_hash = "sha-256",
		.rim_bytes = 32,
		.rem_bytes = 32,
		.rem_count = 4,
	};

	memset(usual.challenge, 0xC4, sizeof(usual.challenge));
	return usual;
}

static psa_algorithm_t hash_of(int64_t alg)
{
	return alg == CBX_COSE_ALG_ES256   ? PSA_ALG_SHA_256
	       : alg == CBX_COSE_ALG_ES384 ? PSA_ALG_SHA_384
					   : PSA_ALG_SHA_512;
}

/* Keys are made once for each curve and use. */
static const struct pair *pair_of(int64_t alg, unsigned int use)
{
	static struct pair pairs[3][4];
	unsigned int curve = alg == CBX_COSE_ALG_ES256	 ? 0
			     : alg == CBX_COSE_ALG_ES384 ? 1
							 : 2;
	static const size_t bits[] = { 256, 384, 521 };
	struct pair *pair = &pairs[curve][use];
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

	if (pair->id != 0) {
		return pair;
	}
	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	pair->alg = alg;
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(hash_of(alg)));
	psa_set_key_type(
		&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, bits[curve]);
	assert_int_equal(psa_generate_key(&attributes, &pair->id), PSA_SUCCESS);
	assert_int_equal(psa_export_public_key(pair->id, pair->point,
				 sizeof(pair->point), &pair->point_size),
		PSA_SUCCESS);
	return pair;
}

static void put_filled(
	struct cbx_cbor_writer *writer, uint8_t with, size_t size)
{
	uint8_t bytes[128];

	assert_true(size <= sizeof(bytes));
	memset(bytes, with, size);
	cbx_cbor_put_bytes(writer, bytes, size);
}

static void put_ueid(const struct forge *forge, struct cbx_cbor_writer *writer)
{
	uint8_t ueid[33] = { forge->ueid };

	cbx_cbor_put_bytes(writer, ueid, sizeof(ueid));
}

/* ------------------------------------------------------------- claims -- */

static struct cbx_span realm_key(
	const struct forge *forge, const struct pair *pair, struct room *room)
{
	struct cbx_cbor_writer writer = writer_in(room);
	struct cbx_cose_key key;

	assert_true(cbx_cose_key_of_point(
		(struct cbx_span){ pair->point, pair->point_size }, &key));
	if (forge->key_off_curve) {
		key.y[key.size - 1] ^= 1;
	}
	if (!forge->raw_key) {
		cbx_cose_key_write(&writer, &key);
		return cbx_cbor_written(&writer);
	}
	return (struct cbx_span){ room->bytes,
		cbx_cose_key_point(&key, room->bytes) };
}

static struct cbx_span realm_claims(
	const struct forge *forge, struct cbx_span key, struct room *room)
{
	struct cbx_cbor_writer writer = writer_in(room);

	cbx_cbor_put_map(
		&writer, 7u + (forge->realm_profile != NULL ? 1u : 0u) +
				 (forge->third_claims ? 4u : 0u));
	if (forge->realm_profile != NULL) {
		cbx_cbor_put_int(&writer, 265);
		cbx_cbor_put_text(&writer, forge->realm_profile);
	}
	cbx_cbor_put_int(&writer, 10);
	cbx_cbor_put_bytes(&writer, forge->challenge, 64);
	cbx_cbor_put_int(&writer, 44235);
	put_filled(&writer, 0x50, 64);
	cbx_cbor_put_int(&writer, 44236);
	cbx_cbor_put_text(&writer, forge->realm_hash);
	cbx_cbor_put_int(&writer, 44237);
	cbx_cbor_put_bytes(&writer, key.bytes, key.size);
	cbx_cbor_put_int(&writer, 44240);
	cbx_cbor_put_text(&writer, forge->key_hash);
	cbx_cbor_put_int(&writer, 44238);
	put_filled(&writer, 0x38, forge->rim_bytes);
	cbx_cbor_put_int(&writer, 44239);
	cbx_cbor_put_array(&writer, forge->rem_count);
	for (size_t i = 0; i < forge->rem_count; i++) {
		put_filled(&writer, (uint8_t)(0x40 + i), forge->rem_bytes);
	}
	if (forge->third_claims) {
		cbx_cbor_put_int(&writer, 256);
		put_ueid(forge, &writer);
		cbx_cbor_put_int(&writer, 44243);
		cbx_cbor_put_uint(&writer, forge->mec);
		cbx_cbor_put_int(&writer, 44244);
		cbx_cbor_put_uint(&writer, forge->lfa);
		cbx_cbor_put_int(&writer, 44257);
		put_filled(&writer, 0xDE, 32);
	}
	return cbx_cbor_written(&writer);
}

static void put_component(
	const struct forge *forge, struct cbx_cbor_writer *writer)
{
	cbx_cbor_put_map(
		writer, 4u + (forge->component_hash != NULL ? 1u : 0u) +
				(forge->third_claims ? 1u : 0u));
	cbx_cbor_put_int(writer, 1);
	cbx_cbor_put_text(writer, "RMM");
	cbx_cbor_put_int(writer, 2);
	put_filled(writer, 0x22, forge->component_bytes);
	cbx_cbor_put_int(writer, 4);
	cbx_cbor_put_text(writer, ""); /* a version that says nothing */
	cbx_cbor_put_int(writer, 5);
	put_filled(writer, 0x55, 64);
	if (forge->component_hash != NULL) {
		cbx_cbor_put_int(writer, 6);
		cbx_cbor_put_text(writer, forge->component_hash);
	}
	if (forge->third_claims) {
		cbx_cbor_put_int(writer, 7);
		cbx_cbor_put_flag(writer, true);
	}
}

static struct cbx_span challenge_of(const struct forge *forge,
	struct cbx_span key, uint8_t digest[PSA_HASH_MAX_SIZE])
{
	psa_algorithm_t algorithm =
		strcmp(forge->key_hash, "sha-384") == 0	  ? PSA_ALG_SHA_384
		: strcmp(forge->key_hash, "sha-512") == 0 ? PSA_ALG_SHA_512
							  : PSA_ALG_SHA_256;
	size_t size = 0;

	assert_int_equal(psa_hash_compute(algorithm, key.bytes, key.size,
				 digest, PSA_HASH_MAX_SIZE, &size),
		PSA_SUCCESS);
	if (forge->binding_broken) {
		digest[size - 1] ^= 1;
	}
	return (struct cbx_span){ digest, size };
}

static struct cbx_span platform_claims(
	const struct forge *forge, struct cbx_span key, struct room *room)
{
	struct cbx_cbor_writer writer = writer_in(room);
	uint8_t digest[PSA_HASH_MAX_SIZE];
	struct cbx_span challenge = challenge_of(forge, key, digest);

	cbx_cbor_put_map(
		&writer, 7u + (forge->platform_profile != NULL ? 1u : 0u) +
				 (forge->third_claims ? 2u : 0u) +
				 (forge->extension ? 1u : 0u) +
				 (forge->padding != 0 ? 1u : 0u));
	if (forge->platform_profile != NULL) {
		cbx_cbor_put_int(&writer, 265);
		cbx_cbor_put_text(&writer, forge->platform_profile);
	}
	cbx_cbor_put_int(&writer, 10);
	cbx_cbor_put_bytes(&writer, challenge.bytes, challenge.size);
	cbx_cbor_put_int(&writer, 2396);
	put_filled(&writer, 0x96, 32);
	cbx_cbor_put_int(&writer, 256);
	put_ueid(forge, &writer);
	cbx_cbor_put_int(&writer, 2401);
	put_filled(&writer, 0x01, 4);
	cbx_cbor_put_int(&writer, 2395);
	cbx_cbor_put_uint(&writer, forge->lifecycle);
	cbx_cbor_put_int(&writer, 2402);
	cbx_cbor_put_text(&writer, "sha-256");
	cbx_cbor_put_int(&writer, 2399);
	cbx_cbor_put_array(&writer, forge->components);
	for (size_t i = 0; i < forge->components; i++) {
		put_component(forge, &writer);
	}
	if (forge->third_claims) {
		cbx_cbor_put_int(&writer, 2394);
		cbx_cbor_put_uint(&writer, forge->client);
		cbx_cbor_put_int(&writer, 2403);
		put_filled(&writer, 0x03, 4);
	}
	if (forge->padding != 0) {
		static const uint8_t zeros[ROOM];

		cbx_cbor_put_int(&writer, -70000);
		cbx_cbor_put_bytes(&writer, zeros, forge->padding);
	}
	if (forge->extension) {
		cbx_cbor_put_int(&writer, 2404);
		cbx_cbor_put_array(&writer, 0);
	}
	return cbx_cbor_written(&writer);
}

/* ---------------------------------------------------------- signatures -- */

static void put_headers(
	const struct forge *forge, int64_t alg, struct cbx_cbor_writer *inner)
{
	cbx_cbor_put_map(inner, forge->crit ? 2 : 1);
	cbx_cbor_put_int(inner, 1);
	cbx_cbor_put_int(inner, alg);
	if (forge->crit) {
		cbx_cbor_put_int(inner, 2);
		cbx_cbor_put_array(inner, 1);
		cbx_cbor_put_int(inner, 33);
	}
}

static struct cbx_span sign(const struct forge *forge, const struct pair *pair,
	struct cbx_span payload, struct room *room)
{
	static struct room structure;
	uint8_t header[64];
	struct cbx_cbor_writer inner = { .bytes = header,
		.size = sizeof(header) };
	struct cbx_cbor_writer signed_part = writer_in(&structure);
	struct cbx_cbor_writer writer = writer_in(room);
	uint8_t digest[PSA_HASH_MAX_SIZE];
	uint8_t signature[2 * CBX_COSE_COORDINATE];
	size_t size;

	put_headers(forge, pair->alg, &inner);
	cbx_cbor_put_array(&signed_part, 4);
	cbx_cbor_put_text(&signed_part, "Signature1");
	cbx_cbor_put_bytes(&signed_part, header, inner.used);
	cbx_cbor_put_bytes(&signed_part, NULL, 0);
	cbx_cbor_put_bytes(&signed_part, payload.bytes, payload.size);
	assert_int_equal(
		psa_hash_compute(hash_of(pair->alg), structure.bytes,
			signed_part.used, digest, sizeof(digest), &size),
		PSA_SUCCESS);
	assert_int_equal(
		psa_sign_hash(pair->id, PSA_ALG_ECDSA(hash_of(pair->alg)),
			digest, size, signature, sizeof(signature), &size),
		PSA_SUCCESS);
	cbx_cbor_put_tag(&writer, forge->sign1);
	cbx_cbor_put_array(&writer, 4);
	cbx_cbor_put_bytes(&writer, header, inner.used);
	cbx_cbor_put_map(&writer, forge->kid ? 1 : 0);
	if (forge->kid) {
		cbx_cbor_put_int(&writer, 4);
		cbx_cbor_put_bytes(&writer, "key", 3);
	}
	cbx_cbor_put_bytes(&writer, payload.bytes, payload.size);
	cbx_cbor_put_bytes(&writer, signature, size);
	return cbx_cbor_written(&writer);
}

static void put_half(const struct forge *forge, struct cbx_cbor_writer *writer,
	int64_t label, struct cbx_span half)
{
	cbx_cbor_put_int(writer, label);
	if (forge->tag == 907) {
		cbx_cbor_put_array(writer, forge->record);
		cbx_cbor_put_uint(writer, forge->format);
	}
	cbx_cbor_put_bytes(writer, half.bytes, half.size);
	if (forge->tag == 907 && forge->record == 3) {
		cbx_cbor_put_uint(writer, 4);
	}
}

struct cbx_span forge_token(const struct forge *forge, struct cbx_span *point)
{
	static struct room rooms[6];
	struct cbx_cbor_writer writer = writer_in(&rooms[5]);
	const struct pair *cpak = pair_of(forge->platform_alg, 0);
	const struct pair *rak = pair_of(forge->realm_alg, 1);
	struct cbx_span key = realm_key(forge, rak, &rooms[0]);
	struct cbx_span platform = sign(forge,
		pair_of(forge->platform_alg, forge->wrong_platform_key ? 2 : 0),
		platform_claims(forge, key, &rooms[1]), &rooms[2]);
	struct cbx_span realm = sign(forge,
		pair_of(forge->realm_alg, forge->wrong_realm_key ? 3 : 1),
		realm_claims(forge, key, &rooms[3]), &rooms[4]);

	cbx_cbor_put_tag(&writer, forge->tag);
	cbx_cbor_put_map(&writer, forge->third_entry ? 3 : 2);
	put_half(forge, &writer, 44234, forge->swapped ? realm : platform);
	put_half(forge, &writer, 44241, forge->swapped ? platform : realm);
	if (forge->third_entry) {
		put_half(forge, &writer, 44242, realm);
	}
	*point = (struct cbx_span){ cpak->point, cpak->point_size };
	assert_int_not_equal(cbx_cbor_written(&writer).size, 0);
	return cbx_cbor_written(&writer);
}

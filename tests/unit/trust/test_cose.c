/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <psa/crypto.h>

#include <trust/cose.h>
#include <trust/labels.h>

#define BOTH (CBX_COSE_ACCEPT_ES256 | CBX_COSE_ACCEPT_ES384)
#define ALL  (BOTH | CBX_COSE_ACCEPT_ES512)

/* RFC 9052, C.2.1: ES256, with the key "11" of C.7.1. */
static const char rfc_token[] =
	"d28443a10126a1044231315454686973206973207468652063"
	"6f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4"
	"d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916"
	"e5a4c345cacb36";
static const char rfc_point[] =
	"04"
	"bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"
	"20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e";

/* ES384 over "a payload" by the private key 1; signed with openssl. */
static const char openssl_token[] =
	"d28444a1013822a04961207061796c6f61645860219738b8372cb038fdce"
	"d19d6e0f3f11b394fa373cf10de26a7ac943ced5cabc77dd4404f15b703d"
	"93503870597c9a2ac60ef9cc2c805bd083a2b9daf6c913b83cc8c3d31e8c"
	"3e92b96f7dc3c501aee651f64af6a779c677ccaa0c057f26b98e";
static const char openssl_point[] =
	"04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082"
	"542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98"
	"bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a"
	"431d7c90ea0e5f";

/* ES512 over the same, by a key that was thrown away; openssl, too. */
static const char p521_token[] =
	"d28444a1013823a04961207061796c6f6164588400b2e68e703dba967a2a"
	"8cca0c8a80122d0df5cc8b51f855fcf23e8bcfb80ede02da6b754f4e8b28"
	"e5e95a9c90215c77f13168f05f27030840c3839036b8fe4d455001c8a4b7"
	"40f5e547620ce150ac8cccfca8ad072018adca8ab063fd2206d59addf8a5"
	"8f981ed313f6d9c385cca2e3600920ba70311a75c9d7913c90200d083011"
	"b519";
static const char p521_point[] =
	"040191b865f63c6928cd13d6a225c9ce92050da50acb14ac312bfe6b30ef"
	"e0f8e692a6203b46abdfeae784d8e7687097b56be134c3ae547a6aa2a38c"
	"bfa53204b8a90e0159dda88bd352e47084e21fc9cd2dbf2467e00917bba4"
	"381c985461fbbfccc26d870f5404e5d40d7ce96cf129a0232153f8fb22d3"
	"e54e465c2afd0e50fe041241bf";

static const char signature[] = /* of no meaning, 64 bytes */
	"584000000000000000000000000000000000000000000000000000000000000000"
	"000000000000000000000000000000000000000000000000000000000000000000";

static enum cbx_cose_error read(
	const char *text, uint32_t flags, struct cbx_cose_sign1 *sign1)
{
	static struct hex bytes; /* the spans point there */

	bytes = hex(text);
	return cbx_cose_sign1_read(hex_span(&bytes), flags, sign1);
}

static void tokens_of_others_are_verified(void **state)
{
	struct cbx_cose_sign1 sign1;
	struct hex point = hex(rfc_point);

	(void)state;
	assert_int_equal(read(rfc_token, BOTH, &sign1), CBX_COSE_FINE);
	assert_int_equal(sign1.alg, CBX_COSE_ALG_ES256);
	assert_memory_equal(sign1.payload.bytes, "This is the content.", 20);
	assert_int_equal(sign1.kid.size, 2);
	assert_memory_equal(sign1.kid.bytes, "11", 2);
	assert_true(cbx_cose_sign1_verify(&sign1, hex_span(&point)));

	point = hex(openssl_point);
	assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
	assert_int_equal(read(openssl_token, BOTH | CBX_COSE_PLAIN, &sign1),
		CBX_COSE_FINE);
	assert_int_equal(sign1.alg, CBX_COSE_ALG_ES384);
	assert_int_equal(sign1.kid.size, 0);
	assert_true(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
	point = hex(rfc_point);
	assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
	assert_int_equal(read(p521_token, BOTH, &sign1), CBX_COSE_ALGORITHM);
	assert_int_equal(read(p521_token, ALL, &sign1), CBX_COSE_FINE);
	assert_int_equal(sign1.alg, CBX_COSE_ALG_ES512);
	assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
	point = hex(p521_point);
	assert_true(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
	point.bytes[point.size - 1] ^= 1;
	assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
}

static void heads_are_the_shortest_where_that_is_asked(void **state)
{
	struct cbx_cose_sign1 sign1;
	char text[sizeof(rfc_token) + 2] = "d81284"; /* tag 18 in two bytes */

	(void)state;
	memcpy(text + 6, rfc_token + 4, sizeof(rfc_token) - 4);
	assert_int_equal(read(text, BOTH, &sign1), CBX_COSE_FINE);
	assert_int_equal(read(text, BOTH | CBX_COSE_SHORTEST, &sign1),
		CBX_COSE_MALFORMED);
	assert_int_equal(read(rfc_token, BOTH | CBX_COSE_SHORTEST, &sign1),
		CBX_COSE_FINE); /* a key identifier may be there */
}

static void every_bit_of_a_token_counts(void **state)
{
	struct hex token = hex(openssl_token);
	struct hex point = hex(openssl_point);
	struct cbx_cose_sign1 sign1;

	(void)state;
	for (size_t bit = 0; bit < 8 * token.size; bit++) {
		token.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(cbx_cose_sign1_read(hex_span(&token), BOTH,
				     &sign1) == CBX_COSE_FINE &&
			     cbx_cose_sign1_verify(&sign1, hex_span(&point)));
		token.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t size = 0; size < token.size; size++) {
		assert_int_equal(cbx_cose_sign1_read(
					 (struct cbx_span){ token.bytes, size },
					 BOTH, &sign1),
			CBX_COSE_MALFORMED);
	}
}

static void a_signature_of_zeros_or_the_order_is_none(void **state)
{
	static const char order[] =
		"ffffffffffffffffffffffffffffffffffffffffffffffff"
		"c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
	struct hex token = hex(openssl_token);
	struct hex point = hex(openssl_point);
	uint8_t *r = token.bytes + token.size - 96;
	struct cbx_cose_sign1 sign1;

	(void)state;
	assert_int_equal(cbx_cose_sign1_read(hex_span(&token), BOTH, &sign1),
		CBX_COSE_FINE);
	for (int half = 0; half < 2; half++) {
		uint8_t kept[48];

		memcpy(kept, r + 48 * half, 48);
		memset(r + 48 * half, 0, 48);
		assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
		memcpy(r + 48 * half, hex(order).bytes, 48);
		assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
		memcpy(r + 48 * half, kept, 48);
	}
	assert_true(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
}

static void a_key_that_is_no_point_verifies_nothing(void **state)
{
	struct hex point = hex(openssl_point);
	struct cbx_cose_sign1 sign1;

	(void)state;
	assert_int_equal(read(openssl_token, BOTH, &sign1), CBX_COSE_FINE);
	point.bytes[96] ^= 1; /* off the curve */
	assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
	point.bytes[96] ^= 1;
	point.bytes[0] = 2;
	assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
	point.bytes[0] = 4;
	for (size_t size = 0; size < point.size; size++) {
		assert_false(cbx_cose_sign1_verify(
			&sign1, (struct cbx_span){ point.bytes, size }));
	}
	memset(point.bytes + 1, 0, 96);
	assert_false(cbx_cose_sign1_verify(&sign1, hex_span(&point)));
}

/* Headers, of a token with an empty payload. */
static const struct {
	const char *headers;
	uint32_t flags;
	enum cbx_cose_error error;
} rows[] = {
	{ "d28443a10126a0", BOTH, CBX_COSE_FINE },
	{ "d28443a10126a0", BOTH | CBX_COSE_PLAIN, CBX_COSE_FINE },
	{ "d28443a10126a0", CBX_COSE_ACCEPT_ES384, CBX_COSE_ALGORITHM },
	{ "d28443a10126a0", 0, CBX_COSE_ALGORITHM },
	{ "8443a10126a0", BOTH, CBX_COSE_MALFORMED }, /* no tag */
	{ "d18443a10126a0", BOTH, CBX_COSE_MALFORMED },
	{ "d28543a10126a040", BOTH, CBX_COSE_MALFORMED },
	{ "d28443a10126a1044131", BOTH, CBX_COSE_FINE },
	{ "d28443a10126a1044131", BOTH | CBX_COSE_PLAIN, CBX_COSE_HEADER },
	{ "d28443a10126a10401", BOTH, CBX_COSE_MALFORMED },
	{ "d28446a20126044131a0", BOTH, CBX_COSE_FINE },
	{ "d28446a20126044131a0", BOTH | CBX_COSE_PLAIN, CBX_COSE_HEADER },
	{ "d28446a20126044131a1044131", BOTH, CBX_COSE_MALFORMED },
	{ "d28443a10126a10126", BOTH, CBX_COSE_MALFORMED }, /* in both */
	{ "d284 41a0 a10126", BOTH, CBX_COSE_ALGORITHM },   /* unprotected */
	{ "d284 41a0 a0", BOTH, CBX_COSE_ALGORITHM },
	{ "d284 40 a10126", BOTH, CBX_COSE_MALFORMED },
	{ "d284 44a1013822 a0", BOTH, CBX_COSE_MALFORMED }, /* 64 bytes */
	{ "d284 44a1013824 a0", BOTH, CBX_COSE_ALGORITHM }, /* PS256 */
	{ "d284 43a10127 a0", BOTH, CBX_COSE_ALGORITHM },   /* EdDSA */
	{ "d284 43a10105 a0", BOTH, CBX_COSE_ALGORITHM },   /* HMAC */
	{ "d284 43a10100 a0", BOTH, CBX_COSE_ALGORITHM },
	{ "d284 48a101654553323536 a0", BOTH, CBX_COSE_ALGORITHM },
	{ "d284 44a1013806 a0", BOTH, CBX_COSE_FINE }, /* not shortest */
	{ "d284 44a1013806 a0", BOTH | CBX_COSE_PLAIN, CBX_COSE_MALFORMED },
	{ "d284 46a2012602 8101 a0", BOTH, CBX_COSE_FINE },	 /* crit: alg */
	{ "d284 46a2012602 8104 a0", BOTH, CBX_COSE_MALFORMED }, /* no kid */
	{ "d284 48a2012602 81182a a0", BOTH, CBX_COSE_MALFORMED },
	{ "d284 47a2012602 81182a a0", BOTH, CBX_COSE_CRITICAL },
	{ "d284 48a201260282 01 2a a0", BOTH, CBX_COSE_MALFORMED },
	{ "d284 48a3012602812a2a00 a0", BOTH, CBX_COSE_CRITICAL },
	{ "d284 47a20126028161 78 a0", BOTH, CBX_COSE_CRITICAL },
	{ "d284 45a201260280 a0", BOTH, CBX_COSE_MALFORMED },
	{ "d284 45a201260201 a0", BOTH, CBX_COSE_MALFORMED },
	{ "d284 43a10126 a1028101", BOTH, CBX_COSE_MALFORMED },
	{ "d284 43a10126 80", BOTH, CBX_COSE_MALFORMED },
	{ "d284 a10126 a0", BOTH, CBX_COSE_MALFORMED },
	{ "d284 45a201260126 a0", BOTH, CBX_COSE_MALFORMED },
	{ "d284 44a1012600 a0", BOTH, CBX_COSE_MALFORMED },
};

static void headers_are_read_to_the_letter(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbx_cose_sign1 sign1;
		char token[512];

		(void)snprintf(token, sizeof(token), "%s40%s", rows[i].headers,
			signature);
		if (read(token, rows[i].flags, &sign1) != rows[i].error) {
			fail_msg("row %zu: %s: %s", i, rows[i].headers,
				cbx_cose_error_text(
					read(token, rows[i].flags, &sign1)));
		}
	}
}

static void a_payload_is_there_and_a_signature_has_its_size(void **state)
{
	struct cbx_cose_sign1 sign1;
	char token[512];

	(void)state;
	(void)snprintf(token, sizeof(token), "d28443a10126a0f6%s", signature);
	assert_int_equal(read(token, BOTH, &sign1), CBX_COSE_MALFORMED);
	(void)snprintf(token, sizeof(token), "d28443a10126a040583f%.126s",
		signature + 4);
	assert_int_equal(read(token, BOTH, &sign1), CBX_COSE_MALFORMED);
	assert_int_equal(
		read("d28443a10126a04040", BOTH, &sign1), CBX_COSE_MALFORMED);
	assert_int_equal(
		read("d28443a10126a040f6", BOTH, &sign1), CBX_COSE_MALFORMED);
}

/* A key pair of our own, and its point. */
static psa_key_id_t make_key(uint8_t point[CBX_P384_POINT_BYTES])
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t key = 0;
	size_t size;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_384));
	psa_set_key_type(
		&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 384);
	assert_int_equal(psa_generate_key(&attributes, &key), PSA_SUCCESS);
	assert_int_equal(
		psa_export_public_key(key, point, CBX_P384_POINT_BYTES, &size),
		PSA_SUCCESS);
	assert_int_equal(size, CBX_P384_POINT_BYTES);
	return key;
}

static void what_is_signed_is_verified(void **state)
{
	static uint8_t payload[20000];
	static uint8_t room[sizeof(payload) + 128];
	const size_t sizes[] = { 0, 1, 23, 24, 255, 256, sizeof(payload) };
	uint8_t bytes[CBX_P384_POINT_BYTES];
	psa_key_id_t key = make_key(bytes);
	const struct cbx_span point = { bytes, sizeof(bytes) };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cbx_cbor_writer writer = { .bytes = room,
			.size = sizeof(room) };
		struct cbx_cose_sign1 sign1;

		payload[0] = (uint8_t)i;
		assert_true(cbx_cose_sign1_write(
			key, (struct cbx_span){ payload, sizes[i] }, &writer));
		assert_int_equal(
			cbx_cose_sign1_read(cbx_cbor_written(&writer),
				CBX_COSE_ACCEPT_ES384 | CBX_COSE_PLAIN, &sign1),
			CBX_COSE_FINE);
		assert_int_equal(sign1.payload.size, sizes[i]);
		assert_true(cbx_cose_sign1_verify(&sign1, point));
		room[writer.used - 1] ^= 1;
		assert_false(cbx_cose_sign1_verify(&sign1, point));
	}
	(void)psa_destroy_key(key);
}

static void what_cannot_be_signed_is_not_written(void **state)
{
	uint8_t room[256];
	struct cbx_cbor_writer writer = { .bytes = room, .size = 64 };
	uint8_t point[CBX_P384_POINT_BYTES];
	psa_key_id_t key = make_key(point);

	(void)state;
	(void)cbx_cose_sign1_write(key, (struct cbx_span){ 0 }, &writer);
	assert_int_equal(cbx_cbor_written(&writer).size, 0);
	(void)psa_destroy_key(key);
	writer =
		(struct cbx_cbor_writer){ .bytes = room, .size = sizeof(room) };
	assert_false(
		cbx_cose_sign1_write(key, (struct cbx_span){ 0 }, &writer));
}

/* Keys; h'..' of 32, 48 and 66 bytes stand for coordinates. */
#define B32    \
	"5820" \
	"2222222222222222222222222222222222222222222222222222222222222222"
#define B48                                                                \
	"5830"                                                             \
	"3333333333333333333333333333333333333333333333333333333333333333" \
	"33333333333333333333333333333333"
#define B66                                                                \
	"5842"                                                             \
	"0044444444444444444444444444444444444444444444444444444444444444" \
	"4444444444444444444444444444444444444444444444444444444444444444" \
	"4444"
static const struct {
	const char *text;
	bool good;
	bool plain;
} keys[] = {
	{ "a4 0102 2002 21" B48 "22" B48, true, true },
	{ "a4 0102 2001 21" B32 "22" B32, true, true },
	{ "a3 0101 2004 21" B32, true, true },
	{ "a5 0102 024131 2002 21" B48 "22" B48, true, false },
	{ "a5 0102 033822 2002 21" B48 "22" B48, true, false },
	{ "a4 0101 024131 2004 21" B32, true, false },
	{ "a3 0102 2002 21" B48, false, false },
	{ "a4 0102 2002 21" B48 "22f5", false, false }, /* compressed */
	{ "a4 0102 2002 21" B32 "22" B48, false, false },
	{ "a4 0102 2002 21" B48 "22" B32, false, false },
	{ "a4 0102 2001 21" B48 "22" B48, false, false },
	{ "a4 0102 2003 21" B66 "22" B66, true, true },
	{ "a4 0102 2003 21" B48 "22" B48, false, false },
	{ "a4 0102 2002 21" B66 "22" B66, false, false },
	{ "a4 0102 2004 21" B32 "22" B32, false, false },
	{ "a4 0101 2004 21" B32 "22" B32, false, false }, /* OKP with y */
	{ "a4 0101 2004 21" B32 "23" B32, false, false }, /* private */
	{ "a5 0102 2001 21" B32 "22" B32 "23" B32, false, false },
	{ "a3 0101 2006 21" B32, false, false }, /* Ed25519 */
	{ "a3 0101 2004 21" B48, false, false },
	{ "a3 0101 2004 2100", false, false },
	{ "a2 0101 21" B32, false, false },
	{ "a2 2004 21" B32, false, false },
	{ "a0", false, false },
	{ "80", false, false },
	{ "00", false, false },
};

static void keys_have_exactly_their_parts(void **state)
{
	struct cbx_cbor items[16];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct hex bytes = hex(keys[i].text);
		struct cbx_cose_key key = { 0 };

		assert_int_equal(cbx_cbor_decode(hex_span(&bytes),
					 CBX_CBOR_DETERMINISTIC, items, 16),
			CBX_CBOR_FINE);
		if (cbx_cose_key_read(items, &key) != keys[i].good) {
			fail_msg("row %zu: %s", i, keys[i].text);
		}
		assert_int_equal(key.plain, keys[i].plain);
	}
	assert_false(cbx_cose_key_read(NULL, &(struct cbx_cose_key){ 0 }));
}

static void a_key_becomes_a_point_and_back(void **state)
{
	const char *points[] = { openssl_point, rfc_point, p521_point };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hex point = hex(points[i]);
		uint8_t room[192];
		struct cbx_cbor_writer writer = { .bytes = room,
			.size = sizeof(room) };
		struct cbx_cbor items[16];
		struct cbx_cose_key key;
		uint8_t back[CBX_COSE_POINT];

		assert_true(cbx_cose_key_of_point(hex_span(&point), &key));
		cbx_cose_key_write(&writer, &key);
		assert_int_equal(cbx_cbor_decode(cbx_cbor_written(&writer),
					 CBX_CBOR_DETERMINISTIC, items, 16),
			CBX_CBOR_FINE);
		key = (struct cbx_cose_key){ 0 };
		assert_true(cbx_cose_key_read(items, &key));
		assert_true(key.plain);
		assert_int_equal(cbx_cose_key_point(&key, back), point.size);
		assert_memory_equal(back, point.bytes, point.size);
		point.size--;
		assert_false(cbx_cose_key_of_point(hex_span(&point), &key));
	}
}

static void a_channel_key_is_no_point(void **state)
{
	struct cbx_cose_key key = {
		.kty = CBX_COSE_KTY_OKP, .crv = CBX_COSE_CRV_X25519, .size = 32
	};
	uint8_t point[CBX_COSE_POINT];
	uint8_t room[64];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };

	(void)state;
	assert_int_equal(cbx_cose_key_point(&key, point), 0);
	memset(key.x, 0x22, 32);
	cbx_cose_key_write(&writer, &key);
	assert_hex(room, "a3 0101 2004 21" B32);
	assert_int_equal(writer.used, hex("a3 0101 2004 21" B32).size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_of_others_are_verified),
		cmocka_unit_test(heads_are_the_shortest_where_that_is_asked),
		cmocka_unit_test(every_bit_of_a_token_counts),
		cmocka_unit_test(a_signature_of_zeros_or_the_order_is_none),
		cmocka_unit_test(a_key_that_is_no_point_verifies_nothing),
		cmocka_unit_test(headers_are_read_to_the_letter),
		cmocka_unit_test(
			a_payload_is_there_and_a_signature_has_its_size),
		cmocka_unit_test(what_is_signed_is_verified),
		cmocka_unit_test(what_cannot_be_signed_is_not_written),
		cmocka_unit_test(keys_have_exactly_their_parts),
		cmocka_unit_test(a_key_becomes_a_point_and_back),
		cmocka_unit_test(a_channel_key_is_no_point),
	};

	return psa_crypto_init() == PSA_SUCCESS
		       ? cmocka_run_group_tests(tests, NULL, NULL)
		       : 1;
}

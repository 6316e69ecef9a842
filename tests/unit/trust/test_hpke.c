/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <trust/hpke.h>

#define INFO   "4f6465206f6e2061204772656369616e2055726e"
#define PLAIN  "4265617574792069732074727574682c20747275746820626561757479"
#define SEALED (29 + CBX_AEAD_TAG)

/* A message of that number: additional data "Count-<number>". */
struct message {
	uint64_t number;
	const char *sealed;
};

/* RFC 9180 A.1.1, and the vector file of the same authors for AES-256-GCM. */
static const struct vector {
	enum cbx_hpke_aead id;
	const char *ikm_e, *sk_e, *enc, *ikm_r, *sk_r, *pk_r;
	const char *exporter, *nonce; /* NULL: the file does not say */
	struct message messages[6];
	const char *exported[3]; /* for "", 00, "TestContext" */
} vectors[] = {
	{
		.id = CBX_HPKE_AES_128_GCM,
		.ikm_e = "7268600d403fce431561aef583ee1613527cff655c1343f29812e"
			 "66706df3234",
		.sk_e = "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1"
			"b9cfa2f736",
		.enc = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f74"
		       "1f1bf4431",
		.ikm_r = "6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f"
			 "7013e525037",
		.sk_r = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21"
			"d8534e8ac8",
		.pk_r = "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02b"
			"ca80815c4d",
		.exporter = "45ff1c2e220db587171952c0592d5f5ebe103f1561a2614e38f"
			    "2ffd47e99e3f8",
		.nonce = "56d890e5accaaf011cff4b7d",
		.messages = {
			{ 0, "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53"
			     "a52ae8218a355a96d8770ac83d07bea87e13c512a" },
			{ 1, "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc853545"
			     "8c2494e8a6eab251c03d0c22a56b8ca42c2063b84" },
			{ 2, "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e"
			     "173cb72516491588d96a19ad4a683518973dcc180" },
			{ 4, "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5"
			     "e22f880b631215a09fc0012bc69fccaa251c0246d" },
			{ 255, "7175db9717964058640a3a11fb9007941a5d1757fda1a69"
			       "35c805c21af32505bf106deefec4a49ac38d71c9e0a" },
			{ 256, "957f9800542b0b8891badb026d79cc54597cb2d225b54c0"
			       "0c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2" },
		},
		.exported = { NULL, NULL,
			"e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1"
			"ec7af54931" },
	},
	{
		.id = CBX_HPKE_AES_256_GCM,
		.ikm_e = "2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f7"
			 "04ae7ab20f9",
		.sk_e = "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce2"
			"65ab8bab11",
		.enc = "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db"
		       "94b7fc256",
		.ikm_r = "dac33b0e9db1b59dbbea58d59a14e7b5896e9bdf98fad6891e99d"
			 "1686492b9ee",
		.sk_r = "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6"
			"a53320333d",
		.pk_r = "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d"
			"7d7d00c00c",
		.messages = {
			{ 0, "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52"
			     "deb5f512be9931980a41de125a925cdad859d5b7a" },
			{ 1, "2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d"
			     "23b4d40c26bf655fdf197fe40297a8aebeed5cc2d" },
			{ 2, "e0a8f2cf92ff61215edbb8c55dc31fe9e2eb42a5685867bb6"
			     "854211542099f9e940c4b41c192bc390835b1a5f7" },
			{ 4, "448a8892f261cbb6bf5b7b64a4fae8a2c86492494b069c105"
			     "25895d871c27c2f12cd17e0588fedaba9f7b0cd4c" },
			{ 255, "f6ad1823eb0b932d04b6e23010eea64f1fe5edd0583dae5"
			       "ba27ca6363f4ea104bd217331460ef4208040423641" },
			{ 256, "53624f4f9f173453b14e633b45390ff54cacaa4428d44ba"
			       "ee1bff8133fab1ab3afe60f88e4634b525c54e92eda" },
		},
		.exported = {
			"ded6cffafaea6b812cbf3e241e88332adbc077aca8151291421381"
			"0ee291770a",
			"04d3cb6cc116b28ffd22ad5bc276c60d31fec71ceb87ae24db811c"
			"64b7507339",
			"7c5ded445732c14fe09727d29b4251c0fd38455fe8440571e687f0"
			"886aac94d2",
		},
	},
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

/* Both sides of a vector. */
struct sides {
	struct cbx_hpke sender;
	struct cbx_hpke receiver;
};

static psa_key_id_t derive(const char *ikm, const char *wanted_public)
{
	struct hex bytes = hex(ikm);
	uint8_t public[CBX_X25519];
	psa_key_id_t key;

	assert_true(cbx_x25519_derive(hex_span(&bytes), &key, public));
	assert_hex(public, wanted_public);
	return key;
}

static struct sides set_up(const struct vector *vector)
{
	struct hex info = hex(INFO);
	psa_key_id_t ephemeral = derive(vector->ikm_e, vector->enc);
	psa_key_id_t receiver = derive(vector->ikm_r, vector->pk_r);
	struct sides sides;

	assert_true(cbx_hpke_send_with(&sides.sender, vector->id,
		hex(vector->pk_r).bytes, hex_span(&info), ephemeral));
	assert_true(cbx_hpke_receive(&sides.receiver, vector->id, receiver,
		hex(vector->enc).bytes, hex_span(&info)));
	(void)psa_destroy_key(ephemeral);
	(void)psa_destroy_key(receiver);
	return sides;
}

static void tear_down(struct sides *sides)
{
	cbx_hpke_end(&sides->sender);
	cbx_hpke_end(&sides->receiver);
}

static void keys_are_derived_as_the_rfc_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const char *private[] = { vectors[i].sk_e, vectors[i].sk_r };
		const char *public[] = { vectors[i].enc, vectors[i].pk_r };

		for (int j = 0; j < 2; j++) {
			uint8_t made[CBX_X25519];
			psa_key_id_t key;

			assert_true(cbx_x25519_import(
				hex(private[j]).bytes, &key, made));
			assert_hex(made, public[j]);
			(void)psa_destroy_key(key);
		}
		(void)psa_destroy_key(
			derive(vectors[i].ikm_r, vectors[i].pk_r));
	}
}

static void messages_are_those_of_the_vectors(void **state)
{
	struct hex plain = hex(PLAIN);

	(void)state;
	for (size_t i = 0; i < VECTORS * 6; i++) {
		const struct vector *vector = &vectors[i / 6];
		const struct message *message = &vector->messages[i % 6];
		struct sides sides = set_up(vector);
		struct hex wanted = hex(message->sealed);
		uint8_t made[SEALED];
		char count[16];
		int length = snprintf(
			count, sizeof(count), "Count-%d", (int)message->number);
		struct cbx_span additional = { (const uint8_t *)count,
			(size_t)length };

		sides.sender.aead.sequence = message->number;
		sides.receiver.aead.sequence = message->number;
		assert_true(cbx_hpke_seal(
			&sides.sender, additional, hex_span(&plain), made));
		assert_memory_equal(made, wanted.bytes, SEALED);
		assert_true(cbx_hpke_open(
			&sides.receiver, additional, hex_span(&wanted), made));
		assert_memory_equal(made, plain.bytes, plain.size);
		tear_down(&sides);
	}
}

static void secrets_are_those_of_the_vectors(void **state)
{
	static const struct cbx_span contexts[] = { { NULL, 0 },
		{ (const uint8_t *)"", 1 },
		{ (const uint8_t *)"TestContext", 11 } };

	(void)state;
	for (size_t i = 0; i < VECTORS * 3; i++) {
		const struct vector *vector = &vectors[i / 3];
		struct sides sides = set_up(vector);
		uint8_t ours[32];
		uint8_t theirs[32];

		assert_true(cbx_hpke_export(&sides.sender, contexts[i % 3],
			(struct cbx_hkdf_output){ ours, 32 }));
		assert_true(cbx_hpke_export(&sides.receiver, contexts[i % 3],
			(struct cbx_hkdf_output){ theirs, 32 }));
		assert_memory_equal(ours, theirs, sizeof(ours));
		if (vector->exported[i % 3] != NULL) {
			assert_hex(ours, vector->exported[i % 3]);
		}
		if (vector->nonce != NULL) {
			assert_hex(sides.sender.exporter, vector->exporter);
			assert_hex(sides.sender.aead.nonce, vector->nonce);
		}
		tear_down(&sides);
	}
}

static void a_sender_uses_a_new_key_each_time(void **state)
{
	struct hex receiver = hex(vectors[1].pk_r);
	struct cbx_span info = { 0 };
	struct cbx_hpke sender[2];
	uint8_t enc[2][CBX_X25519];
	struct cbx_hpke opened;
	uint8_t sealed[4 + CBX_AEAD_TAG];
	uint8_t plain[4];
	psa_key_id_t key = derive(vectors[1].ikm_r, vectors[1].pk_r);

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(cbx_hpke_send(&sender[i], CBX_HPKE_AES_256_GCM,
			receiver.bytes, info, enc[i]));
	}
	assert_memory_not_equal(enc[0], enc[1], CBX_X25519);
	assert_true(cbx_hpke_seal(&sender[1], info,
		(struct cbx_span){ (const uint8_t *)"data", 4 }, sealed));
	assert_true(cbx_hpke_receive(
		&opened, CBX_HPKE_AES_256_GCM, key, enc[0], info));
	assert_false(cbx_hpke_open(&opened, info,
		(struct cbx_span){ sealed, sizeof(sealed) }, plain));
	cbx_hpke_end(&opened);
	assert_true(cbx_hpke_receive(
		&opened, CBX_HPKE_AES_256_GCM, key, enc[1], info));
	assert_true(cbx_hpke_open(&opened, info,
		(struct cbx_span){ sealed, sizeof(sealed) }, plain));
	assert_memory_equal(plain, "data", 4);
	cbx_hpke_end(&opened);
	cbx_hpke_end(&sender[0]);
	cbx_hpke_end(&sender[1]);
	(void)psa_destroy_key(key);
}

static void another_info_opens_nothing(void **state)
{
	struct sides sides = set_up(&vectors[1]);
	struct hex sealed = hex(vectors[1].messages[0].sealed);
	struct cbx_hpke other;
	uint8_t plain[29];
	psa_key_id_t key = derive(vectors[1].ikm_r, vectors[1].pk_r);

	(void)state;
	assert_true(cbx_hpke_receive(&other, CBX_HPKE_AES_256_GCM, key,
		hex(vectors[1].enc).bytes,
		(struct cbx_span){ (const uint8_t *)"other", 5 }));
	assert_false(cbx_hpke_open(&other,
		(struct cbx_span){ (const uint8_t *)"Count-0", 7 },
		hex_span(&sealed), plain));
	cbx_hpke_end(&other);
	(void)psa_destroy_key(key);
	tear_down(&sides);
}

/* Points whose multiples are all zero (RFC 7748, 6.1 and 7). */
static void a_peer_of_small_order_is_refused(void **state)
{
	static const char *const small[] = {
		"00000000000000000000000000000000000000000000000000000000000000"
		"00",
		"01000000000000000000000000000000000000000000000000000000000000"
		"00",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b8"
		"00",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11"
		"57",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"7f",
	};
	psa_key_id_t key = derive(vectors[1].ikm_r, vectors[1].pk_r);

	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		struct hex point = hex(small[i]);
		struct cbx_hpke hpke;
		uint8_t enc[CBX_X25519];
		uint8_t secret[CBX_X25519];

		assert_false(cbx_x25519_agree(key, point.bytes, secret));
		assert_false(cbx_hpke_send(&hpke, CBX_HPKE_AES_256_GCM,
			point.bytes, (struct cbx_span){ 0 }, enc));
		assert_false(cbx_hpke_receive(&hpke, CBX_HPKE_AES_256_GCM, key,
			point.bytes, (struct cbx_span){ 0 }));
	}
	(void)psa_destroy_key(key);
}

static void other_suites_are_refused(void **state)
{
	struct hex receiver = hex(vectors[1].pk_r);
	struct cbx_hpke hpke;
	uint8_t enc[CBX_X25519];

	(void)state;
	for (int id = 0; id < 5; id++) {
		bool known = id == CBX_HPKE_AES_128_GCM ||
			     id == CBX_HPKE_AES_256_GCM;

		assert_int_equal(
			cbx_hpke_send(&hpke, (enum cbx_hpke_aead)id,
				receiver.bytes, (struct cbx_span){ 0 }, enc),
			known);
		cbx_hpke_end(&hpke);
	}
}

static void a_short_seed_makes_no_key(void **state)
{
	static const uint8_t seed[31] = { 1 };
	uint8_t public[CBX_X25519];
	psa_key_id_t key = 1;

	(void)state;
	assert_false(cbx_x25519_derive(
		(struct cbx_span){ seed, sizeof(seed) }, &key, public));
	assert_int_equal(key, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_derived_as_the_rfc_does),
		cmocka_unit_test(messages_are_those_of_the_vectors),
		cmocka_unit_test(secrets_are_those_of_the_vectors),
		cmocka_unit_test(a_sender_uses_a_new_key_each_time),
		cmocka_unit_test(another_info_opens_nothing),
		cmocka_unit_test(a_peer_of_small_order_is_refused),
		cmocka_unit_test(other_suites_are_refused),
		cmocka_unit_test(a_short_seed_makes_no_key),
	};

	return psa_crypto_init() == PSA_SUCCESS
		       ? cmocka_run_group_tests(tests, NULL, NULL)
		       : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <psa/crypto.h>

#include <trust/hkdf.h>

/* RFC 5869, A.1 to A.3. */
static const struct {
	const char *ikm, *salt, *info, *prk, *okm;
} answers[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		"000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		"077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3"
		"e"
		"5",
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5"
		"b"
		"f34007208d5b887185865" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
	  "404142434445464748494a4b4c4d4e4f",
		"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e"
		"7"
		"f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9"
		"e"
		"9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		"b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdce"
		"c"
		"fd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecede"
		"e"
		"eff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		"06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc2"
		"4"
		"4",
		"b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa9"
		"7"
		"c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3d"
		"b"
		"71cc30c58179ec3e87c14c01d5c1f3434f1d87" },
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		"19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb"
		"0"
		"4",
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d"
		"2"
		"d9d201395faa4b61a96c8" },
};

static void the_rfc_gives_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct hex ikm = hex(answers[i].ikm);
		struct hex salt = hex(answers[i].salt);
		struct hex info = hex(answers[i].info);
		struct cbx_span part = hex_span(&ikm);
		uint8_t prk[CBX_HKDF_BYTES];
		uint8_t okm[128] = { 0 };

		assert_true(cbx_hkdf_extract(hex_span(&salt), &part, 1, prk));
		assert_hex(prk, answers[i].prk);
		part = hex_span(&info);
		assert_true(cbx_hkdf_expand(prk, &part, 1,
			(struct cbx_hkdf_output){
				okm, hex(answers[i].okm).size }));
		assert_hex(okm, answers[i].okm);
		assert_int_equal(okm[hex(answers[i].okm).size], 0);
	}
}

static void pieces_are_one_after_the_other(void **state)
{
	static const uint8_t text[] = "in one piece, or in three";
	const struct cbx_span whole = { text, sizeof(text) };
	const struct cbx_span pieces[] = { { text, 3 }, { NULL, 0 },
		{ text + 3, sizeof(text) - 3 } };
	uint8_t one[CBX_HKDF_BYTES];
	uint8_t two[CBX_HKDF_BYTES];

	(void)state;
	assert_true(cbx_hkdf_extract(whole, &whole, 1, one));
	assert_true(cbx_hkdf_extract(whole, pieces, 3, two));
	assert_memory_equal(one, two, sizeof(one));
	assert_true(cbx_hkdf_expand(
		one, pieces, 3, (struct cbx_hkdf_output){ two, sizeof(two) }));
	assert_true(cbx_hkdf_expand(
		two, &whole, 0, (struct cbx_hkdf_output){ one, sizeof(one) }));
	assert_memory_not_equal(one, two, sizeof(one));
}

static void more_than_255_blocks_are_refused(void **state)
{
	static uint8_t output[CBX_HKDF_EXPAND_MAX + 1];
	const uint8_t prk[CBX_HKDF_BYTES] = { 1 };

	(void)state;
	assert_true(cbx_hkdf_expand(prk, NULL, 0,
		(struct cbx_hkdf_output){ output, CBX_HKDF_EXPAND_MAX }));
	assert_memory_not_equal(output, output + 32, 32);
	assert_memory_not_equal(output, output + CBX_HKDF_EXPAND_MAX - 32, 32);
	assert_false(cbx_hkdf_expand(prk, NULL, 0,
		(struct cbx_hkdf_output){ output, CBX_HKDF_EXPAND_MAX + 1 }));
	for (size_t i = 0; i < sizeof(output); i++) {
		assert_int_equal(output[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfc_gives_the_same),
		cmocka_unit_test(pieces_are_one_after_the_other),
		cmocka_unit_test(more_than_255_blocks_are_refused),
	};

	return psa_crypto_init() == PSA_SUCCESS
		       ? cmocka_run_group_tests(tests, NULL, NULL)
		       : 1;
}

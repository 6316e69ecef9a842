/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed blobs: who opens them, and every way in which nobody does. */
#include "fake.h"

static const char secret[] = "what outlives the box";
#define BLOB_BYTES (sizeof(secret) + CBX_SEAL_MORE)

static const struct cbx_seal_options exact = {
	.size = sizeof(exact),
	.selector = CBX_SEAL_EXACT,
};
static const struct cbx_seal_options any = { .size = sizeof(any) };

static uint8_t blob[BLOB_BYTES + 1];

static void seal(const struct cbx_seal_options *options)
{
	assert_int_equal(
		cbx_seal(options, secret, sizeof(secret), blob), CBX_SEAL_OK);
}

/* Opening comes to that, and gives the data or nothing of them. */
static void opening_is(
	const struct cbx_seal_options *options, enum cbx_seal_result result)
{
	static const char none[sizeof(secret)];
	char data[sizeof(secret)] = { 0 };

	assert_int_equal(cbx_unseal(options, blob, BLOB_BYTES, data), result);
	assert_memory_equal(
		data, result == CBX_SEAL_OK ? secret : none, sizeof(secret));
}

static void seal_for(enum cbx_seal_selector selector, uint64_t version)
{
	const struct cbx_seal_options options = { .size = sizeof(options),
		.selector = selector,
		.security_version = version };

	seal(&options);
}

static void the_box_opens_what_it_sealed(void **state)
{
	(void)state;
	seal(&exact);
	opening_is(&any, CBX_SEAL_OK);
	opening_is(&exact, CBX_SEAL_OK);
}

static void data_can_be_of_no_bytes(void **state)
{
	uint8_t empty[CBX_SEAL_MORE];

	(void)state;
	assert_int_equal(cbx_seal(&exact, NULL, 0, empty), CBX_SEAL_OK);
	assert_int_equal(
		cbx_unseal(&any, empty, sizeof(empty), NULL), CBX_SEAL_OK);
	empty[sizeof(empty) - 1] ^= 1;
	assert_int_equal(cbx_unseal(&any, empty, sizeof(empty), NULL),
		CBX_SEAL_E_ALTERED);
}

static void no_two_blobs_have_a_key_or_a_byte_of_text_in_common(void **state)
{
	struct cbx_seal_header first;
	struct cbx_seal_header second;

	(void)state;
	seal(&exact);
	assert_int_equal(cbx_seal_look(blob, BLOB_BYTES, &first), CBX_SEAL_OK);
	seal(&exact);
	assert_int_equal(cbx_seal_look(blob, BLOB_BYTES, &second), CBX_SEAL_OK);
	assert_memory_not_equal(
		first.key_id, second.key_id, sizeof(first.key_id));
	assert_memory_not_equal(first.nonce, second.nonce, sizeof(first.nonce));
	assert_int_equal(first.root, CBX_ROOT_RELEASED);
	assert_int_equal(first.size, sizeof(secret));
	for (size_t i = 0; i + sizeof(secret) <= BLOB_BYTES; i++) {
		assert_memory_not_equal(blob + i, secret, sizeof(secret));
	}
}

static void another_or_an_altered_box_does_not(void **state)
{
	(void)state;
	seal(&exact);
	box.measurement[0] ^= 1;
	opening_is(&any, CBX_SEAL_E_ALTERED);
	fake_reset(state);
	box.policy_flags = CBX_POLICY_DEBUG;
	opening_is(&any, CBX_SEAL_E_ALTERED);
	fake_reset(state);
	box.root[31] ^= 0x80;
	opening_is(&any, CBX_SEAL_E_ALTERED);
	fake_reset(state);
	opening_is(&any, CBX_SEAL_OK);
}

static void a_box_of_the_signer_opens_what_is_for_the_signer(void **state)
{
	(void)state;
	seal_for(CBX_SEAL_SIGNER, 5);
	box.measurement[0] ^= 1;
	box.family[0] ^= 1;
	opening_is(&any, CBX_SEAL_OK);
	box.signer[47] ^= 1;
	opening_is(&any, CBX_SEAL_E_ALTERED);
	box.signer[47] ^= 1;
	box.policy_flags = CBX_POLICY_DEBUG;
	opening_is(&any, CBX_SEAL_E_ALTERED);
}

static void a_family_is_its_signers(void **state)
{
	(void)state;
	seal_for(CBX_SEAL_FAMILY, 0);
	box.measurement[0] ^= 1;
	opening_is(&any, CBX_SEAL_OK);
	box.family[15] ^= 1;
	opening_is(&any, CBX_SEAL_E_ALTERED);
	box.family[15] ^= 1;
	box.signer[0] ^= 1;
	opening_is(&any, CBX_SEAL_E_ALTERED);
}

static void an_older_box_does_not_open_what_a_newer_one_sealed(void **state)
{
	(void)state;
	seal_for(CBX_SEAL_SIGNER, 5);
	box.security_version = 4;
	opening_is(&any, CBX_SEAL_E_DENIED);
	box.security_version = 6;
	opening_is(&any, CBX_SEAL_OK);
}

static void a_box_cannot_seal_for_a_newer_one_or_without_a_signer(void **state)
{
	struct cbx_seal_options options = { .size = sizeof(options),
		.selector = CBX_SEAL_FAMILY,
		.security_version = 6 };

	(void)state;
	assert_int_equal(cbx_seal(&options, secret, sizeof(secret), blob),
		CBX_SEAL_E_DENIED);
	options.security_version = 0;
	memset(box.signer, 0, sizeof(box.signer));
	assert_int_equal(cbx_seal(&options, secret, sizeof(secret), blob),
		CBX_SEAL_E_DENIED);
}

static void the_opener_can_ask_for_a_selector_and_a_version(void **state)
{
	struct cbx_seal_options options = { .size = sizeof(options),
		.selector = CBX_SEAL_FAMILY,
		.security_version = 4 };

	(void)state;
	seal_for(CBX_SEAL_SIGNER, 4);
	opening_is(&options, CBX_SEAL_E_UNEXPECTED);
	options.selector = CBX_SEAL_SIGNER;
	opening_is(&options, CBX_SEAL_OK);
	options.security_version = 5;
	opening_is(&options, CBX_SEAL_E_UNEXPECTED);
}

static void without_a_root_nothing_is_sealed_or_opened(void **state)
{
	static const uint8_t zero[BLOB_BYTES];

	(void)state;
	seal(&exact);
	box.root_kind = CBX_ROOT_NONE;
	opening_is(&any, CBX_SEAL_E_ROOT);
	assert_int_equal(cbx_seal(&exact, secret, sizeof(secret), blob),
		CBX_SEAL_E_ROOT);
	assert_memory_equal(blob, zero, BLOB_BYTES);
}

static void a_root_of_another_kind_is_said_to_be_one(void **state)
{
	(void)state;
	seal(&exact);
	box.root_kind = CBX_ROOT_PLATFORM;
	opening_is(&any, CBX_SEAL_E_ROOT);
}

/* A host can release a root of its own, and then knows every key. */
static void another_root_than_the_one_that_is_meant_is_refused(void **state)
{
	const struct cbx_seal_want want = { .selector = CBX_SEAL_ROOT };
	struct cbx_seal_options options = exact;
	struct cbx_seal_key name;

	(void)state;
	assert_int_equal(cbx_seal_key(&want, &name), CBX_SEAL_OK);
	options.root = name.key;
	seal(&options);
	opening_is(&options, CBX_SEAL_OK);
	box.measurement[0] ^= 1;
	opening_is(&options, CBX_SEAL_E_ALTERED); /* its name is the same */

	box.root[0] ^= 1;
	seal(&exact);
	opening_is(&exact, CBX_SEAL_OK);
	opening_is(&options, CBX_SEAL_E_ROOT);
	assert_int_equal(cbx_seal(&options, secret, sizeof(secret), blob),
		CBX_SEAL_E_ROOT);
}

static void the_context_has_to_be_the_same(void **state)
{
	struct cbx_seal_options options = exact;

	(void)state;
	options.context = "/a";
	options.context_bytes = 2;
	seal(&options);
	opening_is(&options, CBX_SEAL_OK);
	options.context_bytes = 1;
	opening_is(&options, CBX_SEAL_E_ALTERED);
	options.context_bytes = 2;
	options.context = "/b";
	opening_is(&options, CBX_SEAL_E_ALTERED);
	opening_is(&any, CBX_SEAL_E_ALTERED);
}

static void no_bit_of_it_can_be_another(void **state)
{
	(void)state;
	seal(&exact);
	for (size_t bit = 0; bit < 8 * BLOB_BYTES; bit++) {
		char data[sizeof(secret)] = { 0 };
		enum cbx_seal_result result;

		blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
		result = cbx_unseal(&any, blob, BLOB_BYTES, data);
		assert_true(result == CBX_SEAL_E_ALTERED ||
			    result == CBX_SEAL_E_FORMAT ||
			    result == CBX_SEAL_E_SIZE ||
			    result == CBX_SEAL_E_DENIED ||
			    result == CBX_SEAL_E_ROOT);
		if (bit >= 8 * sizeof(struct cbx_seal_header)) {
			assert_int_equal(result, CBX_SEAL_E_ALTERED);
		}
		for (size_t i = 0; i < sizeof(data); i++) {
			assert_int_equal(data[i], 0);
		}
		blob[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	opening_is(&any, CBX_SEAL_OK);
}

static void a_blob_has_one_length(void **state)
{
	char data[BLOB_BYTES];

	(void)state;
	seal(&exact);
	for (size_t bytes = 0; bytes < BLOB_BYTES; bytes++) {
		assert_int_equal(
			cbx_unseal(&any, blob, bytes, data), CBX_SEAL_E_SIZE);
	}
	assert_int_equal(
		cbx_unseal(&any, blob, BLOB_BYTES + 1, data), CBX_SEAL_E_SIZE);
}

/* Its size says less, and it is as long as that. */
static void a_beginning_is_no_blob(void **state)
{
	struct cbx_seal_header header;
	char data[sizeof(secret)] = { 0 };

	(void)state;
	seal(&exact);
	memcpy(&header, blob, sizeof(header));
	header.size--;
	memcpy(blob, &header, sizeof(header));
	assert_int_equal(cbx_unseal(&any, blob, BLOB_BYTES - 1, data),
		CBX_SEAL_E_ALTERED);
}

static void a_size_near_the_end_of_numbers_is_no_blobs(void **state)
{
	static const uint64_t sizes[] = { UINT64_MAX, UINT64_MAX - 175,
		UINT64_MAX - CBX_SEAL_MORE + 1 + sizeof(secret), 1ull << 63,
		CBX_SEAL_DATA_MAX, CBX_SEAL_DATA_MAX + 1 };
	struct cbx_seal_header header;
	char data[sizeof(secret)];

	(void)state;
	seal(&exact);
	memcpy(&header, blob, sizeof(header));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		enum cbx_seal_result result;

		header.size = sizes[i];
		memcpy(blob, &header, sizeof(header));
		result = cbx_unseal(&any, blob, BLOB_BYTES, data);
		assert_int_equal(result, sizes[i] > CBX_SEAL_DATA_MAX
						 ? CBX_SEAL_E_FORMAT
						 : CBX_SEAL_E_SIZE);
	}
}

static void options_are_checked(void **state)
{
	const struct cbx_seal_options wrong[] = {
		{ .size = sizeof(exact) - 1, .selector = CBX_SEAL_EXACT },
		{ .size = sizeof(exact), .selector = CBX_SEAL_FAMILY + 1 },
		{ .size = sizeof(exact), .selector = 1, .flags = 2 },
		{ .size = sizeof(exact), .selector = 1, .context_bytes = 1 },
		{ .size = sizeof(exact),
			.selector = 1,
			.context = secret,
			.context_bytes = CBX_SEAL_CONTEXT_MAX + 1 },
	};

	(void)state;
	seal(&exact);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t other[BLOB_BYTES];

		opening_is(&wrong[i], CBX_SEAL_E_INVALID);
		assert_int_equal(
			cbx_seal(&wrong[i], secret, sizeof(secret), other),
			CBX_SEAL_E_INVALID);
	}
	assert_int_equal(cbx_seal(&any, secret, sizeof(secret), blob),
		CBX_SEAL_E_INVALID);
	assert_int_equal(cbx_seal(&exact, secret, CBX_SEAL_DATA_MAX + 1, blob),
		CBX_SEAL_E_INVALID);
}

static void results_have_words(void **state)
{
	(void)state;
	for (int i = 0; i <= CBX_SEAL_E_LIBRARY; i++) {
		assert_true(strlen(cbx_seal_text((enum cbx_seal_result)i)) > 3);
	}
	assert_string_equal(cbx_seal_text((enum cbx_seal_result)99), "unknown");
}

#define TEST(name) cmocka_unit_test_setup(name, fake_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_box_opens_what_it_sealed),
		TEST(data_can_be_of_no_bytes),
		TEST(no_two_blobs_have_a_key_or_a_byte_of_text_in_common),
		TEST(another_or_an_altered_box_does_not),
		TEST(a_box_of_the_signer_opens_what_is_for_the_signer),
		TEST(a_family_is_its_signers),
		TEST(an_older_box_does_not_open_what_a_newer_one_sealed),
		TEST(a_box_cannot_seal_for_a_newer_one_or_without_a_signer),
		TEST(the_opener_can_ask_for_a_selector_and_a_version),
		TEST(without_a_root_nothing_is_sealed_or_opened),
		TEST(a_root_of_another_kind_is_said_to_be_one),
		TEST(another_root_than_the_one_that_is_meant_is_refused),
		TEST(the_context_has_to_be_the_same),
		TEST(no_bit_of_it_can_be_another),
		TEST(a_blob_has_one_length),
		TEST(a_beginning_is_no_blob),
		TEST(a_size_near_the_end_of_numbers_is_no_blobs),
		TEST(options_are_checked),
		TEST(results_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

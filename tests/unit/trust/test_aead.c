/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <trust/aead.h>

static const uint8_t key_bytes[CBX_AEAD_KEY] = { 7 };
static const struct cbx_span key = { key_bytes, sizeof(key_bytes) };
static const uint8_t nonce[CBX_AEAD_NONCE] = { 1, 2, 3 };
static const struct cbx_span header = { (const uint8_t *)"header", 6 };
static const struct cbx_span plain = { (const uint8_t *)"some data", 9 };

#define SEALED (9 + CBX_AEAD_TAG)

struct pair {
	struct cbx_aead sender;
	struct cbx_aead receiver;
	uint8_t sealed[SEALED];
	uint8_t opened[9];
};

static int make(void **state)
{
	static struct pair pair;

	assert_true(cbx_aead_start(&pair.sender, key, nonce));
	assert_true(cbx_aead_start(&pair.receiver, key, nonce));
	*state = &pair;
	return 0;
}

static int drop(void **state)
{
	struct pair *pair = *state;

	cbx_aead_stop(&pair->sender);
	cbx_aead_stop(&pair->receiver);
	return 0;
}

static bool open_it(struct pair *pair)
{
	return cbx_aead_open(&pair->receiver, header,
		(struct cbx_span){ pair->sealed, SEALED }, pair->opened);
}

static void messages_open_in_order_and_once(void **state)
{
	struct pair *pair = *state;

	for (int i = 0; i < 3; i++) {
		assert_true(cbx_aead_seal(
			&pair->sender, header, plain, pair->sealed));
		assert_true(open_it(pair));
		assert_memory_equal(pair->opened, plain.bytes, plain.size);
		assert_false(open_it(pair)); /* again */
	}
	assert_true(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
	assert_true(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
	assert_false(open_it(pair)); /* the one after the next */
	assert_int_equal(pair->receiver.sequence, 3);
}

static void every_bit_counts(void **state)
{
	struct pair *pair = *state;
	struct cbx_span other = { (const uint8_t *)"headed", 6 };
	static const uint8_t nothing[9];

	assert_true(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
	for (size_t bit = 0; bit < 8 * SEALED; bit++) {
		pair->sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		pair->opened[0] = 'x';
		assert_false(open_it(pair));
		assert_memory_equal(pair->opened, nothing, sizeof(nothing));
		pair->sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_false(cbx_aead_open(&pair->receiver, other,
		(struct cbx_span){ pair->sealed, SEALED }, pair->opened));
	for (size_t size = 0; size < SEALED; size++) {
		assert_false(cbx_aead_open(&pair->receiver, header,
			(struct cbx_span){ pair->sealed, size }, pair->opened));
	}
	assert_int_equal(pair->receiver.sequence, 0);
	assert_true(open_it(pair));
}

static void the_number_goes_into_the_nonce_as_the_rfc_says(void **state)
{
	struct pair *pair = *state;
	struct cbx_aead at;
	uint8_t moved[CBX_AEAD_NONCE];

	memcpy(moved, nonce, sizeof(moved));
	moved[CBX_AEAD_NONCE - 8] ^= 0x01;
	moved[CBX_AEAD_NONCE - 1] ^= 0x08;
	assert_true(cbx_aead_start(&at, key, moved));
	pair->sender.sequence = UINT64_C(0x0100000000000008);
	assert_true(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
	assert_true(cbx_aead_open(&at, header,
		(struct cbx_span){ pair->sealed, SEALED }, pair->opened));
	cbx_aead_stop(&at);
}

static void the_last_number_is_never_used(void **state)
{
	struct pair *pair = *state;

	pair->sender.sequence = UINT64_MAX - 1;
	pair->receiver.sequence = UINT64_MAX - 1;
	assert_true(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
	assert_true(open_it(pair));
	assert_false(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
	assert_false(open_it(pair));
	assert_int_equal(pair->sender.sequence, UINT64_MAX);
}

static void nothing_is_sealed_with_a_forgotten_key(void **state)
{
	struct pair *pair = *state;

	cbx_aead_stop(&pair->sender);
	cbx_aead_stop(&pair->sender);
	assert_false(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
	assert_false(cbx_aead_start(
		&pair->sender, (struct cbx_span){ key_bytes, 31 }, nonce));
	assert_false(cbx_aead_seal(&pair->sender, header, plain, pair->sealed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			messages_open_in_order_and_once, make, drop),
		cmocka_unit_test_setup_teardown(every_bit_counts, make, drop),
		cmocka_unit_test_setup_teardown(
			the_number_goes_into_the_nonce_as_the_rfc_says, make,
			drop),
		cmocka_unit_test_setup_teardown(
			the_last_number_is_never_used, make, drop),
		cmocka_unit_test_setup_teardown(
			nothing_is_sealed_with_a_forgotten_key, make, drop),
	};

	return psa_crypto_init() == PSA_SUCCESS
		       ? cmocka_run_group_tests(tests, NULL, NULL)
		       : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's letters, answered by the lab's firmware, or by somebody who is
 * not it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <psa/crypto.h>

#include <base/letter.h>
#include <keeper/psp.h>
#include <keeper/secret.h>
#include <keeper/serve.h>
#include <keeper/work.h>

#include "lab_x86/psp.h"

#define DATA_AT 0x50 /* of a report */
#define VMPL_AT 0x30

static struct snp_firmware firmware;
static struct cbx_desk desk;
static struct cbx_letter letter;
static uint8_t request[SNP_MESSAGE_BYTES];
static uint8_t response[SNP_MESSAGE_BYTES];

static enum cbx_status give(uint32_t op, const void *body, size_t bytes)
{
	desk = (struct cbx_desk){ .op = CBX_DESK_LETTER };
	memset(&letter, 0, sizeof(letter));
	letter.op = op;
	letter.bytes = (uint32_t)bytes;
	memcpy(letter.body, body, bytes);
	return cbx_keeper_serve(&desk, (uint8_t *)&letter, sizeof(letter));
}

/* The answer is a message: to the firmware with it. */
static void send(void)
{
	assert_int_equal(letter.op, CBX_LETTER_DONE);
	memset(request, 0, sizeof(request));
	memcpy(request, letter.body, letter.bytes);
	assert_int_equal(snp_message_serve(&firmware, request, response),
		SNP_STATUS_SUCCESS);
}

static enum cbx_status take(void)
{
	return give(CBX_LETTER_ANSWER, response, sizeof(letter.body));
}

static int boot(void **state)
{
	(void)state;
	cbx_secret_forget();
	cbx_letter_forget();
	firmware = psp_make();
	return 0;
}

/* A keeper that has the key, and the root. */
static int boot_with_key(void **state)
{
	boot(state);
	assert_int_equal(give(CBX_LETTER_KEY, firmware.vmpck[0], 32), CBX_OK);
	send();
	assert_int_equal(take(), CBX_OK);
	return 0;
}

static const uint8_t data[CBX_LETTER_DATA_BYTES] = { 1, 2, 3 };

static void ask(void)
{
	assert_int_equal(give(CBX_LETTER_REPORT, data, sizeof(data)), CBX_OK);
}

static bool is_zero(const void *bytes, size_t size)
{
	return snp_is_zero(bytes, size);
}

/* No message is sealed any more, of whatever kind; another key is refused. */
static void assert_dead(void)
{
	assert_int_not_equal(
		give(CBX_LETTER_REPORT, data, sizeof(data)), CBX_OK);
	assert_true(is_zero(&letter, sizeof(letter)));
	assert_int_not_equal(
		give(CBX_LETTER_ATTEST, data, sizeof(data)), CBX_OK);
	assert_true(is_zero(&letter, sizeof(letter)));
	assert_int_equal(
		give(CBX_LETTER_KEY, firmware.vmpck[0], 32), CBX_E_STATE);
	assert_true(is_zero(&letter, sizeof(letter)));
}

static void reports_are_of_vmpl_0_and_have_the_data(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 5; i++) {
		ask();
		send();
		assert_int_equal(take(), CBX_OK);
		assert_int_equal(letter.op, CBX_LETTER_DONE);
		assert_int_equal(letter.bytes, CBX_PSP_REPORT_BYTES);
		assert_memory_equal(letter.body + DATA_AT, data, sizeof(data));
		assert_true(is_zero(letter.body + VMPL_AT, 4));
		assert_int_equal(firmware.count[0], 2 * i + 4);
	}
}

/* By numbers that never come again: each IV is another one. */
static void no_number_is_used_twice(void **state)
{
	(void)state;
	for (uint64_t number = 3; number < 41; number += 2) {
		ask();
		assert_int_equal(snp_load(letter.body + 0x20, 8), number);
		send();
		assert_int_equal(take(), CBX_OK);
	}
}

static void a_host_s_nonce_is_hashed_with_the_manifest(void **state)
{
	static const uint8_t manifest[CBX_LETTER_MANIFEST_BYTES] =
		CBX_LETTER_MANIFEST;
	uint8_t text[CBX_LETTER_DATA_BYTES + CBX_LETTER_MANIFEST_BYTES];
	uint8_t hash[64];
	size_t size;

	(void)state;
	memset(text, 0x33, sizeof(text));
	memcpy(text + CBX_LETTER_DATA_BYTES, manifest, sizeof(manifest));
	assert_int_equal(
		give(CBX_LETTER_ATTEST, text, CBX_LETTER_DATA_BYTES), CBX_OK);
	send();
	assert_int_equal(take(), CBX_OK);
	assert_int_equal(psa_hash_compute(PSA_ALG_SHA_512, text, sizeof(text),
				 hash, sizeof(hash), &size),
		PSA_SUCCESS);
	assert_memory_equal(letter.body + DATA_AT, hash, sizeof(hash));
}

/* The key leaves the letter; the root is seen by nobody, and is the launch's. */
static void the_root_stays_with_the_keeper(void **state)
{
	uint8_t first[32];

	boot(state);
	assert_null(cbx_secret_root());
	assert_int_equal(give(CBX_LETTER_KEY, firmware.vmpck[0], 32), CBX_OK);
	assert_int_equal(cbx_secret_root_kind(), CBX_ROOT_NONE);
	send();
	assert_int_equal(take(), CBX_OK);
	assert_true(is_zero(&letter, sizeof(letter)));
	assert_int_equal(cbx_secret_root_kind(), CBX_ROOT_PLATFORM);
	memcpy(first, cbx_secret_root(), sizeof(first));
	assert_false(is_zero(first, sizeof(first)));
	for (uint32_t i = 0; i < 2; i++) {
		boot(state);
		firmware.guest.measurement[0] ^= (uint8_t)i;
		assert_int_equal(
			give(CBX_LETTER_KEY, firmware.vmpck[0], 32), CBX_OK);
		send();
		assert_int_equal(take(), CBX_OK);
		assert_int_equal(
			memcmp(first, cbx_secret_root(), sizeof(first)) == 0,
			i == 0);
	}
}

static enum cbx_status seal_key(uint32_t root)
{
	desk = (struct cbx_desk){ .op = CBX_DESK_SEAL_KEY,
		.count = CBX_SEAL_EXACT,
		.monitor = { .backend = CBX_BACKEND_SNP, .root = root } };
	return cbx_keeper_serve(&desk, NULL, 0);
}

static void boxes_seal_under_it(void **state)
{
	uint8_t key[CBX_SEAL_KEY_BYTES];

	boot(state);
	assert_int_equal(seal_key(CBX_ROOT_NONE), CBX_E_UNSUPPORTED);
	boot_with_key(state);
	assert_int_equal(seal_key(CBX_ROOT_NONE), CBX_OK);
	assert_int_equal(desk.monitor.root, CBX_ROOT_PLATFORM);
	memcpy(key, desk.key, sizeof(key));
	boot_with_key(state);
	assert_int_equal(seal_key(CBX_ROOT_NONE), CBX_OK);
	assert_memory_equal(desk.key, key, sizeof(key));
	boot(state);
	firmware.guest.measurement[47] ^= 1;
	assert_int_equal(give(CBX_LETTER_KEY, firmware.vmpck[0], 32), CBX_OK);
	send();
	assert_int_equal(take(), CBX_OK);
	assert_int_equal(seal_key(CBX_ROOT_NONE), CBX_OK);
	assert_memory_not_equal(desk.key, key, sizeof(key));
}

/* A firmware that grants nothing has counted nevertheless. */
static void what_is_not_granted_is_empty(void **state)
{
	struct snp_aead aead;

	(void)state;
	ask();
	send();
	aead = (struct snp_aead){ firmware.vmpck[0],
		snp_load(response + 0x20, 8), response + 0x30, 0x30,
		response + 0x60, snp_load(response + 0x36, 2) };
	assert_true(snp_aead_open(&aead, response));
	response[0x60] = 0x16;
	assert_true(snp_aead_seal(&aead, response));
	assert_int_equal(take(), CBX_OK);
	assert_true(is_zero(&letter, sizeof(letter)));
	ask();
	send();
	assert_int_equal(take(), CBX_OK);
	assert_int_equal(letter.bytes, CBX_PSP_REPORT_BYTES);
}

/* Each byte of the header, and some of what follows: one bit of it. */
static void an_altered_answer_is_the_keys_end(void **state)
{
	const size_t bytes = sizeof(struct cbx_psp_header) + CBX_PSP_GRANTED +
			     CBX_PSP_REPORT_BYTES;

	for (size_t i = 0; i < bytes; i += i < 0x60 ? 1 : 13) {
		boot_with_key(state);
		ask();
		send();
		response[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(take(), CBX_E_DENIED);
		assert_true(is_zero(&letter, sizeof(letter)));
		assert_dead();
	}
}

static void an_old_answer_is_the_keys_end(void **state)
{
	uint8_t old[SNP_MESSAGE_BYTES];

	(void)state;
	ask();
	send();
	memcpy(old, response, sizeof(old));
	assert_int_equal(take(), CBX_OK);
	ask();
	send();
	memcpy(response, old, sizeof(old));
	assert_int_equal(take(), CBX_E_DENIED);
	assert_dead();
}

/* Whether it is asked for once more, or not at all. */
static void an_answer_nobody_waits_for_is_the_keys_end(void **state)
{
	(void)state;
	ask();
	send();
	assert_int_equal(take(), CBX_OK);
	assert_int_equal(take(), CBX_E_DENIED);
	assert_dead();
	boot(state);
	assert_int_equal(take(), CBX_E_DENIED);
}

static void an_answer_that_is_short_is_the_keys_end(void **state)
{
	const size_t bytes = sizeof(struct cbx_psp_header) + CBX_PSP_GRANTED +
			     CBX_PSP_REPORT_BYTES;
	const size_t some[] = { 0, 1, sizeof(struct cbx_psp_header) - 1,
		sizeof(struct cbx_psp_header), bytes - 1 };

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		boot_with_key(state);
		ask();
		send();
		assert_int_equal(give(CBX_LETTER_ANSWER, response, some[i]),
			CBX_E_DENIED);
		assert_dead();
	}
	boot_with_key(state);
	ask();
	send();
	assert_int_equal(give(CBX_LETTER_ANSWER, response, bytes), CBX_OK);
}

/* It would have a number of its own; but that is the backend's mistake. */
static void two_messages_at_once_are_the_keys_end(void **state)
{
	(void)state;
	ask();
	assert_int_not_equal(
		give(CBX_LETTER_REPORT, data, sizeof(data)), CBX_OK);
	assert_dead();
}

static void a_lost_message_is_the_keys_end(void **state)
{
	(void)state;
	ask();
	send();
	assert_int_equal(give(CBX_LETTER_LOST, data, 0), CBX_OK);
	assert_true(is_zero(&letter, sizeof(letter)));
	assert_int_equal(take(), CBX_E_DENIED);
	assert_dead();
}

static void letters_that_are_none_are_refused(void **state)
{
	const size_t not [] = { 0, 1, 63, 65, 87, 89, 4088 };

	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++) {
		boot_with_key(state);
		assert_int_equal(give(CBX_LETTER_REPORT, response, not [i]),
			CBX_E_INVALID);
		assert_dead();
	}
	boot_with_key(state);
	assert_int_equal(give(6, data, 0), CBX_E_UNSUPPORTED);
	assert_int_equal(give(CBX_LETTER_DONE, data, 0), CBX_E_UNSUPPORTED);
	desk = (struct cbx_desk){ .op = CBX_DESK_LETTER };
	assert_int_equal(
		cbx_keeper_serve(&desk, (uint8_t *)&letter, sizeof(letter) - 1),
		CBX_E_INVALID);
	ask();
	letter.bytes = sizeof(letter.body) + 1;
	assert_int_equal(
		cbx_keeper_serve(&desk, (uint8_t *)&letter, sizeof(letter)),
		CBX_E_INVALID);
	assert_dead();
}

static void a_key_has_its_length(void **state)
{
	boot(state);
	assert_int_equal(
		give(CBX_LETTER_KEY, firmware.vmpck[0], 31), CBX_E_INVALID);
	assert_int_equal(
		give(CBX_LETTER_KEY, firmware.vmpck[0], 16), CBX_E_INVALID);
	assert_true(is_zero(&letter, sizeof(letter)));
	assert_int_not_equal(
		give(CBX_LETTER_REPORT, data, sizeof(data)), CBX_OK);
}

#define TEST(name) cmocka_unit_test_setup(name, boot_with_key)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reports_are_of_vmpl_0_and_have_the_data),
		TEST(no_number_is_used_twice),
		TEST(a_host_s_nonce_is_hashed_with_the_manifest),
		TEST(the_root_stays_with_the_keeper),
		TEST(boxes_seal_under_it),
		TEST(what_is_not_granted_is_empty),
		TEST(an_altered_answer_is_the_keys_end),
		TEST(an_old_answer_is_the_keys_end),
		TEST(an_answer_nobody_waits_for_is_the_keys_end),
		TEST(an_answer_that_is_short_is_the_keys_end),
		TEST(two_messages_at_once_are_the_keys_end),
		TEST(a_lost_message_is_the_keys_end),
		TEST(letters_that_are_none_are_refused),
		TEST(a_key_has_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

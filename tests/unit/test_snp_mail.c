/* SPDX-License-Identifier: Apache-2.0 */
/* Reports from the core and the host to the firmware and back, with the keeper,
 * and with a hypervisor that has messages wait, loses, alters and repeats them. */
#include "snp/post.h"

#include <keeper/secret.h>

#define PAGES_OF_ALL ((POST_REPORT + CBX_SNP_TABLE_BYTES + 4095u) / 4096u)

static uint8_t page[CBX_PAGE_SIZE];
static struct cbx_hal_report report;

static void make_data(uint8_t data[CBX_HAL_REPORT_DATA], uint8_t first)
{
	for (uint8_t i = 0; i < CBX_HAL_REPORT_DATA; i++) {
		data[i] = (uint8_t)(first + i);
	}
}

static enum cbx_status ask(uint8_t first)
{
	uint8_t data[CBX_HAL_REPORT_DATA];

	make_data(data, first);
	return cbx_hal_report_start(data);
}

static enum cbx_status get(void)
{
	return cbx_hal_report_next(0, page, &report);
}

static void assert_report(uint8_t first)
{
	uint8_t data[CBX_HAL_REPORT_DATA];

	make_data(data, first);
	assert_int_equal(get(), CBX_OK);
	assert_int_equal(report.platform, CBX_PLATFORM_SNP);
	assert_memory_equal(page + POST_DATA, data, sizeof(data));
	assert_true(snp_is_zero(page + 0x30, 4)); /* VMPL 0 */
}

static bool firmware_key_lies(const void *bytes, size_t size)
{
	return memmem(bytes, size, firmware.vmpck[0], CBX_LETTER_KEY_BYTES) !=
	       NULL;
}

static void the_key_is_the_keepers_alone(void **state)
{
	uint8_t *key = post_key();
	struct cbx_pfn letter;

	(void)state;
	post_boot(state);
	post_start();
	assert_true(snp_is_zero(key, CBX_LETTER_KEY_BYTES));
	assert_true(cbx_snp_mail_step(0, true, &letter));
	assert_true(
		firmware_key_lies(machine_memory[POST_LETTER], CBX_PAGE_SIZE));
	post_keep(letter);
	assert_false(firmware_key_lies(machine_memory, sizeof(machine_memory)));
	assert_null(cbx_secret_root());
	post_step();
	assert_int_equal(cbx_secret_root_kind(), CBX_ROOT_PLATFORM);
	assert_null(memmem(machine_memory, sizeof(machine_memory),
		cbx_secret_root(), CBX_SEAL_KEY_BYTES));
	assert_int_equal(post_step(), 0);
	for (uint32_t i = 0; i < CBX_SNP_MAIL_SHARED; i++) {
		assert_false(machine_is_private(POST_SHARED + i));
	}
	assert_true(machine_is_private(POST_LETTER));
}

static void reports_come_one_after_the_other(void **state)
{
	(void)state;
	assert_int_equal(get(), CBX_E_HARDWARE); /* nothing was asked for */
	for (uint8_t first = 1; first < 4; first++) {
		assert_int_equal(ask(first), CBX_OK);
		assert_int_equal(get(), CBX_E_BUSY);
		assert_int_equal(post_step(), 2);
		assert_report(first);
		assert_report(first);
		assert_int_equal(post_step(), 0);
	}
}

/* All of it, page by page: the report, and behind it what the hypervisor laid
 * there. */
static void certificates_come_with_it(void **state)
{
	const uint32_t all = POST_REPORT + CBX_SNP_TABLE_BYTES;

	(void)state;
	assert_int_equal(ask(1), CBX_OK);
	post_step();
	for (uint32_t i = 0; i < PAGES_OF_ALL; i++) {
		memset(page, 0x77, sizeof(page));
		assert_int_equal(cbx_hal_report_next(i, page, &report), CBX_OK);
		assert_int_equal(report.size, all);
		assert_int_equal(report.endorsements, all - POST_REPORT);
		for (uint32_t n = 0; n < CBX_PAGE_SIZE; n++) {
			uint32_t at = i * (uint32_t)CBX_PAGE_SIZE + n;

			if (at >= POST_REPORT) {
				assert_int_equal(page[n], at < all ? 0xce : 0);
			}
		}
	}
	expect_assert_failure(
		(void)!cbx_hal_report_next(PAGES_OF_ALL, page, &report));
}

static void without_certificates_the_same_bytes_are_sent(void **state)
{
	for (uint32_t i = 0; i < 2; i++) {
		post_boot_started(state);
		post.no_room = i == 0;
		post.no_table = i == 1;
		assert_int_equal(ask(1), CBX_OK);
		post_step();
		post_step();
		assert_report(1);
		assert_int_equal(report.size, POST_REPORT);
		assert_int_equal(report.endorsements, 0);
		assert_int_equal(post.sent, 2);
		assert_false(post.changed);
		post_look_anew();
		assert_int_equal(ask(2), CBX_OK);
		post_step();
		assert_report(2);
		assert_int_equal(post.sent, 1);
	}
}

static void a_hypervisor_that_has_it_wait_gets_the_same_bytes(void **state)
{
	(void)state;
	post.later = 10;
	assert_int_equal(ask(1), CBX_OK);
	assert_int_equal(post_step(), 1); /* sealed, sent, and later */
	for (uint32_t i = 0; i < 9; i++) {
		assert_int_equal(get(), CBX_E_BUSY);
		assert_int_equal(
			ask(2), CBX_E_BUSY); /* that would be another */
		assert_int_equal(post_step(), 0);
	}
	assert_int_equal(post_step(), 1);
	assert_int_equal(post.sent, 11);
	assert_false(post.changed);
	assert_report(1);
}

/* The message counted; nothing is sealed, sent or made from then on. */
static void assert_dead(void)
{
	uint8_t nonce[64] = { 9 };
	const uint8_t *made;
	uint32_t size;

	post_step();
	assert_int_equal(get(), CBX_E_HARDWARE);
	assert_int_equal(ask(7), CBX_E_HARDWARE);
	assert_int_equal(cbx_snp_attest(nonce, &made, &size), CBX_E_HARDWARE);
	assert_int_equal(cbx_snp_attest(nonce, &made, &size), CBX_E_HARDWARE);
	post_look_anew();
	assert_int_equal(post_step(), 0);
	assert_int_equal(post.sent, 0);
	assert_int_equal(cbx_secret_root_kind(), CBX_ROOT_PLATFORM);
	/* The keeper has no key either. */
	memset(machine_memory[POST_LETTER], 0, CBX_PAGE_SIZE);
	machine_memory[POST_LETTER][0] = CBX_LETTER_REPORT;
	machine_memory[POST_LETTER][4] = CBX_LETTER_DATA_BYTES;
	post_keep((struct cbx_pfn){ POST_LETTER });
	assert_int_equal(machine_memory[POST_LETTER][0], CBX_LETTER_REPORT);
}

static void a_refusal_is_the_keys_end(void **state)
{
	static const uint64_t infos[] = { 1, 0x16, 0xffffffff, 3ull << 32,
		2ull << 32 | 1, 1ull << 63, ~0ull };

	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		post_boot_started(state);
		post.answer = infos[i];
		assert_int_equal(ask(1), CBX_OK);
		assert_dead();
	}
	for (uint32_t i = 0; i < 2; i++) {
		post_boot_started(state);
		post.refuses = i == 0;
		post.malformed = i == 1;
		assert_int_equal(ask(1), CBX_OK);
		post_step();
		assert_dead();
	}
}

static uint8_t kept[CBX_PAGE_SIZE];

static void alter(uint8_t *response)
{
	response[0x70] ^= 1;
}

static void alter_tag(uint8_t *response)
{
	response[0] ^= 0x80;
}

static void alter_number(uint8_t *response)
{
	response[0x20] += 2;
}

static void lose(uint8_t *response)
{
	memset(response, 0, CBX_PAGE_SIZE);
}

static void keep_it(uint8_t *response)
{
	memcpy(kept, response, CBX_PAGE_SIZE);
}

static void repeat(uint8_t *response)
{
	memcpy(response, kept, CBX_PAGE_SIZE);
}

static void what_is_not_the_answer_is_the_keys_end(void **state)
{
	void (*const how[])(
		uint8_t *) = { alter, alter_tag, alter_number, lose, repeat };

	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		post_boot_started(state);
		post.tamper = keep_it;
		assert_int_equal(ask(1), CBX_OK);
		post_step();
		assert_report(1);
		post.tamper = how[i];
		assert_int_equal(ask(2), CBX_OK);
		assert_dead();
	}
}

/* The firmware has counted, and says so when it gets the bytes again. */
static void a_message_that_was_answered_is_not_answered_again(void **state)
{
	(void)state;
	assert_int_equal(ask(1), CBX_OK);
	post_step();
	memcpy(machine_memory[POST_SHARED], post.first, CBX_PAGE_SIZE);
	assert_int_equal(
		snp_message_serve(&firmware, machine_memory[POST_SHARED],
			machine_memory[POST_SHARED + 1]),
		SNP_STATUS_INVALID_PARAM);
	assert_int_equal(ask(2), CBX_OK);
	post_step();
	assert_report(2);
}

/* ---- protocol 1 ---- */

static const uint8_t *attested;

static enum cbx_status attest(uint8_t byte)
{
	uint8_t nonce[64];
	uint32_t size;

	memset(nonce, byte, sizeof(nonce));
	return cbx_snp_attest(nonce, &attested, &size);
}

static void assert_attested(uint8_t byte)
{
	static const uint8_t manifest[CBX_LETTER_MANIFEST_BYTES] =
		CBX_LETTER_MANIFEST;
	uint8_t text[64 + CBX_LETTER_MANIFEST_BYTES];
	uint8_t hash[64];
	size_t size;

	memset(text, byte, 64);
	memcpy(text + 64, manifest, sizeof(manifest));
	assert_int_equal(psa_hash_compute(PSA_ALG_SHA_512, text, sizeof(text),
				 hash, sizeof(hash), &size),
		PSA_SUCCESS);
	assert_int_equal(attest(byte), CBX_OK);
	assert_memory_equal(attested + POST_DATA, hash, sizeof(hash));
}

/* The GUID as the specification writes it: 63849ebb-3d92-4670-a1ff-58f9c94b87bb;
 * 24 bytes; no services. */
static void the_manifest_is_that_of_no_services(void **state)
{
	static const uint8_t manifest[CBX_LETTER_MANIFEST_BYTES] =
		CBX_LETTER_MANIFEST;
	static const uint8_t expected[CBX_LETTER_MANIFEST_BYTES] = { 0xbb, 0x9e,
		0x84, 0x63, 0x92, 0x3d, 0x70, 0x46, 0xa1, 0xff, 0x58, 0xf9,
		0xc9, 0x4b, 0x87, 0xbb, 24, 0, 0, 0, 0, 0, 0, 0 };

	(void)state;
	assert_memory_equal(manifest, expected, sizeof(expected));
}

static void a_host_gets_the_report_on_its_nonce(void **state)
{
	(void)state;
	for (uint8_t byte = 0; byte < 3; byte++) {
		assert_int_equal(attest(byte), CBX_E_BUSY);
		assert_int_equal(attest(byte), CBX_E_BUSY);
		post_step();
		assert_attested(byte);
		assert_attested(byte);
		assert_int_equal(
			cbx_hal_report_next(0, page, &report), CBX_E_HARDWARE);
	}
}

/* Neither takes the other one's. */
static void core_and_host_may_ask_at_once(void **state)
{
	(void)state;
	assert_int_equal(attest(5), CBX_E_BUSY);
	assert_int_equal(ask(1), CBX_OK);
	post_step();
	assert_report(1);
	assert_attested(5);
	assert_int_equal(attest(6), CBX_E_BUSY);
	assert_report(1);
	post_step();
	assert_attested(6);
	assert_report(1);
}

/* ---- several CPUs ---- */

static void another_cpu_waits_for_nothing(void **state)
{
	struct cbx_pfn letter;
	struct cbx_pfn other;

	(void)state;
	assert_int_equal(ask(1), CBX_OK);
	assert_true(cbx_snp_mail_step(0, true, &letter));
	machine.cpu = 1;
	assert_false(cbx_snp_mail_step(1, true, &other));
	assert_int_equal(ask(2), CBX_E_BUSY);
	assert_int_equal(get(), CBX_E_BUSY);
	assert_int_equal(attest(1), CBX_E_BUSY);
	machine.cpu = 0;
	post_keep(letter);
	post_step();
	assert_report(1);
	machine.cpu = 1;
	assert_int_equal(ask(2), CBX_OK);
	post_step();
	assert_report(2);
}

/* Its host's registers were given up while the keeper had the letter. */
static void a_cpu_that_lost_its_host_ends_what_it_began(void **state)
{
	struct cbx_pfn letter;

	(void)state;
	assert_int_equal(ask(1), CBX_OK);
	assert_false(cbx_snp_mail_step(0, false, &letter));
	assert_true(cbx_snp_mail_step(0, true, &letter));
	do {
		post_keep(letter);
	} while (cbx_snp_mail_step(0, false, &letter));
	assert_report(1);
	machine.cpu = 1;
	assert_int_equal(ask(2), CBX_OK);
	post_step();
	assert_report(2);
}

/* ---- a start that fails ---- */

static void nobody_goes_on_without_pages_that_are_shared(void **state)
{
	(void)state;
	post_boot(state);
	machine.refuse = POST_SHARED + 3;
	expect_assert_failure(post_start());
}

/* It has one already: the machine starts anew, the keeper does not. */
static void a_keeper_that_refuses_the_key_ends_it(void **state)
{
	(void)state;
	machine_boot(state);
	post_start();
	assert_int_equal(post_step(), 1);
	assert_false(firmware_key_lies(machine_memory, sizeof(machine_memory)));
	assert_int_equal(ask(1), CBX_E_HARDWARE);
	assert_int_equal(get(), CBX_E_HARDWARE);
}

/* It is a program in user mode, and its letters are no longer than theirs. */
static void a_keeper_that_says_too_much_ends_the_key(void **state)
{
	struct cbx_letter *back = (void *)machine_memory[POST_LETTER];
	struct cbx_pfn letter;

	(void)state;
	assert_int_equal(ask(1), CBX_OK);
	assert_true(cbx_snp_mail_step(0, true, &letter));
	post_keep(letter);
	assert_int_equal(back->op, CBX_LETTER_DONE);
	back->bytes = sizeof(back->body) + 1;
	assert_false(cbx_snp_mail_step(0, true, &letter));
	assert_int_equal(post.sent, 0);
	assert_int_equal(get(), CBX_E_HARDWARE);
}

static void the_root_is_nobody_elses(void **state)
{
	uint8_t key[CBX_SEAL_KEY_BYTES] = { 7 };

	(void)state;
	assert_int_equal(cbx_hal_root_key(key), CBX_E_UNSUPPORTED);
	assert_int_equal(key[0], 7);
}

#define TEST(name) cmocka_unit_test_setup(name, post_boot_started)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_key_is_the_keepers_alone),
		TEST(reports_come_one_after_the_other),
		TEST(certificates_come_with_it),
		TEST(without_certificates_the_same_bytes_are_sent),
		TEST(a_hypervisor_that_has_it_wait_gets_the_same_bytes),
		TEST(a_refusal_is_the_keys_end),
		TEST(what_is_not_the_answer_is_the_keys_end),
		TEST(a_message_that_was_answered_is_not_answered_again),
		TEST(the_manifest_is_that_of_no_services),
		TEST(a_host_gets_the_report_on_its_nonce),
		TEST(core_and_host_may_ask_at_once),
		TEST(another_cpu_waits_for_nothing),
		TEST(a_cpu_that_lost_its_host_ends_what_it_began),
		TEST(nobody_goes_on_without_pages_that_are_shared),
		TEST(a_keeper_that_refuses_the_key_ends_it),
		TEST(a_keeper_that_says_too_much_ends_the_key),
		TEST(the_root_is_nobody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

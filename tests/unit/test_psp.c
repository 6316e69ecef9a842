/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the lab's firmware, sealed and opened here, and answers that are
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <keeper/psp.h>

#include "lab_x86/psp.h"

#define LAST (UINT64_MAX - 2)

static struct snp_firmware firmware;
static struct cbx_psp psp;
static uint8_t request[SNP_MESSAGE_BYTES];
static uint8_t response[SNP_MESSAGE_BYTES];
static struct cbx_psp_header header;

static int boot(void **state)
{
	(void)state;
	firmware = psp_make();
	psp = (struct cbx_psp){ .number = 1 };
	memset(request, 0, sizeof(request));
	memset(response, 0, sizeof(response));
	return 0;
}

static struct snp_aead aead_of(uint8_t *page, uint16_t bytes)
{
	return (struct snp_aead){
		.key = firmware.vmpck[psp.key],
		.number = header.number,
		.aad = page + CBX_PSP_AAD,
		.aad_size = sizeof(header) - CBX_PSP_AAD,
		.text = page + sizeof(header),
		.text_size = bytes,
	};
}

/* What the keeper would do. */
static void seal(const uint8_t *text)
{
	struct snp_aead aead;

	memcpy(request, &header, sizeof(header));
	memcpy(request + sizeof(header), text, header.bytes);
	aead = aead_of(request, header.bytes);
	assert_true(snp_aead_seal(&aead, request));
}

static bool open(void)
{
	struct snp_aead aead = aead_of(response, header.bytes);

	return snp_aead_open(&aead, response);
}

static void send(void)
{
	assert_int_equal(snp_message_serve(&firmware, request, response),
		SNP_STATUS_SUCCESS);
}

/* A whole exchange; the answer's text is in response afterwards. */
static bool exchange(
	enum cbx_psp_type type, const uint8_t *text, uint16_t bytes)
{
	assert_int_equal(cbx_psp_begin(&psp, type, bytes, &header), CBX_OK);
	seal(text);
	send();
	memcpy(&header, response, sizeof(header));
	assert_int_equal(cbx_psp_answer(&psp, &header), CBX_OK);
	cbx_psp_end(&psp, open());
	return !psp.dead &&
	       cbx_psp_granted(type, response + sizeof(header), header.bytes);
}

static void reports_are_granted_one_after_the_other(void **state)
{
	const uint8_t *report = response + sizeof(header) + CBX_PSP_GRANTED;
	uint8_t text[CBX_PSP_REPORT_TEXT];
	uint8_t data[64];

	(void)state;
	for (uint8_t i = 0; i < 5; i++) {
		memset(data, i, sizeof(data));
		memset(text, 0xee, sizeof(text));
		cbx_psp_report_text(text, data);
		assert_true(exchange(CBX_PSP_REPORT, text, sizeof(text)));
		assert_memory_equal(report + 0x50, data, sizeof(data));
		assert_true(snp_is_zero(report + 0x30, 4)); /* VMPL 0 */
		assert_int_equal(psp.number, 2 * i + 3);
	}
}

static void a_key_is_the_monitors_own(void **state)
{
	const uint8_t *key = response + sizeof(header) + CBX_PSP_GRANTED;
	uint8_t text[CBX_PSP_KEY_TEXT];
	uint8_t first[CBX_PSP_KEY_BYTES];

	(void)state;
	memset(text, 0xee, sizeof(text));
	cbx_psp_key_text(text);
	assert_true(exchange(CBX_PSP_KEY, text, sizeof(text)));
	memcpy(first, key, sizeof(first));
	assert_true(exchange(CBX_PSP_KEY, text, sizeof(text)));
	assert_memory_equal(first, key, sizeof(first));
	firmware.guest.measurement[0] ^= 1;
	assert_true(exchange(CBX_PSP_KEY, text, sizeof(text)));
	assert_memory_not_equal(first, key, sizeof(first));
	firmware.guest.measurement[0] ^= 1;
	firmware.guest.policy ^= 1ull << 19; /* it may be debugged */
	assert_true(exchange(CBX_PSP_KEY, text, sizeof(text)));
	assert_memory_not_equal(first, key, sizeof(first));
}

static void begin(void)
{
	static const uint8_t text[CBX_PSP_REPORT_TEXT];

	assert_int_equal(
		cbx_psp_begin(&psp, CBX_PSP_REPORT, sizeof(text), &header),
		CBX_OK);
	seal(text);
}

static void is_dead(void)
{
	struct cbx_psp_header other = { .number = 77 };

	assert_true(psp.dead);
	assert_int_equal(
		cbx_psp_begin(&psp, CBX_PSP_KEY, 0x20, &other), CBX_E_STATE);
	assert_int_equal(other.number, 77);
}

static void a_number_is_given_out_once(void **state)
{
	struct cbx_psp_header other = { .number = 77 };

	(void)state;
	begin();
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(
			cbx_psp_begin(&psp, CBX_PSP_REPORT, 0x60, &other),
			CBX_E_BUSY);
	}
	assert_int_equal(other.number, 77);
	send();
	memcpy(&header, response, sizeof(header));
	assert_int_equal(cbx_psp_answer(&psp, &header), CBX_OK);
	cbx_psp_end(&psp, open());
	assert_false(psp.dead);
	assert_int_equal(psp.number, 3);
}

static void no_answer_is_the_keys_end(void **state)
{
	(void)state;
	begin();
	cbx_psp_end(&psp, false);
	is_dead();
	cbx_psp_end(&psp, true);
	is_dead();
}

/* Every bit of the header but those of the tag; a length that is possible is
 * found out by opening. */
static void an_answer_to_something_else_is_the_keys_end(void **state)
{
	uint8_t good[SNP_MESSAGE_BYTES];

	begin();
	send();
	memcpy(good, response, sizeof(good));
	for (uint32_t bit = 16 * 8; bit < sizeof(header) * 8; bit++) {
		enum cbx_status status;

		boot(state);
		begin();
		memcpy(response, good, sizeof(response));
		response[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memcpy(&header, response, sizeof(header));
		status = cbx_psp_answer(&psp, &header);
		if (bit / 16 == 0x36 / 2 && header.bytes <= CBX_PSP_TEXT_MAX) {
			assert_int_equal(status, CBX_OK);
			cbx_psp_end(&psp, open());
		} else {
			assert_int_equal(status, CBX_E_DENIED);
		}
		is_dead();
	}
}

static void an_answer_fits_into_its_page(void **state)
{
	for (uint16_t more = 0; more < 2; more++) {
		boot(state);
		begin();
		send();
		memcpy(&header, response, sizeof(header));
		header.bytes = (uint16_t)(0xfa0 + more);
		assert_int_equal(cbx_psp_answer(&psp, &header),
			more == 0 ? CBX_OK : CBX_E_DENIED);
	}
}

static void an_old_answer_is_the_keys_end(void **state)
{
	uint8_t old[SNP_MESSAGE_BYTES];
	const uint8_t text[CBX_PSP_REPORT_TEXT] = { 0 };

	(void)state;
	assert_true(exchange(CBX_PSP_REPORT, text, sizeof(text)));
	begin();
	memcpy(old, response, sizeof(old));
	memcpy(&header, old, sizeof(header));
	assert_int_equal(cbx_psp_answer(&psp, &header), CBX_E_DENIED);
	is_dead();
}

static void what_is_not_authentic_is_the_keys_end(void **state)
{
	(void)state;
	begin();
	send();
	response[0] ^= 1;
	memcpy(&header, response, sizeof(header));
	assert_int_equal(cbx_psp_answer(&psp, &header), CBX_OK);
	cbx_psp_end(&psp, open());
	assert_int_equal(psp.number, 1);
	is_dead();
}

static void numbers_do_not_wrap(void **state)
{
	const uint8_t text[CBX_PSP_REPORT_TEXT] = { 0 };

	(void)state;
	psp.number = LAST;
	firmware.count[0] = LAST - 1;
	assert_true(exchange(CBX_PSP_REPORT, text, sizeof(text)));
	assert_false(psp.dead);
	assert_int_equal(cbx_psp_begin(&psp, CBX_PSP_REPORT, 0x60, &header),
		CBX_E_STATE);
	is_dead();
}

static void texts_that_are_none_begin_nothing(void **state)
{
	(void)state;
	assert_int_equal(cbx_psp_begin(&psp, CBX_PSP_NONE, 0x60, &header),
		CBX_E_INVALID);
	assert_int_equal(
		cbx_psp_begin(&psp, CBX_PSP_REPORT, 0, &header), CBX_E_INVALID);
	assert_int_equal(cbx_psp_begin(&psp, CBX_PSP_REPORT, 0xfa1, &header),
		CBX_E_INVALID);
	assert_int_equal(
		cbx_psp_begin(&psp, CBX_PSP_REPORT, 0xfa0, &header), CBX_OK);
}

/* An answer nobody waits for. */
static void nothing_comes_unasked(void **state)
{
	(void)state;
	assert_int_equal(cbx_psp_answer(&psp, &header), CBX_E_STATE);
	cbx_psp_end(&psp, true);
	assert_int_equal(psp.number, 1);
	assert_false(psp.dead);
}

static void what_is_not_granted_is_told(void **state)
{
	uint8_t text[CBX_PSP_GRANTED + CBX_PSP_REPORT_BYTES] = { 0, 0, 0, 0,
		0xa0, 0x04 };
	const uint16_t bytes = sizeof(text);

	(void)state;
	assert_true(cbx_psp_granted(CBX_PSP_REPORT, text, bytes));
	assert_false(cbx_psp_granted(CBX_PSP_REPORT, text, bytes - 1));
	assert_true(cbx_psp_granted(CBX_PSP_KEY, text, 0x40));
	assert_false(cbx_psp_granted(CBX_PSP_KEY, text, 0x3f));
	assert_false(cbx_psp_granted(CBX_PSP_REPORT, text, 0x40));
	assert_false(cbx_psp_granted(CBX_PSP_NONE, text, 0x40));
	for (uint32_t bit = 0; bit < 64; bit++) {
		text[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(cbx_psp_granted(CBX_PSP_REPORT, text, bytes));
		assert_int_equal(
			cbx_psp_granted(CBX_PSP_KEY, text, 0x40), bit >= 32);
		text[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, boot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reports_are_granted_one_after_the_other),
		TEST(a_key_is_the_monitors_own),
		TEST(a_number_is_given_out_once),
		TEST(no_answer_is_the_keys_end),
		TEST(an_answer_to_something_else_is_the_keys_end),
		TEST(an_answer_fits_into_its_page),
		TEST(an_old_answer_is_the_keys_end),
		TEST(what_is_not_authentic_is_the_keys_end),
		TEST(numbers_do_not_wrap),
		TEST(texts_that_are_none_begin_nothing),
		TEST(nothing_comes_unasked),
		TEST(what_is_not_granted_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

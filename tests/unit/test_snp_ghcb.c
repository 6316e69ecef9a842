/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked by the GHCB as the model of a hypervisor reads it, its answers,
 * and answers it would not give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hal/snp/pure/ghcb.h>

#include "snp/ghcb.h"

#define GPA 0x5000ull

static struct cbx_ghcb page;
static struct cbx_ghcb_answer answer;

static int boot(void **state)
{
	(void)state;
	memset(&page, 0xff, sizeof(page)); /* what a hypervisor left there */
	memset(&answer, 0xee, sizeof(answer));
	return 0;
}

static enum snp_ghcb_error decode(struct snp_nae *nae)
{
	static const struct snp_ghcb_host host = {
		.registered = GPA,
		.features = SNP_FEATURE_AP_CREATION | SNP_FEATURE_VMPLS,
		.min = 2,
		.max = 2,
	};
	uint8_t copy[SNP_GHCB_BYTES];

	memcpy(copy, &page, sizeof(copy));
	return snp_ghcb_decode(copy, &host, GPA, nae);
}

static void give(const struct snp_nae_answer *given)
{
	uint8_t copy[SNP_GHCB_BYTES];

	memcpy(copy, &page, sizeof(copy));
	snp_ghcb_answer(copy, given);
	memcpy(&page, copy, sizeof(copy));
}

static void ask_out(void)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IO,
		.info1 = cbx_ghcb_io(0x3f8, 1, false),
		.field = { 'x' },
		.fields = CBX_GHCB_RAX,
	};

	cbx_ghcb_write(&page, &call);
}

static void a_port_is_written(void **state)
{
	struct snp_nae nae;
	struct snp_io io;

	(void)state;
	ask_out();
	assert_int_equal(decode(&nae), SNP_GHCB_OK);
	assert_int_equal(nae.event, SNP_EVENT_IOIO);
	assert_int_equal(nae.rax, 'x');
	assert_int_equal(nae.fields, SNP_FIELD_RAX);
	assert_int_equal(nae.info1, 0x3f80210); /* 8 bits, 64-bit addresses */
	io = snp_nae_io(&nae);
	assert_int_equal(io.port, 0x3f8);
	assert_int_equal(io.bytes, 1);
	assert_false(io.in || io.string || io.repeat);
}

static void a_port_is_read(void **state)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IO,
		.info1 = cbx_ghcb_io(0xcfc, 4, true),
		.fields = CBX_GHCB_RAX,
	};
	struct snp_nae_answer done = snp_nae_done(0);
	struct snp_nae nae;

	(void)state;
	cbx_ghcb_write(&page, &call);
	assert_int_equal(decode(&nae), SNP_GHCB_OK);
	assert_true(snp_nae_io(&nae).in);
	assert_int_equal(snp_nae_io(&nae).port, 0xcfc);
	assert_int_equal(snp_nae_io(&nae).bytes, 4);
	done.fields = SNP_FIELD_RAX;
	done.rax = 0x1234;
	give(&done);
	assert_int_equal(cbx_ghcb_read(&page, CBX_GHCB_RAX, &answer), CBX_OK);
	assert_int_equal(answer.field[0], 0x1234);
	assert_int_equal(answer.field[1], 0);
}

static void a_level_gets_registers(void **state)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_AP,
		.info1 = cbx_ghcb_ap(3, 1),
		.info2 = 0x7000,
		.field = { 1 },
		.fields = CBX_GHCB_RAX,
	};
	struct snp_nae nae;
	struct snp_ap ap;

	(void)state;
	cbx_ghcb_write(&page, &call);
	assert_int_equal(decode(&nae), SNP_GHCB_OK);
	ap = snp_nae_ap(&nae);
	assert_true(ap.apic == 3 && ap.vmpl == 1 && ap.op == SNP_AP_ON_INIT);
	assert_int_equal(nae.info2, 0x7000);
	assert_int_equal(nae.rax, 1);
	nae.info1 = cbx_ghcb_ap(2, 0);
	ap = snp_nae_ap(&nae);
	assert_true(ap.apic == 2 && ap.vmpl == 0 && ap.op == SNP_AP_NOW);
}

/* Each word where the specification has it, its bit, and no other bit. */
static void every_word_is_marked_valid(void **state)
{
	static const struct {
		uint8_t field;
		uint16_t word;
	} rows[] = {
		{ CBX_GHCB_RAX, 0x1f8 / 8 },
		{ CBX_GHCB_RBX, 0x318 / 8 },
		{ CBX_GHCB_SCRATCH, 0x3a8 / 8 },
	};
	const uint64_t result = 7ull << 50; /* event, info1, info2 */

	(void)state;
	for (size_t i = 0; i < CBX_GHCB_FIELDS; i++) {
		struct cbx_ghcb_call call = { .event = CBX_GHCB_IO,
			.fields = rows[i].field };
		uint16_t word = rows[i].word;

		call.field[i] = 0xabc0 + i;
		cbx_ghcb_write(&page, &call);
		assert_true(((uint64_t *)&page)[word] == 0xabc0 + i);
		assert_true(page.valid[0] == (word < 64 ? 1ull << word : 0));
		assert_true(page.valid[1] ==
			    (result | (word < 64 ? 0 : 1ull << (word - 64))));
		page.info1 = 0;
		assert_int_equal(
			cbx_ghcb_read(&page, rows[i].field, &answer), CBX_OK);
		assert_true(answer.field[i] == 0xabc0 + i);
	}
}

static void what_is_asked_next_has_nothing_of_the_last(void **state)
{
	const struct cbx_ghcb_call all = { .event = CBX_GHCB_IO,
		.fields = 0x7 };
	struct snp_nae nae;

	(void)state;
	cbx_ghcb_write(&page, &all);
	ask_out();
	assert_int_equal(decode(&nae), SNP_GHCB_OK);
	assert_int_equal(nae.fields, SNP_FIELD_RAX);
}

static void a_refusal_says_why(void **state)
{
	const struct snp_nae_answer refused =
		snp_nae_refused(SNP_GHCB_INVALID_INPUT);

	(void)state;
	ask_out();
	give(&refused);
	assert_int_equal(cbx_ghcb_read(&page, 0, &answer), CBX_E_HARDWARE);
	assert_int_equal(answer.info2, SNP_GHCB_INVALID_INPUT);
	assert_int_equal(answer.field[0], 0);
}

/* What is asked raises none. */
static void an_exception_is_no_answer(void **state)
{
	(void)state;
	for (uint32_t general = 0; general < 2; general++) {
		const struct snp_nae_answer raised = snp_nae_raise(general);

		ask_out();
		give(&raised);
		assert_int_equal(
			cbx_ghcb_read(&page, 0, &answer), CBX_E_INVALID);
	}
}

/* The page as it was written: nobody answered. */
static void a_page_that_was_not_answered(void **state)
{
	(void)state;
	ask_out();
	page.info1 = 7;
	assert_int_equal(cbx_ghcb_read(&page, 0, &answer), CBX_E_INVALID);
}

static void a_word_that_is_not_valid_is_not_read(void **state)
{
	struct snp_nae_answer done = snp_nae_done(0);

	(void)state;
	ask_out();
	give(&done);
	assert_int_equal(cbx_ghcb_read(&page, 0, &answer), CBX_OK);
	assert_int_equal(
		cbx_ghcb_read(&page, CBX_GHCB_RAX, &answer), CBX_E_INVALID);
	done.fields = SNP_FIELD_RAX;
	give(&done);
	assert_int_equal(cbx_ghcb_read(&page, CBX_GHCB_RAX, &answer), CBX_OK);
	assert_int_equal(
		cbx_ghcb_read(&page, CBX_GHCB_RAX | CBX_GHCB_RBX, &answer),
		CBX_E_INVALID);
	assert_int_equal(answer.field[0], 0); /* nothing of half an answer */
}

/* Each of the two words that say how it went. */
static void an_answer_without_a_result_is_none(void **state)
{
	const struct snp_nae_answer done = snp_nae_done(0);

	(void)state;
	for (uint32_t bit = 0x398 / 8 - 64; bit <= 0x3a0 / 8 - 64; bit++) {
		ask_out();
		give(&done);
		page.valid[1] &= ~(1ull << bit);
		assert_int_equal(
			cbx_ghcb_read(&page, 0, &answer), CBX_E_INVALID);
	}
}

static void results_there_are_not(void **state)
{
	const struct snp_nae_answer done = snp_nae_done(0);

	(void)state;
	for (uint32_t result = 3; result < 40; result++) {
		ask_out();
		give(&done);
		page.info1 = result;
		assert_int_equal(
			cbx_ghcb_read(&page, 0, &answer), CBX_E_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_port_is_written, boot),
		cmocka_unit_test_setup(a_port_is_read, boot),
		cmocka_unit_test_setup(a_level_gets_registers, boot),
		cmocka_unit_test_setup(every_word_is_marked_valid, boot),
		cmocka_unit_test_setup(
			what_is_asked_next_has_nothing_of_the_last, boot),
		cmocka_unit_test_setup(a_refusal_says_why, boot),
		cmocka_unit_test_setup(an_exception_is_no_answer, boot),
		cmocka_unit_test_setup(a_page_that_was_not_answered, boot),
		cmocka_unit_test_setup(
			a_word_that_is_not_valid_is_not_read, boot),
		cmocka_unit_test_setup(
			an_answer_without_a_result_is_none, boot),
		cmocka_unit_test_setup(results_there_are_not, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged reports and certificates: each is refused, and nobody reads past the
 * end (with sanitizers, that is seen).
 *
 * No byte of a report or of a DER certificate is left out: what is not signed
 * has to be zero, or is the signature, of which there is one other form
 * (s_has_two_signs_and_r_has_not).  In PEM, text around the blocks and white space are nobody's;
 * in a certificate table, bytes no entry points at (test_snp_table.c).
 */
#include "unit.h"

#include "snp_case.h"

#include <stdio.h>

/* Fields of the report: the first byte, and the last. */
static const struct {
	uint16_t from;
	uint16_t to;
	enum cbx_refusal reason; /* of a flipped bit 0; ACCEPTED: one of several
				  * by value */
} fields[] = {
	{ 0x000, 0x003, CBX_ACCEPTED }, /* 2 and 3, 4 and 5 are both known */
	{ 0x004, 0x007, CBX_REFUSED_SIGNATURE },
	{ 0x008, 0x009, CBX_REFUSED_SIGNATURE },
	{ 0x00a, 0x00a, CBX_REFUSED_SIGNATURE },
	{ 0x00b, 0x00b, CBX_REFUSED_SIGNATURE },
	{ 0x00c, 0x00f, CBX_REFUSED_UNSUPPORTED },
	{ 0x010, 0x02f, CBX_REFUSED_SIGNATURE },
	{ 0x030, 0x030, CBX_REFUSED_SIGNATURE },
	{ 0x031, 0x033, CBX_REFUSED_WRONG_TYPE },
	{ 0x034, 0x037, CBX_REFUSED_UNSUPPORTED },
	{ 0x038, 0x047, CBX_REFUSED_SIGNATURE },
	{ 0x048, 0x048, CBX_REFUSED_SIGNATURE },
	{ 0x049, 0x04f, CBX_REFUSED_MALFORMED },
	{ 0x050, 0x17f, CBX_REFUSED_SIGNATURE },
	{ 0x180, 0x187, CBX_REFUSED_TCB },
	{ 0x188, 0x18a, CBX_ACCEPTED },
	{ 0x18b, 0x19f, CBX_REFUSED_MALFORMED },
	{ 0x1a0, 0x1df, CBX_ACCEPTED }, /* IDENTITY; of a VLEK: SIGNATURE */
	{ 0x1e0, 0x1ea, CBX_REFUSED_SIGNATURE },
	{ 0x1eb, 0x1eb, CBX_REFUSED_MALFORMED },
	{ 0x1ec, 0x1ee, CBX_REFUSED_SIGNATURE },
	{ 0x1ef, 0x1ef, CBX_REFUSED_MALFORMED },
	{ 0x1f0, 0x1f7, CBX_REFUSED_SIGNATURE },
	{ 0x1f8, 0x207, CBX_ACCEPTED },
	{ 0x208, 0x29f, CBX_REFUSED_MALFORMED },
	{ 0x2a0, 0x2cf, CBX_REFUSED_SIGNATURE },
	{ 0x2d0, 0x2e7, CBX_REFUSED_MALFORMED },
	{ 0x2e8, 0x317, CBX_REFUSED_SIGNATURE },
	{ 0x318, 0x49f, CBX_REFUSED_MALFORMED },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static void assert_reason(
	struct snp_case *test, enum cbx_refusal reason, size_t at)
{
	enum cbx_refusal refusal = snp_case_run(test);

	if (refusal == CBX_ACCEPTED || refusal == CBX_REFUSED_INTERNAL ||
		(reason != CBX_ACCEPTED && refusal != reason)) {
		print_error("byte 0x%zx: %s: %s\n", at,
			cbx_refusal_word(refusal),
			cbx_verdict_detail(test->verdict));
		fail();
	}
}

static void the_fields_are_the_whole_report(void **state)
{
	size_t next = 0;

	(void)state;
	for (size_t i = 0; i < FIELDS; i++) {
		assert_int_equal(fields[i].from, next);
		next = fields[i].to + 1u;
	}
	assert_int_equal(next, SNP_REPORT);
}

/* Bits 0 of the first, the last and every eighth byte of every field; a bit of
 * its own of those in between that cost no signature check. */
static void a_flipped_bit_of_every_field_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		size_t mutations = 0;
		struct snp_case test;

		snp_case_sample(&test, &snp_samples[i]);
		for (size_t j = 0; j < FIELDS; j++) {
			bool cheap = fields[j].reason == CBX_REFUSED_MALFORMED;

			for (size_t at = fields[j].from; at <= fields[j].to;
				at++) {
				bool seldom = at != fields[j].from &&
					      at != fields[j].to && at % 8 != 0;

				if (seldom && !cheap) {
					continue;
				}
				test.report[at] ^=
					(uint8_t)(seldom ? 1u << at % 8 : 1u);
				assert_reason(&test, fields[j].reason, at);
				test.report[at] ^=
					(uint8_t)(seldom ? 1u << at % 8 : 1u);
				mutations++;
			}
		}
		assert_true(mutations >= 200);
		assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
		snp_case_free(&test);
	}
}

/* Of one sample, every bit that is signed. */
static void every_signed_bit_is_signed(void **state)
{
	struct snp_case test;

	(void)state;
	snp_case_sample(&test, &snp_samples[2]);
	for (size_t at = 0; at < 0x2a0; at++) {
		test.report[at] ^= (uint8_t)(1u << (at * 5 + 3) % 8);
		assert_reason(&test, CBX_ACCEPTED, at);
		test.report[at] ^= (uint8_t)(1u << (at * 5 + 3) % 8);
	}
	snp_case_free(&test);
}

static void other_values_have_reasons_of_their_own(void **state)
{
	static const struct {
		uint16_t at;
		uint8_t value;
		enum cbx_refusal reason;
	} rows[] = {
		{ 0x000, 0, CBX_REFUSED_UNSUPPORTED },
		{ 0x000, 1, CBX_REFUSED_UNSUPPORTED },
		{ 0x000, 6, CBX_REFUSED_UNSUPPORTED },
		{ 0x003, 1, CBX_REFUSED_UNSUPPORTED },
		{ 0x00a, 0x01, CBX_REFUSED_MALFORMED },	  /* bit 17 */
		{ 0x00a, 0x0b, CBX_REFUSED_SIGNATURE },	  /* debug */
		{ 0x00b, 0x04, CBX_REFUSED_UNSUPPORTED }, /* bit 26 */
		{ 0x030, 2, CBX_REFUSED_SIGNATURE },
		{ 0x030, 4, CBX_REFUSED_WRONG_TYPE },
		{ 0x034, 0, CBX_REFUSED_UNSUPPORTED },
		{ 0x034, 2, CBX_REFUSED_UNSUPPORTED },
		{ 0x048, 1, CBX_REFUSED_SIGNATURE },
		{ 0x048, 2, CBX_REFUSED_SIGNATURE },
		{ 0x048, 4, CBX_REFUSED_CERTIFICATE },
		{ 0x048, 8, CBX_REFUSED_UNSUPPORTED },
		{ 0x048, 6 << 2, CBX_REFUSED_UNSUPPORTED },
		{ 0x048, 7 << 2, CBX_REFUSED_SIGNATURE },
		{ 0x048, 0x20, CBX_REFUSED_MALFORMED },
	};
	struct snp_case test;

	(void)state;
	snp_case_sample(&test, &snp_samples[0]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t before = test.report[rows[i].at];

		test.report[rows[i].at] = rows[i].value;
		assert_reason(&test, rows[i].reason, rows[i].at);
		test.report[rows[i].at] = before;
	}
	snp_case_free(&test);
}

static void a_report_is_as_long_as_a_report(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct cbx_span whole = evidence_load(snp_samples[i].report);
		struct snp_case test;

		snp_case_sample(&test, &snp_samples[i]);
		for (size_t size = 0; size < 2 * SNP_REPORT; size++) {
			if (size != SNP_REPORT) {
				snp_case_report(&test, whole, size);
				assert_reason(
					&test, CBX_REFUSED_MALFORMED, size);
			}
		}
		evidence_free(whole);
		snp_case_free(&test);
	}
}

/* The group's order, little-endian. */
static const uint8_t order[48] = { 0x73, 0x29, 0xc5, 0xcc, 0x6a, 0x19, 0xec,
	0xec, 0x7a, 0xa7, 0xb0, 0x48, 0xb2, 0x0d, 0x1a, 0x58, 0xdf, 0x2d, 0x37,
	0xf4, 0x81, 0x4d, 0x63, 0xc7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff };

/* number += another; 48 bytes. @return the carry */
static unsigned int add_number(uint8_t *number, const uint8_t *other)
{
	unsigned int carry = 0;

	for (size_t i = 0; i < 48; i++) {
		carry += (unsigned int)(number[i] + other[i]);
		number[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return carry;
}

static void a_signature_lies_within_the_group(void **state)
{
	static const uint16_t places[] = { 0x2a0, 0x2e8 };

	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		for (size_t j = 0; j < 2; j++) {
			struct snp_case test;
			uint8_t *number;

			snp_case_sample(&test, &snp_samples[i]);
			number = test.report + places[j];
			/* The same number, but not the only way to write it. */
			if (add_number(number, order) == 0) {
				assert_reason(&test, CBX_REFUSED_SIGNATURE, j);
			}
			memset(number, 0, 48);
			assert_reason(&test, CBX_REFUSED_SIGNATURE, j);
			memset(test.report + 0x2a0, 0, 48);
			memset(test.report + 0x2e8, 0, 48);
			assert_reason(&test, CBX_REFUSED_SIGNATURE, j);
			memcpy(number, order, 48);
			assert_reason(&test, CBX_REFUSED_SIGNATURE, j);
			number[0]++;
			assert_reason(&test, CBX_REFUSED_SIGNATURE, j);
			memset(number, 0xff, 48);
			assert_reason(&test, CBX_REFUSED_SIGNATURE, j);
			snp_case_free(&test);
		}
	}
}

/* number = order - number */
static void negate(uint8_t *number)
{
	int borrow = 0;

	for (size_t i = 0; i < 48; i++) {
		int digit = order[i] - number[i] - borrow;

		borrow = digit < 0;
		number[i] = (uint8_t)(digit + (borrow << 8));
	}
}

/* Of ECDSA, S and its negative both verify; AMD's firmware writes either.  So
 * S's bytes, alone in a report, are not the only ones there could be, and
 * nobody may know a report again by its digest. */
static void s_has_two_signs_and_r_has_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;

		snp_case_sample(&test, &snp_samples[i]);
		negate(test.report + 0x2e8);
		assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
		negate(test.report + 0x2a0);
		assert_reason(&test, CBX_REFUSED_SIGNATURE, i);
		snp_case_free(&test);
	}
}

static void another_reports_signature_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;
		struct cbx_span other = evidence_load(
			snp_samples[(i + 1) % SNP_SAMPLES].report);

		snp_case_sample(&test, &snp_samples[i]);
		memcpy(test.report + 0x2a0, other.bytes + 0x2a0, 144);
		assert_reason(&test, CBX_REFUSED_SIGNATURE, i);
		evidence_free(other);
		snp_case_free(&test);
	}
}

/* Every byte of a DER certificate. */
static void a_damaged_certificate_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;
		uint8_t *bytes;

		snp_case_sample(&test, &snp_samples[i]);
		if (strstr(snp_samples[i].leaf, ".pem") != NULL) {
			snp_case_free(&test);
			continue;
		}
		bytes = (uint8_t *)(uintptr_t)test.certificates[0].bytes;
		for (size_t at = 0; at < test.certificates[0].size; at++) {
			bytes[at] ^= (uint8_t)(1u << at % 8);
			assert_reason(&test, CBX_ACCEPTED, at);
			bytes[at] ^= (uint8_t)(1u << at % 8);
		}
		assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
		snp_case_free(&test);
	}
}

static void a_shortened_certificate_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct cbx_span leaf = evidence_load(snp_samples[i].leaf);
		struct snp_case test;

		snp_case_sample(&test, &snp_samples[i]);
		/* A PEM file may do without its last newline. */
		for (size_t size = 0; size + 2 < leaf.size; size++) {
			snp_case_leaf(
				&test, (struct cbx_span){ leaf.bytes, size });
			assert_reason(&test, CBX_ACCEPTED, size);
		}
		evidence_free(leaf);
		snp_case_free(&test);
	}
}

/* A letter of base64 for another; in between are lines and padding. */
static void a_damaged_pem_certificate_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;
		uint8_t *text;
		size_t mutations = 0;

		snp_case_sample(&test, &snp_samples[i]);
		if (strstr(snp_samples[i].leaf, ".pem") == NULL) {
			snp_case_free(&test);
			continue;
		}
		text = (uint8_t *)(uintptr_t)test.certificates[0].bytes;
		for (size_t at = 28; at + 32 < test.certificates[0].size;
			at += 3) {
			uint8_t before = text[at];

			if (before == '\n' || before == '\r') {
				continue;
			}
			text[at] = before == 'A' ? 'B' : 'A';
			assert_reason(&test, CBX_ACCEPTED, at);
			text[at] = before;
			mutations++;
		}
		assert_true(mutations > 200);
		snp_case_free(&test);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fields_are_the_whole_report),
		cmocka_unit_test(a_flipped_bit_of_every_field_is_refused),
		cmocka_unit_test(every_signed_bit_is_signed),
		cmocka_unit_test(other_values_have_reasons_of_their_own),
		cmocka_unit_test(a_report_is_as_long_as_a_report),
		cmocka_unit_test(a_signature_lies_within_the_group),
		cmocka_unit_test(s_has_two_signs_and_r_has_not),
		cmocka_unit_test(another_reports_signature_is_none),
		cmocka_unit_test(a_damaged_certificate_is_refused),
		cmocka_unit_test(a_shortened_certificate_is_refused),
		cmocka_unit_test(a_damaged_pem_certificate_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

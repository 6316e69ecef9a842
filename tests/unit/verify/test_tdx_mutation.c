/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes with damaged fields and certificates, and of another length. */
#include "tdx_mutant.h"

#include <verify/tdx_quote.h>

/* Every byte of a short field; of a long one the first, the last and every
 * fourth. */
static void a_flipped_bit_of_every_field_is_refused(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tdx_mutant test =
			tdx_mutant_open(*state, &tdx_mutant_samples[i]);
		size_t at[FIELDS + 1];

		locate(&tdx_mutant_samples[i], at);
		for (size_t j = 0; j + 1 < FIELDS; j++) {
			bool is_long = at[j + 1] - at[j] > 8;

			for (size_t k = at[j]; k < at[j + 1]; k++) {
				uint8_t bit = (uint8_t)(1u << (k * 5 + 3) % 8);

				if (is_long && k != at[j] &&
					k + 1 != at[j + 1] && k % 4 != 0) {
					continue;
				}
				test.quote[k] ^= bit;
				tdx_mutant_refused(&test, fields[j].reason, k);
				test.quote[k] ^= bit;
			}
		}
		tdx_mutant_close(&test, 200);
	}
}

/* Whether this flip leaves the certificate what it is: see above. */
static bool means_nothing(const struct tdx_mutant *test, size_t at, uint8_t bit)
{
	uint8_t was = test->quote[at] ^ bit;

	if (was == '\0') {
		return false; /* nothing but zeros may follow the text */
	}
	return was == '\n' ||
	       (at + 1 < test->size && test->quote[at + 1] == '=');
}

static void certificates_with_a_flipped_bit_are_refused(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tdx_mutant test =
			tdx_mutant_open(*state, &tdx_mutant_samples[i]);
		size_t at[FIELDS + 1];
		size_t meant_nothing = 0;

		locate(&tdx_mutant_samples[i], at);
		for (size_t k = at[FIELDS - 1]; k < test.size; k += 11) {
			uint8_t bit = (uint8_t)(1u << (k * 3 + 1) % 8);
			enum cbx_refusal refusal;

			test.quote[k] ^= bit;
			refusal = tdx_mutant_run(&test);
			if (refusal == CBX_ACCEPTED) {
				assert_true(means_nothing(&test, k, bit));
				meant_nothing++;
			}
			assert_int_not_equal(refusal, CBX_REFUSED_INTERNAL);
			test.quote[k] ^= bit;
		}
		assert_true(meant_nothing <= 5);
		tdx_mutant_close(&test, 300);
	}
}

/* All of these end within the quote. */
static void a_truncated_quote_is_malformed(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tdx_mutant test =
			tdx_mutant_open(*state, &tdx_mutant_samples[i]);
		const size_t whole = test.size;
		uint8_t *quote = test.quote;
		size_t at[FIELDS + 1];

		locate(&tdx_mutant_samples[i], at);
		for (size_t j = 0; j < 3 * FIELDS + whole / 32; j++) {
			size_t size = j < 3 * FIELDS
					      ? at[j / 3] + j % 3
					      : 32 * (j - 3 * FIELDS) + 1;

			size -= size != 0; /* one less, even, one more */
			test.quote = evidence_copy(
				(struct cbx_span){ quote, whole }, size);
			test.size = size;
			tdx_mutant_refused(&test, CBX_REFUSED_MALFORMED, size);
			free(test.quote);
		}
		test.quote = quote;
		test.size = whole;
		tdx_mutant_close(&test, 200);
	}
}

/* Bytes that are no text, among zeros; text among zeros. */
static void nothing_but_zeros_or_text_follows_a_quote(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct tdx_mutant test =
			tdx_mutant_open(*state, &tdx_mutant_samples[i]);
		uint8_t *quote = test.quote;
		const size_t whole = test.size;

		for (size_t more = 1; more <= 64; more += 9) {
			test.size = whole + more;
			test.quote = evidence_copy(
				(struct cbx_span){ quote, whole }, test.size);
			assert_int_equal(tdx_mutant_run(&test), CBX_ACCEPTED);
			for (size_t k = whole; k < test.size; k++) {
				test.quote[k] = (uint8_t)(0x80 | 1u << k % 8);
				tdx_mutant_refused(
					&test, CBX_REFUSED_MALFORMED, k);
				test.quote[k] = more == 1 ? 0x1f : 'a';
				tdx_mutant_refused(
					&test, CBX_REFUSED_MALFORMED, k);
				test.quote[k] = 0;
			}
			memset(test.quote + whole, 'a', more);
			assert_int_equal(tdx_mutant_run(&test), CBX_ACCEPTED);
			free(test.quote);
		}
		test.quote = quote;
		test.size = whole;
		tdx_mutant_close(&test, 200);
	}
}

static void lengths_that_lie_are_malformed(void **state)
{
	/* Index of the field, its size. */
	static const size_t lengths[] = { 7, 9, 13, 16, 19 };
	static const uint32_t lies[] = { 0, 1, 63, 64, 134, 584, 585, 647, 649,
		4096, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff };

	for (size_t i = 0; i < SAMPLES; i++) {
		struct tdx_mutant test =
			tdx_mutant_open(*state, &tdx_mutant_samples[i]);
		size_t at[FIELDS + 1];

		locate(&tdx_mutant_samples[i], at);
		for (size_t j = 0; j < 5 * 22; j++) {
			size_t field = lengths[j % 5];
			size_t size = at[field + 1] - at[field];
			uint8_t was[4];
			uint32_t value = 0;

			memcpy(was, test.quote + at[field], size);
			memcpy(&value, was, size);
			value = j / 5 < 18 ? lies[j / 5]
					   : value + (uint32_t)(j / 5) - 20u +
						     (j / 5 >= 20);
			memcpy(test.quote + at[field], &value, size);
			if (size != 0 && memcmp(was, &value, size) != 0) {
				tdx_mutant_refused(&test,
					field == 16 ? CBX_ACCEPTED
						    : CBX_REFUSED_MALFORMED,
					at[field]);
			}
			memcpy(test.quote + at[field], was, size);
		}
		tdx_mutant_close(&test, 80);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SENTENCE(a_flipped_bit_of_every_field_is_refused),
		SENTENCE(certificates_with_a_flipped_bit_are_refused),
		SENTENCE(a_truncated_quote_is_malformed),
		SENTENCE(nothing_but_zeros_or_text_follows_a_quote),
		SENTENCE(lengths_that_lie_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

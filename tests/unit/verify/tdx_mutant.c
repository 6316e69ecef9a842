/* SPDX-License-Identifier: Apache-2.0 */
#include "tdx_mutant.h"

#include <verify/tdx_quote.h>

#define NOW "2026-02-10T00:00:00Z"

const struct tdx_sample tdx_mutant_samples[SAMPLES] = {
	{ "tdx/v4-spr-e4/quote.bin", SPR_SIZE, false },
	{ "tdx/v5-google/quote.bin", 5006, true },
	{ "tdx/ccel-cos113/quote.bin", 4935, false },
	{ "tdx/v4-qvl/quote.bin", 4936, false },
	{ "tdx/v5-qvl-outdated/quote.bin", 5006, true },
};

struct tdx_mutant tdx_mutant_open(
	struct cbx_verdict *verdict, const struct tdx_sample *sample)
{
	struct cbx_span file = evidence_load(sample->file);
	struct tdx_mutant test = {
		.verdict = verdict,
		.endorsements = tdx_collateral(NULL, 0),
		.quote = evidence_copy(file, sample->size),
		.size = sample->size,
	};

	evidence_free(file);
	return test;
}

enum cbx_refusal tdx_mutant_run(struct tdx_mutant *test)
{
	const struct cbx_appraisal appraisal = tdx_appraisal(NOW);

	test->mutations++;
	return cbx_verify_tdx(test->verdict,
		(struct cbx_span){ test->quote, test->size },
		&test->endorsements, &appraisal);
}

void tdx_mutant_refused(
	struct tdx_mutant *test, enum cbx_refusal reason, size_t at)
{
	enum cbx_refusal refusal = tdx_mutant_run(test);

	if (refusal == CBX_ACCEPTED || refusal == CBX_REFUSED_INTERNAL ||
		(reason != CBX_ACCEPTED && refusal != reason)) {
		print_error("byte 0x%zx: %s: %s\n", at,
			cbx_refusal_word(refusal),
			cbx_verdict_detail(test->verdict));
		fail();
	}
}

void tdx_mutant_close(struct tdx_mutant *test, size_t least)
{
	assert_true(test->mutations >= least);
	assert_int_equal(tdx_mutant_run(test), CBX_ACCEPTED);
	free(test->quote);
}

const struct tdx_field fields[FIELDS] = {
	{ 2, FIXED, CBX_ACCEPTED }, /* version: 4 and 5 are both known */
	{ 2, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 4, FIXED, CBX_REFUSED_WRONG_TYPE },
	{ 4, FIXED, CBX_REFUSED_SIGNATURE },
	{ 16, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 20, FIXED, CBX_REFUSED_SIGNATURE },
	{ 2, ONLY_V5, CBX_ACCEPTED },
	{ 4, ONLY_V5, CBX_REFUSED_MALFORMED },
	{ 0, REPORT, CBX_REFUSED_SIGNATURE },
	{ 4, FIXED, CBX_REFUSED_MALFORMED },
	{ 64, FIXED, CBX_REFUSED_SIGNATURE },
	{ 64, FIXED, CBX_REFUSED_BINDING },
	{ 2, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 4, FIXED, CBX_REFUSED_MALFORMED },
	{ 384, FIXED, CBX_REFUSED_SIGNATURE },
	{ 64, FIXED, CBX_REFUSED_SIGNATURE },
	{ 2, FIXED, CBX_ACCEPTED },
	{ 32, FIXED, CBX_REFUSED_BINDING },
	{ 2, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 4, FIXED, CBX_REFUSED_MALFORMED },
	{ 0, PEM, CBX_ACCEPTED },
};

void locate(const struct tdx_sample *sample, size_t at[FIELDS + 1])
{
	size_t next = 0;

	for (size_t i = 0; i < FIELDS; i++) {
		at[i] = next;
		if (fields[i].special == FIXED ||
			(fields[i].special == ONLY_V5 && sample->is_v5)) {
			next += fields[i].size;
		} else if (fields[i].special == REPORT) {
			next += sample->is_v5 ? CBX_TD_SIZE_1_5
					      : CBX_TD_SIZE_1_0;
		} else if (fields[i].special == PEM) {
			next = sample->size;
		}
	}
	at[FIELDS] = next;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes and collateral from anybody: one byte (bit 0: an event log follows;
 * the others: when it is), two bytes with the size of the quote, the quote, and
 * files of collateral, each after two bytes with its size; an event log is the
 * last of them.
 *
 * Nothing is accepted but what the seeds have; claims are as they are promised.
 */
#include "fuzz.h"

#include <string.h>

#include <psa/crypto.h>

#include <confbox/verify.h>
#include <verify/span.h>
#include <verify/tdx_quote.h>

#define FILES 6u

/* SHA-256 of what the genuine quotes sign. */
static const uint8_t genuine[][32] = {
#include "tdx_digests.h"
};

static struct cbx_span next_part(struct cbx_reader *reader)
{
	size_t size = cbx_reader_le(reader, 2);

	return cbx_reader_take(
		reader, size < reader->rest.size ? size : reader->rest.size);
}

static void check_accepted(struct cbx_span evidence)
{
	struct cbx_verdict *verdict = cbx_verdict_create();
	struct cbx_tdx_quote quote;
	uint8_t digest[32];
	size_t size;
	size_t found = 0;

	FUZZ_ASSERT(verdict != NULL);
	FUZZ_ASSERT(
		cbx_tdx_quote_parse(verdict, evidence, &quote) == CBX_ACCEPTED);
	FUZZ_ASSERT(psa_hash_compute(PSA_ALG_SHA_256, quote.signed_part.bytes,
			    quote.signed_part.size, digest, sizeof(digest),
			    &size) == PSA_SUCCESS);
	for (size_t i = 0; i < sizeof(genuine) / sizeof(genuine[0]); i++) {
		found += memcmp(genuine[i], digest, sizeof(digest)) == 0;
	}
	FUZZ_ASSERT(found == 1);
	cbx_verdict_destroy(verdict);
}

static void check_claims(const struct cbx_verdict *verdict)
{
	for (size_t i = 0; i < cbx_verdict_claim_count(verdict); i++) {
		const struct cbx_claim *claim =
			cbx_verdict_claim_at(verdict, i);
		struct cbx_span span = claim->value.span;

		FUZZ_ASSERT(cbx_verdict_claim(verdict, claim->name) == claim);
		if (claim->value.kind == CBX_VALUE_TEXT) {
			FUZZ_ASSERT(span.bytes[span.size] == 0);
			FUZZ_ASSERT(
				strlen((const char *)span.bytes) == span.size);
		}
	}
}

/* Nobody but Intel says what a platform is worth, and it said this. */
static void check_status(const struct cbx_verdict *verdict)
{
	const struct cbx_claim *claim =
		cbx_verdict_claim(verdict, "tdx.platform-tcb-status");

	FUZZ_ASSERT(
		claim == NULL ||
		strcmp((const char *)claim->value.span.bytes, "UpToDate") == 0);
}

static void run(struct cbx_verdict *verdict, struct cbx_span quote,
	const struct cbx_endorsements *endorsements, uint8_t when)
{
	/* 2026-02-10, 2025-06-25, 2023-06-20 */
	static const int64_t times[] = { 1770681600, 1750809600, 1687219200 };
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal),
		.now = times[when % 3] };
	enum cbx_refusal refusal =
		cbx_verify_tdx(verdict, quote, endorsements, &appraisal);

	FUZZ_ASSERT(refusal == cbx_verdict_reason(verdict));
	FUZZ_ASSERT(refusal != CBX_REFUSED_INTERNAL);
	FUZZ_ASSERT((refusal == CBX_ACCEPTED) ==
		    (cbx_verdict_detail(verdict)[0] == '\0'));
	FUZZ_ASSERT(strpbrk(cbx_verdict_detail(verdict), "\n\r\033") == NULL);
	if (refusal == CBX_ACCEPTED) {
		check_accepted(quote);
	}
	check_status(verdict);
	check_claims(verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_reader reader =
		cbx_reader_of((struct cbx_span){ input, size });
	struct cbx_verdict *verdict = cbx_verdict_create();
	struct cbx_span files[FILES];
	struct cbx_endorsements endorsements = {
		.size = sizeof(endorsements),
		.collateral = files,
	};
	uint8_t mode = (uint8_t)cbx_reader_le(&reader, 1);
	struct cbx_span quote = next_part(&reader);

	FUZZ_ASSERT(verdict != NULL);
	while (reader.rest.size != 0 && endorsements.collateral_count < FILES) {
		files[endorsements.collateral_count++] = next_part(&reader);
	}
	if ((mode & 1) != 0 && endorsements.collateral_count != 0) {
		endorsements.event_log = files[--endorsements.collateral_count];
	}
	run(verdict, quote, &endorsements, mode >> 1);
	cbx_verdict_destroy(verdict);
	return 0;
}

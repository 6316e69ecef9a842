/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports and certificates from anybody: one byte (0: certificates follow, 1: a
 * certificate table), two bytes with the size of the report, the report, and as
 * many certificates as there are, each after two bytes with its size.
 *
 * Nothing is accepted but what the seeds have; claims are as they are promised.
 */
#include "fuzz.h"

#include <string.h>

#include <psa/crypto.h>

#include <confbox/verify.h>
#include <verify/span.h>

#define CERTIFICATES 8u

/* SHA-256 of the genuine reports, of which there is one certificate each. */
static const uint8_t genuine[][32] = {
#include "snp_digests.h"
};

static struct cbx_span next_part(struct cbx_reader *reader)
{
	size_t size = cbx_reader_le(reader, 2);

	return cbx_reader_take(
		reader, size < reader->rest.size ? size : reader->rest.size);
}

static void check_accepted(struct cbx_span report)
{
	uint8_t digest[32];
	size_t size;
	size_t found = 0;

	FUZZ_ASSERT(psa_hash_compute(PSA_ALG_SHA_256, report.bytes, report.size,
			    digest, sizeof(digest), &size) == PSA_SUCCESS);
	for (size_t i = 0; i < sizeof(genuine) / sizeof(genuine[0]); i++) {
		found += memcmp(genuine[i], digest, sizeof(digest)) == 0;
	}
	FUZZ_ASSERT(found == 1);
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

static void run(struct cbx_verdict *verdict, struct cbx_span report,
	const struct cbx_endorsements *endorsements)
{
	/* 2026-06-01, and 2025-06-01 for the VLEK */
	static const int64_t times[] = { 1780272000, 1748736000 };
	struct cbx_appraisal appraisal = { .size = sizeof(appraisal) };

	for (size_t i = 0; i < 2; i++) {
		enum cbx_refusal refusal;

		appraisal.now = times[i];
		refusal = cbx_verify_snp(
			verdict, report, endorsements, &appraisal);
		FUZZ_ASSERT(refusal == cbx_verdict_reason(verdict));
		FUZZ_ASSERT(refusal != CBX_REFUSED_INTERNAL);
		FUZZ_ASSERT((refusal == CBX_ACCEPTED) ==
			    (cbx_verdict_detail(verdict)[0] == '\0'));
		FUZZ_ASSERT(strpbrk(cbx_verdict_detail(verdict), "\n\r\033") ==
			    NULL);
		if (refusal == CBX_ACCEPTED) {
			check_accepted(report);
		}
		check_claims(verdict);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_reader reader =
		cbx_reader_of((struct cbx_span){ input, size });
	struct cbx_verdict *verdict = cbx_verdict_create();
	struct cbx_span certificates[CERTIFICATES];
	struct cbx_endorsements endorsements = {
		.size = sizeof(endorsements),
		.certificates = certificates,
	};
	bool table = (cbx_reader_le(&reader, 1) & 1) != 0;
	struct cbx_span report = next_part(&reader);

	FUZZ_ASSERT(verdict != NULL);
	if (table) {
		endorsements.certificate_table = reader.rest;
		reader.rest.size = 0;
	}
	while (reader.rest.size != 0 &&
		endorsements.certificate_count < CERTIFICATES) {
		certificates[endorsements.certificate_count++] =
			next_part(&reader);
	}
	run(verdict, report, &endorsements);
	cbx_verdict_destroy(verdict);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One verification of a report, easy to change a little.
 */
#ifndef CBX_TESTS_SNP_CASE_H
#define CBX_TESTS_SNP_CASE_H

#include "evidence.h"
#include "snp_samples.h"

#include <verify/span.h>
#include <verify/verdict.h>

#define SNP_REPORT 1184u

struct snp_case {
	struct cbx_verdict *verdict;
	uint8_t *report; /* size bytes, exactly */
	size_t size;
	struct cbx_span certificates[6];
	size_t count;
	struct cbx_span table;
	struct cbx_appraisal appraisal;
};

static inline void snp_case_make(struct snp_case *test)
{
	*test = (struct snp_case){ .verdict = cbx_verdict_create() };
	if (test->verdict == NULL) {
		abort();
	}
	test->appraisal.size = sizeof(test->appraisal);
}

static inline void snp_case_free(struct snp_case *test)
{
	cbx_verdict_destroy(test->verdict);
	free(test->report);
	for (size_t i = 0; i < test->count; i++) {
		evidence_free(test->certificates[i]);
	}
}

/** Make @p span the report: bytes of its own. */
static inline void snp_case_report(
	struct snp_case *test, struct cbx_span span, size_t size)
{
	free(test->report);
	test->report = evidence_copy(span, size);
	test->size = size;
}

/** Make @p span the only certificate: bytes of its own. */
static inline void snp_case_leaf(struct snp_case *test, struct cbx_span span)
{
	for (size_t i = 0; i < test->count; i++) {
		evidence_free(test->certificates[i]);
	}
	test->certificates[0] =
		(struct cbx_span){ evidence_copy(span, span.size), span.size };
	test->count = 1;
}

/** A sample's report, certificate and time. */
static inline void snp_case_sample(
	struct snp_case *test, const struct snp_sample *sample)
{
	struct cbx_span report = evidence_load(sample->report);
	struct cbx_span leaf = evidence_load(sample->leaf);

	snp_case_make(test);
	snp_case_report(test, report, report.size);
	snp_case_leaf(test, leaf);
	test->appraisal.now = sample->now;
	evidence_free(report);
	evidence_free(leaf);
}

static inline enum cbx_refusal snp_case_run(struct snp_case *test)
{
	const struct cbx_endorsements endorsements = {
		.size = sizeof(endorsements),
		.certificates = test->certificates,
		.certificate_count = test->count,
		.certificate_table = test->table,
	};
	const struct cbx_span report = { test->report, test->size };
	enum cbx_refusal refusal = cbx_verify_snp(
		test->verdict, report, &endorsements, &test->appraisal);

	if (refusal != cbx_verdict_reason(test->verdict) ||
		(refusal == CBX_ACCEPTED) !=
			(cbx_verdict_detail(test->verdict)[0] == '\0')) {
		abort();
	}
	return refusal;
}

#endif

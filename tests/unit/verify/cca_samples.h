/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of CCA tokens share: samples and their keys, verdicts.
 */
#ifndef CBX_TESTS_CCA_SAMPLES_H
#define CBX_TESTS_CCA_SAMPLES_H

#include "unit.h"

#include "evidence.h"

#include <verify/cca.h>
#include <verify/span.h>
#include <verify/verdict.h>

static const struct {
	const char *token;
	const char *key;
} cca_samples[] = {
	{ "cca/tf-rmm/token.cbor", "cca/tf-rmm/platform_pub.pem" },
	{ "cca/rust-01/token.cbor", "cca/rust-01/platform_pub.jwk" },
	{ "cca/draft-ffm-00/token.cbor", "cca/draft-ffm-00/platform_pub.jwk" },
	{ "cca/veraison-good/token.cbor",
		"cca/veraison-good/platform_pub.jwk" },
};
#define CCA_SAMPLES (sizeof(cca_samples) / sizeof(cca_samples[0]))

static inline int cca_make(void **state)
{
	*state = cbx_verdict_create();
	return *state == NULL ? -1 : 0;
}

static inline int cca_drop(void **state)
{
	cbx_verdict_destroy(*state);
	return 0;
}

static inline struct cbx_appraisal cca_anything(void)
{
	return (struct cbx_appraisal){ .size = sizeof(struct cbx_appraisal) };
}

static inline struct cbx_endorsements cca_by(struct cbx_span key)
{
	return (struct cbx_endorsements){
		.size = sizeof(struct cbx_endorsements), .platform_key = key
	};
}

static inline void cca_assert_reason(const struct cbx_verdict *verdict,
	enum cbx_refusal reason, enum cbx_refusal expected, const char *what)
{
	assert_int_equal(reason, cbx_verdict_reason(verdict));
	if (reason != expected) {
		fail_msg("%s: %s (%s), not %s", what, cbx_refusal_word(reason),
			cbx_verdict_detail(verdict),
			cbx_refusal_word(expected));
	}
	assert_int_equal(
		cbx_verdict_detail(verdict)[0] == '\0', reason == CBX_ACCEPTED);
}

static inline enum cbx_refusal cca_verify_sample(
	struct cbx_verdict *verdict, const char *token, const char *key)
{
	struct cbx_appraisal appraisal = cca_anything();
	struct cbx_span evidence = evidence_load(token);
	struct cbx_span file = evidence_load(key);
	struct cbx_endorsements endorsements = cca_by(file);
	enum cbx_refusal reason =
		cbx_verify_cca(verdict, evidence, &endorsements, &appraisal);

	evidence_free(evidence);
	evidence_free(file);
	return reason;
}

#endif

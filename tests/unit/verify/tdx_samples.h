/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of TD quotes share: samples, times, verdicts.
 */
#ifndef CBX_TESTS_TDX_SAMPLES_H
#define CBX_TESTS_TDX_SAMPLES_H

#include "unit.h"

#include <time.h>

#include <jansson.h>

#include "evidence.h"

#include <verify/span.h>
#include <verify/tdx.h>

/* v4-spr-e4/quote.bin has text behind the quote. */
#define SPR_SIZE 4935u

/** A time as in "2026-02-10T00:00:00Z". */
static inline int64_t tdx_time(const char *text)
{
	struct tm parts = { 0 };

	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts));
	return timegm(&parts);
}

/** What accepts anything genuine at that time. */
static inline struct cbx_appraisal tdx_appraisal(const char *now)
{
	return (struct cbx_appraisal){ .size = sizeof(struct cbx_appraisal),
		.now = tdx_time(now) };
}

static inline struct cbx_endorsements tdx_collateral(
	const struct cbx_span *files, size_t count)
{
	return (struct cbx_endorsements){
		.size = sizeof(struct cbx_endorsements),
		.collateral = files,
		.collateral_count = count,
	};
}

/** A text of the SGX sample's bundle; the caller evidence_frees it. */
static inline struct cbx_span tdx_bundled(const char *name)
{
	struct cbx_span file = evidence_load("tdx/neg-sgx-v3/collateral.json");
	json_t *bundle =
		json_loadb((const char *)file.bytes, file.size, 0, NULL);
	const char *text = json_string_value(json_object_get(bundle, name));
	struct cbx_span copy;

	assert_non_null(text);
	copy.size = strlen(text);
	copy.bytes = evidence_copy(
		(struct cbx_span){ (const uint8_t *)text, copy.size },
		copy.size);
	json_decref(bundle);
	evidence_free(file);
	return copy;
}

/** The verdict is this one, and says so; else the test ends and prints what it
 * is. */
static inline void tdx_assert_reason(const struct cbx_verdict *verdict,
	enum cbx_refusal reason, enum cbx_refusal expected, const char *what)
{
	if (reason != expected) {
		print_error("%s: %s (%s), not %s\n", what,
			cbx_refusal_word(reason), cbx_verdict_detail(verdict),
			cbx_refusal_word(expected));
	}
	assert_int_equal(reason, expected);
	assert_int_equal(cbx_verdict_reason(verdict), expected);
	assert_int_equal(cbx_verdict_detail(verdict)[0] == '\0',
		expected == CBX_ACCEPTED);
}

static inline int tdx_make(void **state)
{
	*state = cbx_verdict_create();
	return *state == NULL ? -1 : 0;
}

static inline int tdx_drop(void **state)
{
	cbx_verdict_destroy(*state);
	return 0;
}

#endif

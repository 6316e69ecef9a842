/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genuine quotes with genuine collateral that is whole at one time.
 */
#include "tdx_samples.h"

#define UP_TO_DATE "tdx/v4-qvl/"
#define OUTDATED   "tdx/v5-qvl-outdated/"

struct test {
	struct cbx_span quote;
	struct cbx_span bundle;
};

static struct test load(const char *quote, const char *bundle)
{
	return (struct test){ evidence_load(quote), evidence_load(bundle) };
}

static void drop(struct test *test)
{
	evidence_free(test->quote);
	evidence_free(test->bundle);
}

static enum cbx_refusal verify(
	struct cbx_verdict *verdict, const struct test *test, const char *now)
{
	const struct cbx_endorsements endorsements =
		tdx_collateral(&test->bundle, 1);
	struct cbx_appraisal appraisal = tdx_appraisal(now);

	appraisal.flags |= CBX_APPRAISE_COLLATERAL;
	return cbx_verify_tdx(verdict, test->quote, &endorsements, &appraisal);
}

static void assert_text(
	const struct cbx_verdict *verdict, const char *name, const char *text)
{
	const struct cbx_claim *claim = cbx_verdict_claim(verdict, name);

	assert_non_null(claim);
	assert_int_equal(claim->value.kind, CBX_VALUE_TEXT);
	assert_string_equal((const char *)claim->value.span.bytes, text);
}

static void assert_number(
	const struct cbx_verdict *verdict, const char *name, uint64_t number)
{
	const struct cbx_claim *claim = cbx_verdict_claim(verdict, name);

	assert_non_null(claim);
	assert_int_equal(claim->value.number, number);
}

static void a_platform_that_is_up_to_date_is_accepted_as_that(void **state)
{
	struct cbx_verdict *verdict = *state;
	struct test test =
		load(UP_TO_DATE "quote.bin", UP_TO_DATE "collateral.json");

	tdx_assert_reason(verdict,
		verify(verdict, &test, "2025-07-01T00:00:00Z"), CBX_ACCEPTED,
		"whole");
	assert_text(verdict, "tdx.tcb-status", "UpToDate");
	assert_text(verdict, "tdx.platform-tcb-status", "UpToDate");
	assert_text(verdict, "tdx.module-tcb-status", "UpToDate");
	assert_text(verdict, "tdx.qe-tcb-status", "UpToDate");
	assert_number(verdict, "tdx.collateral.revocation", 1);
	assert_number(verdict, "tdx.collateral.tcb-info", 1);
	assert_number(verdict, "tdx.collateral.qe-identity", 1);
	assert_number(verdict, "tdx.collateral.tcb-info-number", 17);
	drop(&test);
}

static void each_part_of_it_is_of_its_time(void **state)
{
	static const struct {
		const char *now;
		enum cbx_refusal expected;
	} rows[] = {
		{ "2025-06-19T10:32:26Z", CBX_REFUSED_EXPIRED }, /* QE */
		{ "2025-06-19T10:32:27Z", CBX_ACCEPTED },
		{ "2025-07-19T10:00:35Z", CBX_ACCEPTED },
		{ "2025-07-19T10:00:36Z", CBX_REFUSED_EXPIRED }, /* list */
		{ "2026-10-20T00:00:00Z", CBX_REFUSED_EXPIRED },
	};
	struct test test =
		load(UP_TO_DATE "quote.bin", UP_TO_DATE "collateral.json");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tdx_assert_reason(*state, verify(*state, &test, rows[i].now),
			rows[i].expected, rows[i].now);
	}
	drop(&test);
}

static void a_platform_below_every_level_is_refused(void **state)
{
	struct test test =
		load(OUTDATED "quote.bin", OUTDATED "collateral.json");

	tdx_assert_reason(*state, verify(*state, &test, "2026-03-01T00:00:00Z"),
		CBX_REFUSED_TCB, "outdated");
	drop(&test);
}

static void collateral_of_another_platform_says_nothing(void **state)
{
	struct test test =
		load(UP_TO_DATE "quote.bin", OUTDATED "collateral.json");

	tdx_assert_reason(*state, verify(*state, &test, "2026-03-01T00:00:00Z"),
		CBX_REFUSED_IDENTITY, "another FMSPC");
	drop(&test);
}

/* Where a text of the bundle begins, and how long it is. */
static struct cbx_span find(struct cbx_span bundle, const char *key)
{
	const uint8_t *at = memmem(bundle.bytes, bundle.size, key, strlen(key));
	struct cbx_span text;

	assert_non_null(at);
	at = memchr(at + strlen(key) + 1, '"', 20);
	assert_non_null(at);
	text.bytes = at + 1;
	for (text.size = 0; text.bytes[text.size] != '"' ||
			    text.bytes[text.size - 1] == '\\';
		text.size++) {
	}
	return text;
}

/* One character after another of a text is another one. @return how many */
static size_t alter(struct cbx_verdict *verdict, const struct test *test,
	struct cbx_span text)
{
	size_t step = text.size / 50 + 1;
	size_t refused = 0;

	for (size_t at = 0; at < text.size; at += step) {
		uint8_t *byte = (uint8_t *)(uintptr_t)text.bytes + at;
		uint8_t was = *byte;
		enum cbx_refusal reason;

		*byte = was == '1' ? '2' : '1';
		reason = verify(verdict, test, "2025-07-01T00:00:00Z");
		assert_int_not_equal(reason, CBX_ACCEPTED);
		assert_int_not_equal(reason, CBX_REFUSED_INTERNAL);
		*byte = was;
		refused++;
	}
	return refused;
}

/* What Intel signed, and its signatures: none of it can change. */
static void every_part_of_it_counts(void **state)
{
	static const char *const parts[] = { "\"tcb_info\"",
		"\"tcb_info_signature\"", "\"qe_identity\"",
		"\"qe_identity_signature\"", "\"root_ca_crl\"", "\"pck_crl\"" };
	struct test test =
		load(UP_TO_DATE "quote.bin", UP_TO_DATE "collateral.json");
	size_t refused = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		refused += alter(*state, &test, find(test.bundle, parts[i]));
	}
	assert_true(refused >= 200);
	assert_int_equal(
		verify(*state, &test, "2025-07-01T00:00:00Z"), CBX_ACCEPTED);
	drop(&test);
}

int main(void)
{
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, tdx_make, tdx_drop)
	const struct CMUnitTest tests[] = {
		SENTENCE(a_platform_that_is_up_to_date_is_accepted_as_that),
		SENTENCE(each_part_of_it_is_of_its_time),
		SENTENCE(a_platform_below_every_level_is_refused),
		SENTENCE(collateral_of_another_platform_says_nothing),
		SENTENCE(every_part_of_it_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include <verify/span.h>
#include <verify/verdict.h>

static const uint8_t digest[] = { 1, 2, 3, 4 };
static const struct cbx_span digest_span = { digest, sizeof(digest) };

static int make(void **state)
{
	*state = cbx_verdict_create();
	return *state == NULL ? -1 : 0;
}

static int drop(void **state)
{
	cbx_verdict_destroy(*state);
	return 0;
}

static struct cbx_appraisal nothing_asked(void)
{
	return (struct cbx_appraisal){ .size = sizeof(struct cbx_appraisal) };
}

/* Appraise three claims by one requirement. */
static enum cbx_refusal appraise(
	struct cbx_verdict *verdict, const struct cbx_requirement *requirement)
{
	struct cbx_appraisal appraisal = nothing_asked();

	appraisal.requirements = requirement;
	appraisal.requirement_count = 1;

	enum cbx_refusal begun = cbx_verdict_begin(verdict, "test", &appraisal);

	if (begun != CBX_ACCEPTED) {
		return begun;
	}
	cbx_claim_bytes(verdict, digest_span, "measurement");
	cbx_claim_number(verdict, 7, "tcb.%s", "microcode");
	cbx_claim_text(verdict, cbx_span_text("sn\np"), "backend");
	cbx_claim_flag(verdict, true, "debug");
	return cbx_verdict_appraise(verdict, &appraisal);
}

static void nothing_is_accepted_before_a_verification(void **state)
{
	assert_int_equal(cbx_verdict_reason(*state), CBX_REFUSED_INTERNAL);
	assert_int_equal(cbx_verdict_claim_count(*state), 0);
}

static void every_reason_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i <= CBX_REFUSED_INTERNAL; i++) {
		assert_string_not_equal(
			cbx_refusal_word((enum cbx_refusal)i), "unknown");
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(
				cbx_refusal_word((enum cbx_refusal)i),
				cbx_refusal_word((enum cbx_refusal)j));
		}
	}
	assert_string_equal(
		cbx_refusal_word((enum cbx_refusal)(CBX_REFUSED_INTERNAL + 1)),
		"unknown");
}

static void claims_are_found_by_name(void **state)
{
	const struct cbx_value seven = { .kind = CBX_VALUE_NUMBER,
		.number = 7 };
	const struct cbx_requirement least = { "tcb.microcode",
		CBX_REQUIRE_AT_LEAST, &seven, 1 };
	const struct cbx_claim *claim;

	assert_int_equal(appraise(*state, &least), CBX_ACCEPTED);
	assert_int_equal(cbx_verdict_claim_count(*state), 4);
	claim = cbx_verdict_claim(*state, "measurement");
	assert_non_null(claim);
	assert_true(cbx_span_equal(claim->value.span, digest_span));
	claim = cbx_verdict_claim(*state, "backend");
	assert_non_null(claim);
	assert_string_equal((const char *)claim->value.span.bytes, "sn?p");
	assert_null(cbx_verdict_claim(*state, "measuremen"));
	assert_null(cbx_verdict_claim_at(*state, 4));
}

static void a_requirement_is_met_or_it_is_the_reason(void **state)
{
	static const uint8_t other[] = { 1, 2, 3, 5 };
	const struct cbx_value right = { .kind = CBX_VALUE_BYTES,
		.span = digest_span };
	const struct cbx_value wrong = { .kind = CBX_VALUE_BYTES,
		.span = { other, sizeof(other) } };
	const struct cbx_value both[] = { wrong, right };
	const struct cbx_value eight = { .kind = CBX_VALUE_NUMBER,
		.number = 8 };
	const struct {
		struct cbx_requirement requirement;
		enum cbx_refusal reason;
	} rows[] = {
		{ { "measurement", CBX_REQUIRE_ONE_OF, &right, 1 },
			CBX_ACCEPTED },
		{ { "measurement", CBX_REQUIRE_ONE_OF, both, 2 },
			CBX_ACCEPTED },
		{ { "measurement", CBX_REQUIRE_ONE_OF, &wrong, 1 },
			CBX_REFUSED_REQUIREMENT },
		{ { "absent", CBX_REQUIRE_ONE_OF, &right, 1 },
			CBX_REFUSED_REQUIREMENT },
		{ { "tcb.microcode", CBX_REQUIRE_AT_LEAST, &eight, 1 },
			CBX_REFUSED_REQUIREMENT },
		{ { "measurement", CBX_REQUIRE_AT_LEAST, &eight, 1 },
			CBX_REFUSED_REQUIREMENT },
		{ { "debug", CBX_REQUIRE_ONE_OF, &eight, 1 },
			CBX_REFUSED_REQUIREMENT },
		{ { "measurement", CBX_REQUIRE_AT_LEAST, &right, 1 },
			CBX_REFUSED_INTERNAL },
		{ { "measurement", CBX_REQUIRE_ONE_OF, &right, 0 },
			CBX_REFUSED_INTERNAL },
		{ { NULL, CBX_REQUIRE_ONE_OF, &right, 1 },
			CBX_REFUSED_INTERNAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			appraise(*state, &rows[i].requirement), rows[i].reason);
		assert_int_equal(cbx_verdict_reason(*state), rows[i].reason);
		assert_int_equal(cbx_verdict_detail(*state)[0] == '\0',
			rows[i].reason == CBX_ACCEPTED);
	}
}

static void a_claim_without_room_is_no_acceptance(void **state)
{
	struct cbx_appraisal appraisal = nothing_asked();

	assert_int_equal(
		cbx_verdict_begin(*state, "test", &appraisal), CBX_ACCEPTED);
	for (unsigned int i = 0; i <= CBX_VERDICT_CLAIMS; i++) {
		cbx_claim_number(*state, i, "claim%u", i);
	}
	assert_int_equal(cbx_verdict_claim_count(*state), CBX_VERDICT_CLAIMS);
	assert_int_equal(
		cbx_verdict_appraise(*state, &appraisal), CBX_REFUSED_INTERNAL);
}

static void an_appraisal_of_another_version_is_not_used(void **state)
{
	struct cbx_appraisal appraisal = nothing_asked();

	appraisal.size--;
	assert_int_equal(cbx_verdict_begin(*state, "test", &appraisal),
		CBX_REFUSED_INTERNAL);
	appraisal = nothing_asked();
	appraisal.flags = 1u << 31;
	assert_int_equal(cbx_verdict_begin(*state, "test", &appraisal),
		CBX_REFUSED_INTERNAL);
	assert_int_equal(
		cbx_verdict_begin(*state, "test", NULL), CBX_REFUSED_INTERNAL);
}

static void a_challenge_is_answered_whole_and_then_by_zeros(void **state)
{
	static const uint8_t field[8] = { 1, 2, 3, 4 };
	struct cbx_appraisal appraisal = nothing_asked();
	struct cbx_span whole = { field, sizeof(field) };

	(void)state;
	assert_true(cbx_nonce_matches(&appraisal, whole));
	appraisal.nonce = digest_span;
	assert_true(cbx_nonce_matches(&appraisal, whole));
	assert_true(cbx_nonce_matches(&appraisal, digest_span));
	appraisal.nonce.size = 3;
	assert_false(cbx_nonce_matches(&appraisal, whole));
	appraisal.nonce = whole;
	assert_false(cbx_nonce_matches(&appraisal, digest_span));
}

static void a_reader_never_passes_the_end(void **state)
{
	struct cbx_reader reader = cbx_reader_of(digest_span);

	(void)state;
	assert_int_equal(cbx_reader_le(&reader, 2), 0x0201);
	assert_false(reader.failed);
	assert_int_equal(cbx_reader_le(&reader, 3), 0);
	assert_true(reader.failed);
	assert_int_equal(cbx_reader_le(&reader, 1), 0);
	assert_int_equal(cbx_span_part(digest_span, 2, 2).size, 2);
	assert_int_equal(cbx_span_part(digest_span, 2, 3).size, 0);
	assert_int_equal(cbx_span_part(digest_span, 5, 0).size, 0);
	assert_int_equal(cbx_span_part(digest_span, 1, SIZE_MAX).size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_is_accepted_before_a_verification, make, drop),
		cmocka_unit_test(every_reason_has_a_word_of_its_own),
		cmocka_unit_test_setup_teardown(
			claims_are_found_by_name, make, drop),
		cmocka_unit_test_setup_teardown(
			a_requirement_is_met_or_it_is_the_reason, make, drop),
		cmocka_unit_test_setup_teardown(
			a_claim_without_room_is_no_acceptance, make, drop),
		cmocka_unit_test_setup_teardown(
			an_appraisal_of_another_version_is_not_used, make,
			drop),
		cmocka_unit_test(
			a_challenge_is_answered_whole_and_then_by_zeros),
		cmocka_unit_test(a_reader_never_passes_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The attestation result: parsed back, and held against its schema. */
#include "maker.h"

#include <stdio.h>

#include <jansson.h>

#include <verify/verdict.h>

static json_t *parse(const struct cbx_verdict *verdict)
{
	char *text = cbx_verdict_json(verdict);
	json_error_t error;
	json_t *json;

	assert_non_null(text);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL) {
		fail_msg("%s: %s", error.text, text);
	}
	free(text);
	return json;
}

/* What is in an object: every key once, of that type, and no other. */
struct member {
	const char *key;
	json_type type;
	bool optional;
};

static void check_members(
	const json_t *object, const struct member *members, size_t count)
{
	size_t found = 0;

	assert_true(json_is_object(object));
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, members[i].key);

		if (value == NULL) {
			assert_true(members[i].optional);
			continue;
		}
		assert_int_equal(json_typeof(value), members[i].type);
		found++;
	}
	assert_int_equal(json_object_size(object), found);
}
#define CHECK(object, members) \
	check_members(object, members, sizeof(members) / sizeof((members)[0]))

static const struct member result_schema[] = {
	{ "eat_profile", JSON_STRING, false },
	{ "iat", JSON_INTEGER, false },
	{ "eat_nonce", JSON_STRING, true },
	{ "ear.verifier-id", JSON_OBJECT, false },
	{ "submods", JSON_OBJECT, false },
};
static const struct member verifier_schema[] = {
	{ "developer", JSON_STRING, false },
	{ "build", JSON_STRING, false },
};
static const struct member appraisal_schema[] = {
	{ "ear.status", JSON_STRING, false },
	{ "ear.trustworthiness-vector", JSON_OBJECT, false },
	{ "libconfbox.reason", JSON_STRING, false },
	{ "libconfbox.detail", JSON_STRING, false },
	{ "libconfbox.claims", JSON_OBJECT, false },
};
static const struct member vector_schema[] = {
	{ "instance-identity", JSON_INTEGER, false },
	{ "configuration", JSON_INTEGER, false },
	{ "executables", JSON_INTEGER, false },
	{ "file-system", JSON_INTEGER, false },
	{ "hardware", JSON_INTEGER, false },
	{ "runtime-opaque", JSON_INTEGER, false },
	{ "storage-opaque", JSON_INTEGER, false },
	{ "sourced-data", JSON_INTEGER, false },
};

/* AR4SI 3.2, by its ranges. */
static int rank(json_int_t value)
{
	if (value >= -1 && value <= 1) {
		return 0;
	}
	if ((value >= 2 && value <= 31) || (value >= -32 && value <= -2)) {
		return 1;
	}
	if ((value >= 32 && value <= 95) || (value >= -96 && value <= -33)) {
		return 2;
	}
	return 3;
}

static int rank_of_name(const char *name)
{
	static const char *const names[] = { "none", "affirming", "warning",
		"contraindicated" };

	for (int i = 0; i < 4; i++) {
		if (strcmp(names[i], name) == 0) {
			return i;
		}
	}
	fail_msg("no tier: %s", name);
	return -1;
}

/* The appraisal of that name, after the whole was held against the schema. */
static const json_t *check_schema(const json_t *result, const char *name)
{
	const json_t *submods = json_object_get(result, "submods");
	const json_t *appraisal = json_object_get(submods, name);
	const char *key;
	json_t *value;
	int status;

	CHECK(result, result_schema);
	assert_string_equal(
		json_string_value(json_object_get(result, "eat_profile")),
		"tag:github.com,2023:veraison/ear");
	CHECK(json_object_get(result, "ear.verifier-id"), verifier_schema);
	assert_int_equal(json_object_size(submods), 1);
	CHECK(appraisal, appraisal_schema);
	CHECK(json_object_get(appraisal, "ear.trustworthiness-vector"),
		vector_schema);
	status = rank_of_name(
		json_string_value(json_object_get(appraisal, "ear.status")));
	json_object_foreach(
		json_object_get(appraisal, "ear.trustworthiness-vector"), key,
		value)
	{
		assert_in_range(json_integer_value(value) + 128, 0, 255);
		assert_true(rank(json_integer_value(value)) <= status);
	}
	return appraisal;
}

static const char *text_in(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_int_t trust_in(const json_t *appraisal, const char *key)
{
	return json_integer_value(json_object_get(
		json_object_get(appraisal, "ear.trustworthiness-vector"), key));
}

/* Verify evidence of a box with those flags, and what it became. */
static json_t *result_of(
	const struct facts *facts, uint32_t flags, const char *policy)
{
	char message[200];
	struct cbx_appraisal *appraisal = cbx_appraisal_read(
		cbx_span_text(policy), message, sizeof(message));
	struct cbx_verdict *verdict = cbx_verdict_create();
	struct keeper keeper = keeper_make();
	struct facts asked = evidence_facts();
	static struct made made;
	enum cbx_refusal reason;
	json_t *result;

	assert_non_null(appraisal);
	appraisal->flags |= flags;
	appraisal->now = 1767225600;
	appraisal->nonce = (struct cbx_span){ asked.nonce, 32 };
	evidence_make(&keeper, facts, &made);
	reason = cbx_verify_box(verdict, made_span(&made), NULL, appraisal);
	assert_int_equal(cbx_verdict_reason(verdict), reason);
	result = parse(verdict);
	cbx_verdict_destroy(verdict);
	cbx_appraisal_destroy(appraisal);
	(void)psa_destroy_key(keeper.key);
	return result;
}

static void an_accepted_box_has_all_its_claims(void **state)
{
	struct facts facts = evidence_facts();
	json_t *result = result_of(&facts, CBX_APPRAISE_NO_HARDWARE, "{}");
	const json_t *appraisal = check_schema(result, "box");
	const json_t *claims = json_object_get(appraisal, "libconfbox.claims");
	char digest[97];

	(void)state;
	memset(digest, 'a', 96);
	digest[96] = '\0';
	assert_string_equal(
		text_in(appraisal, "libconfbox.reason"), "accepted");
	assert_string_equal(text_in(appraisal, "libconfbox.detail"), "");
	assert_int_equal(
		json_integer_value(json_object_get(result, "iat")), 1767225600);
	assert_string_equal(text_in(result, "eat_nonce"),
		"Tk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk4");
	assert_string_equal(text_in(claims, "box.measurement"), digest);
	assert_string_equal(text_in(claims, "monitor.backend"), "mock");
	assert_true(json_is_false(json_object_get(claims, "box.tainted")));
	assert_int_equal(
		json_integer_value(json_object_get(claims, "box.number")), 7);
	json_decref(result);
}

static void the_status_is_that_of_the_worst_entry(void **state)
{
	struct facts facts = evidence_facts();
	json_t *result = result_of(&facts, CBX_APPRAISE_NO_HARDWARE, "{}");
	const json_t *appraisal = check_schema(result, "box");

	(void)state;
	/* accepted, by who allows it; but no hardware stands for it */
	assert_int_equal(trust_in(appraisal, "hardware"), 97);
	assert_int_equal(trust_in(appraisal, "instance-identity"), 97);
	assert_int_equal(trust_in(appraisal, "executables"), 33);
	assert_int_equal(trust_in(appraisal, "configuration"), 2);
	assert_int_equal(trust_in(appraisal, "storage-opaque"), 0);
	assert_string_equal(
		text_in(appraisal, "ear.status"), "contraindicated");
	json_decref(result);
	result = result_of(&facts, CBX_APPRAISE_NO_HARDWARE,
		"{ \"require\": { \"box.measurement\": \""
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" } }");
	appraisal = check_schema(result, "box");
	assert_int_equal(trust_in(appraisal, "executables"), 2);
	json_decref(result);
}

static void a_refusal_is_contraindicated_and_says_why(void **state)
{
	struct facts facts = evidence_facts();
	json_t *result = result_of(&facts, 0, "{}");
	const json_t *appraisal = check_schema(result, "box");

	(void)state;
	assert_string_equal(
		text_in(appraisal, "ear.status"), "contraindicated");
	assert_string_equal(
		text_in(appraisal, "libconfbox.reason"), "no-hardware");
	assert_string_not_equal(text_in(appraisal, "libconfbox.detail"), "");
	json_decref(result);
	facts.nonce[0] ^= 1;
	result = result_of(&facts, CBX_APPRAISE_NO_HARDWARE, "{}");
	appraisal = check_schema(result, "box");
	assert_string_equal(text_in(appraisal, "libconfbox.reason"), "nonce");
	assert_string_equal(
		text_in(appraisal, "ear.status"), "contraindicated");
	json_decref(result);
}

/* Every reason and every entry: the schema holds. */
static void every_reason_makes_a_result(void **state)
{
	struct cbx_appraisal ask = { .size = sizeof(ask) };
	struct cbx_verdict *verdict = cbx_verdict_create();

	(void)state;
	for (int reason = 0; reason <= CBX_REFUSED_INTERNAL; reason++) {
		for (int value = -128; value <= 127; value++) {
			json_t *result;
			const json_t *appraisal;

			assert_int_equal(
				cbx_verdict_begin(verdict, "test", &ask),
				CBX_ACCEPTED);
			verdict->reason = (enum cbx_refusal)reason;
			verdict->trust[CBX_TRUST_SOURCED_DATA] = (int8_t)value;
			result = parse(verdict);
			appraisal = check_schema(result, "test");
			if (reason != 0 && reason != CBX_REFUSED_INTERNAL) {
				assert_string_equal(
					text_in(appraisal, "ear.status"),
					"contraindicated");
			}
			if (reason == 0) {
				assert_int_equal(rank_of_name(text_in(appraisal,
							 "ear.status")),
					rank(value) < 1 ? 1 : rank(value));
			}
			json_decref(result);
		}
	}
	cbx_verdict_destroy(verdict);
}

static void a_verifier_that_failed_says_nothing(void **state)
{
	struct cbx_verdict *verdict = cbx_verdict_create();
	json_t *result = parse(verdict);
	const json_t *appraisal = check_schema(result, "none");

	(void)state;
	assert_string_equal(text_in(appraisal, "ear.status"), "none");
	assert_int_equal(trust_in(appraisal, "instance-identity"), -1);
	assert_null(json_object_get(result, "eat_nonce"));
	json_decref(result);
	cbx_verdict_destroy(verdict);
}

static void a_nonce_of_8_to_64_bytes_is_told(void **state)
{
	static const uint8_t bytes[65] = { 0xfb, 0xff, 0xfe };
	struct cbx_verdict *verdict = cbx_verdict_create();

	(void)state;
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		struct cbx_appraisal ask = { .size = sizeof(ask),
			.nonce = { bytes, size } };
		json_t *result;
		const char *nonce;

		assert_int_equal(
			cbx_verdict_begin(verdict, "test", &ask), CBX_ACCEPTED);
		result = parse(verdict);
		nonce = text_in(result, "eat_nonce");
		assert_int_equal(nonce != NULL, size >= 8 && size <= 64);
		if (nonce != NULL) {
			assert_memory_equal(nonce, "-__-", 4);
			assert_int_equal(strlen(nonce), (size * 8 + 5) / 6);
		}
		json_decref(result);
	}
	cbx_verdict_destroy(verdict);
}

static void numbers_beyond_json_are_text(void **state)
{
	struct cbx_appraisal ask = { .size = sizeof(ask) };
	struct cbx_verdict *verdict = cbx_verdict_create();
	json_t *result;
	const json_t *claims;

	(void)state;
	assert_int_equal(
		cbx_verdict_begin(verdict, "test", &ask), CBX_ACCEPTED);
	cbx_claim_number(verdict, INT64_MAX, "fits");
	cbx_claim_number(verdict, UINT64_MAX, "not");
	cbx_claim_text(verdict, cbx_span_text("a \"b\" \\"), "text");
	cbx_claim_bytes(verdict, (struct cbx_span){ 0 }, "empty");
	result = parse(verdict);
	claims = json_object_get(
		check_schema(result, "test"), "libconfbox.claims");
	assert_true(json_integer_value(json_object_get(claims, "fits")) ==
		    INT64_MAX);
	assert_string_equal(text_in(claims, "not"), "18446744073709551615");
	assert_string_equal(text_in(claims, "text"), "a \"b\" \\");
	assert_string_equal(text_in(claims, "empty"), "");
	json_decref(result);
	cbx_verdict_destroy(verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_accepted_box_has_all_its_claims),
		cmocka_unit_test(the_status_is_that_of_the_worst_entry),
		cmocka_unit_test(a_refusal_is_contraindicated_and_says_why),
		cmocka_unit_test(every_reason_makes_a_result),
		cmocka_unit_test(a_verifier_that_failed_says_nothing),
		cmocka_unit_test(a_nonce_of_8_to_64_bytes_is_told),
		cmocka_unit_test(numbers_beyond_json_are_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

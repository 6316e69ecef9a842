/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include <verify/verdict.h>

static struct cbx_appraisal *read_text(const char *text, char message[400])
{
	return cbx_appraisal_read(cbx_span_text(text), message, 400);
}

/* A policy that is none: what is said. */
static const struct {
	const char *text;
	const char *message;
} wrong[] = {
	{ "[]", "1: is no object; write { \"require\": { ... } }" },
	{ "{\n\"debug\": true }",
		"2: debug: is not known; write require, at-least, allow, "
		"pristine, collateral, roots or comment" },
	{ "{ \"pristine\": 1 }",
		"1: pristine: is neither true nor false; write one of them" },
	{ "{ \"collateral\": null }",
		"1: collateral: is neither true nor false; write one of them" },
	{ "{ \"comment\": 1 }", "1: comment: is no text; write one" },
	{ "{ \"allow\": \"debug\" }",
		"1: allow: is no list; write [\"debug\", \"no-hardware\"]" },
	{ "{ \"allow\": [\n\"debug\",\n\"all\" ] }",
		"3: allow[1]: is not known; write \"debug\", "
		"\"no-hardware\"" },
	{ "{ \"allow\": [ true ] }",
		"1: allow[0]: is not known; write \"debug\", "
		"\"no-hardware\"" },
	{ "{ \"allow\": [ \"\" ] }",
		"1: allow[0]: is not known; write \"debug\", "
		"\"no-hardware\"" },
	{ "{ \"roots\": [ \"\" ] }",
		"1: roots[0]: is not known; write \"a file of "
		"certificates\"" },
	{ "{ \"roots\": [ 7 ] }",
		"1: roots[0]: is not known; write \"a file of "
		"certificates\"" },
	{ "{ \"require\": [] }",
		"1: require: is no object; write { \"measurement\": \"...\" "
		"}" },
	{ "{ \"require\": {\n\"a\": 1,\n\"b\": [] } }",
		"3: require.b: accepts nothing; name a value, or leave it "
		"out" },
	{ "{ \"require\": { \"a\": 1.5 } }",
		"1: require.a: is no value of a claim; write a text, bytes in "
		"hexadecimal, a number not below 0, true or false" },
	{ "{ \"require\": { \"a\": [ 1,\n-1 ] } }",
		"2: require.a[1]: is no value of a claim; write a text, bytes "
		"in hexadecimal, a number not below 0, true or false" },
	{ "{ \"require\": { \"a\": null } }",
		"1: require.a: is no value of a claim; write a text, bytes in "
		"hexadecimal, a number not below 0, true or false" },
	{ "{ \"require\": { \"a b\": 1 } }",
		"1: require.a b: is no name of a claim; confbox verify lists "
		"them" },
	{ "{ \"require\": { \"\": 1 } }",
		"1: require.: is no name of a claim; confbox verify lists "
		"them" },
	{ "{ \"at-least\": 3 }", "1: at-least: is no object; write { "
				 "\"snp.reported-tcb.microcode\": 115 }" },
	{ "{ \"at-least\": { \"a\": \"7\" } }",
		"1: at-least.a: is no number; write the least one that is "
		"accepted" },
	{ "{ \"at-least\": { \"a\": -7 } }",
		"1: at-least.a: is no number; write the least one that is "
		"accepted" },
	{ "{ \"at-least\": { \"a\": [7] } }",
		"1: at-least.a: is no number; write the least one that is "
		"accepted" },
	{ "{ \"pristine\": true,\n\"pristine\": false }",
		"2: duplicate object key near '\"pristine\"'; correct the "
		"JSON" },
	{ "{ \"pristine\": true,\n }",
		"2: string or '}' expected near '}'; correct the JSON" },
};

static void what_is_wrong_is_said_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char message[400];

		assert_null(read_text(wrong[i].text, message));
		assert_string_equal(message, wrong[i].message);
	}
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const texts[] = { "", "{", "}", "{}{}", "nonsense",
		"{ \"require\": { \"a\": \"\\u0000\" } }",
		"{ \"require\": { \"a\": 99999999999999999999 } }" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char message[400];

		assert_null(read_text(texts[i], message));
		assert_non_null(strstr(message, "correct the JSON"));
	}
}

static void a_policy_is_not_longer_than_a_mebibyte(void **state)
{
	const size_t size = 1048577;
	char *text = malloc(size);
	char message[8];

	(void)state;
	memset(text, ' ', size);
	text[0] = '{';
	text[1] = '}';
	assert_null(cbx_appraisal_read(
		(struct cbx_span){ (const uint8_t *)text, size }, message,
		sizeof(message)));
	assert_string_equal(message, "1: long"); /* cut off */

	struct cbx_appraisal *appraisal = cbx_appraisal_read(
		(struct cbx_span){ (const uint8_t *)text, size - 1 }, message,
		sizeof(message));

	assert_non_null(appraisal);
	assert_string_equal(message, "");
	cbx_appraisal_destroy(appraisal);
	cbx_appraisal_destroy(NULL);
	free(text);
}

static void words_become_flags(void **state)
{
	const struct {
		const char *text;
		uint32_t flags;
	} rows[] = {
		{ "{}", 0 },
		{ "{ \"allow\": [] }", 0 },
		{ "{ \"allow\": [\"debug\"] }", CBX_APPRAISE_DEBUG },
		{ "{ \"allow\": [\"no-hardware\"] }",
			CBX_APPRAISE_NO_HARDWARE },
		{ "{ \"allow\": [\"no-hardware\", \"debug\"] }",
			CBX_APPRAISE_NO_HARDWARE | CBX_APPRAISE_DEBUG },
		{ "{ \"pristine\": true }", CBX_APPRAISE_PRISTINE },
		{ "{ \"pristine\": false }", 0 },
		{ "{ \"collateral\": true }", CBX_APPRAISE_COLLATERAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char message[400];
		struct cbx_appraisal *appraisal =
			read_text(rows[i].text, message);

		assert_non_null(appraisal);
		assert_int_equal(appraisal->flags, rows[i].flags);
		assert_int_equal(appraisal->requirement_count, 0);
		assert_int_equal(appraisal->size, sizeof(*appraisal));
		assert_int_equal(appraisal->nonce.size, 0);
		assert_null(cbx_appraisal_root_file(appraisal, 0));
		cbx_appraisal_destroy(appraisal);
	}
}

static void roots_are_named_in_order(void **state)
{
	char message[400];
	struct cbx_appraisal *appraisal =
		read_text("{ \"roots\": [\"a.pem\", \"b.der\"] }", message);

	(void)state;
	assert_non_null(appraisal);
	assert_int_equal(appraisal->root_count, 0); /* the caller reads them */
	assert_string_equal(cbx_appraisal_root_file(appraisal, 0), "a.pem");
	assert_string_equal(cbx_appraisal_root_file(appraisal, 1), "b.der");
	assert_null(cbx_appraisal_root_file(appraisal, 2));
	cbx_appraisal_destroy(appraisal);
}

/* Claims that are appraised below. */
static enum cbx_refusal appraise(const char *policy)
{
	static const uint8_t digest[] = { 0xab, 0xcd, 0x01 };
	char message[400];
	struct cbx_appraisal *appraisal = read_text(policy, message);
	struct cbx_verdict *verdict = cbx_verdict_create();
	enum cbx_refusal reason;

	assert_non_null(appraisal);
	assert_int_equal(
		cbx_verdict_begin(verdict, "test", appraisal), CBX_ACCEPTED);
	cbx_claim_bytes(verdict, (struct cbx_span){ digest, sizeof(digest) },
		"measurement");
	cbx_claim_text(verdict, cbx_span_text("abcd01"), "text");
	cbx_claim_text(verdict, cbx_span_text("snp"), "backend");
	cbx_claim_number(verdict, 115, "microcode");
	cbx_claim_flag(verdict, true, "flag");
	reason = cbx_verdict_appraise(verdict, appraisal);
	cbx_verdict_destroy(verdict);
	cbx_appraisal_destroy(appraisal);
	return reason;
}

static void requirements_decide(void **state)
{
	const struct {
		const char *text;
		bool accepted;
	} rows[] = {
		{ "{}", true },
		{ "{ \"require\": {} }", true },
		{ "{ \"require\": { \"measurement\": \"abcd01\" } }", true },
		{ "{ \"require\": { \"measurement\": \"ABcd01\" } }", true },
		{ "{ \"require\": { \"measurement\": \"abcd02\" } }", false },
		{ "{ \"require\": { \"measurement\": \"abcd0\" } }", false },
		{ "{ \"require\": { \"measurement\": \"abcd0100\" } }", false },
		{ "{ \"require\": { \"measurement\": \"\" } }", false },
		{ "{ \"require\": { \"measurement\": [\"00\", \"abcd01\"] } }",
			true },
		{ "{ \"require\": { \"text\": \"abcd01\" } }", true },
		{ "{ \"require\": { \"text\": \"ABCD01\" } }", false },
		{ "{ \"require\": { \"backend\": [\"tdx\", \"snp\"] } }",
			true },
		{ "{ \"require\": { \"backend\": [\"tdx\"] } }", false },
		{ "{ \"require\": { \"absent\": [\"tdx\"] } }", false },
		{ "{ \"require\": { \"microcode\": 115 } }", true },
		{ "{ \"require\": { \"microcode\": [114, 116] } }", false },
		{ "{ \"require\": { \"flag\": true } }", true },
		{ "{ \"require\": { \"flag\": false } }", false },
		{ "{ \"require\": { \"flag\": 1 } }", false },
		{ "{ \"at-least\": { \"microcode\": 115 } }", true },
		{ "{ \"at-least\": { \"microcode\": 116 } }", false },
		{ "{ \"at-least\": { \"backend\": 0 } }", false },
		{ "{ \"require\": { \"backend\": \"snp\", \"flag\": true }, "
		  "\"at-least\": { \"microcode\": 1 } }",
			true },
		{ "{ \"require\": { \"backend\": \"snp\", \"flag\": true }, "
		  "\"at-least\": { \"microcode\": 200 } }",
			false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum cbx_refusal reason = appraise(rows[i].text);

		if (reason != (rows[i].accepted ? CBX_ACCEPTED
						: CBX_REFUSED_REQUIREMENT)) {
			fail_msg("%s: %s", rows[i].text,
				cbx_refusal_word(reason));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(a_policy_is_not_longer_than_a_mebibyte),
		cmocka_unit_test(words_become_flags),
		cmocka_unit_test(roots_are_named_in_order),
		cmocka_unit_test(requirements_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

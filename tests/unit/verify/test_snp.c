/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The genuine reports: accepted, read right, and refused for the right reason
 * when something else does not fit.
 */
#include "unit.h"

#include "snp_case.h"

#include <pthread.h>
#include <stdio.h>

#include <verify/roots.h>
#include <verify/snp.h>

static const struct snp_sample *sample_named(const char *part)
{
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		if (strstr(snp_samples[i].report, part) != NULL) {
			return &snp_samples[i];
		}
	}
	fail();
	return NULL;
}

static const struct cbx_value *value_of(struct snp_case *test, const char *name)
{
	char whole[64];
	const struct cbx_claim *claim;

	(void)snprintf(whole, sizeof(whole), "snp.%s", name);
	claim = cbx_verdict_claim(test->verdict, whole);
	if (claim == NULL) {
		print_error("no claim %s\n", whole);
		fail();
	}
	return &claim->value;
}

static void assert_text(
	struct snp_case *test, const char *name, const char *text)
{
	const struct cbx_value *value = value_of(test, name);

	assert_int_equal(value->kind, CBX_VALUE_TEXT);
	assert_string_equal((const char *)value->span.bytes, text);
}

static void assert_flag(struct snp_case *test, const char *name, bool flag)
{
	const struct cbx_value *value = value_of(test, name);

	assert_int_equal(value->kind, CBX_VALUE_FLAG);
	assert_int_equal(value->number, flag);
}

static void assert_said(struct snp_case *test, const struct snp_said *said)
{
	const struct cbx_value *value = value_of(test, said->claim);

	if (said->hex == NULL) {
		assert_int_equal(value->kind, CBX_VALUE_NUMBER);
		assert_int_equal(value->number, said->number);
		return;
	}
	assert_int_equal(value->kind, CBX_VALUE_BYTES);
	assert_int_equal(value->span.size * 2, strlen(said->hex));
	for (size_t i = 0; i < value->span.size; i++) {
		char digits[3];

		(void)snprintf(
			digits, sizeof(digits), "%02x", value->span.bytes[i]);
		assert_memory_equal(digits, said->hex + 2 * i, 2);
	}
}

static void every_sample_is_accepted_and_says_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		const struct snp_sample *sample = &snp_samples[i];
		const struct snp_said *said = sample->said;
		struct snp_case test;

		snp_case_sample(&test, sample);
		assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
		for (; said->claim != NULL; said++) {
			assert_said(&test, said);
		}
		assert_text(&test, "product", sample->product);
		assert_text(&test, "signing-key", sample->signing_key);
		assert_flag(&test, "revocation-checked", false);
		assert_flag(&test, "policy.debug", false);
		if (sample->provider != NULL) {
			assert_text(&test, "provider", sample->provider);
		} else {
			assert_null(cbx_verdict_claim(
				test.verdict, "snp.provider"));
		}
		assert_int_equal(test.verdict->trust[CBX_TRUST_HARDWARE], 2);
		snp_case_free(&test);
	}
}

static void bits_become_flags(void **state)
{
	struct snp_case test;

	(void)state;
	snp_case_sample(&test, sample_named("turin"));
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	/* policy 0x3001f, platform 0x65: bit 6 is nobody's */
	assert_flag(&test, "policy.smt", true);
	assert_flag(&test, "policy.migration-agent", false);
	assert_flag(&test, "policy.single-socket", false);
	assert_flag(&test, "policy.ciphertext-hiding", false);
	assert_flag(&test, "platform.smt", true);
	assert_flag(&test, "platform.tsme", false);
	assert_flag(&test, "platform.ecc", true);
	assert_flag(&test, "platform.alias-check", true);
	assert_flag(&test, "platform.tio", false);
	assert_flag(&test, "author-key", false);
	assert_flag(&test, "chip-key-masked", false);
	assert_int_equal(value_of(&test, "policy.abi-minor")->number, 0x1f);
	assert_int_equal(value_of(&test, "policy.abi-major")->number, 0);
	snp_case_free(&test);
}

static void versions_before_have_no_later_claims(void **state)
{
	struct snp_case test;

	(void)state;
	snp_case_sample(&test, sample_named("milan-v2-virtee"));
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	assert_null(cbx_verdict_claim(test.verdict, "snp.cpuid.family"));
	assert_null(cbx_verdict_claim(test.verdict, "snp.launch-mitigations"));
	assert_null(cbx_verdict_claim(test.verdict, "snp.reported-tcb.fmc"));
	snp_case_free(&test);
}

static void broken_certificates_are_refused_as_the_manifest_says(void **state)
{
	static const struct {
		const char *sample;
		const char *leaf;
		enum cbx_refusal reason;
	} rows[] = {
		{ "milan-v2-trustee",
			"snp/milan-v2-trustee/vcek-invalid-legacy.der",
			CBX_REFUSED_CHAIN },
		{ "milan-v2-trustee",
			"snp/milan-v2-trustee/vcek-invalid-new.der",
			CBX_REFUSED_CHAIN },
		{ "milan-v3-vlek", "snp/milan-v2-trustee/vcek.der",
			CBX_REFUSED_CERTIFICATE },
		{ "milan-v2-trustee", "snp/milan-v3-vlek/vlek.der",
			CBX_REFUSED_CERTIFICATE },
		{ "milan-v2-trustee", "snp/milan-v2-virtee/vcek.der",
			CBX_REFUSED_IDENTITY },
		{ "milan-v2-trustee", "snp/milan-v2-virtee/ask_ark.pem",
			CBX_REFUSED_CERTIFICATE },
		{ "genoa-v3-azure", "snp/milan-v2-virtee/vcek.der",
			CBX_REFUSED_IDENTITY },
		{ "genoa-v3-azure", "snp/turin-v5-msft/vcek.pem",
			CBX_REFUSED_IDENTITY },
		{ "turin-v5-msft", "snp/genoa-v3-azure/vcek.pem",
			CBX_REFUSED_IDENTITY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snp_case test;
		struct cbx_span leaf = evidence_load(rows[i].leaf);

		snp_case_sample(&test, sample_named(rows[i].sample));
		snp_case_leaf(&test, leaf);
		assert_int_equal(snp_case_run(&test), rows[i].reason);
		snp_case_free(&test);
		evidence_free(leaf);
	}
}

static void without_certificates_nothing_is_accepted(void **state)
{
	struct cbx_appraisal appraisal = { .size = sizeof(appraisal) };

	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;

		snp_case_sample(&test, &snp_samples[i]);
		appraisal.now = snp_samples[i].now;
		assert_int_equal(
			cbx_verify_snp(test.verdict,
				(struct cbx_span){ test.report, test.size },
				NULL, &appraisal),
			CBX_REFUSED_CERTIFICATE);
		assert_non_null(
			cbx_verdict_claim(test.verdict, "snp.measurement"));
		snp_case_free(&test);
	}
}

static void the_fitting_certificate_is_found_among_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;
		struct cbx_span own;

		snp_case_sample(&test, &snp_samples[i]);
		own = test.certificates[0];
		test.count = 0;
		for (size_t j = 0; j < SNP_SAMPLES; j++) {
			if (j != i) {
				test.certificates[test.count++] =
					evidence_load(snp_samples[j].leaf);
			}
		}
		assert_int_not_equal(snp_case_run(&test), CBX_ACCEPTED);
		test.certificates[test.count++] = own;
		assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
		snp_case_free(&test);
	}
}

static void time_decides(void **state)
{
	static const int64_t times[] = { 0, -1, INT64_MIN, INT64_MAX, 946684800,
		4102444800 };

	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;

		snp_case_sample(&test, &snp_samples[i]);
		for (size_t j = 0; j < sizeof(times) / sizeof(times[0]); j++) {
			test.appraisal.now = times[j];
			assert_int_equal(
				snp_case_run(&test), CBX_REFUSED_EXPIRED);
		}
		snp_case_free(&test);
	}
}

static void the_challenge_has_to_be_answered(void **state)
{
	struct snp_case test;
	uint8_t nonce[64];

	(void)state;
	snp_case_sample(&test, sample_named("milan-v2-trustee"));
	memcpy(nonce, test.report + 0x50, sizeof(nonce));
	test.appraisal.nonce = (struct cbx_span){ nonce, 64 };
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	test.appraisal.nonce.size = 32; /* zeros follow */
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	test.appraisal.nonce.size = 31;
	assert_int_equal(snp_case_run(&test), CBX_REFUSED_NONCE);
	nonce[31] ^= 1;
	test.appraisal.nonce.size = 32;
	assert_int_equal(snp_case_run(&test), CBX_REFUSED_NONCE);
	snp_case_free(&test);
}

static void what_holds_a_report_binds_all_its_data(void **state)
{
	struct snp_case test;
	uint8_t data[64];
	struct cbx_span expected = { data, sizeof(data) };
	struct cbx_endorsements endorsements = { .size = sizeof(endorsements),
		.certificate_count = 1 };

	(void)state;
	snp_case_sample(&test, sample_named("milan-v2-trustee"));
	endorsements.certificates = test.certificates;
	memcpy(data, test.report + 0x50, sizeof(data));
	for (size_t i = 0; i < 3; i++) {
		static const enum cbx_refusal reasons[] = { CBX_ACCEPTED,
			CBX_REFUSED_BINDING, CBX_REFUSED_BINDING };

		assert_int_equal(
			cbx_verdict_begin(test.verdict, "box", &test.appraisal),
			CBX_ACCEPTED);
		assert_int_equal(
			cbx_snp_check(test.verdict,
				(struct cbx_span){ test.report, test.size },
				&endorsements, &test.appraisal, &expected),
			reasons[i]);
		data[63] = (uint8_t)(i == 0 ? 1 : 0);
		expected.size = i == 1 ? 32 : 64;
	}
	snp_case_free(&test);
}

/* The same report is fine for who asks about that level. */
static void what_holds_a_report_holds_the_monitors(void **state)
{
	struct snp_case test;
	uint8_t data[64];
	const struct cbx_span expected = { data, sizeof(data) };
	struct cbx_endorsements endorsements = { .size = sizeof(endorsements),
		.certificate_count = 1 };

	(void)state;
	snp_case_sample(&test, sample_named("milan-v3-vlek")); /* VMPL 1 */
	endorsements.certificates = test.certificates;
	memcpy(data, test.report + 0x50, sizeof(data));
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	assert_int_equal(
		cbx_verdict_begin(test.verdict, "box", &test.appraisal),
		CBX_ACCEPTED);
	assert_int_equal(cbx_snp_check(test.verdict,
				 (struct cbx_span){ test.report, test.size },
				 &endorsements, &test.appraisal, &expected),
		CBX_REFUSED_BINDING);
	snp_case_free(&test);
}

static void requirements_are_the_last_word(void **state)
{
	const struct cbx_value certified = { .kind = CBX_VALUE_NUMBER,
		.number = 0x54 };
	const struct cbx_value more = { .kind = CBX_VALUE_NUMBER,
		.number = 0x55 };
	struct cbx_requirement requirement = { "snp.reported-tcb.microcode",
		CBX_REQUIRE_AT_LEAST, &certified, 1 };
	struct snp_case test;

	(void)state;
	snp_case_sample(&test, sample_named("genoa"));
	test.appraisal.requirements = &requirement;
	test.appraisal.requirement_count = 1;
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	requirement.values = &more;
	assert_int_equal(snp_case_run(&test), CBX_REFUSED_REQUIREMENT);
	snp_case_free(&test);
}

/* AMD's own lists.  Genoa's names an ASK before the one of today. */
static void lists_of_the_vendor_are_understood(void **state)
{
	static const struct {
		const char *sample;
		const char *list;
		int64_t now;
		enum cbx_refusal reason;
		bool checked;
	} rows[] = {
		{ "milan-v2-virtee", "snp/crl/milan.pem", 1748736000,
			CBX_ACCEPTED, true },
		{ "milan-v3-vlek", "snp/crl/milan.pem", 1748736000,
			CBX_ACCEPTED, true },
		{ "genoa-v3-azure", "snp/crl/genoa.pem", 1748736000,
			CBX_ACCEPTED, true },
		{ "genoa-v3-azure", "snp/crl/milan.pem", 1748736000,
			CBX_ACCEPTED, false },
		{ "genoa-v3-azure", "snp/crl/genoa.pem", 1762131600,
			CBX_ACCEPTED, true }, /* its last second */
		{ "genoa-v3-azure", "snp/crl/genoa.pem", 1762131601,
			CBX_REFUSED_EXPIRED, false },
		{ "milan-v2-virtee", "snp/crl/milan.pem", 1746535145,
			CBX_REFUSED_EXPIRED, false },
		{ "milan-v2-virtee", "snp/crl/milan.pem", 1746535146,
			CBX_ACCEPTED, true }, /* its first */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snp_case test;

		snp_case_sample(&test, sample_named(rows[i].sample));
		test.certificates[test.count++] = evidence_load(rows[i].list);
		test.appraisal.now = rows[i].now;
		assert_int_equal(snp_case_run(&test), rows[i].reason);
		if (rows[i].reason == CBX_ACCEPTED) {
			assert_flag(
				&test, "revocation-checked", rows[i].checked);
		}
		snp_case_free(&test);
	}
}

static void a_damaged_list_of_the_vendor_is_refused(void **state)
{
	struct snp_case test;
	uint8_t *text;
	size_t size;

	(void)state;
	snp_case_sample(&test, sample_named("milan-v2-virtee"));
	test.certificates[test.count++] = evidence_load("snp/crl/milan.pem");
	text = (uint8_t *)(uintptr_t)test.certificates[1].bytes;
	size = test.certificates[1].size;
	for (size_t at = size - 400; at < size - 60; at += 7) {
		uint8_t before = text[at];

		if (before == '\n') {
			continue;
		}
		text[at] = before == 'A' ? 'B' : 'A';
		assert_int_equal(snp_case_run(&test), CBX_REFUSED_COLLATERAL);
		text[at] = before;
	}
	snp_case_free(&test);
}

/* Each thread verifies its own, again and again. */
static void *verify_often(void *argument)
{
	struct snp_case *test = argument;
	uintptr_t accepted = 0;

	for (size_t i = 0; i < 20; i++) {
		accepted += snp_case_run(test) == CBX_ACCEPTED;
	}
	return (void *)accepted;
}

static void several_verify_at_the_same_time(void **state)
{
	struct snp_case tests[SNP_SAMPLES];
	pthread_t threads[SNP_SAMPLES];

	(void)state;
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		snp_case_sample(&tests[i], &snp_samples[i]);
		assert_int_equal(pthread_create(&threads[i], NULL, verify_often,
					 &tests[i]),
			0);
	}
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		void *accepted;

		assert_int_equal(pthread_join(threads[i], &accepted), 0);
		assert_int_equal((uintptr_t)accepted, 20);
		snp_case_free(&tests[i]);
	}
}

/* A verdict is used again and again. */
static void nothing_is_left_of_the_last_verification(void **state)
{
	struct snp_case first;
	struct snp_case second;

	(void)state;
	snp_case_sample(&first, sample_named("turin"));
	snp_case_sample(&second, sample_named("milan-v2-virtee"));
	assert_int_equal(snp_case_run(&first), CBX_ACCEPTED);
	cbx_verdict_destroy(second.verdict);
	second.verdict = first.verdict;
	assert_int_equal(snp_case_run(&second), CBX_ACCEPTED);
	assert_null(cbx_verdict_claim(first.verdict, "snp.cpuid.family"));
	second.size = 3;
	assert_int_equal(snp_case_run(&second), CBX_REFUSED_MALFORMED);
	assert_int_equal(cbx_verdict_claim_count(first.verdict), 0);
	assert_int_equal(first.verdict->trust[CBX_TRUST_HARDWARE], 0);
	second.verdict = NULL;
	snp_case_free(&second);
	snp_case_free(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_sample_is_accepted_and_says_what_it_says),
		cmocka_unit_test(bits_become_flags),
		cmocka_unit_test(versions_before_have_no_later_claims),
		cmocka_unit_test(
			broken_certificates_are_refused_as_the_manifest_says),
		cmocka_unit_test(without_certificates_nothing_is_accepted),
		cmocka_unit_test(the_fitting_certificate_is_found_among_others),
		cmocka_unit_test(time_decides),
		cmocka_unit_test(the_challenge_has_to_be_answered),
		cmocka_unit_test(what_holds_a_report_binds_all_its_data),
		cmocka_unit_test(what_holds_a_report_holds_the_monitors),
		cmocka_unit_test(requirements_are_the_last_word),
		cmocka_unit_test(lists_of_the_vendor_are_understood),
		cmocka_unit_test(a_damaged_list_of_the_vendor_is_refused),
		cmocka_unit_test(several_verify_at_the_same_time),
		cmocka_unit_test(nothing_is_left_of_the_last_verification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

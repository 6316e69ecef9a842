/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation tokens of Arm CCA that no public sample is like. */
#include "cca_forge.h"
#include "cca_samples.h"

static enum cbx_refusal verify_forged(struct cbx_verdict *verdict,
	const struct forge *forge, const struct cbx_appraisal *appraisal)
{
	struct cbx_span point;
	struct cbx_span token = forge_token(forge, &point);
	struct cbx_span copy = { evidence_copy(token, token.size), token.size };
	struct cbx_endorsements endorsements = cca_by(point);
	enum cbx_refusal reason =
		cbx_verify_cca(verdict, copy, &endorsements, appraisal);

	evidence_free(copy);
	return reason;
}

/* A token that is the usual one but for what is changed in it. */
#define CHECK(expected, change)                                            \
	do {                                                               \
		struct cbx_appraisal appraisal = cca_anything();           \
		struct forge f = forge_usual();                            \
                                                                           \
		change;                                                    \
		cca_assert_reason(*state,                                  \
			verify_forged(*state, &f, &appraisal), (expected), \
			#change);                                          \
	} while (0)

static void both_wrappings_are_taken(void **state)
{
	CHECK(CBX_ACCEPTED, f.tag = 399);
	CHECK(CBX_ACCEPTED, f.tag = 907);
	CHECK(CBX_REFUSED_WRONG_TYPE, f.tag = 398);
	CHECK(CBX_REFUSED_WRONG_TYPE, f.tag = 18);
	CHECK(CBX_REFUSED_MALFORMED, f.tag = 907; f.format = 262);
	CHECK(CBX_REFUSED_MALFORMED, f.tag = 907; f.record = 3);
	CHECK(CBX_REFUSED_MALFORMED, f.sign1 = 17);
	CHECK(CBX_REFUSED_UNSUPPORTED, f.third_entry = true);
	CHECK(CBX_REFUSED_UNSUPPORTED, f.tag = 907; f.third_entry = true);
	CHECK(CBX_REFUSED_UNSUPPORTED, f.swapped = true);
}

static void every_algorithm_is_verified_by_its_curve(void **state)
{
	static const int64_t algorithms[] = { CBX_COSE_ALG_ES256,
		CBX_COSE_ALG_ES384, CBX_COSE_ALG_ES512 };

	for (size_t i = 0; i < 9; i++) {
		CHECK(CBX_ACCEPTED, f.platform_alg = algorithms[i / 3];
			f.realm_alg = algorithms[i % 3]);
		CHECK(CBX_REFUSED_SIGNATURE, f.platform_alg = algorithms[i / 3];
			f.realm_alg = algorithms[i % 3];
			f.wrong_platform_key = true);
		CHECK(CBX_REFUSED_SIGNATURE, f.platform_alg = algorithms[i / 3];
			f.realm_alg = algorithms[i % 3];
			f.wrong_realm_key = true);
	}
}

/* 64 KiB with all there is around the padding. */
static void a_token_has_a_longest(void **state)
{
	struct forge forge = forge_usual();
	struct cbx_span point;
	size_t more;

	forge.padding = 60000;
	more = CBX_CCA_TOKEN_MAX - forge_token(&forge, &point).size;
	CHECK(CBX_ACCEPTED, f.padding = 60000 + more);
	CHECK(CBX_REFUSED_MALFORMED, f.padding = 60000 + more + 1);
}

static void what_is_no_tag_is_something_else(void **state)
{
	static const uint8_t number[] = { 0x19, 0x01, 0x8f }; /* 399 */
	struct cbx_appraisal appraisal = cca_anything();

	cca_assert_reason(*state,
		cbx_verify_cca(*state,
			(struct cbx_span){ number, sizeof(number) }, NULL,
			&appraisal),
		CBX_REFUSED_WRONG_TYPE, "a number");
}

static void headers_that_are_critical_are_not_passed_over(void **state)
{
	CHECK(CBX_ACCEPTED, f.kid = true);
	CHECK(CBX_REFUSED_UNSUPPORTED, f.crit = true);
}

static void the_realm_key_comes_as_its_profile_has_it(void **state)
{
	CHECK(CBX_REFUSED_MALFORMED, f.raw_key = true);
	CHECK(CBX_ACCEPTED, f.raw_key = true; f.realm_profile = NULL);
	CHECK(CBX_ACCEPTED, f.realm_profile = NULL);
	CHECK(CBX_REFUSED_MALFORMED, f.raw_key = true; f.realm_profile = NULL;
		f.realm_alg = CBX_COSE_ALG_ES256);
	CHECK(CBX_REFUSED_MALFORMED, f.key_off_curve = true);
	CHECK(CBX_REFUSED_MALFORMED, f.key_off_curve = true; f.raw_key = true;
		f.realm_profile = NULL);
}

static void the_platform_vouches_for_the_realm_key(void **state)
{
	CHECK(CBX_ACCEPTED, f.key_hash = "sha-384");
	CHECK(CBX_ACCEPTED, f.key_hash = "sha-512");
	CHECK(CBX_REFUSED_UNSUPPORTED, f.key_hash = "sha-1");
	CHECK(CBX_REFUSED_BINDING, f.binding_broken = true);
	CHECK(CBX_REFUSED_BINDING, f.binding_broken = true;
		f.key_hash = "sha-512");
}

static void each_profile_has_its_claims(void **state)
{
	static const char third[] = "tag:arm.com,2024:cca_platform#2.0.0";
	static const char third_realm[] = "tag:arm.com,2024:realm#2.0.0";

	CHECK(CBX_ACCEPTED,
		f.platform_profile = "http://arm.com/CCA-SSD/1.0.0");
	CHECK(CBX_ACCEPTED, f.platform_profile = third;
		f.realm_profile = third_realm; f.third_claims = true);
	assert_non_null(cbx_verdict_claim(*state, "cca.mec-policy"));
	assert_non_null(cbx_verdict_claim(*state, "cca.lfa-policy"));
	assert_non_null(cbx_verdict_claim(*state, "cca.devices"));
	assert_non_null(cbx_verdict_claim(*state, "cca.instance-id"));
	assert_non_null(cbx_verdict_claim(*state, "cca.platform.client-id"));
	assert_non_null(cbx_verdict_claim(
		*state, "cca.platform.component.0.live-update"));
	/* A realm manager is not of the same age as what is below it. */
	CHECK(CBX_ACCEPTED, f.realm_profile = third_realm;
		f.third_claims = true);
	CHECK(CBX_REFUSED_MALFORMED, f.platform_profile = third);
	CHECK(CBX_REFUSED_MALFORMED, f.realm_profile = third_realm);
	CHECK(CBX_ACCEPTED, f.third_claims = true); /* then they are private */
	assert_null(cbx_verdict_claim(*state, "cca.mec-policy"));
	CHECK(CBX_ACCEPTED, f.extension = true);
	CHECK(CBX_REFUSED_UNSUPPORTED, f.platform_profile = third;
		f.third_claims = true; f.extension = true);
	CHECK(CBX_REFUSED_MALFORMED, f.platform_profile = NULL);
	CHECK(CBX_REFUSED_UNSUPPORTED,
		f.platform_profile = "tag:psacertified.org,2023:psa#tfm");
	CHECK(CBX_REFUSED_UNSUPPORTED, f.platform_profile = third_realm);
	CHECK(CBX_REFUSED_UNSUPPORTED, f.realm_profile = third);
	CHECK(CBX_REFUSED_UNSUPPORTED,
		f.realm_profile = "tag:arm.com,2026:realm#2.0.0");
}

static void claims_of_2024_are_in_their_range(void **state)
{
#define THIRD                                                       \
	f.third_claims = true;                                      \
	f.platform_profile = "tag:arm.com,2024:cca_platform#2.0.0"; \
	f.realm_profile = "tag:arm.com,2024:realm#2.0.0"

	CHECK(CBX_ACCEPTED, THIRD; f.mec = 0; f.lfa = 1);
	CHECK(CBX_REFUSED_MALFORMED, THIRD; f.mec = 2);
	CHECK(CBX_REFUSED_MALFORMED, THIRD; f.lfa = 2);
	CHECK(CBX_REFUSED_MALFORMED, THIRD; f.client = 0);
	CHECK(CBX_REFUSED_MALFORMED, THIRD; f.client = 2);
	CHECK(CBX_REFUSED_MALFORMED, f.ueid = 2);
	CHECK(CBX_REFUSED_MALFORMED, f.ueid = 0);
#undef THIRD
}

static void sizes_are_those_of_digests(void **state)
{
	CHECK(CBX_ACCEPTED, f.rim_bytes = f.rem_bytes = 48);
	CHECK(CBX_ACCEPTED, f.rim_bytes = f.rem_bytes = 64;
		f.realm_hash = "sha-512");
	CHECK(CBX_REFUSED_MALFORMED, f.realm_hash = "sha-384");
	CHECK(CBX_REFUSED_MALFORMED, f.rim_bytes = f.rem_bytes = 40);
	CHECK(CBX_REFUSED_MALFORMED, f.rim_bytes = f.rem_bytes = 80);
	CHECK(CBX_REFUSED_MALFORMED, f.rim_bytes = f.rem_bytes = 16);
	CHECK(CBX_REFUSED_MALFORMED, f.rem_bytes = 48);
	CHECK(CBX_REFUSED_MALFORMED, f.rem_count = 3);
	CHECK(CBX_REFUSED_MALFORMED, f.rem_count = 5);
	CHECK(CBX_REFUSED_MALFORMED, f.component_bytes = 31);
	CHECK(CBX_ACCEPTED, f.component_hash = "sha-512";
		f.component_bytes = 64);
	CHECK(CBX_ACCEPTED, f.component_hash = "SHA256"); /* just a name */
}

static void components_are_counted(void **state)
{
	CHECK(CBX_REFUSED_MALFORMED, f.components = 0);
	CHECK(CBX_ACCEPTED, f.components = CBX_CCA_COMPONENTS);
	CHECK(CBX_ACCEPTED, f.components = CBX_CCA_COMPONENTS;
		f.component_hash = "sha-256"; f.third_claims = true;
		f.platform_profile = "tag:arm.com,2024:cca_platform#2.0.0";
		f.realm_profile = "tag:arm.com,2024:realm#2.0.0");
	CHECK(CBX_REFUSED_MALFORMED, f.components = CBX_CCA_COMPONENTS + 1);
}

static void only_a_secured_platform_is_accepted(void **state)
{
	CHECK(CBX_ACCEPTED, f.lifecycle = 0x3000);
	CHECK(CBX_ACCEPTED, f.lifecycle = 0x30ff);
	CHECK(CBX_REFUSED_LIFECYCLE, f.lifecycle = 0);
	CHECK(CBX_REFUSED_LIFECYCLE, f.lifecycle = 0x1000);
	CHECK(CBX_REFUSED_LIFECYCLE, f.lifecycle = 0x20ff);
	CHECK(CBX_REFUSED_LIFECYCLE, f.lifecycle = 0x6000);
	CHECK(CBX_REFUSED_DEBUG, f.lifecycle = 0x4000);
	CHECK(CBX_REFUSED_DEBUG, f.lifecycle = 0x50ff);
	CHECK(CBX_REFUSED_MALFORMED, f.lifecycle = 0x3100);
	CHECK(CBX_REFUSED_MALFORMED, f.lifecycle = 0x7000);
	CHECK(CBX_REFUSED_MALFORMED, f.lifecycle = 0x100003000);
}

static void who_allows_debugging_gets_it(void **state)
{
	CHECK(CBX_ACCEPTED, f.lifecycle = 0x4000;
		appraisal.flags = CBX_APPRAISE_DEBUG);
	CHECK(CBX_ACCEPTED, f.lifecycle = 0x5001;
		appraisal.flags = CBX_APPRAISE_DEBUG);
	assert_int_equal(
		((struct cbx_verdict *)*state)->trust[CBX_TRUST_RUNTIME_OPAQUE],
		96);
	assert_int_equal(
		((struct cbx_verdict *)*state)->trust[CBX_TRUST_CONFIGURATION],
		32);
	CHECK(CBX_REFUSED_LIFECYCLE, f.lifecycle = 0x6000;
		appraisal.flags = CBX_APPRAISE_DEBUG);
}

static void a_token_answers_a_challenge(void **state)
{
	uint8_t nonce[65] = { 1, 2, 3 };

	CHECK(CBX_ACCEPTED, memcpy(f.challenge, nonce, 64);
		appraisal.nonce = ((struct cbx_span){ nonce, 64 }));
	CHECK(CBX_ACCEPTED, memcpy(f.challenge, nonce, 64);
		appraisal.nonce = ((struct cbx_span){ nonce, 3 }));
	CHECK(CBX_REFUSED_NONCE, memcpy(f.challenge, nonce, 64);
		appraisal.nonce = ((struct cbx_span){ nonce, 2 }));
	CHECK(CBX_REFUSED_NONCE, memcpy(f.challenge, nonce, 64);
		appraisal.nonce = ((struct cbx_span){ nonce, 65 }));
	CHECK(CBX_REFUSED_NONCE,
		appraisal.nonce = ((struct cbx_span){ nonce, 64 }));
}

static void a_requirement_is_met_or_not(void **state)
{
	static const uint8_t rim[32] = { [0 ... 31] = 0x38 };
	struct cbx_value value = { .kind = CBX_VALUE_BYTES,
		.span = { rim, sizeof(rim) } };
	struct cbx_requirement wanted = { "cca.rim", CBX_REQUIRE_ONE_OF, &value,
		1 };

	CHECK(CBX_ACCEPTED, appraisal.requirements = &wanted;
		appraisal.requirement_count = 1);
	CHECK(CBX_REFUSED_REQUIREMENT, appraisal.requirements = &wanted;
		appraisal.requirement_count = 1;
		f.rim_bytes = f.rem_bytes = 48);
}

static void as_a_part_a_token_is_bound(void **state)
{
	struct cbx_appraisal appraisal = cca_anything();
	struct forge forge = forge_usual();
	uint8_t wanted[64];
	struct cbx_span expected = { wanted, sizeof(wanted) };
	struct cbx_endorsements endorsements = cca_by((struct cbx_span){ 0 });
	struct cbx_span token = forge_token(&forge, &endorsements.platform_key);
	struct cbx_verdict *verdict = *state;

	memcpy(wanted, forge.challenge, sizeof(wanted));
	appraisal.nonce = (struct cbx_span){ wanted, 1 }; /* not asked then */
	assert_int_equal(cbx_verdict_begin(verdict, "box", &appraisal), 0);
	assert_int_equal(cbx_cca_check(verdict, token, &endorsements,
				 &appraisal, expected),
		CBX_ACCEPTED);
	wanted[63] ^= 1;
	assert_int_equal(cbx_cca_check(verdict, token, &endorsements,
				 &appraisal, expected),
		CBX_REFUSED_BINDING);
	expected.size = 63;
	assert_int_equal(cbx_cca_check(verdict, token, &endorsements,
				 &appraisal, expected),
		CBX_REFUSED_BINDING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cca_make, cca_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_wrappings_are_taken),
		TEST(every_algorithm_is_verified_by_its_curve),
		TEST(a_token_has_a_longest),
		TEST(what_is_no_tag_is_something_else),
		TEST(headers_that_are_critical_are_not_passed_over),
		TEST(the_realm_key_comes_as_its_profile_has_it),
		TEST(the_platform_vouches_for_the_realm_key),
		TEST(each_profile_has_its_claims),
		TEST(claims_of_2024_are_in_their_range),
		TEST(sizes_are_those_of_digests),
		TEST(components_are_counted),
		TEST(only_a_secured_platform_is_accepted),
		TEST(who_allows_debugging_gets_it),
		TEST(a_token_answers_a_challenge),
		TEST(a_requirement_is_met_or_not),
		TEST(as_a_part_a_token_is_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

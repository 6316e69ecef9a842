/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a box in a realm, whose token has keys of our own. */
#include "maker.h"

#include "cca_forge.h"

#include <verify/verdict.h>

struct bench {
	struct cbx_verdict *verdict;
	struct keeper keeper;
	struct facts facts;
	struct made made;
	struct forge forge;
	struct cbx_endorsements endorsements;
	struct cbx_appraisal appraisal;
};

static int make(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->verdict = cbx_verdict_create();
	bench->keeper = keeper_make();
	bench->facts = evidence_facts();
	bench->facts.backend = "cca";
	bench->facts.kind = "cca";
	bench->facts.caps |= CBX_CAP_HARDWARE_ROOT | CBX_CAP_HYPERVISOR_OUT;
	bench->forge = forge_usual();
	evidence_report_data(
		&bench->keeper, &bench->facts, bench->forge.challenge);
	bench->endorsements.size = sizeof(bench->endorsements);
	bench->appraisal = (struct cbx_appraisal){
		.size = sizeof(bench->appraisal),
		.flags = CBX_APPRAISE_PRISTINE,
		.nonce = { bench->facts.nonce, 32 },
	};
	*state = bench;
	return 0;
}

static int drop(void **state)
{
	struct bench *bench = *state;

	cbx_verdict_destroy(bench->verdict);
	(void)psa_destroy_key(bench->keeper.key);
	free(bench);
	return 0;
}

static void assert_reason(struct bench *bench, enum cbx_refusal expected)
{
	enum cbx_refusal reason;

	bench->facts.report =
		forge_token(&bench->forge, &bench->endorsements.platform_key);
	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	reason = cbx_verify_box(bench->verdict, made_span(&bench->made),
		&bench->endorsements, &bench->appraisal);
	if (reason != expected) {
		fail_msg("%s: %s", cbx_refusal_word(reason),
			cbx_verdict_detail(bench->verdict));
	}
}

static void a_box_in_a_realm_is_accepted_with_both_claims(void **state)
{
	struct bench *bench = *state;

	assert_reason(bench, CBX_ACCEPTED);
	assert_non_null(cbx_verdict_claim(bench->verdict, "cca.rim"));
	assert_non_null(cbx_verdict_claim(bench->verdict, "box.channel-key"));
}

/* T01, H08 */
static void a_token_about_another_key_or_challenge_is_refused(void **state)
{
	struct bench *bench = *state;
	struct keeper kept = bench->keeper;

	bench->keeper = keeper_make();
	assert_reason(bench, CBX_REFUSED_BINDING);
	(void)psa_destroy_key(bench->keeper.key);
	bench->keeper = kept;
	assert_reason(bench, CBX_ACCEPTED);
	bench->facts.nonce[31] ^= 1;
	assert_reason(bench, CBX_REFUSED_BINDING);
}

/* T02 */
static void a_token_that_is_not_genuine_is_refused(void **state)
{
	struct bench *bench = *state;

	bench->forge.wrong_platform_key = true;
	assert_reason(bench, CBX_REFUSED_SIGNATURE);
	bench->forge.wrong_platform_key = false;
	bench->forge.binding_broken = true;
	assert_reason(bench, CBX_REFUSED_BINDING);
	bench->forge.binding_broken = false;
	bench->forge.lifecycle = 0x6000;
	assert_reason(bench, CBX_REFUSED_LIFECYCLE);
}

int main(void)
{
#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_box_in_a_realm_is_accepted_with_both_claims),
		BENCH_TEST(a_token_about_another_key_or_challenge_is_refused),
		BENCH_TEST(a_token_that_is_not_genuine_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

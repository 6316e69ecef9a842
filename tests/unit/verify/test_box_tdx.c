/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a box in a TD, whose quote a vendor of our own signed. */
#include "maker.h"

#include "forge_world.h"

#include <verify/verdict.h>

#define REPORT_DATA 520u /* in a TD report */

static struct world world; /* its keys are made once */

struct bench {
	struct cbx_verdict *verdict;
	struct keeper keeper;
	struct facts facts;
	struct made made;
	struct cbx_span root;
	struct cbx_span files[WORLD_FILES];
	struct cbx_endorsements endorsements;
	struct cbx_appraisal appraisal;
};

static int open_world(void **state)
{
	(void)state;
	world.forge = forge_create();
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	forge_destroy(world.forge);
	return 0;
}

/* The quote, with the data that binds key and nonce. */
static void make_quote(struct bench *bench)
{
	evidence_report_data(
		&bench->keeper, &bench->facts, world.td.report + REPORT_DATA);
	world_sign_quote(&world);
	bench->facts.report =
		(struct cbx_span){ world.quote, world.quote_size };
}

static int make(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	world_make(&world);
	bench->verdict = cbx_verdict_create();
	bench->keeper = keeper_make();
	bench->facts = evidence_facts();
	bench->facts.backend = "tdx";
	bench->facts.kind = "tdx";
	bench->facts.caps |= CBX_CAP_HARDWARE_ROOT | CBX_CAP_HYPERVISOR_OUT;
	make_quote(bench);
	bench->root = (struct cbx_span){ (const uint8_t *)world.pem[FORGE_ROOT],
		strlen(world.pem[FORGE_ROOT]) };
	for (int i = 0; i < WORLD_FILES; i++) {
		bench->files[i] =
			(struct cbx_span){ world.files[i], world.sizes[i] };
	}
	bench->endorsements = tdx_collateral(bench->files, WORLD_FILES);
	bench->appraisal = (struct cbx_appraisal){
		.size = sizeof(bench->appraisal),
		.flags = CBX_APPRAISE_PRISTINE | CBX_APPRAISE_COLLATERAL,
		.now = FORGE_NOW,
		.nonce = { bench->facts.nonce, 32 },
		.roots = &bench->root,
		.root_count = 1,
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

	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	reason = cbx_verify_box(bench->verdict, made_span(&bench->made),
		&bench->endorsements, &bench->appraisal);
	if (reason != expected) {
		fail_msg("%s: %s", cbx_refusal_word(reason),
			cbx_verdict_detail(bench->verdict));
	}
}

static void a_box_in_a_td_is_accepted_with_both_claims(void **state)
{
	struct bench *bench = *state;

	assert_reason(bench, CBX_ACCEPTED);
	assert_non_null(cbx_verdict_claim(bench->verdict, "tdx.mrtd"));
	assert_non_null(cbx_verdict_claim(bench->verdict, "box.channel-key"));
	assert_int_equal(bench->verdict->trust[CBX_TRUST_HARDWARE], 2);
	assert_int_equal(bench->verdict->trust[CBX_TRUST_EXECUTABLES], 33);
}

/* T01, H08 */
static void a_quote_about_another_key_or_challenge_is_refused(void **state)
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
static void a_quote_that_is_not_genuine_is_refused(void **state)
{
	struct bench *bench = *state;

	bench->appraisal.root_count = 0;
	assert_reason(bench, CBX_REFUSED_CHAIN);
	bench->appraisal.root_count = 1;
	bench->appraisal.now = FORGE_TO + 1;
	assert_reason(bench, CBX_REFUSED_EXPIRED);
	bench->appraisal.now = FORGE_NOW;
	bench->endorsements.collateral_count = 0;
	assert_reason(bench, CBX_REFUSED_COLLATERAL);
	bench->appraisal.flags = 0;
	assert_reason(bench, CBX_ACCEPTED);
	world.quote[200] ^= 1;
	assert_reason(bench, CBX_REFUSED_SIGNATURE);
}

int main(void)
{
#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_box_in_a_td_is_accepted_with_both_claims),
		BENCH_TEST(a_quote_about_another_key_or_challenge_is_refused),
		BENCH_TEST(a_quote_that_is_not_genuine_is_refused),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Our own evidence: what is accepted, and every reason for which it is not. */
#include "maker.h"

#include <stdio.h>

#include <verify/span.h>
#include <verify/verdict.h>

#define ALLOW (CBX_APPRAISE_NO_HARDWARE)

struct bench {
	struct cbx_verdict *verdict;
	struct keeper keeper;
	struct facts facts;
	struct made made;
	struct cbx_appraisal appraisal;
};

static int make(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->verdict = cbx_verdict_create();
	bench->keeper = keeper_make();
	bench->facts = evidence_facts();
	bench->appraisal = (struct cbx_appraisal){
		.size = sizeof(struct cbx_appraisal),
		.flags = ALLOW,
	};
	bench->appraisal.nonce = (struct cbx_span){ bench->facts.nonce, 32 };
	*state = bench;
	return bench->verdict == NULL ? -1 : 0;
}

static int drop(void **state)
{
	struct bench *bench = *state;

	cbx_verdict_destroy(bench->verdict);
	(void)psa_destroy_key(bench->keeper.key);
	free(bench);
	return 0;
}

static enum cbx_refusal verify_made(struct bench *bench)
{
	return cbx_verify_box(bench->verdict, made_span(&bench->made), NULL,
		&bench->appraisal);
}

static enum cbx_refusal verify_facts(struct bench *bench)
{
	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	return verify_made(bench);
}

static const struct cbx_value *value(struct bench *bench, const char *name)
{
	const struct cbx_claim *claim = cbx_verdict_claim(bench->verdict, name);

	if (claim == NULL) {
		fail_msg("no claim %s", name);
	}
	return &claim->value;
}

static void assert_text(
	struct bench *bench, const char *name, const char *wanted)
{
	assert_int_equal(value(bench, name)->kind, CBX_VALUE_TEXT);
	assert_string_equal(
		(const char *)value(bench, name)->span.bytes, wanted);
}

static void assert_number(
	struct bench *bench, const char *name, uint64_t wanted)
{
	assert_int_equal(value(bench, name)->number, wanted);
}

static void assert_bytes(struct bench *bench, const char *name,
	const uint8_t *wanted, size_t size)
{
	assert_int_equal(value(bench, name)->span.size, size);
	assert_memory_equal(value(bench, name)->span.bytes, wanted, size);
}

static void a_pristine_box_is_accepted_with_all_it_says(void **state)
{
	struct bench *bench = *state;
	struct facts *facts = &bench->facts;
	uint8_t digest[48];

	facts->has_signer = true;
	facts->has_boot_digest = true;
	bench->appraisal.flags |= CBX_APPRAISE_PRISTINE;
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_string_equal(cbx_verdict_detail(bench->verdict), "");
	assert_bytes(bench, "evidence.nonce", facts->nonce, 32);
	assert_bytes(bench, "box.measurement", facts->measurement, 48);
	assert_bytes(bench, "box.input-digest", facts->input_digest, 48);
	assert_number(bench, "box.input-bytes", 0);
	assert_text(bench, "box.state", "ready");
	assert_number(bench, "box.debug", 0);
	assert_number(bench, "box.tainted", 0);
	assert_number(bench, "box.clone", 0);
	assert_number(bench, "box.policy.strict", 1);
	assert_number(bench, "box.policy.plain", 0);
	assert_number(bench, "box.policy.wake-step-ns", 1000000);
	assert_number(bench, "box.lenders", 0);
	assert_number(bench, "box.has-parent", 0);
	assert_number(bench, "box.children", 0);
	assert_null(cbx_verdict_claim(bench->verdict, "box.parent"));
	assert_null(cbx_verdict_claim(bench->verdict, "box.runtime"));
	assert_bytes(bench, "box.signer", facts->measurement, 48);
	assert_bytes(bench, "box.family", facts->measurement, 16);
	assert_number(bench, "box.security-version", 3);
	assert_number(bench, "box.number", 7);
	assert_bytes(bench, "box.channel-key", facts->box_key, 32);
	assert_text(bench, "monitor.version", "0.1.0");
	assert_text(bench, "monitor.backend", "mock");
	assert_number(bench, "monitor.caps", facts->caps);
	assert_number(bench, "monitor.caps.host-kernel-out", 1);
	assert_number(bench, "monitor.caps.hypervisor-out", 0);
	evidence_boot_digest(evidence_boot_log(), digest);
	assert_bytes(bench, "monitor.boot-digest", digest, 48);
	memset(digest, 'm', sizeof(digest));
	assert_bytes(bench, "monitor.image", digest, 48);
	memset(digest, 'h', sizeof(digest));
	assert_bytes(bench, "monitor.boot.host", digest, 48);
	assert_null(cbx_verdict_claim(bench->verdict, "monitor.boot.options"));
	assert_number(bench, "monitor.boot.events", 2);
	assert_text(bench, "monitor.measured-by", "itself");
	assert_text(bench, "monitor.root", "none");
	assert_bytes(bench, "monitor.key", bench->keeper.point, 97);
	assert_bytes(bench, "monitor.channel-key", facts->monitor_key, 32);
	assert_text(bench, "platform.kind", "none");
}

static void digests_are_of_the_maps_as_they_are(void **state)
{
	struct bench *bench = *state;
	uint8_t before[48];

	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	memcpy(before, value(bench, "box.digest")->span.bytes, 48);
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_bytes(bench, "box.digest", before, 48); /* other signature */
	bench->facts.caps ^= CBX_CAP_FEATURES;
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_bytes(bench, "box.digest", before, 48);
	bench->facts.input_bytes = 1;
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_memory_not_equal(
		value(bench, "box.digest")->span.bytes, before, 48);
}

/* One thing that is different, and what becomes of the evidence. */
struct row {
	const char *what;
	void (*change)(struct bench *bench);
	enum cbx_refusal reason;
};

#define CHANGE(name, statement)                                      \
	static void name(struct bench *bench)                        \
	{                                                            \
		struct facts *facts = &bench->facts;                 \
		struct cbx_appraisal *appraisal = &bench->appraisal; \
		(void)facts;                                         \
		(void)appraisal;                                     \
		statement;                                           \
	}

CHANGE(nothing, )
CHANGE(hardware_wanted, appraisal->flags = 0)
CHANGE(test_root, (facts->kind = "test", facts->caps |= CBX_CAP_HARDWARE_ROOT))
CHANGE(test_root_hardware_wanted, (test_root(bench), appraisal->flags = 0))
CHANGE(other_nonce, facts->nonce[31] ^= 1)
CHANGE(longer_nonce, (facts->nonce_size = 33, facts->nonce[32] = 0))
CHANGE(shorter_challenge, appraisal->nonce.size = 16)
CHANGE(no_challenge, (appraisal->nonce.size = 0, facts->nonce[0] = 9))
CHANGE(nonce_too_short, (facts->nonce_size = 15, appraisal->nonce.size = 0))
CHANGE(no_profile, facts->profile = NULL)
CHANGE(profile_of_others, facts->profile = "tag:arm.com,2023:realm#1.0.0")
CHANGE(profile_of_another_version,
	facts->profile = "tag:libconfbox,2026:evidence#2")
CHANGE(profile_longer, facts->profile = CBX_EVIDENCE_PROFILE "0")
CHANGE(monitor_alone, facts->has_box = false)
CHANGE(debug_box,
	(facts->flags = CBX_BOX_DEBUG, facts->policy[0] = CBX_POLICY_DEBUG,
		facts->dbgstat = CBX_DBGSTAT_ENABLED))
CHANGE(debug_allowed,
	(debug_box(bench), appraisal->flags |= CBX_APPRAISE_DEBUG))
CHANGE(trace_box, (facts->policy[0] = CBX_POLICY_TRACE,
			  facts->dbgstat = CBX_DBGSTAT_ENABLED))
CHANGE(debug_hidden_in_dbgstat,
	(facts->flags = CBX_BOX_DEBUG, facts->policy[0] = CBX_POLICY_DEBUG))
CHANGE(debug_hidden_in_flags, (facts->policy[0] = CBX_POLICY_DEBUG,
				      facts->dbgstat = CBX_DBGSTAT_ENABLED))
CHANGE(debug_hidden_in_policy,
	(facts->flags = CBX_BOX_DEBUG, facts->dbgstat = CBX_DBGSTAT_ENABLED))
CHANGE(dbgstat_in_between, facts->dbgstat = 1)
CHANGE(pristine, appraisal->flags |= CBX_APPRAISE_PRISTINE)
CHANGE(tainted, facts->flags = CBX_BOX_TAINTED)
CHANGE(tainted_not_wanted, (tainted(bench), pristine(bench)))
CHANGE(cloned, (facts->flags = CBX_BOX_CLONE, facts->lenders = 1))
CHANGE(clone_not_wanted, (cloned(bench), pristine(bench)))
CHANGE(eight_lenders, (cloned(bench), facts->lenders = 8))
CHANGE(nine_lenders, (cloned(bench), facts->lenders = 9))
CHANGE(lenders_hidden, facts->flags = CBX_BOX_CLONE)
CHANGE(clone_hidden, facts->lenders = 1)
CHANGE(fed, (facts->input_bytes = 9, facts->input_digest[0] = 1))
CHANGE(fed_not_wanted, (fed(bench), pristine(bench)))
CHANGE(fed_bytes_hidden, (facts->input_digest[47] = 1, pristine(bench)))
CHANGE(fed_digest_hidden, (facts->input_bytes = 1, pristine(bench)))
CHANGE(confined, (facts->state = 3, facts->flags = CBX_BOX_CONFINED))
CHANGE(confined_hidden, facts->state = 3)
CHANGE(confined_pretended, facts->flags = CBX_BOX_CONFINED)
CHANGE(template_box, (facts->state = 5, facts->flags = CBX_BOX_TEMPLATE))
CHANGE(template_hidden, facts->state = 5)
CHANGE(building, facts->state = 1)
CHANGE(dying, facts->state = 4)
CHANGE(keepers_flag, facts->flags = CBX_BOX_KEEPER)
CHANGE(unknown_flag, facts->flags = 64)
CHANGE(high_flag, facts->flags = UINT64_C(1) << 63)
CHANGE(unknown_policy, facts->policy[0] = CBX_POLICY_FLAGS + 1)
/* A clone goes on with what a template began. */
CHANGE(child, (cloned(bench), facts->lenders = 2, facts->running_lenders = 1,
		      facts->has_parent = true))
CHANGE(parent_of_nobody, facts->has_parent = true)
CHANGE(parent_of_a_share, (cloned(bench), facts->has_parent = true))
CHANGE(parent_hidden, (child(bench), facts->has_parent = false))
CHANGE(parent_another, (child(bench), facts->other_parent = true))
CHANGE(parent_and_own_runtime, (child(bench), facts->has_runtime = true))
CHANGE(own_runtime, facts->has_runtime = true)
CHANGE(own_runtime_and_shares, (cloned(bench), facts->has_runtime = true))
CHANGE(children_of_a_template, (template_box(bench), facts->children = 3))
CHANGE(has_child, facts->children = 1)
CHANGE(runtime_left_out, facts->left_out = CBX_LABEL_RUNTIME)
CHANGE(boot_log_left_out, facts->left_out = CBX_LABEL_BOOT_LOG)
CHANGE(booted, facts->has_boot_digest = true)
CHANGE(boot_log_hidden, (booted(bench), facts->boot_log_hidden = true))
CHANGE(boot_digest_hidden, facts->boot_log_hidden = true)
CHANGE(boot_digest_other, (booted(bench), facts->boot_digest_other = true))
CHANGE(parent_left_out, facts->left_out = CBX_LABEL_PARENT)
CHANGE(children_left_out, facts->left_out = CBX_LABEL_CHILDREN)
CHANGE(lenders_left_out, facts->left_out = CBX_LABEL_LENDERS)
CHANGE(dbgstat_left_out, facts->left_out = CBX_EAT_DBGSTAT)
CHANGE(measurement_left_out, facts->left_out = CBX_LABEL_MEASUREMENT)
CHANGE(digest_left_out, facts->left_out = CBX_LABEL_INPUT_DIGEST)
CHANGE(flags_left_out, facts->left_out = CBX_LABEL_FLAGS)
CHANGE(signer_left_out, facts->left_out = CBX_LABEL_SIGNER)
CHANGE(number_left_out, facts->left_out = CBX_LABEL_NUMBER)
CHANGE(caps_left_out, facts->left_out = CBX_LABEL_CAPS)
CHANGE(boot_left_out, facts->left_out = CBX_LABEL_BOOT_DIGEST)
CHANGE(root_left_out, facts->left_out = CBX_LABEL_ROOT)
CHANGE(backend_left_out, facts->left_out = CBX_LABEL_BACKEND)
CHANGE(channel_left_out, facts->left_out = CBX_LABEL_CHANNEL_KEY)
CHANGE(name_left_out, facts->left_out = CBX_EAT_SWNAME)
CHANGE(version_left_out, facts->left_out = CBX_EAT_SWVERSION)
CHANGE(number_zero, facts->number = 0)
CHANGE(other_name, facts->name = "somebox")
CHANGE(other_backend, facts->backend = "sgx")
CHANGE(root_unknown, facts->root = 3)
CHANGE(other_kind, facts->kind = "sgx")
CHANGE(hardware_pretended_by_caps, facts->caps |= CBX_CAP_HARDWARE_ROOT)
CHANGE(hardware_pretended_by_backend, facts->backend = "snp")
CHANGE(test_on_hardware, (test_root(bench), facts->backend = "tdx"))
CHANGE(test_without_caps, facts->kind = "test")
CHANGE(kind_without_report,
	(facts->kind = "snp", facts->caps |= CBX_CAP_HARDWARE_ROOT))

static const uint8_t some[72] = "CBXTEST1";
CHANGE(report_without_kind,
	facts->report = ((struct cbx_span){ some, sizeof(some) }))
CHANGE(endorsements_without_kind,
	facts->endorsements = ((struct cbx_span){ some, sizeof(some) }))
CHANGE(test_of_another, (test_root(bench), facts->report = ((struct cbx_span){
						   some, sizeof(some) })))
CHANGE(test_too_short,
	(test_root(bench), facts->report = ((struct cbx_span){ some, 71 })))
CHANGE(test_of_another_kind,
	(test_root(bench), facts->report = ((struct cbx_span){ some + 1, 71 })))
CHANGE(snp_of_nothing, (facts->backend = "snp", facts->kind = "snp",
			       facts->caps |= CBX_CAP_HARDWARE_ROOT,
			       facts->report = ((struct cbx_span){ some, 72 })))
CHANGE(tdx_of_nothing,
	(snp_of_nothing(bench), facts->backend = "tdx", facts->kind = "tdx"))
CHANGE(cca_of_nothing,
	(snp_of_nothing(bench), facts->backend = "cca", facts->kind = "cca"))
CHANGE(another_machines_report, (snp_of_nothing(bench), facts->backend = "tdx"))

static const struct row rows[] = {
	{ "nothing", nothing, CBX_ACCEPTED },
	{ "hardware wanted", hardware_wanted, CBX_REFUSED_NO_HARDWARE },
	{ "a root for tests", test_root, CBX_ACCEPTED },
	{ "it is no root", test_root_hardware_wanted, CBX_REFUSED_NO_HARDWARE },
	{ "nonce", other_nonce, CBX_REFUSED_NONCE },
	{ "a nonce and a zero", longer_nonce, CBX_REFUSED_NONCE },
	{ "half of a challenge", shorter_challenge, CBX_REFUSED_NONCE },
	{ "no challenge", no_challenge, CBX_ACCEPTED },
	{ "short nonce", nonce_too_short, CBX_REFUSED_MALFORMED },
	{ "no profile", no_profile, CBX_REFUSED_WRONG_TYPE },
	{ "a token of others", profile_of_others, CBX_REFUSED_WRONG_TYPE },
	{ "version 2", profile_of_another_version, CBX_REFUSED_UNSUPPORTED },
	{ "version 10", profile_longer, CBX_REFUSED_UNSUPPORTED },
	{ "no box", monitor_alone, CBX_REFUSED_WRONG_TYPE },
	{ "debug", debug_box, CBX_REFUSED_DEBUG },
	{ "debug allowed", debug_allowed, CBX_ACCEPTED },
	{ "trace", trace_box, CBX_REFUSED_DEBUG },
	{ "dbgstat lies", debug_hidden_in_dbgstat, CBX_REFUSED_MALFORMED },
	{ "flags lie", debug_hidden_in_flags, CBX_REFUSED_MALFORMED },
	{ "policy lies", debug_hidden_in_policy, CBX_REFUSED_MALFORMED },
	{ "dbgstat 1", dbgstat_in_between, CBX_REFUSED_MALFORMED },
	{ "pristine", pristine, CBX_ACCEPTED },
	{ "tainted", tainted, CBX_ACCEPTED },
	{ "tainted, pristine", tainted_not_wanted, CBX_REFUSED_NOT_PRISTINE },
	{ "clone", cloned, CBX_ACCEPTED },
	{ "clone, pristine", clone_not_wanted, CBX_REFUSED_NOT_PRISTINE },
	{ "eight lenders", eight_lenders, CBX_ACCEPTED },
	{ "nine lenders", nine_lenders, CBX_REFUSED_MALFORMED },
	{ "clone of nobody", lenders_hidden, CBX_REFUSED_MALFORMED },
	{ "clone not told", clone_hidden, CBX_REFUSED_MALFORMED },
	{ "fed", fed, CBX_ACCEPTED },
	{ "fed, pristine", fed_not_wanted, CBX_REFUSED_NOT_PRISTINE },
	{ "digest, no bytes", fed_bytes_hidden, CBX_REFUSED_NOT_PRISTINE },
	{ "bytes, no digest", fed_digest_hidden, CBX_REFUSED_NOT_PRISTINE },
	{ "confined", confined, CBX_ACCEPTED },
	{ "confined, no flag", confined_hidden, CBX_REFUSED_MALFORMED },
	{ "flag, not confined", confined_pretended, CBX_REFUSED_MALFORMED },
	{ "template", template_box, CBX_ACCEPTED },
	{ "template, no flag", template_hidden, CBX_REFUSED_MALFORMED },
	{ "building", building, CBX_REFUSED_MALFORMED },
	{ "dying", dying, CBX_REFUSED_MALFORMED },
	{ "the keeper", keepers_flag, CBX_REFUSED_UNSUPPORTED },
	{ "a new flag", unknown_flag, CBX_REFUSED_UNSUPPORTED },
	{ "the last flag", high_flag, CBX_REFUSED_UNSUPPORTED },
	{ "a new policy", unknown_policy, CBX_REFUSED_UNSUPPORTED },
	{ "a template's child", child, CBX_ACCEPTED },
	{ "T04: no such parent", parent_of_nobody, CBX_REFUSED_MALFORMED },
	{ "T04: a share's child", parent_of_a_share, CBX_REFUSED_MALFORMED },
	{ "T04: parent hidden", parent_hidden, CBX_REFUSED_MALFORMED },
	{ "T04: another parent", parent_another, CBX_REFUSED_MALFORMED },
	{ "T04: two programs", parent_and_own_runtime, CBX_REFUSED_MALFORMED },
	{ "a runtime", own_runtime, CBX_ACCEPTED },
	{ "a runtime and shares", own_runtime_and_shares, CBX_ACCEPTED },
	{ "a template's children", children_of_a_template, CBX_ACCEPTED },
	{ "child", has_child, CBX_REFUSED_MALFORMED },
	{ "no runtime", runtime_left_out, CBX_REFUSED_MALFORMED },
	{ "boot log left out", boot_log_left_out, CBX_REFUSED_MALFORMED },
	{ "a boot log", booted, CBX_ACCEPTED },
	{ "a digest, no log", boot_log_hidden, CBX_REFUSED_MALFORMED },
	{ "a log, no digest", boot_digest_hidden, CBX_REFUSED_MALFORMED },
	{ "another log's digest", boot_digest_other, CBX_REFUSED_EVENT_LOG },
	{ "T04: parent left out", parent_left_out, CBX_REFUSED_MALFORMED },
	{ "T04: children left out", children_left_out, CBX_REFUSED_MALFORMED },
	{ "T04: lenders left out", lenders_left_out, CBX_REFUSED_MALFORMED },
	{ "no dbgstat", dbgstat_left_out, CBX_REFUSED_MALFORMED },
	{ "no measurement", measurement_left_out, CBX_REFUSED_MALFORMED },
	{ "no input digest", digest_left_out, CBX_REFUSED_MALFORMED },
	{ "no flags", flags_left_out, CBX_REFUSED_MALFORMED },
	{ "no signer", signer_left_out, CBX_REFUSED_MALFORMED },
	{ "no number", number_left_out, CBX_REFUSED_MALFORMED },
	{ "no caps", caps_left_out, CBX_REFUSED_MALFORMED },
	{ "no boot digest", boot_left_out, CBX_REFUSED_MALFORMED },
	{ "no root", root_left_out, CBX_REFUSED_MALFORMED },
	{ "no backend", backend_left_out, CBX_REFUSED_MALFORMED },
	{ "no channel key", channel_left_out, CBX_REFUSED_MALFORMED },
	{ "no name", name_left_out, CBX_REFUSED_MALFORMED },
	{ "no version", version_left_out, CBX_REFUSED_MALFORMED },
	{ "number 0", number_zero, CBX_REFUSED_MALFORMED },
	{ "another name", other_name, CBX_REFUSED_MALFORMED },
	{ "another backend", other_backend, CBX_REFUSED_UNSUPPORTED },
	{ "another root", root_unknown, CBX_REFUSED_UNSUPPORTED },
	{ "another kind", other_kind, CBX_REFUSED_UNSUPPORTED },
	{ "caps say hardware", hardware_pretended_by_caps,
		CBX_REFUSED_MALFORMED },
	{ "the backend says hardware", hardware_pretended_by_backend,
		CBX_REFUSED_MALFORMED },
	{ "tests on hardware", test_on_hardware, CBX_REFUSED_MALFORMED },
	{ "tests without caps", test_without_caps, CBX_REFUSED_MALFORMED },
	{ "a kind, no report", kind_without_report, CBX_REFUSED_MALFORMED },
	{ "a report, no kind", report_without_kind, CBX_REFUSED_MALFORMED },
	{ "endorsements, no kind", endorsements_without_kind,
		CBX_REFUSED_MALFORMED },
	{ "T01: report of another key", test_of_another, CBX_REFUSED_BINDING },
	{ "short report", test_too_short, CBX_REFUSED_MALFORMED },
	{ "other report", test_of_another_kind, CBX_REFUSED_MALFORMED },
	{ "no SNP report", snp_of_nothing, CBX_REFUSED_MALFORMED },
	{ "no TD quote", tdx_of_nothing, CBX_REFUSED_UNSUPPORTED },
	{ "no CCA token", cca_of_nothing, CBX_REFUSED_MALFORMED },
	{ "SNP report on TDX", another_machines_report, CBX_REFUSED_MALFORMED },
};

static void one_difference_gives_one_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench *bench;
		enum cbx_refusal reason;

		assert_int_equal(make((void **)&bench), 0);
		rows[i].change(bench);
		/* the challenge is what the facts began with */
		struct facts asked = evidence_facts();

		if (bench->appraisal.nonce.size != 0) {
			bench->appraisal.nonce.bytes = asked.nonce;
		}
		reason = verify_facts(bench);
		if (reason != rows[i].reason) {
			fail_msg("%s: %s: %s", rows[i].what,
				cbx_refusal_word(reason),
				cbx_verdict_detail(bench->verdict));
		}
		assert_int_equal(cbx_verdict_reason(bench->verdict), reason);
		assert_int_equal(cbx_verdict_detail(bench->verdict)[0] == '\0',
			reason == CBX_ACCEPTED);
		assert_int_equal(drop((void **)&bench), 0);
	}
}

/* T01: who sits between puts in a key of its own. */
static void evidence_signed_by_another_key_is_refused(void **state)
{
	struct bench *bench = *state;
	struct keeper other = keeper_make();

	bench->facts.signer = other.key;
	assert_int_equal(verify_facts(bench), CBX_REFUSED_SIGNATURE);
	(void)psa_destroy_key(other.key);
}

/* T01: a report that vouches for one monitor, in the evidence of another. */
static void a_report_binds_one_key(void **state)
{
	struct bench *bench = *state;
	struct keeper other = keeper_make();
	uint8_t report[8 + CBX_REPORT_DATA_BYTES] = "CBXTEST1";

	test_root(bench);
	evidence_report_data(&bench->keeper, &bench->facts, report + 8);
	bench->facts.report = (struct cbx_span){ report, sizeof(report) };
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	evidence_make(&other, &bench->facts, &bench->made);
	assert_int_equal(verify_made(bench), CBX_REFUSED_BINDING);
	(void)psa_destroy_key(other.key);
}

/* H08: an old report with a new challenge around it. */
static void a_report_binds_one_nonce(void **state)
{
	struct bench *bench = *state;
	uint8_t report[8 + CBX_REPORT_DATA_BYTES] = "CBXTEST1";

	test_root(bench);
	bench->facts.nonce[0] = 1;
	evidence_report_data(&bench->keeper, &bench->facts, report + 8);
	bench->facts.nonce[0] = 2;
	bench->facts.report = (struct cbx_span){ report, sizeof(report) };
	assert_int_equal(verify_facts(bench), CBX_REFUSED_BINDING);
}

/* H08: whole evidence, replayed. */
static void evidence_answers_one_challenge(void **state)
{
	struct bench *bench = *state;
	uint8_t challenge[32];

	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	memcpy(challenge, bench->facts.nonce, sizeof(challenge));
	challenge[7] ^= 0x80;
	bench->appraisal.nonce =
		(struct cbx_span){ challenge, sizeof(challenge) };
	assert_int_equal(verify_made(bench), CBX_REFUSED_NONCE);
}

static void a_requirement_that_is_not_met_is_the_reason(void **state)
{
	struct bench *bench = *state;
	const struct cbx_value wanted = { .kind = CBX_VALUE_BYTES,
		.span = { bench->facts.nonce, 48 } };
	const struct cbx_requirement requirement = { "box.measurement",
		CBX_REQUIRE_ONE_OF, &wanted, 1 };

	bench->appraisal.requirements = &requirement;
	bench->appraisal.requirement_count = 1;
	assert_int_equal(verify_facts(bench), CBX_REFUSED_REQUIREMENT);
	memcpy(bench->facts.measurement, bench->facts.nonce, 48);
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
}

/* Accepted when the claim has to be @p good, and refused when another. */
static void assert_pinned(
	struct bench *bench, const char *claim, const uint8_t good[48])
{
	const uint8_t bad[48] = { 0xba, 0xd0 };
	struct cbx_value wanted = { .kind = CBX_VALUE_BYTES,
		.span = { good, 48 } };
	const struct cbx_requirement requirement = { claim, CBX_REQUIRE_ONE_OF,
		&wanted, 1 };

	bench->appraisal.requirements = &requirement;
	bench->appraisal.requirement_count = 1;
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	wanted.span.bytes = bad;
	assert_int_equal(verify_facts(bench), CBX_REFUSED_REQUIREMENT);
	bench->appraisal.requirement_count = 0;
}

/* ... and when the evidence does not say it. */
static void assert_missed(struct bench *bench, const char *claim)
{
	const struct cbx_value wanted = { .kind = CBX_VALUE_BYTES,
		.span = { bench->facts.nonce, 48 } };
	const struct cbx_requirement requirement = { claim, CBX_REQUIRE_ONE_OF,
		&wanted, 1 };

	bench->appraisal.requirements = &requirement;
	bench->appraisal.requirement_count = 1;
	assert_int_equal(verify_facts(bench), CBX_REFUSED_REQUIREMENT);
	bench->appraisal.requirement_count = 0;
	assert_null(cbx_verdict_claim(bench->verdict, claim));
}

static void runtime_monitor_and_parent_can_be_named(void **state)
{
	struct bench *bench = *state;
	uint8_t digest[48];

	assert_missed(bench, "box.runtime");
	assert_missed(bench, "box.parent");
	assert_missed(bench, "monitor.image");
	assert_missed(bench, "monitor.boot-digest");
	bench->facts.has_runtime = true;
	evidence_runtime(15, digest);
	assert_pinned(bench, "box.runtime", digest);
	bench->facts.has_boot_digest = true;
	memset(digest, 'm', sizeof(digest));
	assert_pinned(bench, "monitor.image", digest);
	memset(digest, 'h', sizeof(digest));
	assert_pinned(bench, "monitor.boot.host", digest);
	evidence_boot_digest(evidence_boot_log(), digest);
	assert_pinned(bench, "monitor.boot-digest", digest);
}

/* A clone has its template's runtime; one that could have several has none. */
static void a_clone_s_runtime_is_its_parent_s(void **state)
{
	struct bench *bench = *state;
	uint8_t digest[48];

	child(bench);
	evidence_lender(1, digest);
	assert_pinned(bench, "box.parent", digest);
	evidence_runtime(1, digest);
	assert_pinned(bench, "box.runtime", digest);
	assert_pinned(bench, "box.lender1.runtime", digest);
	evidence_lender(0, digest);
	assert_pinned(bench, "box.lender0.measurement", digest);
	assert_missed(bench, "box.lender0.runtime");
	bench->facts.running_lenders = 2;
	assert_missed(bench, "box.runtime");
	evidence_lender(0, digest);
	assert_pinned(bench, "box.parent", digest);
	bench->facts.running_lenders = 1;
	bench->facts.has_runtime = true;
	bench->facts.has_parent = false;
	assert_missed(bench, "box.runtime");
	assert_missed(bench, "box.parent");
}

static void who_measured_the_monitor_is_told(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_text(bench, "monitor.measured-by", "nobody");
	bench->facts.has_boot_digest = true;
	bench->facts.backend = "linux";
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_text(bench, "monitor.measured-by", "itself");
	bench->facts.backend = "pks-vm";
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_text(bench, "monitor.measured-by", "loader");
	test_root(bench); /* which is no hardware */
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	assert_text(bench, "monitor.measured-by", "loader");
}

static void a_monitor_alone_is_verified_as_one(void **state)
{
	struct bench *bench = *state;

	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	assert_int_equal(
		cbx_verify_monitor(bench->verdict, made_span(&bench->made),
			NULL, &bench->appraisal),
		CBX_REFUSED_WRONG_TYPE);
	bench->facts.has_box = false;
	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	assert_int_equal(
		cbx_verify_monitor(bench->verdict, made_span(&bench->made),
			NULL, &bench->appraisal),
		CBX_ACCEPTED);
	assert_null(cbx_verdict_claim(bench->verdict, "box.channel-key"));
	assert_bytes(
		bench, "monitor.channel-key", bench->facts.monitor_key, 32);
}

static void evidence_is_not_longer_than_64_kib(void **state)
{
	struct bench *bench = *state;
	static uint8_t report[CBX_EVIDENCE_BYTES_MAX] = "CBXTEST1";

	test_root(bench);
	evidence_report_data(&bench->keeper, &bench->facts, report + 8);
	bench->facts.report = (struct cbx_span){ report, 72 };
	bench->facts.endorsements =
		(struct cbx_span){ report, CBX_EVIDENCE_BYTES_MAX - 2000 };
	assert_int_equal(verify_facts(bench), CBX_ACCEPTED);
	bench->facts.endorsements.size = CBX_EVIDENCE_BYTES_MAX;
	assert_int_equal(verify_facts(bench), CBX_REFUSED_MALFORMED);
}

/* Every bit, and every length: 200 mutations are a few of them. */
static void every_bit_of_evidence_counts(void **state)
{
	struct bench *bench = *state;
	size_t refused = 0;

	bench->facts.has_signer = true;
	bench->facts.has_boot_digest = true;
	cloned(bench);
	test_root(bench);
	evidence_make(&bench->keeper, &bench->facts, &bench->made);
	assert_int_equal(verify_made(bench), CBX_ACCEPTED);
	for (size_t at = 0; at < bench->made.size; at++) {
		uint8_t bit = (uint8_t)(1u << at % 8);
		enum cbx_refusal reason;

		bench->made.bytes[at] ^= bit;
		reason = verify_made(bench);
		if (reason == CBX_ACCEPTED || reason == CBX_REFUSED_INTERNAL) {
			fail_msg("byte %zu: %s", at, cbx_refusal_word(reason));
		}
		refused++;
		bench->made.bytes[at] ^= bit;
	}
	for (size_t size = 0; size < bench->made.size; size++) {
		assert_int_equal(
			cbx_verify_box(bench->verdict,
				(struct cbx_span){ bench->made.bytes, size },
				NULL, &bench->appraisal),
			CBX_REFUSED_MALFORMED);
		refused++;
	}
	bench->made.bytes[bench->made.size++] = 0;
	assert_int_equal(verify_made(bench), CBX_REFUSED_MALFORMED);
	assert_true(refused > 1500);
}

int main(void)
{
#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_pristine_box_is_accepted_with_all_it_says),
		BENCH_TEST(digests_are_of_the_maps_as_they_are),
		cmocka_unit_test(one_difference_gives_one_reason),
		BENCH_TEST(evidence_signed_by_another_key_is_refused),
		BENCH_TEST(a_report_binds_one_key),
		BENCH_TEST(a_report_binds_one_nonce),
		BENCH_TEST(evidence_answers_one_challenge),
		BENCH_TEST(a_requirement_that_is_not_met_is_the_reason),
		BENCH_TEST(runtime_monitor_and_parent_can_be_named),
		BENCH_TEST(a_clone_s_runtime_is_its_parent_s),
		BENCH_TEST(who_measured_the_monitor_is_told),
		BENCH_TEST(a_monitor_alone_is_verified_as_one),
		BENCH_TEST(evidence_is_not_longer_than_64_kib),
		BENCH_TEST(every_bit_of_evidence_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

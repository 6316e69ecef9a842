/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a box on SEV-SNP, whose report a vendor of our own signed. */
#include "maker.h"

#include "lab.h"

#include <stdio.h>

#include <verify/span.h>
#include <verify/verdict.h>

#define NOW	   1767225600 /* 2026-01-01 */
#define NOW_LATER  2240611200 /* 2041 */
#define REPORT	   1184u
#define TABLE_ROOM 16384u

struct bench {
	struct cbx_verdict *verdict;
	struct keeper keeper;
	struct facts facts;
	struct made made;
	struct lab_party root, issuer, leaf;
	uint8_t report[REPORT];
	struct cbx_span certificates[2];
	struct cbx_endorsements endorsements;
	struct cbx_appraisal appraisal;
	uint8_t table[TABLE_ROOM];
};

/* A certificate authority of the lab's. */
static struct lab_form authority(const char *subject, uint32_t serial)
{
	return (struct lab_form){
		.subject = subject,
		.issuer = "CN=Lab root",
		.from = "20200101000000",
		.to = "20400101000000",
		.serial = serial,
		.ca = true,
	};
}

/* A report of version 3 on Milan, with the data that binds key and nonce. */
static void make_report(struct bench *bench, const struct lab_form *leaf)
{
	uint8_t *report = bench->report;

	memset(report, 0, REPORT);
	report[0] = 3;
	report[0x0a] = 3; /* SMT, and the bit that has to be set */
	report[0x34] = 1;
	evidence_report_data(&bench->keeper, &bench->facts, report + 0x50);
	memset(report + 0x90, 0xcc, 48);
	memset(report + 0x180, 1, 8);
	report[0x188] = 0x19;
	report[0x189] = 0x01;
	memcpy(report + 0x1a0, leaf->chip, leaf->chip_size);
	lab_sign_report(&bench->leaf, report);
}

static int make(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct lab_form leaf = lab_vcek_form("Milan-B0");
	struct lab_form root = authority("CN=Lab root", 1);
	struct lab_form issuer = authority(leaf.issuer, 2);

	bench->verdict = cbx_verdict_create();
	bench->keeper = keeper_make();
	bench->facts = evidence_facts();
	bench->facts.backend = "snp";
	bench->facts.kind = "snp";
	bench->facts.caps |= CBX_CAP_HARDWARE_ROOT | CBX_CAP_HYPERVISOR_OUT;
	lab_key(&bench->root);
	lab_key(&bench->issuer);
	lab_key(&bench->leaf);
	lab_certify(&bench->root, &bench->root, &root);
	lab_certify(&bench->issuer, &bench->root, &issuer);
	lab_certify(&bench->leaf, &bench->issuer, &leaf);
	make_report(bench, &leaf);
	bench->facts.report = (struct cbx_span){ bench->report, REPORT };
	bench->certificates[0] = bench->leaf.certificate;
	bench->certificates[1] = bench->issuer.certificate;
	bench->endorsements = (struct cbx_endorsements){
		.size = sizeof(bench->endorsements),
		.certificates = bench->certificates,
		.certificate_count = 2,
	};
	bench->appraisal = (struct cbx_appraisal){
		.size = sizeof(bench->appraisal),
		.flags = CBX_APPRAISE_PRISTINE,
		.now = NOW,
		.nonce = { bench->facts.nonce, 32 },
		.roots = &bench->root.certificate,
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
	lab_party_free(&bench->root);
	lab_party_free(&bench->issuer);
	lab_party_free(&bench->leaf);
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

static void a_box_on_snp_is_accepted_with_both_claims(void **state)
{
	struct bench *bench = *state;
	const struct cbx_value wanted = { .kind = CBX_VALUE_BYTES,
		.span = { bench->facts.measurement, 48 } };
	const struct cbx_requirement requirement = { "box.measurement",
		CBX_REQUIRE_ONE_OF, &wanted, 1 };
	char *json;

	bench->appraisal.requirements = &requirement;
	bench->appraisal.requirement_count = 1;
	assert_reason(bench, CBX_ACCEPTED);
	assert_non_null(cbx_verdict_claim(bench->verdict, "snp.measurement"));
	assert_non_null(cbx_verdict_claim(bench->verdict, "box.channel-key"));
	assert_int_equal(bench->verdict->trust[CBX_TRUST_HARDWARE], 2);
	assert_int_equal(bench->verdict->trust[CBX_TRUST_INSTANCE], 2);
	assert_int_equal(bench->verdict->trust[CBX_TRUST_EXECUTABLES], 2);
	assert_int_equal(bench->verdict->trust[CBX_TRUST_CONFIGURATION], 2);
	json = cbx_verdict_json(bench->verdict);
	assert_non_null(strstr(json, "\"ear.status\": \"affirming\""));
	free(json);
}

/* T01: the report is genuine, and about another key. */
static void a_report_about_another_key_is_refused(void **state)
{
	struct bench *bench = *state;
	struct keeper kept = bench->keeper;

	bench->keeper = keeper_make();
	assert_reason(bench, CBX_REFUSED_BINDING);
	(void)psa_destroy_key(kept.key);
}

/* H08: the report is genuine, and answered another challenge. */
static void a_report_about_another_challenge_is_refused(void **state)
{
	struct bench *bench = *state;

	bench->facts.nonce[3] ^= 4;
	assert_reason(bench, CBX_REFUSED_BINDING);
}

/* T02: stale, of an unknown vendor, without certificates, altered. */
static void a_report_that_is_not_genuine_is_refused(void **state)
{
	struct bench *bench = *state;

	bench->appraisal.now = NOW_LATER;
	assert_reason(bench, CBX_REFUSED_EXPIRED);
	bench->appraisal.now = NOW;
	bench->appraisal.root_count = 0;
	assert_reason(bench, CBX_REFUSED_CHAIN);
	bench->appraisal.root_count = 1;
	bench->endorsements.certificate_count = 0;
	assert_reason(bench, CBX_REFUSED_CERTIFICATE);
	bench->endorsements.certificate_count = 2;
	bench->report[0x90] ^= 1;
	assert_reason(bench, CBX_REFUSED_SIGNATURE);
	bench->report[0x90] ^= 1;
	bench->report[0x187] ^= 1; /* the TCB */
	assert_reason(bench, CBX_REFUSED_TCB);
	bench->report[0x187] ^= 1;
	assert_reason(bench, CBX_ACCEPTED);
}

static void a_platform_that_may_be_debugged_is_refused(void **state)
{
	struct bench *bench = *state;

	bench->report[0x0a] |= 8; /* bit 19 of the policy */
	lab_sign_report(&bench->leaf, bench->report);
	assert_reason(bench, CBX_REFUSED_DEBUG);
	bench->appraisal.flags |= CBX_APPRAISE_DEBUG;
	assert_reason(bench, CBX_ACCEPTED);
	assert_int_equal(bench->verdict->trust[CBX_TRUST_RUNTIME_OPAQUE], 96);
}

/* The extended report's table: VCEK and ASK. */
static size_t make_table(struct bench *bench)
{
	static const uint8_t names[2][16] = {
		{ 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5,
			0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
		{ 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f,
			0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 },
	};
	size_t at = 3 * (size_t)24;

	memset(bench->table, 0, sizeof(bench->table));
	for (int i = 0; i < 2; i++) {
		uint8_t *entry = bench->table + 24 * i;
		struct cbx_span content = bench->certificates[i];

		memcpy(entry, names[i], 16);
		for (int j = 0; j < 4; j++) {
			entry[16 + j] = (uint8_t)(at >> 8 * j);
			entry[20 + j] = (uint8_t)(content.size >> 8 * j);
		}
		memcpy(bench->table + at, content.bytes, content.size);
		at += content.size;
	}
	return at;
}

static void certificates_may_come_in_the_evidence(void **state)
{
	struct bench *bench = *state;

	bench->facts.endorsements =
		(struct cbx_span){ bench->table, make_table(bench) };
	bench->endorsements.certificate_count = 0;
	assert_reason(bench, CBX_ACCEPTED);
	bench->table[16] ^= 1; /* an offset */
	assert_reason(bench, CBX_REFUSED_CERTIFICATE);
}

/* No bit of the report, within evidence that is signed again each time, by
 * somebody who holds the keeper's key but not the platform's. */
static void every_bit_of_the_report_counts(void **state)
{
	struct bench *bench = *state;

	for (size_t at = 0; at < REPORT; at++) {
		enum cbx_refusal reason;

		bench->report[at] ^= (uint8_t)(1u << at % 8);
		evidence_make(&bench->keeper, &bench->facts, &bench->made);
		reason = cbx_verify_box(bench->verdict, made_span(&bench->made),
			&bench->endorsements, &bench->appraisal);
		if (reason == CBX_ACCEPTED || reason == CBX_REFUSED_INTERNAL) {
			fail_msg("byte %zu: %s", at, cbx_refusal_word(reason));
		}
		bench->report[at] ^= (uint8_t)(1u << at % 8);
	}
}

int main(void)
{
#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_box_on_snp_is_accepted_with_both_claims),
		BENCH_TEST(a_report_about_another_key_is_refused),
		BENCH_TEST(a_report_about_another_challenge_is_refused),
		BENCH_TEST(a_report_that_is_not_genuine_is_refused),
		BENCH_TEST(a_platform_that_may_be_debugged_is_refused),
		BENCH_TEST(certificates_may_come_in_the_evidence),
		BENCH_TEST(every_bit_of_the_report_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

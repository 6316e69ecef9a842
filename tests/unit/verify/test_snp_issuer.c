/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed a report: certificates that will not do, and lists of those that
 * were revoked. */
#include "snp_lab.h"

static void a_chip_is_its_certificates_chip(void **state)
{
	struct lab *lab = *state;

	for (size_t i = 0; i < 64; i++) {
		snp_lab_begin(lab, "Genoa", 3, false)->report[0x1a0 + i] ^=
			0x80;
		assert_int_equal(snp_lab_run(lab), CBX_REFUSED_IDENTITY);
		snp_lab_begin(lab, "Turin", 3, false)->report[0x1a0 + i] ^=
			0x80;
		assert_int_equal(snp_lab_run(lab), CBX_REFUSED_IDENTITY);
	}
	/* A masked one is no VCEK's, and any is a VLEK's. */
	memset(snp_lab_begin(lab, "Genoa", 3, false)->report + 0x1a0, 0, 64);
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_IDENTITY);
	memset(snp_lab_begin(lab, "Genoa", 3, true)->report + 0x1a0, 7, 64);
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	assert_non_null(cbx_verdict_claim(lab->test.verdict, "snp.provider"));
}

static void a_chips_identity_may_be_wrapped(void **state)
{
	struct lab *lab = *state;
	struct lab_form *leaf = &snp_lab_begin(lab, "Turin", 3, false)->leaf;

	memmove(leaf->chip + 2, leaf->chip, 8);
	leaf->chip[0] = 0x04;
	leaf->chip[1] = 8;
	leaf->chip_size = 10;
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	leaf->chip[1] = 7;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	leaf->chip[1] = 8;
	leaf->chip[0] = 0x05;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
}

static void certificates_of_another_form_are_refused(void **state)
{
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 3, false)->leaf.chip_size = 0;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.chip_size = 63;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.chip_size = 8;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Turin", 3, false)->leaf.chip_size = 64;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.provider = "CN=example.com";
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, true)->leaf.chip_size = 64;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, true)->leaf.provider = "";
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.structure = 1;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Turin", 3, false)->leaf.structure = 0;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Turin", 3, false)->leaf.structure = -1;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Turin", 3, false)->leaf.spl[4] = 0;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.spl[9] = 0;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.version_1 = true;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.ca = true;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
}

static void extensions_end_where_they_end(void **state)
{
	struct lab *lab = *state;

	for (uint8_t x = 1; x <= 5; x++) {
		snp_lab_begin(lab, "Milan", 3, x == 5)->leaf.longer = x;
		assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	}
}

static void products_are_known_by_their_whole_name(void **state)
{
	static const char *const names[] = { "Mila", "Milano", "milan",
		"Venice", "Naples-A0", "M", "" };
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snp_lab_begin(lab, "Milan", 2, false)->leaf.product = names[i];
		assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	}
	snp_lab_begin(lab, "Milan", 2, false)->leaf.product = NULL;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
}

static void issuers_issue_what_is_theirs(void **state)
{
	static const struct {
		bool vlek;
		const char *issuer;
	} rows[] = {
		{ false, "CN=SEV-VLEK-Milan" },
		{ false, "CN=SEV-Genoa" },
		{ false, "CN=SEV-Mila" },
		{ true, "CN=SEV-Milan" },
		{ true, "CN=SEV-VLEK-Genoa" },
		{ true, "CN=SEV-VLEK-Milan "
			"2" },
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snp_lab_begin(lab, "Milan", 3, rows[i].vlek);
		lab->recipe.leaf.issuer = rows[i].issuer;
		lab->recipe.issuer.subject = rows[i].issuer;
		assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	}
}

static void only_issuers_issue(void **state)
{
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 3, false)->issuer.ca = false;
	lab->recipe.issuer.structure = -1;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CHAIN);
	snp_lab_begin(lab, "Milan", 3, false)->issuer.version_1 = true;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CHAIN);
}

static void a_reports_key_is_on_p384(void **state)
{
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 3, false);
	lab_party_free(&lab->leaf);
	lab_key_on(&lab->leaf, MBEDTLS_ECP_DP_SECP256R1);
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
	assert_string_equal(cbx_verdict_detail(lab->test.verdict),
		"the key is not on P-384");
}

static void an_expired_issuer_is_expired_not_unknown(void **state)
{
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 3, false)->issuer.to = "20251231235959";
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_EXPIRED);
	snp_lab_begin(lab, "Milan", 3, false)->issuer.from = "20260101000001";
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_EXPIRED);
	snp_lab_begin(lab, "Milan", 3, false)->issuer.from = "20260101000000";
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	snp_lab_begin(lab, "Milan", 3, false)->leaf.to = "20251231235959";
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_EXPIRED);
}

static void another_key_of_the_same_name_is_no_way(void **state)
{
	struct lab *lab = *state;
	struct snp_case *test = &lab->test;

	snp_lab_begin(lab, "Milan", 3, false);
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	lab_certify(&lab->leaf, &lab->leaf, &lab->recipe.leaf);
	snp_case_leaf(test, lab->leaf.certificate);
	test->certificates[test->count++] =
		(struct cbx_span){ evidence_copy(lab->issuer.certificate,
					   lab->issuer.certificate.size),
			lab->issuer.certificate.size };
	assert_int_equal(snp_case_run(test), CBX_REFUSED_CHAIN);
}

static const char *const in_time[2] = { "251201000000Z", "260201000000Z" };

/* Verify once more, with a list. */
static enum cbx_refusal run_with(struct lab *lab, struct cbx_span list)
{
	struct snp_case *test = &lab->test;
	enum cbx_refusal refusal;

	test->certificates[test->count++] =
		(struct cbx_span){ evidence_copy(list, list.size), list.size };
	refusal = snp_case_run(test);
	evidence_free(test->certificates[--test->count]);
	return refusal;
}

static void lists_are_used_when_they_are_there(void **state)
{
	static const uint32_t issuer = 2;
	static const uint32_t others[] = { 3, 1, 0x7fffffff };
	static uint8_t room[LAB_ROOM];
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 3, false);
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	snp_lab_number(lab, "snp.revocation-checked", 0);
	assert_int_equal(
		run_with(lab, lab_list(&lab->root, in_time, NULL, 0, room)),
		CBX_ACCEPTED);
	snp_lab_number(lab, "snp.revocation-checked", 1);
	assert_int_equal(
		run_with(lab, lab_list(&lab->root, in_time, others, 3, room)),
		CBX_ACCEPTED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->root, in_time, &issuer, 1, room)),
		CBX_REFUSED_REVOKED);
}

static void an_issuer_may_revoke_its_leaves(void **state)
{
	static const uint32_t leaf = 77;
	static uint8_t room[LAB_ROOM];
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 3, false)->leaf.serial = 77;
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->issuer, in_time, &leaf, 1, room)),
		CBX_REFUSED_REVOKED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->issuer, in_time, NULL, 0, room)),
		CBX_ACCEPTED);
	/* That list is not of whoever issued the issuer. */
	snp_lab_number(lab, "snp.revocation-checked", 0);
}

static void lists_have_their_time_too(void **state)
{
	static const char *const late[2] = { "251201000000Z", "251231235959Z" };
	static const char *const soon[2] = { "260101000001Z", "260201000000Z" };
	static const char *const edge[2] = { "260101000000Z", "260101000000Z" };
	static uint8_t room[LAB_ROOM];
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 3, false);
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->root, late, NULL, 0, room)),
		CBX_REFUSED_EXPIRED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->root, soon, NULL, 0, room)),
		CBX_REFUSED_EXPIRED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->root, edge, NULL, 0, room)),
		CBX_ACCEPTED);
}

/* Every byte of a list, except what names its issuer: a list of somebody else
 * is not ours to judge, and checks nothing. */
static void a_damaged_list_is_refused_or_checks_nothing(void **state)
{
	static const uint32_t issuer = 2;
	static uint8_t room[LAB_ROOM];
	struct lab *lab = *state;
	struct cbx_span list;
	uint8_t *bytes;
	size_t refused = 0;

	snp_lab_begin(lab, "Milan", 3, false);
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	list = lab_list(&lab->root, in_time, &issuer, 1, room);
	bytes = room + (list.bytes - room);
	for (size_t at = 0; at < list.size; at++) {
		bytes[at] ^= (uint8_t)(1u << at % 8);
		if (run_with(lab, list) == CBX_ACCEPTED) {
			snp_lab_number(lab, "snp.revocation-checked", 0);
		} else {
			refused++;
		}
		bytes[at] ^= (uint8_t)(1u << at % 8);
	}
	assert_true(refused > list.size - 20);
	for (size_t size = 1; size < list.size; size++) {
		struct cbx_span part = { list.bytes, size };

		assert_int_equal(run_with(lab, part), CBX_REFUSED_CERTIFICATE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_chip_is_its_certificates_chip),
		TEST(a_chips_identity_may_be_wrapped),
		TEST(certificates_of_another_form_are_refused),
		TEST(extensions_end_where_they_end),
		TEST(products_are_known_by_their_whole_name),
		TEST(issuers_issue_what_is_theirs),
		TEST(only_issuers_issue),
		TEST(a_reports_key_is_on_p384),
		TEST(an_expired_issuer_is_expired_not_unknown),
		TEST(another_key_of_the_same_name_is_no_way),
		TEST(lists_are_used_when_they_are_there),
		TEST(an_issuer_may_revoke_its_leaves),
		TEST(lists_have_their_time_too),
		TEST(a_damaged_list_is_refused_or_checks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

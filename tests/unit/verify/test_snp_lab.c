/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports no public sample has, signed by a vendor of our own whose root the
 * appraisal trusts: versions and products, VLEKs, policies, wrong certificates,
 * revocation.
 */
#include "unit.h"

#include "lab.h"
#include "maker.h"
#include "snp_case.h"

#include <stdio.h>

#include <confbox/abi.h>

/* 2026-01-01 */
#define NOW 1767225600

/* What a test may change before the lab signs and certifies. */
struct recipe {
	const char *product; /* "Milan-B0" */
	uint8_t version;
	bool vlek;
	struct lab_form leaf;
	struct lab_form issuer;
	uint8_t report[SNP_REPORT];
};

struct lab {
	struct lab_party root;
	struct lab_party issuer;
	struct lab_party leaf;
	struct snp_case test;
	struct recipe recipe;
	struct cbx_span anchor;
};

static int make(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	snp_case_make(&lab->test);
	lab_key(&lab->root);
	lab_key(&lab->issuer);
	lab_key(&lab->leaf);
	*state = lab;
	return 0;
}

static int drop(void **state)
{
	struct lab *lab = *state;

	snp_case_free(&lab->test);
	lab_party_free(&lab->root);
	lab_party_free(&lab->issuer);
	lab_party_free(&lab->leaf);
	free(lab);
	return 0;
}

static bool is_turin(const char *product)
{
	return strncmp(product, "Turin", 5) == 0;
}

static void fill_report(struct recipe *recipe)
{
	static const uint8_t levels[] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	uint8_t *report = recipe->report;

	memset(report, 0, SNP_REPORT);
	report[0] = recipe->version;
	report[0x0a] = 3; /* SMT, and the bit that has to be set */
	report[0x34] = 1;
	report[0x48] = recipe->vlek ? 4 : 0;
	memset(report + 0x50, 0xda, 64);
	memset(report + 0x90, 0xaa, 48);
	memcpy(report + 0x180, levels, sizeof(levels));
	if (recipe->version > 2) {
		report[0x188] = is_turin(recipe->product) ? 0x1a : 0x19;
		report[0x189] = is_turin(recipe->product) ? 0x02
				: strncmp(recipe->product, "Milan", 5) == 0
					? 0x01
					: 0x11;
	}
	memcpy(report + 0x1a0, recipe->leaf.chip, recipe->leaf.chip_size);
}

/* The recipe of a good report. */
static struct recipe *begin(
	struct lab *lab, const char *product, uint8_t version, bool vlek)
{
	struct recipe *recipe = &lab->recipe;
	static char name[2][64];

	*recipe = (struct recipe){
		.product = product,
		.version = version,
		.vlek = vlek,
		.leaf = lab_vcek_form(product),
	};
	if (vlek) {
		recipe->leaf.subject = "CN=SEV-VLEK";
		recipe->leaf.chip_size = 0;
		recipe->leaf.provider = "CN=example.com";
		(void)snprintf(name[0], sizeof(name[0]), "CN=SEV-VLEK-%s",
			recipe->leaf.issuer + strlen("CN=SEV-"));
		recipe->leaf.issuer = name[0];
	}
	fill_report(recipe);
	recipe->issuer = (struct lab_form){
		.subject = recipe->leaf.issuer,
		.issuer = "CN=Lab root",
		.from = "20200101000000",
		.to = "20400101000000",
		.serial = 2,
		.ca = true,
	};
	return recipe;
}

/* Sign, certify, verify. */
static enum cbx_refusal run(struct lab *lab)
{
	struct recipe *recipe = &lab->recipe;
	struct snp_case *test = &lab->test;
	const struct lab_form root = {
		.subject = "CN=Lab root",
		.issuer = "CN=Lab root",
		.from = "20200101000000",
		.to = "20400101000000",
		.serial = 1,
		.ca = true,
	};

	lab_certify(&lab->root, &lab->root, &root);
	lab_certify(&lab->issuer, &lab->root, &recipe->issuer);
	lab_certify(&lab->leaf, &lab->issuer, &recipe->leaf);
	lab_sign_report(&lab->leaf, recipe->report);
	snp_case_report(test, (struct cbx_span){ recipe->report, SNP_REPORT },
		SNP_REPORT);
	snp_case_leaf(test, lab->leaf.certificate);
	test->certificates[test->count++] =
		(struct cbx_span){ evidence_copy(lab->issuer.certificate,
					   lab->issuer.certificate.size),
			lab->issuer.certificate.size };
	lab->anchor = lab->root.certificate;
	test->appraisal.now = NOW;
	test->appraisal.roots = &lab->anchor;
	test->appraisal.root_count = 1;
	return snp_case_run(test);
}

static void assert_number(struct lab *lab, const char *name, uint64_t number)
{
	const struct cbx_claim *claim =
		cbx_verdict_claim(lab->test.verdict, name);

	assert_non_null(claim);
	assert_int_equal(claim->value.number, number);
}

static void all_versions_of_all_products_with_both_keys(void **state)
{
	static const char *const products[] = { "Milan-B0", "Milan", "Genoa",
		"Genoa-B2", "Bergamo-A1", "Siena", "Turin", "Turin-C1" };
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		for (uint8_t version = 2; version <= 5; version++) {
			for (int vlek = 0; vlek < 2; vlek++) {
				begin(lab, products[i], version, vlek == 1);
				assert_int_equal(run(lab), CBX_ACCEPTED);
			}
		}
	}
}

static void other_versions_are_not_read(void **state)
{
	struct lab *lab = *state;

	begin(lab, "Milan", 1, false);
	assert_int_equal(run(lab), CBX_REFUSED_UNSUPPORTED);
	assert_string_equal(
		cbx_verdict_detail(lab->test.verdict), "a report of version 1");
	begin(lab, "Milan", 6, false);
	assert_int_equal(run(lab), CBX_REFUSED_UNSUPPORTED);
	assert_string_equal(
		cbx_verdict_detail(lab->test.verdict), "a report of version 6");
}

static void no_lab_is_trusted_unless_somebody_says_so(void **state)
{
	struct lab *lab = *state;

	begin(lab, "Milan-B0", 3, false);
	assert_int_equal(run(lab), CBX_ACCEPTED);
	lab->test.appraisal.root_count = 0;
	assert_int_equal(snp_case_run(&lab->test), CBX_REFUSED_CHAIN);
	/* Not even when it comes along with the evidence. */
	lab->test.certificates[lab->test.count++] =
		(struct cbx_span){ evidence_copy(lab->anchor, lab->anchor.size),
			lab->anchor.size };
	assert_int_equal(snp_case_run(&lab->test), CBX_REFUSED_CHAIN);
}

static void levels_are_compared_one_by_one(void **state)
{
	/* Which extension is which byte. */
	static const int8_t milan[] = { 1, 2, 4, 5, 6, 7, 3, 8 };
	static const int8_t turin[] = { 9, 1, 2, 3, 5, 6, 7, 8 };
	struct lab *lab = *state;

	for (size_t i = 0; i < 8; i++) {
		for (int which = 0; which < 2; which++) {
			const int8_t *order = which == 0 ? milan : turin;
			const char *product = which == 0 ? "Genoa" : "Turin";

			begin(lab, product, 3, false)->leaf.spl[order[i]] = 2;
			assert_int_equal(run(lab), CBX_REFUSED_TCB);
			begin(lab, product, 3, false)->leaf.spl[order[i]] = 255;
			lab->recipe.report[0x180 + i] = 255;
			assert_int_equal(run(lab), CBX_ACCEPTED);
			begin(lab, product, 3, false)->leaf.spl[order[i]] = -1;
			assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
			begin(lab, product, 3, false)->leaf.spl[order[i]] = 256;
			lab->recipe.report[0x180 + i] = 0;
			assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
		}
	}
}

static void parts_of_tcbs_are_named_by_product(void **state)
{
	struct lab *lab = *state;
	struct recipe *recipe = begin(lab, "Turin", 5, false);

	for (uint8_t i = 0; i < 8; i++) {
		recipe->report[0x38 + i] = (uint8_t)(0x10 + i);
		recipe->report[0x1e0 + i] = (uint8_t)(0x20 + i);
		recipe->report[0x1f0 + i] = (uint8_t)(0x30 + i);
	}
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_number(lab, "snp.current-tcb.fmc", 0x10);
	assert_number(lab, "snp.current-tcb.boot-loader", 0x11);
	assert_number(lab, "snp.committed-tcb.tee", 0x22);
	assert_number(lab, "snp.launch-tcb.snp", 0x33);
	assert_number(lab, "snp.launch-tcb.microcode", 0x37);
	recipe = begin(lab, "Genoa", 2, false);
	for (uint8_t i = 0; i < 8; i++) {
		recipe->report[0x38 + i] = (uint8_t)(0x10 + i);
	}
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_number(lab, "snp.current-tcb.boot-loader", 0x10);
	assert_number(lab, "snp.current-tcb.tee", 0x11);
	assert_number(lab, "snp.current-tcb.snp", 0x16);
	assert_number(lab, "snp.current-tcb.microcode", 0x17);
	assert_null(
		cbx_verdict_claim(lab->test.verdict, "snp.current-tcb.fmc"));
}

static void debugging_is_refused_unless_accepted(void **state)
{
	struct lab *lab = *state;

	begin(lab, "Milan-B0", 3, false)->report[0x0a] |= 8;
	assert_int_equal(run(lab), CBX_REFUSED_DEBUG);
	lab->test.appraisal.flags = CBX_APPRAISE_DEBUG;
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_int_equal(
		lab->test.verdict->trust[CBX_TRUST_RUNTIME_OPAQUE], 96);
	lab->recipe.report[0x0a] = 3;
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_int_equal(lab->test.verdict->trust[CBX_TRUST_RUNTIME_OPAQUE], 2);
}

static void other_policy_bits_are_claims(void **state)
{
	static const struct {
		uint8_t byte;
		uint8_t bit;
		const char *claim;
	} rows[] = {
		{ 0x0a, 0, "snp.policy.smt" },
		{ 0x0a, 2, "snp.policy.migration-agent" },
		{ 0x0a, 4, "snp.policy.single-socket" },
		{ 0x0a, 5, "snp.policy.cxl" },
		{ 0x0a, 6, "snp.policy.aes-256-xts" },
		{ 0x0a, 7, "snp.policy.rapl-disabled" },
		{ 0x0b, 0, "snp.policy.ciphertext-hiding" },
		{ 0x0b, 1, "snp.policy.page-swap-disabled" },
		{ 0x40, 0, "snp.platform.smt" },
		{ 0x40, 1, "snp.platform.tsme" },
		{ 0x40, 2, "snp.platform.ecc" },
		{ 0x40, 3, "snp.platform.rapl-disabled" },
		{ 0x40, 4, "snp.platform.ciphertext-hiding" },
		{ 0x40, 5, "snp.platform.alias-check" },
		{ 0x40, 7, "snp.platform.tio" },
		{ 0x48, 0, "snp.author-key" },
		{ 0x48, 1, "snp.chip-key-masked" },
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned int value = 0; value < 2; value++) {
			uint8_t *byte = &begin(lab, "Milan", 3, false)
						 ->report[rows[i].byte];

			*byte = (uint8_t)((*byte & ~(1u << rows[i].bit)) |
					  value << rows[i].bit);
			assert_int_equal(run(lab), CBX_ACCEPTED);
			assert_number(lab, rows[i].claim, value);
		}
	}
}

static void unknown_platform_bits_are_no_reason(void **state)
{
	struct lab *lab = *state;

	memset(begin(lab, "Turin", 5, false)->report + 0x40, 0xff, 8);
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_number(lab, "snp.platform-info", UINT64_MAX);
}

static void unknown_policy_bits_are_one(void **state)
{
	struct lab *lab = *state;

	for (unsigned int bit = 26; bit < 64; bit++) {
		begin(lab, "Turin", 5, false)->report[0x08 + bit / 8] |=
			(uint8_t)(1u << bit % 8);
		assert_int_equal(run(lab), CBX_REFUSED_UNSUPPORTED);
	}
}

static void who_asked_is_a_claim_and_has_to_be_inside(void **state)
{
	struct lab *lab = *state;

	for (uint8_t vmpl = 0; vmpl < 4; vmpl++) {
		begin(lab, "Genoa", 3, false)->report[0x30] = vmpl;
		assert_int_equal(run(lab), CBX_ACCEPTED);
		assert_number(lab, "snp.vmpl", vmpl);
	}
	begin(lab, "Genoa", 3, false)->report[0x30] = 4;
	assert_int_equal(run(lab), CBX_REFUSED_WRONG_TYPE);
	memset(begin(lab, "Genoa", 3, false)->report + 0x30, 0xff, 4);
	assert_int_equal(run(lab), CBX_REFUSED_WRONG_TYPE);
}

/* Signed or not: an honest firmware leaves them zero. */
static void reserved_bytes_are_zero_even_when_signed(void **state)
{
	static const struct {
		uint16_t at;
		uint8_t first; /* versions that have them reserved */
		uint8_t last;
	} rows[] = {
		{ 0x04c, 2, 5 },
		{ 0x04f, 2, 5 },
		{ 0x188, 2, 2 },
		{ 0x18a, 2, 2 },
		{ 0x18b, 2, 5 },
		{ 0x19f, 2, 5 },
		{ 0x1eb, 2, 5 },
		{ 0x1ef, 2, 5 },
		{ 0x1f8, 2, 4 },
		{ 0x207, 2, 4 },
		{ 0x208, 2, 5 },
		{ 0x29f, 2, 5 },
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint8_t version = 2; version <= 5; version++) {
			begin(lab, "Milan", version, false)
				->report[rows[i].at] ^= 0x02;
			if (rows[i].at == 0x188 && version > 2) {
				continue; /* another processor */
			}
			assert_int_equal(run(lab),
				version <= rows[i].last ? CBX_REFUSED_MALFORMED
							: CBX_ACCEPTED);
		}
	}
}

static void processors_without_a_root_are_not_supported(void **state)
{
	static const struct {
		uint8_t family;
		uint8_t model;
		enum cbx_refusal reason;
	} rows[] = {
		{ 0x19, 0x00, CBX_ACCEPTED },
		{ 0x19, 0x0f, CBX_ACCEPTED },
		{ 0x19, 0x10, CBX_REFUSED_IDENTITY },
		{ 0x19, 0x1f, CBX_REFUSED_IDENTITY },
		{ 0x19, 0x20, CBX_REFUSED_UNSUPPORTED },
		{ 0x19, 0x9f, CBX_REFUSED_UNSUPPORTED },
		{ 0x19, 0xa0, CBX_REFUSED_IDENTITY },
		{ 0x19, 0xaf, CBX_REFUSED_IDENTITY },
		{ 0x19, 0xb0, CBX_REFUSED_UNSUPPORTED },
		{ 0x1a, 0x00, CBX_REFUSED_IDENTITY },
		{ 0x1a, 0x11, CBX_REFUSED_IDENTITY },
		{ 0x1a, 0x12, CBX_REFUSED_UNSUPPORTED },
		{ 0x1a, 0x50, CBX_REFUSED_UNSUPPORTED },
		{ 0x17, 0x01, CBX_REFUSED_UNSUPPORTED },
		{ 0x00, 0x00, CBX_REFUSED_UNSUPPORTED },
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(lab, "Milan-B1", 4, false);
		lab->recipe.report[0x188] = rows[i].family;
		lab->recipe.report[0x189] = rows[i].model;
		assert_int_equal(run(lab), rows[i].reason);
	}
}

static void a_chip_is_its_certificates_chip(void **state)
{
	struct lab *lab = *state;

	for (size_t i = 0; i < 64; i++) {
		begin(lab, "Genoa", 3, false)->report[0x1a0 + i] ^= 0x80;
		assert_int_equal(run(lab), CBX_REFUSED_IDENTITY);
		begin(lab, "Turin", 3, false)->report[0x1a0 + i] ^= 0x80;
		assert_int_equal(run(lab), CBX_REFUSED_IDENTITY);
	}
	/* A masked one is no VCEK's, and any is a VLEK's. */
	memset(begin(lab, "Genoa", 3, false)->report + 0x1a0, 0, 64);
	assert_int_equal(run(lab), CBX_REFUSED_IDENTITY);
	memset(begin(lab, "Genoa", 3, true)->report + 0x1a0, 7, 64);
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_non_null(cbx_verdict_claim(lab->test.verdict, "snp.provider"));
}

static void a_chips_identity_may_be_wrapped(void **state)
{
	struct lab *lab = *state;
	struct lab_form *leaf = &begin(lab, "Turin", 3, false)->leaf;

	memmove(leaf->chip + 2, leaf->chip, 8);
	leaf->chip[0] = 0x04;
	leaf->chip[1] = 8;
	leaf->chip_size = 10;
	assert_int_equal(run(lab), CBX_ACCEPTED);
	leaf->chip[1] = 7;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	leaf->chip[1] = 8;
	leaf->chip[0] = 0x05;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
}

static void certificates_of_another_form_are_refused(void **state)
{
	struct lab *lab = *state;

	begin(lab, "Milan", 3, false)->leaf.chip_size = 0;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, false)->leaf.chip_size = 63;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, false)->leaf.chip_size = 8;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Turin", 3, false)->leaf.chip_size = 64;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, false)->leaf.provider = "CN=example.com";
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, true)->leaf.chip_size = 64;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, true)->leaf.provider = "";
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, false)->leaf.structure = 1;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Turin", 3, false)->leaf.structure = 0;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Turin", 3, false)->leaf.structure = -1;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Turin", 3, false)->leaf.spl[4] = 0;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, false)->leaf.spl[9] = 0;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, false)->leaf.version_1 = true;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	begin(lab, "Milan", 3, false)->leaf.ca = true;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
}

static void extensions_end_where_they_end(void **state)
{
	struct lab *lab = *state;

	for (uint8_t x = 1; x <= 5; x++) {
		begin(lab, "Milan", 3, x == 5)->leaf.longer = x;
		assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	}
}

static void products_are_known_by_their_whole_name(void **state)
{
	static const char *const names[] = { "Mila", "Milano", "milan",
		"Venice", "Naples-A0", "M", "" };
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		begin(lab, "Milan", 2, false)->leaf.product = names[i];
		assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	}
	begin(lab, "Milan", 2, false)->leaf.product = NULL;
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
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
		begin(lab, "Milan", 3, rows[i].vlek);
		lab->recipe.leaf.issuer = rows[i].issuer;
		lab->recipe.issuer.subject = rows[i].issuer;
		assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	}
}

static void only_issuers_issue(void **state)
{
	struct lab *lab = *state;

	begin(lab, "Milan", 3, false)->issuer.ca = false;
	lab->recipe.issuer.structure = -1;
	assert_int_equal(run(lab), CBX_REFUSED_CHAIN);
	begin(lab, "Milan", 3, false)->issuer.version_1 = true;
	assert_int_equal(run(lab), CBX_REFUSED_CHAIN);
}

static void a_reports_key_is_on_p384(void **state)
{
	struct lab *lab = *state;

	begin(lab, "Milan", 3, false);
	lab_party_free(&lab->leaf);
	lab_key_on(&lab->leaf, MBEDTLS_ECP_DP_SECP256R1);
	assert_int_equal(run(lab), CBX_REFUSED_CERTIFICATE);
	assert_string_equal(cbx_verdict_detail(lab->test.verdict),
		"the key is not on P-384");
}

static void an_expired_issuer_is_expired_not_unknown(void **state)
{
	struct lab *lab = *state;

	begin(lab, "Milan", 3, false)->issuer.to = "20251231235959";
	assert_int_equal(run(lab), CBX_REFUSED_EXPIRED);
	begin(lab, "Milan", 3, false)->issuer.from = "20260101000001";
	assert_int_equal(run(lab), CBX_REFUSED_EXPIRED);
	begin(lab, "Milan", 3, false)->issuer.from = "20260101000000";
	assert_int_equal(run(lab), CBX_ACCEPTED);
	begin(lab, "Milan", 3, false)->leaf.to = "20251231235959";
	assert_int_equal(run(lab), CBX_REFUSED_EXPIRED);
}

static void another_key_of_the_same_name_is_no_way(void **state)
{
	struct lab *lab = *state;
	struct snp_case *test = &lab->test;

	begin(lab, "Milan", 3, false);
	assert_int_equal(run(lab), CBX_ACCEPTED);
	lab_certify(&lab->leaf, &lab->leaf, &lab->recipe.leaf);
	snp_case_leaf(test, lab->leaf.certificate);
	test->certificates[test->count++] =
		(struct cbx_span){ evidence_copy(lab->issuer.certificate,
					   lab->issuer.certificate.size),
			lab->issuer.certificate.size };
	assert_int_equal(snp_case_run(test), CBX_REFUSED_CHAIN);
}

/* ---------------------------------------------------------- revocation -- */

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

	begin(lab, "Milan", 3, false);
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_number(lab, "snp.revocation-checked", 0);
	assert_int_equal(
		run_with(lab, lab_list(&lab->root, in_time, NULL, 0, room)),
		CBX_ACCEPTED);
	assert_number(lab, "snp.revocation-checked", 1);
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

	begin(lab, "Milan", 3, false)->leaf.serial = 77;
	assert_int_equal(run(lab), CBX_ACCEPTED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->issuer, in_time, &leaf, 1, room)),
		CBX_REFUSED_REVOKED);
	assert_int_equal(
		run_with(lab, lab_list(&lab->issuer, in_time, NULL, 0, room)),
		CBX_ACCEPTED);
	/* That list is not of whoever issued the issuer. */
	assert_number(lab, "snp.revocation-checked", 0);
}

static void lists_have_their_time_too(void **state)
{
	static const char *const late[2] = { "251201000000Z", "251231235959Z" };
	static const char *const soon[2] = { "260101000001Z", "260201000000Z" };
	static const char *const edge[2] = { "260101000000Z", "260101000000Z" };
	static uint8_t room[LAB_ROOM];
	struct lab *lab = *state;

	begin(lab, "Milan", 3, false);
	assert_int_equal(run(lab), CBX_ACCEPTED);
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

	begin(lab, "Milan", 3, false);
	assert_int_equal(run(lab), CBX_ACCEPTED);
	list = lab_list(&lab->root, in_time, &issuer, 1, room);
	bytes = room + (list.bytes - room);
	for (size_t at = 0; at < list.size; at++) {
		bytes[at] ^= (uint8_t)(1u << at % 8);
		if (run_with(lab, list) == CBX_ACCEPTED) {
			assert_number(lab, "snp.revocation-checked", 0);
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

/* --------------------------------------------------- evidence of a box -- */

static void put_entry(uint8_t *table, size_t entry, const uint8_t *guid,
	size_t *end, struct cbx_span content)
{
	uint8_t *at = table + entry * 24;

	memcpy(at, guid, 16);
	at[16] = (uint8_t)*end;
	at[17] = (uint8_t)(*end >> 8);
	at[20] = (uint8_t)content.size;
	at[21] = (uint8_t)(content.size >> 8);
	memcpy(table + *end, content.bytes, content.size);
	*end += content.size;
}

/* The lab's certificates, as a host would hand them to the inside. */
static struct cbx_span make_table(const struct lab *lab, uint8_t *room)
{
	static const uint8_t vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64,
		0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
	static const uint8_t ask[16] = { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac,
		0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 };
	size_t end = 3 * (size_t)24;

	memset(room, 0, end);
	put_entry(room, 0, vcek, &end, lab->leaf.certificate);
	put_entry(room, 1, ask, &end, lab->issuer.certificate);
	return (struct cbx_span){ room, end };
}

/* A box on this lab's machine, whose keeper's key the report binds. */
struct boxed {
	struct keeper keeper;
	struct facts facts;
	struct made made;
	uint8_t table[2 * LAB_ROOM];
};

static void begin_boxed(struct lab *lab, struct boxed *boxed)
{
	begin(lab, "Turin", 5, false);
	boxed->facts = evidence_facts();
	boxed->facts.backend = "snp";
	boxed->facts.kind = "snp";
	boxed->facts.caps |= CBX_CAP_HARDWARE_ROOT;
	lab->test.appraisal.flags = 0;
	lab->test.appraisal.nonce = (struct cbx_span){ 0 };
	evidence_report_data(
		&boxed->keeper, &boxed->facts, lab->recipe.report + 0x50);
}

static enum cbx_refusal verify_boxed(
	struct lab *lab, struct boxed *boxed, bool with_table)
{
	struct cbx_appraisal *appraisal = &lab->test.appraisal;

	(void)run(lab); /* signs, certifies */
	boxed->facts.report =
		(struct cbx_span){ lab->test.report, lab->test.size };
	if (with_table) {
		boxed->facts.endorsements = make_table(lab, boxed->table);
	}
	appraisal->nonce = (struct cbx_span){ boxed->facts.nonce,
		boxed->facts.nonce_size };
	evidence_make(&boxed->keeper, &boxed->facts, &boxed->made);
	return cbx_verify_box(
		lab->test.verdict, made_span(&boxed->made), NULL, appraisal);
}

static void evidence_of_a_box_holds_the_monitors_report(void **state)
{
	struct lab *lab = *state;
	struct boxed *boxed = calloc(1, sizeof(*boxed));

	assert_non_null(boxed);
	boxed->keeper = keeper_make();
	begin_boxed(lab, boxed);
	assert_int_equal(verify_boxed(lab, boxed, true), CBX_ACCEPTED);
	assert_number(lab, "snp.vmpl", 0);
	assert_non_null(
		cbx_verdict_claim(lab->test.verdict, "box.measurement"));
	lab->test.appraisal.root_count = 0;
	assert_int_equal(
		cbx_verify_box(lab->test.verdict, made_span(&boxed->made), NULL,
			&lab->test.appraisal),
		CBX_REFUSED_CHAIN);

	begin_boxed(lab, boxed);
	assert_int_equal(
		verify_boxed(lab, boxed, false), CBX_REFUSED_CERTIFICATE);
	/* Whoever runs beside the monitor, at a level of its own. */
	begin_boxed(lab, boxed);
	lab->recipe.report[0x30] = 1;
	assert_int_equal(verify_boxed(lab, boxed, true), CBX_REFUSED_BINDING);
	begin_boxed(lab, boxed);
	lab->recipe.report[0x50 + 63] ^= 1;
	assert_int_equal(verify_boxed(lab, boxed, true), CBX_REFUSED_BINDING);
	begin_boxed(lab, boxed);
	lab->recipe.report[0x0a] |= 8;
	assert_int_equal(verify_boxed(lab, boxed, true), CBX_REFUSED_DEBUG);
	begin_boxed(lab, boxed);
	lab->recipe.leaf.spl[8] = 2;
	assert_int_equal(verify_boxed(lab, boxed, true), CBX_REFUSED_TCB);
	(void)psa_destroy_key(boxed->keeper.key);
	free(boxed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_versions_of_all_products_with_both_keys),
		TEST(other_versions_are_not_read),
		TEST(no_lab_is_trusted_unless_somebody_says_so),
		TEST(levels_are_compared_one_by_one),
		TEST(parts_of_tcbs_are_named_by_product),
		TEST(debugging_is_refused_unless_accepted),
		TEST(other_policy_bits_are_claims),
		TEST(unknown_platform_bits_are_no_reason),
		TEST(unknown_policy_bits_are_one),
		TEST(who_asked_is_a_claim_and_has_to_be_inside),
		TEST(reserved_bytes_are_zero_even_when_signed),
		TEST(processors_without_a_root_are_not_supported),
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
		TEST(evidence_of_a_box_holds_the_monitors_report),
		TEST(lists_are_used_when_they_are_there),
		TEST(an_issuer_may_revoke_its_leaves),
		TEST(lists_have_their_time_too),
		TEST(a_damaged_list_is_refused_or_checks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

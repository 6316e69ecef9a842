/* SPDX-License-Identifier: Apache-2.0 */
#include "snp_lab.h"

#include <stdio.h>

int snp_lab_make(void **state)
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

int snp_lab_drop(void **state)
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

struct recipe *snp_lab_begin(
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

enum cbx_refusal snp_lab_run(struct lab *lab)
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

void snp_lab_number(struct lab *lab, const char *name, uint64_t number)
{
	const struct cbx_claim *claim =
		cbx_verdict_claim(lab->test.verdict, name);

	assert_non_null(claim);
	assert_int_equal(claim->value.number, number);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says: versions and products, VLEKs, levels and policies; and
 * evidence of a box that holds one. */
#include "snp_lab.h"

static void all_versions_of_all_products_with_both_keys(void **state)
{
	static const char *const products[] = { "Milan-B0", "Milan", "Genoa",
		"Genoa-B2", "Bergamo-A1", "Siena", "Turin", "Turin-C1" };
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
		for (uint8_t version = 2; version <= 5; version++) {
			for (int vlek = 0; vlek < 2; vlek++) {
				snp_lab_begin(
					lab, products[i], version, vlek == 1);
				assert_int_equal(
					snp_lab_run(lab), CBX_ACCEPTED);
			}
		}
	}
}

static void other_versions_are_not_read(void **state)
{
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan", 1, false);
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_UNSUPPORTED);
	assert_string_equal(
		cbx_verdict_detail(lab->test.verdict), "a report of version 1");
	snp_lab_begin(lab, "Milan", 6, false);
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_UNSUPPORTED);
	assert_string_equal(
		cbx_verdict_detail(lab->test.verdict), "a report of version 6");
}

static void no_lab_is_trusted_unless_somebody_says_so(void **state)
{
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan-B0", 3, false);
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
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

			snp_lab_begin(lab, product, 3, false)
				->leaf.spl[order[i]] = 2;
			assert_int_equal(snp_lab_run(lab), CBX_REFUSED_TCB);
			snp_lab_begin(lab, product, 3, false)
				->leaf.spl[order[i]] = 255;
			lab->recipe.report[0x180 + i] = 255;
			assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
			snp_lab_begin(lab, product, 3, false)
				->leaf.spl[order[i]] = -1;
			assert_int_equal(
				snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
			snp_lab_begin(lab, product, 3, false)
				->leaf.spl[order[i]] = 256;
			lab->recipe.report[0x180 + i] = 0;
			assert_int_equal(
				snp_lab_run(lab), CBX_REFUSED_CERTIFICATE);
		}
	}
}

static void parts_of_tcbs_are_named_by_product(void **state)
{
	struct lab *lab = *state;
	struct recipe *recipe = snp_lab_begin(lab, "Turin", 5, false);

	for (uint8_t i = 0; i < 8; i++) {
		recipe->report[0x38 + i] = (uint8_t)(0x10 + i);
		recipe->report[0x1e0 + i] = (uint8_t)(0x20 + i);
		recipe->report[0x1f0 + i] = (uint8_t)(0x30 + i);
	}
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	snp_lab_number(lab, "snp.current-tcb.fmc", 0x10);
	snp_lab_number(lab, "snp.current-tcb.boot-loader", 0x11);
	snp_lab_number(lab, "snp.committed-tcb.tee", 0x22);
	snp_lab_number(lab, "snp.launch-tcb.snp", 0x33);
	snp_lab_number(lab, "snp.launch-tcb.microcode", 0x37);
	recipe = snp_lab_begin(lab, "Genoa", 2, false);
	for (uint8_t i = 0; i < 8; i++) {
		recipe->report[0x38 + i] = (uint8_t)(0x10 + i);
	}
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	snp_lab_number(lab, "snp.current-tcb.boot-loader", 0x10);
	snp_lab_number(lab, "snp.current-tcb.tee", 0x11);
	snp_lab_number(lab, "snp.current-tcb.snp", 0x16);
	snp_lab_number(lab, "snp.current-tcb.microcode", 0x17);
	assert_null(
		cbx_verdict_claim(lab->test.verdict, "snp.current-tcb.fmc"));
}

static void debugging_is_refused_unless_accepted(void **state)
{
	struct lab *lab = *state;

	snp_lab_begin(lab, "Milan-B0", 3, false)->report[0x0a] |= 8;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_DEBUG);
	lab->test.appraisal.flags = CBX_APPRAISE_DEBUG;
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	assert_int_equal(
		lab->test.verdict->trust[CBX_TRUST_RUNTIME_OPAQUE], 96);
	lab->recipe.report[0x0a] = 3;
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
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
			uint8_t *byte = &snp_lab_begin(lab, "Milan", 3, false)
						 ->report[rows[i].byte];

			*byte = (uint8_t)((*byte & ~(1u << rows[i].bit)) |
					  value << rows[i].bit);
			assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
			snp_lab_number(lab, rows[i].claim, value);
		}
	}
}

static void unknown_platform_bits_are_no_reason(void **state)
{
	struct lab *lab = *state;

	memset(snp_lab_begin(lab, "Turin", 5, false)->report + 0x40, 0xff, 8);
	assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
	snp_lab_number(lab, "snp.platform-info", UINT64_MAX);
}

static void unknown_policy_bits_are_one(void **state)
{
	struct lab *lab = *state;

	for (unsigned int bit = 26; bit < 64; bit++) {
		snp_lab_begin(lab, "Turin", 5, false)->report[0x08 + bit / 8] |=
			(uint8_t)(1u << bit % 8);
		assert_int_equal(snp_lab_run(lab), CBX_REFUSED_UNSUPPORTED);
	}
}

static void who_asked_is_a_claim_and_has_to_be_inside(void **state)
{
	struct lab *lab = *state;

	for (uint8_t vmpl = 0; vmpl < 4; vmpl++) {
		snp_lab_begin(lab, "Genoa", 3, false)->report[0x30] = vmpl;
		assert_int_equal(snp_lab_run(lab), CBX_ACCEPTED);
		snp_lab_number(lab, "snp.vmpl", vmpl);
	}
	snp_lab_begin(lab, "Genoa", 3, false)->report[0x30] = 4;
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_WRONG_TYPE);
	memset(snp_lab_begin(lab, "Genoa", 3, false)->report + 0x30, 0xff, 4);
	assert_int_equal(snp_lab_run(lab), CBX_REFUSED_WRONG_TYPE);
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
			snp_lab_begin(lab, "Milan", version, false)
				->report[rows[i].at] ^= 0x02;
			if (rows[i].at == 0x188 && version > 2) {
				continue; /* another processor */
			}
			assert_int_equal(snp_lab_run(lab),
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
		snp_lab_begin(lab, "Milan-B1", 4, false);
		lab->recipe.report[0x188] = rows[i].family;
		lab->recipe.report[0x189] = rows[i].model;
		assert_int_equal(snp_lab_run(lab), rows[i].reason);
	}
}

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
	snp_lab_begin(lab, "Turin", 5, false);
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

	(void)snp_lab_run(lab); /* signs, certifies */
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
	snp_lab_number(lab, "snp.vmpl", 0);
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
		TEST(evidence_of_a_box_holds_the_monitors_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

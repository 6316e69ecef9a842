/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "evidence.h"
#include "lab.h"

#include <psa/crypto.h>

#include <verify/chain.h>
#include <verify/roots.h>
#include <verify/signature.h>
#include <verify/span.h>
#include <verify/verdict.h>

/* 2025-06-01: every sample's certificates but Turin's are valid. */
#define TIME_2025 1748736000

struct setting {
	struct cbx_verdict *verdict;
	struct cbx_chain *chain;
};

static int make(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	assert_non_null(setting);
	setting->verdict = cbx_verdict_create();
	setting->chain = cbx_chain_create();
	assert_non_null(setting->verdict);
	assert_non_null(setting->chain);
	*state = setting;
	return 0;
}

static int drop(void **state)
{
	struct setting *setting = *state;

	cbx_chain_destroy(setting->chain);
	cbx_verdict_destroy(setting->verdict);
	free(setting);
	return 0;
}

static void empty_chain(struct setting *setting)
{
	cbx_chain_destroy(setting->chain);
	setting->chain = cbx_chain_create();
	assert_non_null(setting->chain);
}

static enum cbx_refusal add(struct setting *setting, struct cbx_span file)
{
	return cbx_chain_add(setting->verdict, setting->chain, file);
}

static enum cbx_refusal add_named(struct setting *setting, const char *name)
{
	struct cbx_span file = evidence_load(name);
	enum cbx_refusal refusal = add(setting, file);

	evidence_free(file);
	return refusal;
}

static void add_root(struct setting *setting, enum cbx_root root)
{
	assert_int_equal(add(setting, cbx_root_file(root)), CBX_ACCEPTED);
}

static void trust_root(struct setting *setting, enum cbx_root root)
{
	assert_int_equal(cbx_chain_trust(setting->verdict, setting->chain,
				 cbx_root_file(root)),
		CBX_ACCEPTED);
}

/* Verify what was given at @p index. */
static enum cbx_refusal verify_at(
	struct setting *setting, size_t index, int64_t now)
{
	return cbx_chain_verify(setting->verdict, setting->chain,
		&setting->chain->given[index], now);
}

static void the_embedded_roots_are_the_vendors(void **state)
{
	/* As published; compare roots/README.md. */
	static const struct {
		enum cbx_root root;
		uint8_t begins[8];
	} rows[] = {
		{ CBX_ROOT_ARK_MILAN,
			{ 0x69, 0xd0, 0x63, 0xb4, 0x53, 0x44, 0xd2, 0x6a } },
		{ CBX_ROOT_ARK_GENOA,
			{ 0x4c, 0x65, 0x98, 0xd1, 0x9c, 0x18, 0x71, 0x9c } },
		{ CBX_ROOT_ARK_TURIN,
			{ 0x1f, 0x08, 0x41, 0x61, 0xa4, 0x4b, 0xb6, 0xd9 } },
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t digest[32];
		size_t size;

		trust_root(setting, rows[i].root);
		assert_int_equal(psa_hash_compute(PSA_ALG_SHA_256,
					 setting->chain->trusted[i].raw.p,
					 setting->chain->trusted[i].raw.len,
					 digest, sizeof(digest), &size),
			PSA_SUCCESS);
		assert_memory_equal(digest, rows[i].begins, 8);
	}
	assert_int_equal(cbx_root_file(CBX_ROOTS).size, 0);
	for (int i = 0; i < CBX_ROOTS; i++) {
		add_root(setting, (enum cbx_root)i);
		assert_true(cbx_certificate_is_ca(&setting->chain->given[i]));
	}
}

static const struct sample {
	const char *leaf;
	enum cbx_root root;
	enum cbx_root issuer;
	int64_t from; /* the first and the last second of the leaf */
	int64_t to;
} samples[] = {
	{ "snp/milan-v2-virtee/vcek.der", CBX_ROOT_ARK_MILAN,
		CBX_ROOT_ASK_MILAN, 1680549823, 1901474623 },
	{ "snp/milan-v2-trustee/vcek.der", CBX_ROOT_ARK_MILAN,
		CBX_ROOT_ASK_MILAN, 1674583106, 1895507906 },
	{ "snp/milan-v3-vlek/vlek.der", CBX_ROOT_ARK_MILAN, CBX_ROOT_ASVK_MILAN,
		1733868861, 1765404861 },
	{ "snp/genoa-v3-azure/vcek.pem", CBX_ROOT_ARK_GENOA, CBX_ROOT_ASK_GENOA,
		1737685308, 1958523708 },
	{ "snp/turin-v5-msft/vcek.pem", CBX_ROOT_ARK_TURIN, CBX_ROOT_ASK_TURIN,
		1770253473, 1991178273 },
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void every_sample_leads_to_its_root_in_its_time(void **state)
{
	struct setting *setting = *state;

	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *sample = &samples[i];

		empty_chain(setting);
		assert_int_equal(
			add_named(setting, sample->leaf), CBX_ACCEPTED);
		add_root(setting, sample->issuer);
		trust_root(setting, sample->root);
		assert_int_equal(
			verify_at(setting, 0, sample->from), CBX_ACCEPTED);
		assert_int_equal(
			verify_at(setting, 0, sample->to), CBX_ACCEPTED);
		assert_int_equal(setting->chain->path_length, 3);
		assert_ptr_equal(
			setting->chain->path[1], &setting->chain->given[1]);
		assert_ptr_equal(
			setting->chain->path[2], &setting->chain->trusted[0]);
		assert_false(setting->chain->revocation_checked);
		assert_int_equal(verify_at(setting, 0, sample->from - 1),
			CBX_REFUSED_EXPIRED);
		assert_int_equal(verify_at(setting, 0, sample->to + 1),
			CBX_REFUSED_EXPIRED);
		assert_int_equal(
			verify_at(setting, 0, INT64_MIN), CBX_REFUSED_EXPIRED);
		assert_int_equal(
			verify_at(setting, 0, INT64_MAX), CBX_REFUSED_EXPIRED);
	}
}

static void no_sample_leads_to_another_root(void **state)
{
	struct setting *setting = *state;

	for (size_t i = 0; i < SAMPLES; i++) {
		empty_chain(setting);
		assert_int_equal(
			add_named(setting, samples[i].leaf), CBX_ACCEPTED);
		for (int root = 0; root < CBX_ROOTS; root++) {
			add_root(setting, (enum cbx_root)root);
		}
		assert_int_equal(verify_at(setting, 0, samples[i].from),
			CBX_REFUSED_CHAIN);
		for (size_t j = 0; j < SAMPLES; j++) {
			if (samples[j].root != samples[i].root) {
				trust_root(setting, samples[j].root);
			}
		}
		assert_int_equal(verify_at(setting, 0, samples[i].from),
			CBX_REFUSED_CHAIN);
		trust_root(setting, samples[i].root);
		assert_int_equal(
			verify_at(setting, 0, samples[i].from), CBX_ACCEPTED);
	}
}

static void a_missing_or_wrong_issuer_is_no_way(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(add_named(setting, samples[0].leaf), CBX_ACCEPTED);
	trust_root(setting, CBX_ROOT_ARK_MILAN);
	assert_int_equal(verify_at(setting, 0, TIME_2025), CBX_REFUSED_CHAIN);
	add_root(setting, CBX_ROOT_ASVK_MILAN);
	add_root(setting, CBX_ROOT_ASK_GENOA);
	assert_int_equal(verify_at(setting, 0, TIME_2025), CBX_REFUSED_CHAIN);
	add_root(setting, CBX_ROOT_ASK_MILAN);
	assert_int_equal(verify_at(setting, 0, TIME_2025), CBX_ACCEPTED);
}

/* Five of the lab's, each issued by the next; the last is trusted. */
#define LINE 5u

static void make_line(struct lab_party *line)
{
	static const char *const names[] = { "CN=SEV-VCEK", "CN=SEV-Milan",
		"CN=Three", "CN=Four", "CN=Lab root" };

	for (size_t i = 0; i < LINE; i++) {
		lab_key(&line[i]);
	}
	for (size_t i = 0; i < LINE; i++) {
		struct lab_form form = lab_vcek_form("Milan");
		size_t issuer = i + 1 == LINE ? i : i + 1;

		form.subject = names[i];
		form.issuer = names[issuer];
		form.ca = i != 0;
		lab_certify(&line[i], &line[issuer], &form);
	}
}

/* All orders of four; the leaf is wherever it comes. */
static void the_order_of_certificates_does_not_matter(void **state)
{
	struct setting *setting = *state;
	struct lab_party *line = calloc(LINE, sizeof(*line));

	assert_non_null(line);
	make_line(line);
	for (unsigned int order = 0; order < 256; order++) {
		size_t leaf = 4;
		unsigned int seen = 0;

		empty_chain(setting);
		assert_int_equal(
			cbx_chain_trust(setting->verdict, setting->chain,
				line[LINE - 1].certificate),
			CBX_ACCEPTED);
		for (unsigned int i = 0; i < 4; i++) {
			unsigned int which = order >> 2 * i & 3;

			assert_int_equal(add(setting, line[which].certificate),
				CBX_ACCEPTED);
			seen |= 1u << which;
			leaf = which == 0 ? i : leaf;
		}
		if (leaf < 4) {
			assert_int_equal(verify_at(setting, leaf, TIME_2025),
				seen == 15 ? CBX_ACCEPTED : CBX_REFUSED_CHAIN);
		}
		assert_int_equal(
			setting->chain->path_length == LINE, seen == 15);
	}
	for (size_t i = 0; i < LINE; i++) {
		lab_party_free(&line[i]);
	}
	free(line);
}

static void a_root_is_nobodys_leaf(void **state)
{
	struct setting *setting = *state;

	trust_root(setting, CBX_ROOT_ARK_MILAN);
	add_root(setting, CBX_ROOT_ARK_MILAN);
	assert_int_equal(verify_at(setting, 0, TIME_2025), CBX_REFUSED_CHAIN);
}

static void corrupted_leaves_lead_nowhere(void **state)
{
	static const char *const names[] = {
		"snp/milan-v2-trustee/vcek-invalid-legacy.der",
		"snp/milan-v2-trustee/vcek-invalid-new.der",
	};
	struct setting *setting = *state;

	trust_root(setting, CBX_ROOT_ARK_MILAN);
	add_root(setting, CBX_ROOT_ASK_MILAN);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(add_named(setting, names[i]), CBX_ACCEPTED);
		assert_int_equal(verify_at(setting, i + 1, TIME_2025),
			CBX_REFUSED_CHAIN);
	}
}

static void what_is_no_certificate_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"0",
		"no certificate",
		"-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END "
		"CERTIFICATE-----\n",
		"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n",
		"-----BEGIN EC PRIVATE KEY-----\nMAA=\n"
		"-----END EC PRIVATE KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
		"DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
		"MAA=\n-----END CERTIFICATE-----\n",
		"\x30\x80",
		"\x30\x84\xff\xff\xff\xff",
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(add(setting, cbx_span_text(texts[i])),
			CBX_REFUSED_CERTIFICATE);
	}
	assert_int_equal(
		add(setting, (struct cbx_span){ 0 }), CBX_REFUSED_CERTIFICATE);
	assert_int_equal(setting->chain->given_count, 0);
}

static void every_truncation_and_extension_is_refused(void **state)
{
	struct setting *setting = *state;
	struct cbx_span file = evidence_load("snp/milan-v2-virtee/vcek.der");
	uint8_t *longer = evidence_copy(file, file.size + 1);

	for (size_t size = 0; size < file.size; size++) {
		uint8_t *part = evidence_copy(file, size);

		assert_int_equal(add(setting, (struct cbx_span){ part, size }),
			CBX_REFUSED_CERTIFICATE);
		free(part);
	}
	assert_int_equal(
		add(setting, (struct cbx_span){ longer, file.size + 1 }),
		CBX_REFUSED_CERTIFICATE);
	free(longer);
	evidence_free(file);
}

static void there_is_an_end_to_certificates(void **state)
{
	struct setting *setting = *state;

	for (size_t i = 0; i < CBX_CHAIN_GIVEN; i++) {
		add_root(setting, CBX_ROOT_ASK_MILAN);
	}
	assert_int_equal(add(setting, cbx_root_file(CBX_ROOT_ASK_MILAN)),
		CBX_REFUSED_CERTIFICATE);
	for (size_t i = 0; i < CBX_CHAIN_TRUSTED; i++) {
		trust_root(setting, CBX_ROOT_ARK_MILAN);
	}
	assert_int_equal(cbx_chain_trust(setting->verdict, setting->chain,
				 cbx_root_file(CBX_ROOT_ARK_MILAN)),
		CBX_REFUSED_CERTIFICATE);
}

static void files_are_at_most_a_mebibyte(void **state)
{
	struct setting *setting = *state;
	struct cbx_span pem = cbx_root_file(CBX_ROOT_ASK_MILAN);
	uint8_t *file = evidence_copy(pem, CBX_CHAIN_FILE + 1);

	memset(file + pem.size, '\n', CBX_CHAIN_FILE + 1 - pem.size);
	assert_int_equal(
		add(setting, (struct cbx_span){ file, CBX_CHAIN_FILE }),
		CBX_ACCEPTED);
	assert_int_equal(
		add(setting, (struct cbx_span){ file, CBX_CHAIN_FILE + 1 }),
		CBX_REFUSED_CERTIFICATE);
	free(file);
}

/* What a reader of C strings would not see. */
static void text_has_no_zero_bytes(void **state)
{
	struct setting *setting = *state;
	struct cbx_span pem = cbx_root_file(CBX_ROOT_ASK_MILAN);
	uint8_t *file = evidence_copy(pem, pem.size + 1);

	assert_int_equal(add(setting, (struct cbx_span){ file, pem.size + 1 }),
		CBX_REFUSED_CERTIFICATE);
	assert_int_equal(add(setting, (struct cbx_span){ file, pem.size }),
		CBX_ACCEPTED);
	free(file);
}

static void lists_are_few_whole_and_no_roots(void **state)
{
	static const char *const times[2] = { "251201000000Z",
		"260201000000Z" };
	static uint8_t room[LAB_ROOM];
	struct setting *setting = *state;
	struct lab_form form = lab_vcek_form("Milan");
	struct lab_party party;
	struct cbx_span list;
	uint8_t *longer;

	lab_key(&party);
	lab_certify(&party, &party, &form);
	list = lab_list(&party, times, NULL, 0, room);
	longer = evidence_copy(list, list.size + 1);
	assert_int_equal(
		add(setting, (struct cbx_span){ longer, list.size + 1 }),
		CBX_REFUSED_CERTIFICATE);
	assert_int_equal(
		cbx_chain_trust(setting->verdict, setting->chain, list),
		CBX_REFUSED_CERTIFICATE);
	empty_chain(setting);
	for (size_t i = 0; i < CBX_CHAIN_LISTS; i++) {
		assert_int_equal(add(setting, list), CBX_ACCEPTED);
	}
	assert_int_equal(add(setting, list), CBX_REFUSED_CERTIFICATE);
	free(longer);
	lab_party_free(&party);
}

static void pem_may_hold_several_and_comments(void **state)
{
	struct setting *setting = *state;

	assert_int_equal(add_named(setting, "snp/milan-v2-virtee/ask_ark.pem"),
		CBX_ACCEPTED);
	assert_int_equal(setting->chain->given_count, 2);
	trust_root(setting, CBX_ROOT_ARK_MILAN);
	assert_int_equal(add_named(setting, samples[0].leaf), CBX_ACCEPTED);
	assert_int_equal(verify_at(setting, 2, TIME_2025), CBX_ACCEPTED);
}

static void callers_bring_roots_and_certificates(void **state)
{
	struct setting *setting = *state;
	struct cbx_span leaf = evidence_load(samples[0].leaf);
	const struct cbx_span given[] = { leaf,
		cbx_root_file(CBX_ROOT_ASK_MILAN) };
	const struct cbx_span root = cbx_root_file(CBX_ROOT_ARK_MILAN);
	struct cbx_endorsements endorsements = {
		.size = sizeof(endorsements),
		.certificates = given,
		.certificate_count = 2,
	};
	struct cbx_appraisal appraisal = {
		.size = sizeof(appraisal),
		.roots = &root,
		.root_count = 1,
	};

	assert_int_equal(cbx_chain_bring(setting->verdict, setting->chain,
				 &endorsements, &appraisal),
		CBX_ACCEPTED);
	assert_int_equal(verify_at(setting, 0, TIME_2025), CBX_ACCEPTED);
	endorsements.size--;
	assert_int_equal(cbx_chain_bring(setting->verdict, setting->chain,
				 &endorsements, &appraisal),
		CBX_REFUSED_INTERNAL);
	appraisal.roots = &(struct cbx_span){ leaf.bytes, 7 };
	assert_int_equal(cbx_chain_bring(setting->verdict, setting->chain, NULL,
				 &appraisal),
		CBX_REFUSED_INTERNAL);
	evidence_free(leaf);
}

static void extensions_are_found_by_their_identifier(void **state)
{
	/* 1.3.6.1.4.1.3704.1.2: the product's name */
	static const uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78,
		0x01, 0x02 };
	struct setting *setting = *state;
	struct cbx_span value;

	assert_int_equal(add_named(setting, samples[0].leaf), CBX_ACCEPTED);
	assert_int_equal(cbx_certificate_extension(&setting->chain->given[0],
				 (struct cbx_span){ oid, sizeof(oid) }, &value),
		CBX_EXTENSION_FOUND);
	assert_int_equal(value.size, 10);
	assert_memory_equal(value.bytes, "\x16\x08Milan-B0", 10);
	assert_int_equal(
		cbx_certificate_extension(&setting->chain->given[0],
			(struct cbx_span){ oid, sizeof(oid) - 1 }, &value),
		CBX_EXTENSION_ABSENT);
	assert_int_equal(value.size, 0);
	assert_true(
		cbx_span_equal(cbx_certificate_name(&setting->chain->given[0]),
			cbx_span_text("SEV-VCEK")));
}

/* Of VCEKs, extension 1.3.6.1.4.1.3704.1.3.7 becomes one more 3.6. */
static void an_extension_that_is_there_twice_is_none(void **state)
{
	static const uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78,
		0x01, 0x03, 0x07 };
	struct setting *setting = *state;
	struct cbx_span file = evidence_load(samples[0].leaf);
	uint8_t *copy = evidence_copy(file, file.size);
	uint8_t *place = memmem(copy, file.size, oid, sizeof(oid));
	uint8_t twice[sizeof(oid)];
	struct cbx_span value;

	assert_non_null(place);
	place[sizeof(oid) - 1] = 0x06;
	memcpy(twice, place, sizeof(twice));
	assert_int_equal(add(setting, (struct cbx_span){ copy, file.size }),
		CBX_ACCEPTED);
	assert_int_equal(
		cbx_certificate_extension(&setting->chain->given[0],
			(struct cbx_span){ twice, sizeof(twice) }, &value),
		CBX_EXTENSION_BROKEN);
	assert_int_equal(value.size, 0);
	twice[sizeof(twice) - 1] = 0x05;
	assert_int_equal(
		cbx_certificate_extension(&setting->chain->given[0],
			(struct cbx_span){ twice, sizeof(twice) }, &value),
		CBX_EXTENSION_FOUND);
	free(copy);
	evidence_free(file);
}

/* A certificate of @p party's key is added. */
static enum cbx_refusal add_key(
	struct setting *setting, struct lab_party *party)
{
	struct lab_form form = lab_vcek_form("Milan");
	struct lab_party issuer;
	enum cbx_refusal refusal;

	lab_key(&issuer);
	lab_certify(party, &issuer, &form);
	refusal = add(setting, party->certificate);
	lab_party_free(&issuer);
	lab_party_free(party);
	return refusal;
}

static void keys_are_of_a_usual_kind_and_size(void **state)
{
	static const struct {
		size_t bits;
		const char *exponent;
		enum cbx_refusal reason;
	} rows[] = {
		{ 2048, "10001", CBX_ACCEPTED },
		{ 3072, "3", CBX_ACCEPTED },
		{ 4096, "FFFFFFFF", CBX_ACCEPTED },
		{ 4096, "100000001", CBX_REFUSED_CERTIFICATE },
		{ 1024, "10001", CBX_REFUSED_CERTIFICATE },
		{ 2040, "10001", CBX_REFUSED_CERTIFICATE },
		{ 4104, "10001", CBX_REFUSED_CERTIFICATE },
		{ 8192, "10001", CBX_REFUSED_CERTIFICATE },
	};
	static const struct {
		mbedtls_ecp_group_id group;
		enum cbx_refusal reason;
	} curves[] = {
		{ MBEDTLS_ECP_DP_SECP256R1, CBX_ACCEPTED },
		{ MBEDTLS_ECP_DP_SECP384R1, CBX_ACCEPTED },
		{ MBEDTLS_ECP_DP_SECP521R1, CBX_ACCEPTED },
		{ MBEDTLS_ECP_DP_SECP256K1, CBX_REFUSED_CERTIFICATE },
		{ MBEDTLS_ECP_DP_BP384R1, CBX_REFUSED_CERTIFICATE },
	};
	struct setting *setting = *state;
	struct lab_party party;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		lab_key_rsa(&party, rows[i].bits, rows[i].exponent);
		assert_int_equal(add_key(setting, &party), rows[i].reason);
	}
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		lab_key_on(&party, curves[i].group);
		assert_int_equal(add_key(setting, &party), curves[i].reason);
	}
}

static void a_key_is_only_a_key_of_its_curve(void **state)
{
	struct setting *setting = *state;
	struct cbx_span point;

	assert_int_equal(add_named(setting, samples[0].leaf), CBX_ACCEPTED);
	add_root(setting, CBX_ROOT_ASK_MILAN);
	point = cbx_certificate_point(
		&setting->chain->given[0], MBEDTLS_ECP_DP_SECP384R1);
	assert_int_equal(point.size, 97);
	assert_int_equal(point.bytes[1], 0xa1);
	assert_int_equal(cbx_certificate_point(&setting->chain->given[0],
				 MBEDTLS_ECP_DP_SECP256R1)
				 .size,
		0);
	assert_int_equal(cbx_certificate_point(&setting->chain->given[1],
				 MBEDTLS_ECP_DP_SECP384R1)
				 .size,
		0);
}

static void signatures_need_a_point_of_the_curve(void **state)
{
	uint8_t point[97] = { 0x04, 1 };
	const uint8_t signature[96] = { 0 };
	const struct cbx_span text = cbx_span_text("message");
	const struct cbx_span zeros = { signature, sizeof(signature) };

	(void)state;
	assert_int_equal(
		cbx_check_ecdsa(PSA_ALG_SHA_384,
			(struct cbx_span){ point, sizeof(point) }, text, zeros),
		CBX_REFUSED_CERTIFICATE);
	assert_int_equal(cbx_check_ecdsa(PSA_ALG_SHA_384,
				 (struct cbx_span){ point, 50 }, text, zeros),
		CBX_REFUSED_CERTIFICATE);
	point[0] = 0;
	assert_int_equal(cbx_check_ecdsa(PSA_ALG_SHA_384,
				 (struct cbx_span){ point, 1 }, text, zeros),
		CBX_REFUSED_CERTIFICATE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_embedded_roots_are_the_vendors),
		TEST(every_sample_leads_to_its_root_in_its_time),
		TEST(no_sample_leads_to_another_root),
		TEST(a_missing_or_wrong_issuer_is_no_way),
		TEST(the_order_of_certificates_does_not_matter),
		TEST(a_root_is_nobodys_leaf),
		TEST(corrupted_leaves_lead_nowhere),
		TEST(what_is_no_certificate_is_refused),
		TEST(every_truncation_and_extension_is_refused),
		TEST(there_is_an_end_to_certificates),
		TEST(files_are_at_most_a_mebibyte),
		TEST(text_has_no_zero_bytes),
		TEST(lists_are_few_whole_and_no_roots),
		TEST(pem_may_hold_several_and_comments),
		TEST(callers_bring_roots_and_certificates),
		TEST(extensions_are_found_by_their_identifier),
		TEST(an_extension_that_is_there_twice_is_none),
		TEST(keys_are_of_a_usual_kind_and_size),
		TEST(a_key_is_only_a_key_of_its_curve),
		TEST(signatures_need_a_point_of_the_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

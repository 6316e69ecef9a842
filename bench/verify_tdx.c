/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes of TDX: their signatures are all ECDSA on P-256 with SHA-256.
 */
#include "verify.h"

#include <string.h>

#include <jansson.h>
#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <psa/crypto.h>

#include <verify/chain.h>
#include <verify/pcs.h>
#include <verify/roots.h>
#include <verify/span.h>
#include <verify/tdx_quote.h>

#define CHECKS 8u
#define NOW    1770681600 /* 2026-02-10 */

/* One signature: key imported, hash ready. */
struct p256_check {
	psa_key_id_t key;
	uint8_t digest[32];
	uint8_t signature[64];
};

struct sample {
	const char *what;
	const char *against;
	const char *quote;
	size_t size; /* 0: all of it */
	bool collateral;
};

static const struct sample samples[] = {
	{ "TD quote, version 4", "its four signatures, mbedTLS alone",
		"tdx/v4-spr-e4/quote.bin", 4935, false },
	{ "TD quote, version 5", "its four signatures, mbedTLS alone",
		"tdx/v5-google/quote.bin", 0, false },
	{ "TD quote, version 5, with tcbInfo",
		"its six signatures, mbedTLS alone", "tdx/v5-google/quote.bin",
		0, true },
};

struct run {
	struct cbx_span file;
	struct cbx_span quote; /* of the file */
	struct cbx_span collateral[2];
	struct cbx_verdict *verdict;
	struct cbx_chain *chain;
	struct p256_check checks[CHECKS];
	size_t count;
};

static void add_check(struct run *run, struct cbx_span point,
	struct cbx_span message, const uint8_t *signature)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	struct p256_check *check = &run->checks[run->count++];
	size_t size;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
	psa_set_key_type(&attributes,
		PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	MUST(psa_import_key(&attributes, point.bytes, point.size,
		     &check->key) == PSA_SUCCESS);
	MUST(psa_hash_compute(PSA_ALG_SHA_256, message.bytes, message.size,
		     check->digest, sizeof(check->digest),
		     &size) == PSA_SUCCESS);
	memcpy(check->signature, signature, sizeof(check->signature));
}

static struct cbx_span point_of(const mbedtls_x509_crt *certificate)
{
	return cbx_certificate_point(certificate, MBEDTLS_ECP_DP_SECP256R1);
}

/* A certificate's signature by its issuer, r and s out of DER. */
static void add_certificate_check(struct run *run,
	const mbedtls_x509_crt *certificate, const mbedtls_x509_crt *issuer)
{
	unsigned char *at = certificate->MBEDTLS_PRIVATE(sig).p;
	const unsigned char *end = at + certificate->MBEDTLS_PRIVATE(sig).len;
	uint8_t signature[64];
	size_t size;

	MUST(mbedtls_asn1_get_tag(&at, end, &size,
		     MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) == 0);
	for (size_t i = 0; i < 2; i++) {
		mbedtls_mpi number;

		mbedtls_mpi_init(&number);
		MUST(mbedtls_asn1_get_mpi(&at, end, &number) == 0);
		MUST(mbedtls_mpi_write_binary(
			     &number, signature + 32 * i, 32) == 0);
		mbedtls_mpi_free(&number);
	}
	add_check(run, point_of(issuer),
		(struct cbx_span){ certificate->tbs.p, certificate->tbs.len },
		signature);
}

static void prepare_quote(struct run *run)
{
	struct cbx_chain *chain = run->chain;
	struct cbx_tdx_quote quote;
	uint8_t point[65] = { 0x04 };

	MUST(cbx_tdx_quote_parse(run->verdict, run->quote, &quote) ==
		CBX_ACCEPTED);
	while (quote.certificates.bytes[quote.certificates.size - 1] == 0) {
		quote.certificates.size--;
	}
	MUST(cbx_chain_trust(run->verdict, chain,
		     cbx_root_file(CBX_ROOT_INTEL_SGX)) == CBX_ACCEPTED);
	MUST(cbx_chain_add(run->verdict, chain, quote.certificates) ==
		CBX_ACCEPTED);
	add_certificate_check(run, &chain->given[0], &chain->given[1]);
	add_certificate_check(run, &chain->given[1], &chain->trusted[0]);
	add_check(run, point_of(&chain->given[0]), quote.qe_report,
		quote.qe_signature.bytes);
	memcpy(point + 1, quote.key.bytes, 64);
	add_check(run, (struct cbx_span){ point, sizeof(point) },
		quote.signed_part, quote.signature.bytes);
}

static void prepare_collateral(struct run *run, const char *folder)
{
	struct cbx_span bundle =
		verify_load(folder, "tdx/neg-sgx-v3/collateral.json");
	json_t *json =
		json_loadb((const char *)bundle.bytes, bundle.size, 0, NULL);
	const char *chain = json_string_value(
		json_object_get(json, "tcb_info_issuer_chain"));
	size_t first = run->chain->given_count;
	struct cbx_pcs_answer answer;

	MUST(chain != NULL);
	run->collateral[0] = verify_load(
		folder, "tdx/collateral-google/sample_tcbinfo_response_v5");
	run->collateral[1] = (struct cbx_span){ (const uint8_t *)strdup(chain),
		strlen(chain) };
	MUST(cbx_chain_add(run->verdict, run->chain, run->collateral[1]) ==
		CBX_ACCEPTED);
	add_certificate_check(
		run, &run->chain->given[first], &run->chain->trusted[0]);
	MUST(cbx_pcs_read(run->verdict, run->collateral[0], &answer) ==
		CBX_ACCEPTED);
	add_check(run, point_of(&run->chain->given[first]), answer.text,
		answer.signature);
	cbx_pcs_forget(&answer);
	json_decref(json);
	free((void *)(uintptr_t)bundle.bytes);
}

static void prepare(
	struct run *run, const struct sample *sample, const char *folder)
{
	*run = (struct run){
		.file = verify_load(folder, sample->quote),
		.verdict = cbx_verdict_create(),
		.chain = cbx_chain_create(),
	};
	MUST(run->verdict != NULL && run->chain != NULL);
	run->quote = run->file;
	if (sample->size != 0) {
		run->quote.size = sample->size;
	}
	prepare_quote(run);
	if (sample->collateral) {
		prepare_collateral(run, folder);
	}
}

static void verify(const struct run *run, const struct sample *sample)
{
	const struct cbx_endorsements endorsements = {
		.size = sizeof(endorsements),
		.collateral = run->collateral,
		.collateral_count = sample->collateral ? 2 : 0,
	};
	const struct cbx_appraisal appraisal = {
		.size = sizeof(appraisal),
		.now = NOW,
	};

	MUST(cbx_verify_tdx(run->verdict, run->quote, &endorsements,
		     &appraisal) == CBX_ACCEPTED);
}

static void check_all(const struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		const struct p256_check *check = &run->checks[i];

		MUST(psa_verify_hash(check->key, PSA_ALG_ECDSA(PSA_ALG_SHA_256),
			     check->digest, sizeof(check->digest),
			     check->signature,
			     sizeof(check->signature)) == PSA_SUCCESS);
	}
}

static void end(struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		MUST(psa_destroy_key(run->checks[i].key) == PSA_SUCCESS);
	}
	cbx_chain_destroy(run->chain);
	cbx_verdict_destroy(run->verdict);
	free((void *)(uintptr_t)run->file.bytes);
	free((void *)(uintptr_t)run->collateral[0].bytes);
	free((void *)(uintptr_t)run->collateral[1].bytes);
}

void verify_tdx(const char *folder, bool quick)
{
	double least = 0;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct run run;
		double whole = 0;
		double checks = 0;

		prepare(&run, &samples[i], folder);
		for (unsigned int j = 0; j < (quick ? 2u : 300u); j++) {
			uint64_t since = bench_now();

			verify(&run, &samples[i]);
			verify_take(&whole, since);
			since = bench_now();
			check_all(&run);
			verify_take(&checks, since);
		}
		bench_print(&(struct bench_row){
			.what = samples[i].what,
			.figure = whole,
			.unit = "us",
			.against = samples[i].against,
			.baseline = checks,
			.most = 1.3,
		});
		least = bench_least(least, checks / (double)run.count);
		end(&run);
	}
	verify_print("- of them: ECDSA P-256, mbedTLS", least);
}

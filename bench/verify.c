/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_verify FOLDER [--quick]: verification of platform evidence, against the
 * bare checks of the signatures it has to check.  FOLDER is tests/evidence.
 *
 * Bare means: keys imported, certificates read and hashes ready before the
 * clock starts; nothing but mbedTLS's own check of each signature.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ecdsa.h>
#include <psa/crypto.h>

#include <confbox/verify.h>
#include <verify/chain.h>
#include <verify/roots.h>
#include <verify/span.h>

#include "verify.h"

struct cbx_span verify_load(const char *folder, const char *name)
{
	static uint8_t room[1 << 20];
	char path[512];
	FILE *file;
	size_t size;
	uint8_t *copy;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	MUST(file != NULL);
	size = fread(room, 1, sizeof(room), file);
	(void)fclose(file);
	copy = malloc(size);
	MUST(copy != NULL);
	memcpy(copy, room, size);
	return (struct cbx_span){ copy, size };
}

/* ------------------------------------------------------------ one check -- */

/* A certificate's signature by its issuer: RSASSA-PSS with SHA-384. */
struct rsa_check {
	mbedtls_x509_crt *certificate;
	mbedtls_x509_crt *issuer;
	uint8_t digest[48];
};

static void rsa_prepare(struct rsa_check *check, mbedtls_x509_crt *certificate,
	mbedtls_x509_crt *issuer)
{
	size_t size;

	*check = (struct rsa_check){ certificate, issuer, { 0 } };
	MUST(psa_hash_compute(PSA_ALG_SHA_384, certificate->tbs.p,
		     certificate->tbs.len, check->digest, sizeof(check->digest),
		     &size) == PSA_SUCCESS);
}

static void rsa_run(const struct rsa_check *check)
{
	mbedtls_x509_crt *certificate = check->certificate;

	MUST(mbedtls_pk_verify_ext(certificate->MBEDTLS_PRIVATE(sig_pk),
		     certificate->MBEDTLS_PRIVATE(sig_opts), &check->issuer->pk,
		     MBEDTLS_MD_SHA384, check->digest, sizeof(check->digest),
		     certificate->MBEDTLS_PRIVATE(sig).p,
		     certificate->MBEDTLS_PRIVATE(sig).len) == 0);
}

/* The report's own: ECDSA on P-384.  By PSA as for the first time, and with a
 * key that has been used before, whose tables mbedTLS has made. */
struct ecdsa_check {
	psa_key_id_t key;
	mbedtls_ecp_keypair *used;
	mbedtls_mpi r;
	mbedtls_mpi s;
	uint8_t digest[48];
	uint8_t signature[96];
};

static void ecdsa_prepare(struct ecdsa_check *check, struct cbx_span report,
	const mbedtls_x509_crt *leaf)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	struct cbx_span point =
		cbx_certificate_point(leaf, MBEDTLS_ECP_DP_SECP384R1);
	size_t size;

	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_384));
	psa_set_key_type(&attributes,
		PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	MUST(psa_import_key(&attributes, point.bytes, point.size,
		     &check->key) == PSA_SUCCESS);
	MUST(psa_hash_compute(PSA_ALG_SHA_384, report.bytes, 0x2a0,
		     check->digest, sizeof(check->digest),
		     &size) == PSA_SUCCESS);
	for (size_t i = 0; i < 48; i++) {
		check->signature[i] = report.bytes[0x2a0 + 47 - i];
		check->signature[48 + i] = report.bytes[0x2e8 + 47 - i];
	}
	check->used = mbedtls_pk_ec(leaf->pk);
	MUST(mbedtls_mpi_read_binary(&check->r, check->signature, 48) == 0);
	MUST(mbedtls_mpi_read_binary(&check->s, check->signature + 48, 48) ==
		0);
}

static void ecdsa_end(struct ecdsa_check *check)
{
	MUST(psa_destroy_key(check->key) == PSA_SUCCESS);
	mbedtls_mpi_free(&check->r);
	mbedtls_mpi_free(&check->s);
}

static void ecdsa_run_used(const struct ecdsa_check *check)
{
	MUST(mbedtls_ecdsa_verify(&check->used->MBEDTLS_PRIVATE(grp),
		     check->digest, sizeof(check->digest),
		     &check->used->MBEDTLS_PRIVATE(Q), &check->r,
		     &check->s) == 0);
}

static void ecdsa_run(const struct ecdsa_check *check)
{
	MUST(psa_verify_hash(check->key, PSA_ALG_ECDSA(PSA_ALG_SHA_384),
		     check->digest, sizeof(check->digest), check->signature,
		     sizeof(check->signature)) == PSA_SUCCESS);
}

/* ------------------------------------------------------------------ SNP -- */

struct snp {
	const char *what;
	const char *report;
	const char *leaf;
	enum cbx_root issuer;
	enum cbx_root root;
	int64_t now;
};

static const struct snp samples[] = {
	{ "SNP report, VCEK, Milan", "snp/milan-v2-virtee/report.bin",
		"snp/milan-v2-virtee/vcek.der", CBX_ROOT_ASK_MILAN,
		CBX_ROOT_ARK_MILAN, 1748736000 },
	{ "SNP report, VLEK, Milan", "snp/milan-v3-vlek/report.bin",
		"snp/milan-v3-vlek/vlek.der", CBX_ROOT_ASVK_MILAN,
		CBX_ROOT_ARK_MILAN, 1748736000 },
	{ "SNP report, VCEK, Turin", "snp/turin-v5-msft/report.bin",
		"snp/turin-v5-msft/vcek.pem", CBX_ROOT_ASK_TURIN,
		CBX_ROOT_ARK_TURIN, 1780000000 },
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* What the least of a sample's figures is, in microseconds. */
struct figures {
	double whole;
	double rsa; /* one of the two */
	double ecdsa;
	double used; /* the same with a key used before */
};

void verify_take(double *least, uint64_t since)
{
	*least = bench_least(*least, (double)(bench_now() - since) / 1000);
}

struct snp_run {
	struct cbx_span report;
	struct cbx_span leaf;
	struct cbx_verdict *verdict;
	struct cbx_chain *chain;
	struct rsa_check rsa[2];
	struct ecdsa_check ecdsa;
};

static void snp_prepare(
	struct snp_run *run, const struct snp *sample, const char *folder)
{
	struct cbx_verdict *verdict = cbx_verdict_create();
	struct cbx_chain *chain = cbx_chain_create();

	MUST(verdict != NULL && chain != NULL);
	*run = (struct snp_run){
		.report = verify_load(folder, sample->report),
		.leaf = verify_load(folder, sample->leaf),
		.verdict = verdict,
		.chain = chain,
	};
	MUST(cbx_chain_add(verdict, chain, run->leaf) == CBX_ACCEPTED);
	MUST(cbx_chain_add(verdict, chain, cbx_root_file(sample->issuer)) ==
		CBX_ACCEPTED);
	MUST(cbx_chain_trust(verdict, chain, cbx_root_file(sample->root)) ==
		CBX_ACCEPTED);
	rsa_prepare(&run->rsa[0], &chain->given[0], &chain->given[1]);
	rsa_prepare(&run->rsa[1], &chain->given[1], &chain->trusted[0]);
	ecdsa_prepare(&run->ecdsa, run->report, &chain->given[0]);
}

static void snp_verify(const struct snp_run *run, int64_t now)
{
	const struct cbx_endorsements endorsements = {
		.size = sizeof(endorsements),
		.certificates = &run->leaf,
		.certificate_count = 1,
	};
	const struct cbx_appraisal appraisal = {
		.size = sizeof(appraisal),
		.now = now,
	};

	MUST(cbx_verify_snp(run->verdict, run->report, &endorsements,
		     &appraisal) == CBX_ACCEPTED);
}

/* In turn, so that all of them meet the same machine. */
static struct figures snp_measure(const struct snp_run *run,
	const struct snp *sample, unsigned int rounds)
{
	struct figures figures = { 0 };

	for (unsigned int i = 0; i < rounds; i++) {
		uint64_t since = bench_now();

		snp_verify(run, sample->now);
		verify_take(&figures.whole, since);
		since = bench_now();
		rsa_run(&run->rsa[0]);
		rsa_run(&run->rsa[1]);
		verify_take(&figures.rsa, since);
		since = bench_now();
		ecdsa_run(&run->ecdsa);
		verify_take(&figures.ecdsa, since);
		since = bench_now();
		ecdsa_run_used(&run->ecdsa);
		verify_take(&figures.used, since);
	}
	figures.rsa /= 2;
	return figures;
}

static void snp_end(struct snp_run *run)
{
	ecdsa_end(&run->ecdsa);
	cbx_chain_destroy(run->chain);
	cbx_verdict_destroy(run->verdict);
	free((void *)(uintptr_t)run->report.bytes);
	free((void *)(uintptr_t)run->leaf.bytes);
}

void verify_print(const char *what, double figure)
{
	bench_print(&(struct bench_row){
		.what = what, .figure = figure, .unit = "us" });
}

int main(int count, char **arguments)
{
	bool quick = count == 3 && strcmp(arguments[2], "--quick") == 0;
	struct figures least = { 0 };

	if (count != 2 && !quick) {
		fprintf(stderr, "usage: bench_verify EVIDENCE [--quick]\n");
		return 2;
	}
	MUST(psa_crypto_init() == PSA_SUCCESS);
	bench_heading("verify: Platform evidence");
	for (size_t i = 0; i < SAMPLES; i++) {
		struct snp_run run;
		struct figures figures;

		snp_prepare(&run, &samples[i], arguments[1]);
		figures = snp_measure(&run, &samples[i], quick ? 2 : 300);
		bench_print(&(struct bench_row){
			.what = samples[i].what,
			.figure = figures.whole,
			.unit = "us",
			.against = "its three signatures, mbedTLS alone",
			.baseline = 2 * figures.rsa + figures.ecdsa,
			.most = 1.3,
		});
		least.rsa = bench_least(least.rsa, figures.rsa);
		least.ecdsa = bench_least(least.ecdsa, figures.ecdsa);
		least.used = bench_least(least.used, figures.used);
		snp_end(&run);
	}
	verify_print("- of them: RSA-4096, PSS, mbedTLS", least.rsa);
	verify_print("- of them: ECDSA P-384, mbedTLS", least.ecdsa);
	verify_print("- the same with a key used before", least.used);
	verify_tdx(arguments[1], quick);
	return 0;
}

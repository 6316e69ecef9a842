/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification of SNP reports: report, certificates, chain, chip, TCB,
 * signature, policy, challenge, in this order.
 */
#include <verify/snp.h>

#include <stdio.h>

#include <verify/roots.h>
#include <verify/signature.h>
#include <verify/span.h>
#include <verify/verdict.h>

#define R_OFFSET	0x2a0u
#define S_OFFSET	0x2e8u
#define COORDINATE_SIZE 48u

/* A verification at work. */
struct work {
	struct cbx_verdict *verdict;
	const struct cbx_endorsements *endorsements;
	const struct cbx_appraisal *appraisal;
	struct cbx_snp_report report;
	struct cbx_chain *chain;
	struct cbx_snp_leaf leaf;
	enum cbx_snp_product product;
};

/* -------------------------------------------------------- certificates -- */

static enum cbx_refusal bring(struct work *work)
{
	enum cbx_refusal refusal = cbx_chain_bring(work->verdict, work->chain,
		work->endorsements, work->appraisal);

	if (refusal != CBX_ACCEPTED || work->endorsements == NULL) {
		return refusal;
	}
	return cbx_snp_table_add(work->verdict, work->chain,
		work->endorsements->certificate_table);
}

/* 3: it is the one; 0: it cannot be. */
static int fitness(const struct work *work, const struct cbx_snp_leaf *leaf)
{
	if (leaf->broken != NULL || leaf->vlek != work->report.vlek) {
		return leaf->broken == NULL ? 1 : 0;
	}
	return cbx_snp_leaf_is_chip(leaf, &work->report) &&
			       cbx_span_equal((struct cbx_span){ leaf->tcb,
						      CBX_SNP_TCB_SIZE },
				       cbx_snp_field(&work->report,
					       CBX_SNP_REPORTED_TCB,
					       CBX_SNP_TCB_SIZE))
		       ? 3
		       : 2;
}

/* The certificate that fits, or the one that is nearest to it, which says what
 * is wrong. */
static enum cbx_refusal find_leaf(struct work *work)
{
	int best = -1;

	for (size_t i = 0; i < work->chain->given_count; i++) {
		struct cbx_snp_leaf leaf;

		if (cbx_snp_leaf_read(&work->chain->given[i], &leaf) &&
			fitness(work, &leaf) > best) {
			best = fitness(work, &leaf);
			work->leaf = leaf;
		}
	}
	if (best < 0) {
		return cbx_refuse(work->verdict, CBX_REFUSED_CERTIFICATE,
			"no certificate of a %s is there",
			work->report.vlek ? "VLEK" : "VCEK");
	}
	if (best == 0) {
		return cbx_refuse(work->verdict, CBX_REFUSED_CERTIFICATE,
			"the certificate: %s", work->leaf.broken);
	}
	if (best == 1) {
		return cbx_refuse(work->verdict, CBX_REFUSED_CERTIFICATE,
			"signed by a %s, the certificate is a %s's",
			work->report.vlek ? "VLEK" : "VCEK",
			work->leaf.vlek ? "VLEK" : "VCEK");
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_product(struct work *work)
{
	work->product = work->leaf.product;
	if (work->report.product != CBX_SNP_UNKNOWN &&
		work->report.product != work->product) {
		return cbx_refuse(work->verdict, CBX_REFUSED_IDENTITY,
			"a report of %s, a certificate of %s",
			cbx_snp_product_name(work->report.product),
			cbx_snp_product_name(work->product));
	}
	return CBX_ACCEPTED;
}

/* The product's root is trusted, its issuers are at hand. */
static enum cbx_refusal add_vendor(struct work *work)
{
	static const struct {
		enum cbx_root ark;
		enum cbx_root ask;
		enum cbx_root asvk;
	} roots[] = {
		[CBX_SNP_MILAN] = { CBX_ROOT_ARK_MILAN, CBX_ROOT_ASK_MILAN,
			CBX_ROOT_ASVK_MILAN },
		[CBX_SNP_GENOA] = { CBX_ROOT_ARK_GENOA, CBX_ROOT_ASK_GENOA,
			CBX_ROOT_ASVK_GENOA },
		[CBX_SNP_TURIN] = { CBX_ROOT_ARK_TURIN, CBX_ROOT_ASK_TURIN,
			CBX_ROOT_ASVK_TURIN },
	};
	enum cbx_root issuer = work->leaf.vlek ? roots[work->product].asvk
					       : roots[work->product].ask;
	enum cbx_refusal refusal = cbx_chain_trust(work->verdict, work->chain,
		cbx_root_file(roots[work->product].ark));

	return refusal == CBX_ACCEPTED
		       ? cbx_chain_add(work->verdict, work->chain,
				 cbx_root_file(issuer))
		       : refusal;
}

/* VCEKs come from SEV-Milan, VLEKs from SEV-VLEK-Milan. */
static enum cbx_refusal check_issuer(struct work *work)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "SEV-%s%s",
		work->leaf.vlek ? "VLEK-" : "",
		cbx_snp_product_name(work->product));
	if (!cbx_span_equal(cbx_certificate_name(work->chain->path[1]),
		    cbx_span_text(name))) {
		return cbx_refuse(work->verdict, CBX_REFUSED_CERTIFICATE,
			"the certificate is not issued by %s", name);
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_chain(struct work *work)
{
	enum cbx_refusal refusal = add_vendor(work);

	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_chain_verify(work->verdict, work->chain,
			work->leaf.certificate, work->appraisal->now);
	}
	return refusal == CBX_ACCEPTED ? check_issuer(work) : refusal;
}

/* -------------------------------------------------------------- report -- */

static enum cbx_refusal check_leaf(struct work *work)
{
	const struct cbx_snp_leaf *leaf = &work->leaf;

	if (!cbx_snp_leaf_is_chip(leaf, &work->report)) {
		return cbx_refuse(work->verdict, CBX_REFUSED_IDENTITY,
			"the report is of another chip than the certificate");
	}
	for (size_t i = 0; i < CBX_SNP_TCB_SIZE; i++) {
		uint8_t byte = work->report.bytes[CBX_SNP_REPORTED_TCB + i];

		if (leaf->tcb[i] != byte) {
			return cbx_refuse(work->verdict, CBX_REFUSED_TCB,
				"byte %zu of the TCB: %u reported, "
				"%u certified",
				i, byte, leaf->tcb[i]);
		}
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_signature(struct work *work)
{
	const uint8_t *bytes = work->report.bytes;
	uint8_t signature[2 * COORDINATE_SIZE];
	struct cbx_span point = cbx_certificate_point(
		work->leaf.certificate, MBEDTLS_ECP_DP_SECP384R1);
	enum cbx_refusal refusal;

	if (point.size == 0) {
		return cbx_refuse(work->verdict, CBX_REFUSED_CERTIFICATE,
			"the key is not on P-384");
	}
	for (size_t i = 0; i < COORDINATE_SIZE; i++) {
		size_t at = COORDINATE_SIZE - 1 - i;

		signature[i] = bytes[R_OFFSET + at];
		signature[COORDINATE_SIZE + i] = bytes[S_OFFSET + at];
	}
	refusal = cbx_check_ecdsa(PSA_ALG_SHA_384, point,
		(struct cbx_span){ bytes, CBX_SNP_SIGNED },
		(struct cbx_span){ signature, sizeof(signature) });
	return refusal == CBX_ACCEPTED
		       ? CBX_ACCEPTED
		       : cbx_refuse(work->verdict, refusal,
				 "the key did not sign the report");
}

static bool may_be_debugged(const struct work *work)
{
	uint64_t policy = cbx_snp_number(&work->report, CBX_SNP_POLICY, 8);

	return (policy >> CBX_SNP_POLICY_DEBUG & 1) != 0;
}

static enum cbx_refusal check_debug(struct work *work)
{
	if (may_be_debugged(work) &&
		!cbx_appraisal_has(work->appraisal, CBX_APPRAISE_DEBUG)) {
		return cbx_refuse(work->verdict, CBX_REFUSED_DEBUG,
			"the policy lets the host debug it");
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_data(
	struct work *work, const struct cbx_span *expected)
{
	struct cbx_span data = cbx_snp_field(
		&work->report, CBX_SNP_REPORT_DATA, CBX_SNP_REPORT_DATA_SIZE);

	if (expected != NULL && !cbx_span_equal(*expected, data)) {
		return cbx_refuse(work->verdict, CBX_REFUSED_BINDING,
			"the report's data is not what it has to be");
	}
	if (expected == NULL && !cbx_nonce_matches(work->appraisal, data)) {
		return cbx_refuse(work->verdict, CBX_REFUSED_NONCE,
			"the report's data is not the challenge");
	}
	return CBX_ACCEPTED;
}

/* Who is at a higher level inside may ask for reports, too: with data of its
 * own, and its own level. */
static enum cbx_refusal check_level(
	struct work *work, const struct cbx_span *expected)
{
	unsigned int vmpl =
		(unsigned int)cbx_snp_number(&work->report, CBX_SNP_VMPL, 4);

	if (expected != NULL && vmpl != 0) {
		return cbx_refuse(work->verdict, CBX_REFUSED_BINDING,
			"not the monitor asked for the report: VMPL %u", vmpl);
	}
	return CBX_ACCEPTED;
}

/* ------------------------------------------------------------- all of it -- */

static void claim_certified(struct work *work)
{
	struct cbx_verdict *verdict = work->verdict;

	cbx_claim_text(verdict,
		cbx_span_text(cbx_snp_product_name(work->product)),
		"snp.product");
	cbx_claim_flag(verdict,
		cbx_chain_has_list(work->chain, work->chain->path[1]),
		"snp.revocation-checked");
	if (work->leaf.vlek) {
		cbx_claim_text(verdict, work->leaf.identity, "snp.provider");
	}
	verdict->trust[CBX_TRUST_INSTANCE] = 2;
	verdict->trust[CBX_TRUST_HARDWARE] = 2;
	verdict->trust[CBX_TRUST_RUNTIME_OPAQUE] =
		may_be_debugged(work) ? 96 : 2;
}

static enum cbx_refusal check_certificates(struct work *work)
{
	enum cbx_refusal refusal = bring(work);

	if (refusal == CBX_ACCEPTED) {
		refusal = find_leaf(work);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_product(work);
	}
	if (refusal == CBX_ACCEPTED) {
		cbx_snp_tcb_claims(work->verdict, &work->report, work->product);
		refusal = check_chain(work);
	}
	return refusal == CBX_ACCEPTED ? check_leaf(work) : refusal;
}

static enum cbx_refusal check_all(
	struct work *work, const struct cbx_span *report_data)
{
	enum cbx_refusal refusal = check_certificates(work);

	if (refusal == CBX_ACCEPTED) {
		refusal = check_signature(work);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_debug(work);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_level(work, report_data);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_data(work, report_data);
	}
	if (refusal == CBX_ACCEPTED) {
		claim_certified(work);
	}
	return refusal;
}

enum cbx_refusal cbx_snp_check(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal,
	const struct cbx_span *report_data)
{
	struct work work = {
		.verdict = verdict,
		.endorsements = endorsements,
		.appraisal = appraisal,
	};
	enum cbx_refusal refusal =
		cbx_snp_read(verdict, evidence, &work.report);

	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	cbx_snp_claims(verdict, &work.report);
	work.chain = cbx_chain_create();
	if (work.chain == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	refusal = check_all(&work, report_data);
	cbx_chain_destroy(work.chain);
	return refusal;
}

enum cbx_refusal cbx_verify_snp(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal)
{
	enum cbx_refusal refusal = cbx_verdict_begin(verdict, "snp", appraisal);

	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_snp_check(
			verdict, evidence, endorsements, appraisal, NULL);
	}
	return refusal == CBX_ACCEPTED
		       ? cbx_verdict_appraise(verdict, appraisal)
		       : refusal;
}

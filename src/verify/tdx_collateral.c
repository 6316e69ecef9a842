/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether collateral is genuine, and about this platform.
 */
#include <verify/tdx_collateral.h>

#include <verify/signature.h>
#include <verify/span.h>

#define SIGNER "Intel SGX TCB Signing"

/* What an answer is checked with. */
struct check {
	struct cbx_verdict *verdict;
	struct cbx_chain *chain;
	const struct cbx_tdx_platform *platform;
	const mbedtls_x509_crt *signer; /* it leads to the root */
};

/* Whether a certificate with the signer's name signed the answer. */
static enum cbx_refusal signed_by(const mbedtls_x509_crt *certificate,
	const struct cbx_pcs_answer *answer)
{
	struct cbx_span signature = { answer->signature,
		sizeof(answer->signature) };
	struct cbx_span point =
		cbx_certificate_point(certificate, MBEDTLS_ECP_DP_SECP256R1);

	if (point.size == 0) {
		return CBX_REFUSED_CERTIFICATE;
	}
	return cbx_check_ecdsa(PSA_ALG_SHA_256, point, answer->text, signature);
}

/* Nobody checks a signature again with the certificate's copy. */
static bool came_before(const struct cbx_chain *chain, size_t index)
{
	const mbedtls_x509_buf *this = &chain->given[index].raw;

	for (size_t i = 0; i < index; i++) {
		const mbedtls_x509_buf *other = &chain->given[i].raw;

		if (cbx_span_equal((struct cbx_span){ this->p, this->len },
			    (struct cbx_span){ other->p, other->len })) {
			return true;
		}
	}
	return false;
}

/* Who signed the answer; NULL after a refusal. */
static const mbedtls_x509_crt *find_signer(
	const struct check *check, const struct cbx_pcs_answer *answer)
{
	const struct cbx_chain *chain = check->chain;
	const char *name = cbx_pcs_name(answer->kind);
	bool candidates = false;

	for (size_t i = 0; i < chain->given_count; i++) {
		const mbedtls_x509_crt *certificate = &chain->given[i];
		enum cbx_refusal refusal;

		if (!cbx_span_equal(cbx_certificate_name(certificate),
			    cbx_span_text(SIGNER)) ||
			came_before(chain, i)) {
			continue;
		}
		candidates = true;
		refusal = signed_by(certificate, answer);
		if (refusal == CBX_ACCEPTED) {
			return certificate;
		}
		if (refusal == CBX_REFUSED_INTERNAL) {
			(void)cbx_refuse(check->verdict, refusal,
				"%s: no room to check its signature", name);
			return NULL;
		}
	}
	if (candidates) {
		(void)cbx_refuse(check->verdict, CBX_REFUSED_COLLATERAL,
			"%s: the signature is wrong", name);
	} else {
		(void)cbx_refuse(check->verdict, CBX_REFUSED_CERTIFICATE,
			"%s: no certificate of " SIGNER, name);
	}
	return NULL;
}

/* Whether the signer may sign: Intel's root issued it for that, itself, so
 * that no PCK's key can speak for Intel. */
static enum cbx_refusal check_signer(
	struct check *check, const mbedtls_x509_crt *signer)
{
	struct cbx_chain *chain = check->chain;
	enum cbx_refusal refusal;

	if (signer == check->signer) {
		return CBX_ACCEPTED;
	}
	refusal = cbx_chain_verify(
		check->verdict, chain, signer, check->verdict->now);
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	if (chain->path_length != 2 ||
		chain->path[1] != check->platform->root) {
		return cbx_refuse(check->verdict, CBX_REFUSED_CHAIN,
			SIGNER " was not issued by the PCK's root");
	}
	check->signer = signer;
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_answer(
	struct check *check, const struct cbx_pcs_answer *answer)
{
	const mbedtls_x509_crt *signer = find_signer(check, answer);
	enum cbx_refusal refusal = check->verdict->reason;

	if (signer != NULL) {
		refusal = check_signer(check, signer);
	}
	return signer != NULL && refusal == CBX_ACCEPTED
		       ? cbx_pcs_check_time(
				 check->verdict, answer, check->verdict->now)
		       : refusal;
}

/* Whether an object says what it has to be. */
static enum cbx_refusal check_kind(struct cbx_verdict *verdict,
	const struct cbx_pcs_answer *answer, const char *id, uint32_t version)
{
	uint32_t number;

	if (!cbx_pcs_is(answer->object, "id", id)) {
		return cbx_refuse(verdict, CBX_REFUSED_IDENTITY,
			"%s is not of TDX", cbx_pcs_name(answer->kind));
	}
	if (!cbx_pcs_number(answer->object, "version", UINT16_MAX, &number) ||
		number != version) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"%s of another version", cbx_pcs_name(answer->kind));
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_platform(struct cbx_verdict *verdict,
	const json_t *tcb_info, const struct cbx_pck *pck)
{
	uint8_t fmspc[6];
	uint8_t pceid[2];
	uint32_t type;

	if (!cbx_pcs_bytes(tcb_info, "fmspc", fmspc, sizeof(fmspc)) ||
		!cbx_pcs_bytes(tcb_info, "pceId", pceid, sizeof(pceid)) ||
		!cbx_pcs_number(tcb_info, "tcbType", 0, &type)) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"tcbInfo is not what Intel specifies");
	}
	if (!cbx_span_equal(
		    (struct cbx_span){ fmspc, sizeof(fmspc) }, pck->fmspc) ||
		!cbx_span_equal((struct cbx_span){ pceid, sizeof(pceid) },
			pck->pceid)) {
		return cbx_refuse(verdict, CBX_REFUSED_IDENTITY,
			"tcbInfo is of another FMSPC or PCE");
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_tcb_info(struct check *check,
	const struct cbx_pcs_answer *answer, struct cbx_tdx_tcb *tcb)
{
	enum cbx_refusal refusal = check_answer(check, answer);

	if (refusal == CBX_ACCEPTED) {
		refusal = check_kind(check->verdict, answer, "TDX", 3);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_platform(
			check->verdict, answer->object, check->platform->pck);
	}
	return refusal == CBX_ACCEPTED
		       ? cbx_tdx_tcb_platform(check->verdict, answer->object,
				 check->platform->quote, check->platform->pck,
				 tcb)
		       : refusal;
}

static enum cbx_refusal check_identity(struct check *check,
	const struct cbx_pcs_answer *answer, struct cbx_tdx_tcb *tcb)
{
	enum cbx_refusal refusal = check_answer(check, answer);

	if (refusal == CBX_ACCEPTED) {
		refusal = check_kind(check->verdict, answer, "TD_QE", 2);
	}
	return refusal == CBX_ACCEPTED
		       ? cbx_tdx_tcb_qe(check->verdict, answer->object,
				 check->platform->quote, tcb)
		       : refusal;
}

enum cbx_refusal cbx_tdx_collateral_check(struct cbx_verdict *verdict,
	const struct cbx_tdx_collateral *collateral, struct cbx_chain *chain,
	const struct cbx_tdx_platform *platform, struct cbx_tdx_tcb *tcb)
{
	struct check check = { verdict, chain, platform, NULL };
	const struct cbx_pcs_answer *tcb_info =
		&collateral->answers[CBX_PCS_TCB_INFO];
	const struct cbx_pcs_answer *identity =
		&collateral->answers[CBX_PCS_QE_IDENTITY];
	enum cbx_refusal refusal = CBX_ACCEPTED;

	*tcb = (struct cbx_tdx_tcb){ 0 };
	if (tcb_info->object != NULL) {
		refusal = check_tcb_info(&check, tcb_info, tcb);
	}
	if (refusal == CBX_ACCEPTED && identity->object != NULL) {
		refusal = check_identity(&check, identity, tcb);
	}
	return refusal == CBX_ACCEPTED
		       ? cbx_tdx_tcb_converge(verdict, tcb_info->object,
				 platform->quote, tcb)
		       : refusal;
}

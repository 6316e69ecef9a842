/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/tdx_proof.h>

#include <psa/crypto.h>

#include <verify/roots.h>
#include <verify/signature.h>
#include <verify/span.h>

/* The certificates' text without the zero bytes behind it: the library that
 * makes quotes ends it as C does. */
static struct cbx_span certificate_text(const struct cbx_tdx_quote *quote)
{
	struct cbx_span text = quote->certificates;

	while (text.size != 0 && text.bytes[text.size - 1] == '\0') {
		text.size--;
	}
	return text;
}

static bool is_line_end(uint8_t byte)
{
	return byte == '\r' || byte == '\n';
}

/* Whether a text is nothing but PEM blocks, one after another: what is outside
 * of them nobody has signed. */
static bool only_blocks(struct cbx_span text)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";

	while (text.size != 0) {
		const uint8_t *found =
			memmem(text.bytes, text.size, end, sizeof(end) - 1);

		if (found == NULL ||
			memcmp(text.bytes, begin, sizeof(begin) - 1) != 0) {
			return false;
		}
		found += sizeof(end) - 1;
		text.size -= (size_t)(found - text.bytes);
		text.bytes = found;
		while (text.size != 0 && is_line_end(text.bytes[0])) {
			text.bytes++;
			text.size--;
		}
	}
	return true;
}

/* Everything that is a certificate, the quote's first. */
static enum cbx_refusal gather(struct cbx_tdx_state *state)
{
	struct cbx_chain *chain = state->chain;
	struct cbx_span text = certificate_text(&state->quote);
	enum cbx_refusal refusal = cbx_chain_trust(
		state->verdict, chain, cbx_root_file(CBX_ROOT_INTEL_SGX));

	if (!only_blocks(text)) {
		return cbx_refuse(state->verdict, CBX_REFUSED_CERTIFICATE,
			"the quote's certificates are not PEM alone");
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_chain_add(state->verdict, chain, text);
		state->certificate_count = chain->given_count;
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_chain_bring(state->verdict, chain,
			state->endorsements, state->appraisal);
	}
	return refusal == CBX_ACCEPTED
		       ? cbx_tdx_collateral_read(state->verdict,
				 state->endorsements, chain, &state->collateral)
		       : refusal;
}

/* Whether the quote's certificates are those of the path, in its order; the
 * root may be left out. */
static bool quote_has_path(const struct cbx_tdx_state *state)
{
	const struct cbx_chain *chain = state->chain;

	if (state->certificate_count > chain->path_length) {
		return false;
	}
	for (size_t i = 0; i < state->certificate_count; i++) {
		const mbedtls_x509_buf *here = &chain->given[i].raw;
		const mbedtls_x509_buf *there = &chain->path[i]->raw;

		if (!cbx_span_equal((struct cbx_span){ here->p, here->len },
			    (struct cbx_span){ there->p, there->len })) {
			return false;
		}
	}
	return true;
}

static bool named(const mbedtls_x509_crt *certificate, const char *name)
{
	return cbx_span_equal(
		cbx_certificate_name(certificate), cbx_span_text(name));
}

/* PCK, issued by one of the two CAs for PCKs, which a root issued. */
static enum cbx_refusal check_pck(struct cbx_tdx_state *state)
{
	struct cbx_chain *chain = state->chain;
	const mbedtls_x509_crt *pck = &chain->given[0];
	enum cbx_refusal refusal;

	if (state->certificate_count == 0 ||
		!named(pck, "Intel SGX PCK Certificate")) {
		return cbx_refuse(state->verdict, CBX_REFUSED_CERTIFICATE,
			"the quote's first certificate is no PCK certificate");
	}
	refusal = cbx_chain_verify(
		state->verdict, chain, pck, state->appraisal->now);
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	if (chain->path_length != 3 ||
		(!named(chain->path[1], "Intel SGX PCK Platform CA") &&
			!named(chain->path[1], "Intel SGX PCK Processor CA"))) {
		return cbx_refuse(state->verdict, CBX_REFUSED_CHAIN,
			"the PCK certificate was not issued by a CA for that");
	}
	if (!quote_has_path(state)) {
		return cbx_refuse(state->verdict, CBX_REFUSED_CERTIFICATE,
			"the quote's certificates are not its chain");
	}
	state->pck_certificate = pck;
	state->root = chain->path[2];
	state->revocation_checked = chain->revocation_checked;
	cbx_claim_flag(state->verdict, state->revocation_checked,
		"tdx.collateral.revocation");
	refusal = cbx_pck_read(state->verdict, pck, &state->pck);
	if (refusal == CBX_ACCEPTED) {
		cbx_pck_claim(state->verdict, &state->pck);
	}
	return refusal;
}

/* The PCK vouches for the quoting code's report. */
static enum cbx_refusal check_qe_signature(struct cbx_tdx_state *state)
{
	enum cbx_refusal refusal = cbx_check_ecdsa(PSA_ALG_SHA_256,
		cbx_certificate_point(
			state->pck_certificate, MBEDTLS_ECP_DP_SECP256R1),
		state->quote.qe_report, state->quote.qe_signature);

	return refusal == CBX_ACCEPTED
		       ? refusal
		       : cbx_refuse(state->verdict, refusal,
				 "the PCK did not sign the QE's report");
}

/* That report vouches for the attestation key. */
static enum cbx_refusal check_binding(struct cbx_tdx_state *state)
{
	const struct cbx_tdx_quote *quote = &state->quote;
	struct cbx_span data = cbx_qe_field(quote, CBX_QE_REPORT_DATA, 64);
	psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
	uint8_t digest[32];
	size_t size;

	if (psa_hash_setup(&hash, PSA_ALG_SHA_256) != PSA_SUCCESS ||
		psa_hash_update(&hash, quote->key.bytes, quote->key.size) !=
			PSA_SUCCESS ||
		psa_hash_update(&hash, quote->qe_auth.bytes,
			quote->qe_auth.size) != PSA_SUCCESS ||
		psa_hash_finish(&hash, digest, sizeof(digest), &size) !=
			PSA_SUCCESS) {
		(void)psa_hash_abort(&hash);
		return cbx_refuse(state->verdict, CBX_REFUSED_INTERNAL,
			"SHA-256 could not be computed");
	}
	if (memcmp(digest, data.bytes, sizeof(digest)) != 0 ||
		!cbx_span_is_zero(cbx_span_part(data, 32, 32))) {
		return cbx_refuse(state->verdict, CBX_REFUSED_BINDING,
			"the QE's report is of another attestation key");
	}
	return CBX_ACCEPTED;
}

/* And that key for the TD's report. */
static enum cbx_refusal check_quote_signature(struct cbx_tdx_state *state)
{
	uint8_t point[1 + 64] = { 0x04 };
	enum cbx_refusal refusal;

	memcpy(point + 1, state->quote.key.bytes, 64);
	refusal = cbx_check_ecdsa(PSA_ALG_SHA_256,
		(struct cbx_span){ point, sizeof(point) },
		state->quote.signed_part, state->quote.signature);
	return refusal == CBX_ACCEPTED
		       ? refusal
		       : cbx_refuse(state->verdict, refusal,
				 "the attestation key did not sign the quote");
}

enum cbx_refusal cbx_tdx_prove(struct cbx_tdx_state *state)
{
	enum cbx_refusal refusal = gather(state);

	if (refusal == CBX_ACCEPTED) {
		refusal = check_pck(state);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_qe_signature(state);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_binding(state);
	}
	return refusal == CBX_ACCEPTED ? check_quote_signature(state) : refusal;
}

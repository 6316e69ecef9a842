/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/box.h>

#include <string.h>

#include <psa/crypto.h>

#include <verify/fields.h>
#include <verify/span.h>
#include <verify/verdict.h>

static const struct cbx_field top_field[CBX_IN_TOP_FIELDS] = {
	{ NULL, CBX_EAT_NONCE, CBX_FIELD(BYTES), CBX_NONCE_BYTES_MIN,
		CBX_NONCE_BYTES_MAX, false },
	{ NULL, CBX_EAT_PROFILE, CBX_FIELD(TEXT), CBX_FIELD_ANY_SIZE, false },
	{ NULL, CBX_EAT_SUBMODS, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE, false },
};
static const struct cbx_fields top_fields = { "evidence", top_field,
	CBX_IN_TOP_FIELDS };

static const struct cbx_field sub_field[CBX_IN_SUB_FIELDS] = {
	{ CBX_SUBMOD_BOX, 0, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE, true },
	{ CBX_SUBMOD_MONITOR, 0, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE, false },
	{ CBX_SUBMOD_PLATFORM, 0, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE, false },
};
static const struct cbx_fields sub_fields = { "submodules", sub_field,
	CBX_IN_SUB_FIELDS };

/* The profile, before anything else is looked at: other evidence is no broken
 * evidence. */
static enum cbx_refusal check_profile(
	struct cbx_verdict *verdict, const struct cbx_cbor *top)
{
	static const char name[] = CBX_EVIDENCE_PROFILE;
	const size_t stem = sizeof(name) - 2; /* without the version */
	const struct cbx_cbor *profile = cbx_cbor_find(top, CBX_EAT_PROFILE);

	if (top->kind != CBX_CBOR_MAP || profile == NULL ||
		profile->kind != CBX_CBOR_TEXT || profile->bytes.size < stem ||
		memcmp(profile->bytes.bytes, name, stem) != 0) {
		return cbx_refuse(verdict, CBX_REFUSED_WRONG_TYPE,
			"not of the profile %s", name);
	}
	return cbx_cbor_is_text(profile, name)
		       ? CBX_ACCEPTED
		       : cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
				 "another version than %s", name);
}

static enum cbx_refusal read_envelope(struct cbx_verdict *verdict,
	struct cbx_span token, struct cbx_evidence *evidence)
{
	enum cbx_cose_error error;

	if (token.size > CBX_EVIDENCE_BYTES_MAX) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"longer than %u bytes", CBX_EVIDENCE_BYTES_MAX);
	}
	error = cbx_cose_sign1_read(token,
		CBX_COSE_ACCEPT_ES384 | CBX_COSE_PLAIN, &evidence->sign1);
	if (error != CBX_COSE_FINE) {
		return cbx_refuse(verdict,
			error == CBX_COSE_ALGORITHM ||
					error == CBX_COSE_CRITICAL
				? CBX_REFUSED_UNSUPPORTED
				: CBX_REFUSED_MALFORMED,
			"%s", cbx_cose_error_text(error));
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal read_maps(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence)
{
	enum cbx_cbor_error error = cbx_cbor_decode(evidence->sign1.payload,
		CBX_CBOR_DETERMINISTIC, evidence->items, CBX_EVIDENCE_ITEMS);
	enum cbx_refusal refusal;

	if (error != CBX_CBOR_FINE) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED, "%s",
			cbx_cbor_error_text(error));
	}
	refusal = check_profile(verdict, evidence->items);
	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_fields_read(
			verdict, evidence->items, &top_fields, evidence->top);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_fields_read(verdict,
			evidence->top[CBX_IN_TOP_SUBMODS], &sub_fields,
			evidence->sub);
	}
	return refusal;
}

static bool hash(
	psa_algorithm_t algorithm, struct cbx_span bytes, struct cbx_span to)
{
	size_t size = 0;

	return psa_hash_compute(algorithm, bytes.bytes, bytes.size,
		       (uint8_t *)(uintptr_t)to.bytes, to.size,
		       &size) == PSA_SUCCESS &&
	       size == to.size;
}

/* The digests, and what the platform's report has to hold. */
static enum cbx_refusal make_digests(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence)
{
	const struct cbx_cbor *box = evidence->sub[CBX_IN_SUB_BOX];
	struct cbx_span nonce = evidence->top[CBX_IN_TOP_NONCE]->bytes;
	uint8_t bound[CBX_LABEL_BYTES + CBX_P384_POINT_BYTES +
		      CBX_NONCE_BYTES_MAX] = CBX_REPORT_DATA_LABEL;
	uint8_t *at = bound + CBX_LABEL_BYTES;

	memcpy(at, evidence->point, CBX_P384_POINT_BYTES);
	at += CBX_P384_POINT_BYTES;
	memcpy(at, nonce.bytes, nonce.size);
	at += nonce.size;
	if (hash(PSA_ALG_SHA_512,
		    (struct cbx_span){ bound, (size_t)(at - bound) },
		    (struct cbx_span){ evidence->report_data,
			    sizeof(evidence->report_data) }) &&
		hash(PSA_ALG_SHA_384, evidence->sub[CBX_IN_SUB_MONITOR]->whole,
			(struct cbx_span){ evidence->monitor_digest,
				sizeof(evidence->monitor_digest) }) &&
		(box == NULL ||
			hash(PSA_ALG_SHA_384, box->whole,
				(struct cbx_span){ evidence->box_digest,
					sizeof(evidence->box_digest) }))) {
		return CBX_ACCEPTED;
	}
	return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no cryptography");
}

enum cbx_refusal cbx_evidence_read(struct cbx_verdict *verdict,
	struct cbx_span token, struct cbx_evidence *evidence)
{
	enum cbx_refusal refusal;

	*evidence = (struct cbx_evidence){ 0 };
	refusal = read_envelope(verdict, token, evidence);
	if (refusal == CBX_ACCEPTED) {
		refusal = read_maps(verdict, evidence);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_evidence_read_monitor(verdict, evidence);
	}
	if (refusal == CBX_ACCEPTED && evidence->sub[CBX_IN_SUB_BOX] != NULL) {
		refusal = cbx_evidence_read_box(verdict, evidence);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_evidence_read_platform(verdict, evidence);
	}
	return refusal == CBX_ACCEPTED ? make_digests(verdict, evidence)
				       : refusal;
}

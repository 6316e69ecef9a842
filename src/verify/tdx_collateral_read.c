/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorting collateral.
 */
#include <verify/tdx_collateral.h>

#include <stdlib.h>
#include <string.h>

#include <verify/span.h>

/* A file among certificates and lists is collateral, too. */
static enum cbx_refusal add_to_chain(struct cbx_verdict *verdict,
	struct cbx_chain *chain, struct cbx_span file)
{
	enum cbx_refusal refusal = cbx_chain_add(verdict, chain, file);

	if (refusal == CBX_REFUSED_CERTIFICATE) {
		verdict->reason = CBX_REFUSED_COLLATERAL;
		return CBX_REFUSED_COLLATERAL;
	}
	return refusal;
}

/* Keep an answer; it is forgotten when there is one of its kind. */
static enum cbx_refusal keep(struct cbx_verdict *verdict,
	struct cbx_tdx_collateral *collateral, struct cbx_pcs_answer *answer)
{
	struct cbx_pcs_answer *place = &collateral->answers[answer->kind];
	const char *name = cbx_pcs_name(answer->kind);

	if (place->object != NULL) {
		cbx_pcs_forget(answer);
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"%s is there twice", name);
	}
	*place = *answer;
	return CBX_ACCEPTED;
}

/* A revocation list as hexadecimal text. */
static enum cbx_refusal add_hex(
	struct cbx_verdict *verdict, struct cbx_chain *chain, const char *text)
{
	size_t size = strlen(text) / 2;
	uint8_t *bytes = malloc(size + 1);
	enum cbx_refusal refusal;

	if (bytes == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	refusal = cbx_hex_read(text, bytes, size)
			  ? add_to_chain(verdict, chain,
				    (struct cbx_span){ bytes, size })
			  : cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
				    "a revocation list is not hexadecimal");
	free(bytes);
	return refusal;
}

static const char *text_of(const json_t *bundle, const char *name)
{
	return json_string_value(json_object_get(bundle, name));
}

static enum cbx_refusal read_bundle_chain(struct cbx_verdict *verdict,
	const json_t *bundle, struct cbx_chain *chain, size_t *found)
{
	static const char *const pem[] = { "pck_crl_issuer_chain",
		"tcb_info_issuer_chain", "qe_identity_issuer_chain" };
	static const char *const hex[] = { "root_ca_crl", "pck_crl" };
	enum cbx_refusal refusal = CBX_ACCEPTED;

	for (size_t i = 0; i < 3 && refusal == CBX_ACCEPTED; i++) {
		const char *text = text_of(bundle, pem[i]);

		if (text != NULL) {
			refusal = add_to_chain(
				verdict, chain, cbx_span_text(text));
			++*found;
		}
	}
	for (size_t i = 0; i < 2 && refusal == CBX_ACCEPTED; i++) {
		const char *text = text_of(bundle, hex[i]);

		if (text != NULL) {
			refusal = add_hex(verdict, chain, text);
			++*found;
		}
	}
	return refusal;
}

static enum cbx_refusal read_bundle_answer(struct cbx_verdict *verdict,
	const char *text, const char *signature,
	struct cbx_tdx_collateral *collateral)
{
	struct cbx_pcs_answer answer;
	enum cbx_refusal refusal;

	if (signature == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"a bundle without a signature");
	}
	refusal = cbx_pcs_read_parts(
		verdict, cbx_span_text(text), signature, &answer);
	return refusal == CBX_ACCEPTED ? keep(verdict, collateral, &answer)
				       : refusal;
}

/* One object with all of it as strings, as verification services pass it on;
 * other members are nobody's. */
static enum cbx_refusal read_bundle(struct cbx_verdict *verdict,
	const json_t *bundle, struct cbx_chain *chain,
	struct cbx_tdx_collateral *collateral)
{
	static const char *const texts[][2] = {
		{ "tcb_info", "tcb_info_signature" },
		{ "qe_identity", "qe_identity_signature" },
	};
	size_t found = 0;
	enum cbx_refusal refusal =
		read_bundle_chain(verdict, bundle, chain, &found);

	for (size_t i = 0; i < 2 && refusal == CBX_ACCEPTED; i++) {
		const char *text = text_of(bundle, texts[i][0]);

		if (text != NULL) {
			refusal = read_bundle_answer(verdict, text,
				text_of(bundle, texts[i][1]), collateral);
			found++;
		}
	}
	if (refusal == CBX_ACCEPTED && found == 0) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"JSON with nothing of Intel's");
	}
	return refusal;
}

/* JSON that nobody else can write to. */
static enum cbx_refusal read_copy(struct cbx_verdict *verdict,
	struct cbx_span copy, struct cbx_chain *chain,
	struct cbx_tdx_collateral *collateral)
{
	json_t *whole = json_loadb((const char *)copy.bytes, copy.size,
		JSON_REJECT_DUPLICATES, NULL);
	struct cbx_pcs_answer answer;
	enum cbx_refusal refusal;

	if (whole == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"collateral is neither JSON nor a certificate");
	}
	if (json_object_get(whole, "signature") == NULL) {
		collateral->bundles[collateral->bundle_count++] = whole;
		return read_bundle(verdict, whole, chain, collateral);
	}
	json_decref(whole);
	refusal = cbx_pcs_read(verdict, copy, &answer);
	return refusal == CBX_ACCEPTED ? keep(verdict, collateral, &answer)
				       : refusal;
}

static enum cbx_refusal read_json(struct cbx_verdict *verdict,
	struct cbx_span file, struct cbx_chain *chain,
	struct cbx_tdx_collateral *collateral)
{
	uint8_t *copy;

	if (file.size > CBX_CHAIN_FILE) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"a file of collateral is too large");
	}
	copy = malloc(file.size);
	if (copy == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	memcpy(copy, file.bytes, file.size);
	collateral->copies[collateral->copy_count++] = copy;
	return read_copy(verdict, (struct cbx_span){ copy, file.size }, chain,
		collateral);
}

static bool looks_like_json(struct cbx_span file)
{
	static const uint8_t space[] = { ' ', '\t', '\r', '\n' };

	for (size_t i = 0; i < file.size; i++) {
		if (memchr(space, file.bytes[i], sizeof(space)) == NULL) {
			return file.bytes[i] == '{';
		}
	}
	return false;
}

enum cbx_refusal cbx_tdx_collateral_read(struct cbx_verdict *verdict,
	const struct cbx_endorsements *endorsements, struct cbx_chain *chain,
	struct cbx_tdx_collateral *collateral)
{
	size_t count =
		endorsements == NULL ? 0 : endorsements->collateral_count;
	enum cbx_refusal refusal = CBX_ACCEPTED;

	*collateral = (struct cbx_tdx_collateral){ 0 };
	if (count > CBX_TDX_COLLATERAL_FILES) {
		return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
			"more than %u files", CBX_TDX_COLLATERAL_FILES);
	}
	for (size_t i = 0; i < count && refusal == CBX_ACCEPTED; i++) {
		struct cbx_span file = endorsements->collateral[i];

		refusal = looks_like_json(file)
				  ? read_json(verdict, file, chain, collateral)
				  : add_to_chain(verdict, chain, file);
	}
	return refusal;
}

void cbx_tdx_collateral_forget(struct cbx_tdx_collateral *collateral)
{
	for (size_t i = 0; i < CBX_PCS_KINDS; i++) {
		cbx_pcs_forget(&collateral->answers[i]);
	}
	for (size_t i = 0; i < collateral->bundle_count; i++) {
		json_decref(collateral->bundles[i]);
	}
	for (size_t i = 0; i < collateral->copy_count; i++) {
		free(collateral->copies[i]);
	}
	*collateral = (struct cbx_tdx_collateral){ 0 };
}

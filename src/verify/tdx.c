/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/tdx.h>

#include <stdlib.h>

#include <verify/ccel.h>
#include <verify/span.h>
#include <verify/tdx_proof.h>

/* Signer, product and attributes of Intel's quoting code, for when nobody
 * brings its identity: a PCK signs the report of any SGX enclave that may use
 * provisioning keys, and the host decides which those are. */
static bool qe_is_intels(const struct cbx_tdx_quote *quote)
{
	static const uint8_t signer[32] = { 0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94,
		0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
		0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40,
		0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5 };
	/* Everything but how its instructions are decoded (bit 2). */
	const uint64_t mask = ~(uint64_t)4;

	return cbx_span_equal(cbx_qe_field(quote, CBX_QE_MRSIGNER, 32),
		       (struct cbx_span){ signer, sizeof(signer) }) &&
	       cbx_qe_number(quote, CBX_QE_ISVPRODID, 2) == 2 &&
	       cbx_qe_number(quote, CBX_QE_MISCSELECT, 4) == 0 &&
	       (cbx_qe_number(quote, CBX_QE_ATTRIBUTES, 8) & mask) == 0x11;
}

/* Who runs below and beside the TD; what signed collateral says about them is
 * checked with it. */
static enum cbx_refusal check_parts(struct cbx_tdx_state *state)
{
	const struct cbx_tdx_quote *quote = &state->quote;
	const struct cbx_pcs_answer *answers = state->collateral.answers;

	if (answers[CBX_PCS_QE_IDENTITY].object == NULL &&
		!qe_is_intels(quote)) {
		return cbx_refuse(state->verdict, CBX_REFUSED_IDENTITY,
			"what made the quote is not Intel's quoting code");
	}
	if (cbx_td_number(quote, CBX_TD_SEAM_ATTRIBUTES, 8) != 0 ||
		(answers[CBX_PCS_TCB_INFO].object == NULL &&
			!cbx_span_is_zero(cbx_td_field(
				quote, CBX_TD_MRSIGNERSEAM, CBX_TDX_DIGEST)))) {
		return cbx_refuse(state->verdict, CBX_REFUSED_IDENTITY,
			"the TDX module is not Intel's, or not as it ships it");
	}
	return cbx_tdx_check_attributes(
		state->verdict, quote, state->appraisal);
}

static enum cbx_refusal check_report_data(struct cbx_tdx_state *state)
{
	struct cbx_span data = cbx_td_field(
		&state->quote, CBX_TD_REPORT_DATA, CBX_TDX_REPORT_DATA);

	if (state->report_data.size != 0) {
		return cbx_span_equal(data, state->report_data)
			       ? CBX_ACCEPTED
			       : cbx_refuse(state->verdict, CBX_REFUSED_BINDING,
					 "the TD's report is of other data");
	}
	if (!cbx_nonce_matches(state->appraisal, data)) {
		return cbx_refuse(state->verdict, CBX_REFUSED_NONCE,
			"the TD's report answers another challenge");
	}
	return CBX_ACCEPTED;
}

/* Whether the appraisal itself says which statuses it accepts. */
static bool status_is_required(const struct cbx_appraisal *appraisal)
{
	for (size_t i = 0; i < appraisal->requirement_count; i++) {
		if (strcmp(appraisal->requirements[i].claim,
			    "tdx.tcb-status") == 0) {
			return true;
		}
	}
	return false;
}

static enum cbx_refusal check_status(
	struct cbx_tdx_state *state, enum cbx_tcb_status status)
{
	bool fine = status <= CBX_TCB_SW_HARDENING ||
		    (status != CBX_TCB_REVOKED &&
			    status_is_required(state->appraisal));

	if (!fine) {
		state->verdict->trust[CBX_TRUST_HARDWARE] = 96;
		return cbx_refuse(state->verdict, CBX_REFUSED_TCB,
			"the TCB status is %s", cbx_tcb_word(status));
	}
	if (status != CBX_TCB_NONE) {
		state->verdict->trust[CBX_TRUST_HARDWARE] =
			status == CBX_TCB_UP_TO_DATE ? 2 : 32;
	}
	return CBX_ACCEPTED;
}

static void claim_collateral(
	struct cbx_tdx_state *state, const struct cbx_tdx_tcb *tcb)
{
	static const char *const names[CBX_PCS_KINDS] = { "tcb-info",
		"qe-identity" };

	for (size_t i = 0; i < CBX_PCS_KINDS; i++) {
		const json_t *object = state->collateral.answers[i].object;
		uint32_t number;

		cbx_claim_flag(state->verdict, object != NULL,
			"tdx.collateral.%s", names[i]);
		if (cbx_pcs_number(object, "tcbEvaluationDataNumber",
			    UINT32_MAX, &number)) {
			cbx_claim_number(state->verdict, number,
				"tdx.collateral.%s-number", names[i]);
		}
	}
	cbx_tdx_claim_tcb(state->verdict, tcb);
}

static enum cbx_refusal check_collateral(struct cbx_tdx_state *state)
{
	const struct cbx_tdx_platform platform = { &state->quote, &state->pck,
		state->root };
	const struct cbx_pcs_answer *answers = state->collateral.answers;
	struct cbx_tdx_tcb tcb;
	enum cbx_refusal refusal = cbx_tdx_collateral_check(state->verdict,
		&state->collateral, state->chain, &platform, &tcb);

	claim_collateral(state, &tcb);
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	if (cbx_appraisal_has(state->appraisal, CBX_APPRAISE_COLLATERAL) &&
		(answers[CBX_PCS_TCB_INFO].object == NULL ||
			answers[CBX_PCS_QE_IDENTITY].object == NULL ||
			!state->revocation_checked)) {
		return cbx_refuse(state->verdict, CBX_REFUSED_COLLATERAL,
			"tcbInfo, QE identity or a revocation list is missing");
	}
	return check_status(state, tcb.status);
}

static enum cbx_refusal check_event_log(struct cbx_tdx_state *state)
{
	struct cbx_span log = state->endorsements == NULL
				      ? (struct cbx_span){ 0 }
				      : state->endorsements->event_log;
	struct cbx_ccel ccel;
	enum cbx_refusal refusal;

	if (log.size == 0) {
		return CBX_ACCEPTED;
	}
	refusal = cbx_ccel_replay(state->verdict, log, &ccel);
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	for (unsigned int i = 0; i < CBX_CCEL_REGISTERS; i++) {
		struct cbx_span value = cbx_td_field(&state->quote,
			CBX_TD_RTMR + i * CBX_TDX_DIGEST, CBX_TDX_DIGEST);

		cbx_claim_number(state->verdict, ccel.events[i],
			"tdx.event-log.rtmr%u", i);
		if (!cbx_span_equal(value, (struct cbx_span){ ccel.registers[i],
						   CBX_CCEL_DIGEST })) {
			return cbx_refuse(state->verdict, CBX_REFUSED_EVENT_LOG,
				"the event log leads to another RTMR%u", i);
		}
	}
	return CBX_ACCEPTED;
}

/* From the root down, then what was proved about whom. */
static enum cbx_refusal check_all(struct cbx_tdx_state *state)
{
	static enum cbx_refusal (*const steps[])(struct cbx_tdx_state *) = {
		cbx_tdx_prove,
		check_parts,
		check_report_data,
		check_collateral,
		check_event_log,
	};
	enum cbx_refusal refusal = CBX_ACCEPTED;

	for (size_t i = 0;
		i < sizeof(steps) / sizeof(steps[0]) && refusal == CBX_ACCEPTED;
		i++) {
		refusal = steps[i](state);
	}
	return refusal;
}

/* Of a copy of the evidence, so that what is checked is what was read. */
static enum cbx_refusal check_copy(
	struct cbx_tdx_state *state, struct cbx_span copy)
{
	struct cbx_verdict *verdict = state->verdict;
	enum cbx_refusal refusal =
		cbx_tdx_quote_parse(verdict, copy, &state->quote);

	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	cbx_tdx_claim_quote(verdict, &state->quote);
	state->chain = cbx_chain_create();
	if (state->chain == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	refusal = check_all(state);
	verdict->trust[CBX_TRUST_INSTANCE] = refusal == CBX_ACCEPTED ? 2 : 0;
	cbx_tdx_collateral_forget(&state->collateral);
	cbx_chain_destroy(state->chain);
	return refusal;
}

enum cbx_refusal cbx_tdx_check(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal, struct cbx_span report_data)
{
	struct cbx_tdx_state state = {
		.verdict = verdict,
		.appraisal = appraisal,
		.endorsements = endorsements,
		.report_data = report_data,
	};
	enum cbx_refusal refusal;
	uint8_t *copy;

	if (evidence.size == 0 || evidence.size > CBX_CHAIN_FILE) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"%zu bytes are no quote", evidence.size);
	}
	copy = malloc(evidence.size);
	if (copy == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	memcpy(copy, evidence.bytes, evidence.size);
	refusal = check_copy(&state, (struct cbx_span){ copy, evidence.size });
	free(copy);
	return refusal;
}

enum cbx_refusal cbx_verify_tdx(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal)
{
	enum cbx_refusal refusal = cbx_verdict_begin(verdict, "tdx", appraisal);

	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_tdx_check(verdict, evidence, endorsements,
			appraisal, (struct cbx_span){ 0 });
	}
	return refusal == CBX_ACCEPTED
		       ? cbx_verdict_appraise(verdict, appraisal)
		       : refusal;
}

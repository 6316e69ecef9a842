/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/tdx_tcb.h>

#include <verify/pcs.h>
#include <verify/span.h>
#include <verify/tdx_level.h>

static enum cbx_refusal malformed(struct cbx_verdict *verdict, const char *what)
{
	return cbx_refuse(verdict, CBX_REFUSED_COLLATERAL,
		"%s is not what Intel specifies", what);
}

static enum cbx_refusal too_low(struct cbx_verdict *verdict, const char *what)
{
	return cbx_refuse(verdict, CBX_REFUSED_TCB,
		"the %s is below every TCB level", what);
}

/* Whether no component from @p first on is lower. */
static bool reaches(const uint8_t *have, const uint8_t *wanted, size_t first)
{
	for (size_t i = first; i < CBX_PCK_COMPONENTS; i++) {
		if (have[i] < wanted[i]) {
			return false;
		}
	}
	return true;
}

/* The first level the platform reaches: Intel sorts them, best first. */
static enum cbx_refusal match_platform(struct cbx_verdict *verdict,
	const json_t *levels, const uint8_t *svn, const struct cbx_pck *pck,
	struct cbx_tdx_tcb *tcb)
{
	/* A module with an identity is judged by that. */
	const size_t first = svn[1] != 0 ? 2 : 0;

	for (size_t i = 0; i < json_array_size(levels); i++) {
		const json_t *level = json_array_get(levels, i);
		struct cbx_level wanted;

		if (!cbx_level_read(level, &wanted)) {
			return malformed(verdict, "a level of tcbInfo");
		}
		if (!reaches(pck->components, wanted.sgx, 0) ||
			pck->pcesvn < wanted.pcesvn) {
			continue;
		}
		if (tcb->processor == CBX_TCB_NONE) {
			tcb->processor = wanted.status;
		}
		if (reaches(svn, wanted.tdx, first)) {
			tcb->platform =
				(struct cbx_tcb_level){ wanted.status, level };
			return CBX_ACCEPTED;
		}
	}
	return too_low(verdict, "platform");
}

/* The first level whose isvsvn is not above @p svn. */
static enum cbx_refusal match_part(struct cbx_verdict *verdict,
	const json_t *identity, uint64_t svn, const char *name,
	struct cbx_tcb_level *found)
{
	const json_t *levels = json_object_get(identity, "tcbLevels");

	for (size_t i = 0; i < json_array_size(levels); i++) {
		const json_t *level = json_array_get(levels, i);
		uint32_t wanted;

		if (cbx_level_part_status(level) == CBX_TCB_NONE ||
			!cbx_pcs_number(json_object_get(level, "tcb"), "isvsvn",
				UINT16_MAX, &wanted)) {
			return malformed(verdict, name);
		}
		if (svn >= wanted) {
			*found = (struct cbx_tcb_level){
				cbx_level_part_status(level), level
			};
			return CBX_ACCEPTED;
		}
	}
	return too_low(verdict, name);
}

static enum cbx_refusal check_module(struct cbx_verdict *verdict,
	const json_t *module, const struct cbx_tdx_quote *quote)
{
	uint8_t signer[CBX_TDX_DIGEST];
	bool readable;
	bool same = cbx_level_masked(module, "attributes", "attributesMask",
		cbx_td_field(quote, CBX_TD_SEAM_ATTRIBUTES, 8), &readable);

	if (!readable ||
		!cbx_pcs_bytes(module, "mrsigner", signer, sizeof(signer))) {
		return malformed(verdict, "tcbInfo's TDX module");
	}
	if (!same ||
		!cbx_span_equal((struct cbx_span){ signer, sizeof(signer) },
			cbx_td_field(
				quote, CBX_TD_MRSIGNERSEAM, CBX_TDX_DIGEST))) {
		return cbx_refuse(verdict, CBX_REFUSED_IDENTITY,
			"the TDX module is not Intel's, or not as it ships it");
	}
	return CBX_ACCEPTED;
}

enum cbx_refusal cbx_tdx_tcb_platform(struct cbx_verdict *verdict,
	const json_t *tcb_info, const struct cbx_tdx_quote *quote,
	const struct cbx_pck *pck, struct cbx_tdx_tcb *tcb)
{
	const uint8_t *svn = cbx_td_field(quote, CBX_TD_TCB_SVN, 16).bytes;
	const json_t *module = svn[1] == 0
				       ? json_object_get(tcb_info, "tdxModule")
				       : cbx_level_module(tcb_info, svn[1]);
	enum cbx_refusal refusal;

	if (module == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_IDENTITY,
			"tcbInfo knows no TDX module of version %u", svn[1]);
	}
	refusal = check_module(verdict, module, quote);
	if (refusal == CBX_ACCEPTED) {
		refusal = match_platform(verdict,
			json_object_get(tcb_info, "tcbLevels"), svn, pck, tcb);
	}
	if (refusal == CBX_ACCEPTED && svn[1] != 0) {
		refusal = match_part(
			verdict, module, svn[0], "TDX module", &tcb->module);
	}
	return refusal;
}

static bool qe_is(const json_t *identity, const struct cbx_tdx_quote *quote,
	bool *readable)
{
	uint8_t signer[32];
	uint32_t product;
	bool attributes_readable;
	bool miscselect_is =
		cbx_level_masked(identity, "miscselect", "miscselectMask",
			cbx_qe_field(quote, CBX_QE_MISCSELECT, 4), readable);
	bool attributes_are = cbx_level_masked(identity, "attributes",
		"attributesMask", cbx_qe_field(quote, CBX_QE_ATTRIBUTES, 16),
		&attributes_readable);

	*readable =
		*readable && attributes_readable &&
		cbx_pcs_bytes(identity, "mrsigner", signer, sizeof(signer)) &&
		cbx_pcs_number(identity, "isvprodid", UINT16_MAX, &product);
	return *readable && miscselect_is && attributes_are &&
	       cbx_span_equal((struct cbx_span){ signer, sizeof(signer) },
		       cbx_qe_field(quote, CBX_QE_MRSIGNER, 32)) &&
	       product == cbx_qe_number(quote, CBX_QE_ISVPRODID, 2);
}

enum cbx_refusal cbx_tdx_tcb_qe(struct cbx_verdict *verdict,
	const json_t *identity, const struct cbx_tdx_quote *quote,
	struct cbx_tdx_tcb *tcb)
{
	bool readable;
	bool same = qe_is(identity, quote, &readable);

	if (!readable) {
		return malformed(verdict, "the QE identity");
	}
	if (!same) {
		return cbx_refuse(verdict, CBX_REFUSED_IDENTITY,
			"what made the quote is not Intel's quoting code");
	}
	return match_part(verdict, identity,
		cbx_qe_number(quote, CBX_QE_ISVSVN, 2), "quoting code",
		&tcb->qe);
}

/* A status, where a part has one of its own. */
static enum cbx_tcb_status with_part(
	enum cbx_tcb_status status, enum cbx_tcb_status part)
{
	if (part == CBX_TCB_REVOKED) {
		return CBX_TCB_REVOKED;
	}
	if (part != CBX_TCB_OUT_OF_DATE) {
		return status;
	}
	if (status == CBX_TCB_UP_TO_DATE || status == CBX_TCB_SW_HARDENING) {
		return CBX_TCB_OUT_OF_DATE;
	}
	if (status == CBX_TCB_CONFIGURATION ||
		status == CBX_TCB_CONFIGURATION_AND_SW_HARDENING) {
		return CBX_TCB_OUT_OF_DATE_CONFIGURATION;
	}
	return status;
}

static bool needs_configuration(enum cbx_tcb_status status)
{
	return status == CBX_TCB_CONFIGURATION ||
	       status == CBX_TCB_CONFIGURATION_AND_SW_HARDENING ||
	       status == CBX_TCB_OUT_OF_DATE_CONFIGURATION;
}

/* Whether the machine may have been updated after the TD was started: only the
 * module it was started with is out of date. */
static bool only_module_is_old(
	const struct cbx_tdx_tcb *tcb, enum cbx_tcb_status status)
{
	return tcb->qe.status <= CBX_TCB_UP_TO_DATE &&
	       tcb->module.status == CBX_TCB_OUT_OF_DATE &&
	       (status == CBX_TCB_OUT_OF_DATE ||
		       status == CBX_TCB_OUT_OF_DATE_CONFIGURATION) &&
	       tcb->processor >= CBX_TCB_UP_TO_DATE &&
	       tcb->processor <= CBX_TCB_CONFIGURATION_AND_SW_HARDENING;
}

/* Whether what runs now (TEE_TCB_SVN2) is the newest; then starting the TD
 * again makes it up to date. */
static enum cbx_refusal is_newest(struct cbx_verdict *verdict,
	const json_t *tcb_info, const uint8_t *svn, bool *newest)
{
	const json_t *levels = json_object_get(tcb_info, "tcbLevels");
	struct cbx_level latest;
	uint32_t isvsvn;

	if (!cbx_level_read(json_array_get(levels, 0), &latest)) {
		return malformed(verdict, "a level of tcbInfo");
	}
	isvsvn = latest.tdx[0];
	if (svn[1] != 0) {
		const json_t *module = cbx_level_module(tcb_info, svn[1]);
		const json_t *level =
			json_array_get(json_object_get(module, "tcbLevels"), 0);

		if (module == NULL) {
			return cbx_refuse(verdict, CBX_REFUSED_IDENTITY,
				"tcbInfo knows no TDX module of version %u",
				svn[1]);
		}
		if (!cbx_pcs_number(json_object_get(level, "tcb"), "isvsvn",
			    UINT16_MAX, &isvsvn)) {
			return malformed(verdict, "tcbInfo's TDX module");
		}
	}
	*newest = svn[0] >= isvsvn && svn[2] >= latest.tdx[2];
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_relaunch(struct cbx_verdict *verdict,
	const json_t *tcb_info, const struct cbx_tdx_quote *quote,
	const struct cbx_tdx_tcb *tcb, enum cbx_tcb_status *status)
{
	bool newest = false;
	enum cbx_refusal refusal = CBX_ACCEPTED;

	if (quote->is_1_5 && only_module_is_old(tcb, *status)) {
		refusal = is_newest(verdict, tcb_info,
			cbx_td_field(quote, CBX_TD_TCB_SVN2, 16).bytes,
			&newest);
	}
	if (newest) {
		*status = needs_configuration(*status) ||
					  needs_configuration(tcb->processor)
				  ? CBX_TCB_RELAUNCH_CONFIGURATION
				  : CBX_TCB_RELAUNCH;
	}
	return refusal;
}

enum cbx_refusal cbx_tdx_tcb_converge(struct cbx_verdict *verdict,
	const json_t *tcb_info, const struct cbx_tdx_quote *quote,
	struct cbx_tdx_tcb *tcb)
{
	enum cbx_tcb_status status = CBX_TCB_UP_TO_DATE;
	enum cbx_refusal refusal = CBX_ACCEPTED;

	if (tcb->platform.status != CBX_TCB_NONE) {
		status = with_part(tcb->platform.status, tcb->module.status);
		refusal =
			check_relaunch(verdict, tcb_info, quote, tcb, &status);
	} else if (tcb->qe.status == CBX_TCB_NONE) {
		status = CBX_TCB_NONE;
	}
	if (refusal == CBX_ACCEPTED) {
		tcb->status = with_part(status, tcb->qe.status);
	}
	return refusal;
}

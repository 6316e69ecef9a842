/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a quote and its collateral say, by name.
 */
#include <verify/tdx.h>

#include <stdio.h>

#include <verify/span.h>

/* Fields of the TD report that are digests or vectors. */
static const struct field {
	const char *name;
	enum cbx_td_field offset;
	uint8_t size;
} fields[] = {
	{ "tee-tcb-svn", CBX_TD_TCB_SVN, 16 },
	{ "mrseam", CBX_TD_MRSEAM, CBX_TDX_DIGEST },
	{ "mrsignerseam", CBX_TD_MRSIGNERSEAM, CBX_TDX_DIGEST },
	{ "mrtd", CBX_TD_MRTD, CBX_TDX_DIGEST },
	{ "mrconfigid", CBX_TD_MRCONFIGID, CBX_TDX_DIGEST },
	{ "mrowner", CBX_TD_MROWNER, CBX_TDX_DIGEST },
	{ "mrownerconfig", CBX_TD_MROWNERCONFIG, CBX_TDX_DIGEST },
	{ "rtmr0", CBX_TD_RTMR, CBX_TDX_DIGEST },
	{ "rtmr1", CBX_TD_RTMR + 48, CBX_TDX_DIGEST },
	{ "rtmr2", CBX_TD_RTMR + 96, CBX_TDX_DIGEST },
	{ "rtmr3", CBX_TD_RTMR + 144, CBX_TDX_DIGEST },
	{ "report-data", CBX_TD_REPORT_DATA, CBX_TDX_REPORT_DATA },
	{ "tee-tcb-svn2", CBX_TD_TCB_SVN2, 16 },
	{ "mrservicetd", CBX_TD_MRSERVICETD, CBX_TDX_DIGEST },
};

/* Bits of the TD's attributes that have a name. @source Intel TDX Module ABI
 * 1.5, 3.4.1 ATTRIBUTES */
static const struct attribute {
	const char *name;
	uint8_t bit;
} attributes[] = {
	{ "debug", 0 },
	{ "hgs-plus-profiling", 4 },
	{ "perf-profiling", 5 },
	{ "pmt-profiling", 6 },
	{ "icssd", 16 },
	{ "lass", 27 },
	{ "sept-ve-disable", 28 },
	{ "migratable", 29 },
	{ "pks", 30 },
	{ "kl", 31 },
	{ "tpa", 62 },
	{ "perfmon", 63 },
};

#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* Attributes are in three groups: a TD with any of the first is under debug,
 * the second matters to security, the third does not. */
#define UNDER_DEBUG 0x00000000000000ffu
#define SECURITY    0x00000000ffffff00u

static uint64_t known(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < ATTRIBUTES; i++) {
		mask |= (uint64_t)1 << attributes[i].bit;
	}
	return mask;
}

enum cbx_refusal cbx_tdx_check_attributes(struct cbx_verdict *verdict,
	const struct cbx_tdx_quote *quote,
	const struct cbx_appraisal *appraisal)
{
	uint64_t value = cbx_td_number(quote, CBX_TD_ATTRIBUTES, 8);
	bool debug = (value & UNDER_DEBUG) != 0;

	if (debug && !cbx_appraisal_has(appraisal, CBX_APPRAISE_DEBUG)) {
		return cbx_refuse(verdict, CBX_REFUSED_DEBUG,
			"the TD is under debug: attributes %#llx",
			(unsigned long long)value);
	}
	if ((value & SECURITY & ~known()) != 0) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"TD attributes %#llx, not all of them known",
			(unsigned long long)value);
	}
	verdict->trust[CBX_TRUST_RUNTIME_OPAQUE] = debug ? 96 : 2;
	return CBX_ACCEPTED;
}

static void claim_report(
	struct cbx_verdict *verdict, const struct cbx_tdx_quote *quote)
{
	uint64_t value = cbx_td_number(quote, CBX_TD_ATTRIBUTES, 8);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct cbx_span field =
			cbx_td_field(quote, fields[i].offset, fields[i].size);

		if (field.size != 0) {
			cbx_claim_bytes(
				verdict, field, "tdx.%s", fields[i].name);
		}
	}
	cbx_claim_number(verdict,
		cbx_td_number(quote, CBX_TD_SEAM_ATTRIBUTES, 8),
		"tdx.seam-attributes");
	cbx_claim_number(
		verdict, cbx_td_number(quote, CBX_TD_XFAM, 8), "tdx.xfam");
	cbx_claim_number(verdict, value, "tdx.attributes");
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		cbx_claim_flag(verdict, (value >> attributes[i].bit & 1) != 0,
			"tdx.attributes.%s", attributes[i].name);
	}
}

void cbx_tdx_claim_quote(
	struct cbx_verdict *verdict, const struct cbx_tdx_quote *quote)
{
	cbx_claim_number(verdict, quote->version, "tdx.quote-version");
	cbx_claim_text(verdict, cbx_span_text(quote->is_1_5 ? "1.5" : "1.0"),
		"tdx.report-version");
	cbx_claim_bytes(verdict, quote->user_data, "tdx.user-data");
	claim_report(verdict, quote);
	cbx_claim_bytes(verdict, cbx_qe_field(quote, CBX_QE_MRENCLAVE, 32),
		"tdx.qe.mrenclave");
	cbx_claim_bytes(verdict, cbx_qe_field(quote, CBX_QE_MRSIGNER, 32),
		"tdx.qe.mrsigner");
	cbx_claim_number(verdict, cbx_qe_number(quote, CBX_QE_ISVPRODID, 2),
		"tdx.qe.isvprodid");
	cbx_claim_number(verdict, cbx_qe_number(quote, CBX_QE_ISVSVN, 2),
		"tdx.qe.isvsvn");
}

/* A level's advisories, one text with spaces between them. */
static void claim_advisories(
	struct cbx_verdict *verdict, const json_t *advisories, const char *part)
{
	char text[4096] = "";
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(advisories); i++) {
		const char *name =
			json_string_value(json_array_get(advisories, i));
		int size = name == NULL ? -1
					: snprintf(text + used,
						  sizeof(text) - used, "%s%s",
						  used == 0 ? "" : " ", name);

		if (size < 0 || (size_t)size >= sizeof(text) - used) {
			verdict->no_room = true;
			return;
		}
		used += (size_t)size;
	}
	if (used != 0) {
		cbx_claim_text(verdict,
			(struct cbx_span){ (const uint8_t *)text, used },
			"tdx.%s-advisories", part);
	}
}

static void claim_level(struct cbx_verdict *verdict,
	const struct cbx_tcb_level *level, const char *part)
{
	const char *date =
		json_string_value(json_object_get(level->json, "tcbDate"));

	if (level->status == CBX_TCB_NONE) {
		return;
	}
	cbx_claim_text(verdict, cbx_span_text(cbx_tcb_word(level->status)),
		"tdx.%s-tcb-status", part);
	if (date != NULL) {
		cbx_claim_text(
			verdict, cbx_span_text(date), "tdx.%s-tcb-date", part);
	}
	claim_advisories(
		verdict, json_object_get(level->json, "advisoryIDs"), part);
}

void cbx_tdx_claim_tcb(
	struct cbx_verdict *verdict, const struct cbx_tdx_tcb *tcb)
{
	claim_level(verdict, &tcb->platform, "platform");
	claim_level(verdict, &tcb->module, "module");
	claim_level(verdict, &tcb->qe, "qe");
	if (tcb->platform.status != CBX_TCB_NONE &&
		tcb->qe.status != CBX_TCB_NONE && tcb->status != CBX_TCB_NONE) {
		cbx_claim_text(verdict,
			cbx_span_text(cbx_tcb_word(tcb->status)),
			"tdx.tcb-status");
	}
}

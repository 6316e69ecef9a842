/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/box.h>

#include <stdlib.h>
#include <string.h>

#include <verify/cca.h>
#include <verify/signature.h>
#include <verify/snp.h>
#include <verify/span.h>
#include <verify/tdx.h>
#include <verify/verdict.h>

#define TEST_REPORT "CBXTEST1" /* and the report data */
#define TEST_MAGIC  8u

/* A verification under way. */
struct work {
	struct cbx_verdict *verdict;
	const struct cbx_endorsements *endorsements;
	const struct cbx_appraisal *appraisal;
	struct cbx_evidence evidence;
};

static enum cbx_refusal check_signature(struct work *work)
{
	struct cbx_span point = { work->evidence.point,
		sizeof(work->evidence.point) };

	return cbx_check_sign1(&work->evidence.sign1, point)
		       ? CBX_ACCEPTED
		       : cbx_refuse(work->verdict, CBX_REFUSED_SIGNATURE,
				 "not signed by the monitor's key");
}

/* Evidence carries what its platform needs; what the caller brings comes
 * first. */
static struct cbx_endorsements join_endorsements(const struct work *work)
{
	const struct cbx_cbor *carried =
		work->evidence.platform[CBX_IN_PLATFORM_ENDORSEMENTS];
	struct cbx_endorsements joined = { .size = sizeof(joined) };

	if (work->endorsements != NULL) {
		joined = *work->endorsements;
	}
	if (carried == NULL) {
		return joined;
	}
	if (work->evidence.vouched_by == CBX_VOUCHED_BY_SNP &&
		joined.certificate_table.size == 0) {
		joined.certificate_table = carried->bytes;
	}
	if (work->evidence.vouched_by == CBX_VOUCHED_BY_TDX &&
		joined.event_log.size == 0) {
		joined.event_log = carried->bytes;
	}
	return joined;
}

/* A report that anybody can make. */
static enum cbx_refusal check_test_report(
	struct work *work, struct cbx_span report, struct cbx_span bound)
{
	struct cbx_span magic = cbx_span_part(report, 0, TEST_MAGIC);

	if (report.size != TEST_MAGIC + CBX_REPORT_DATA_BYTES ||
		!cbx_span_equal(magic, cbx_span_text(TEST_REPORT))) {
		return cbx_refuse(work->verdict, CBX_REFUSED_MALFORMED,
			"platform: no report of this kind");
	}
	return cbx_span_equal(
		       cbx_span_part(report, TEST_MAGIC, CBX_REPORT_DATA_BYTES),
		       bound)
		       ? CBX_ACCEPTED
		       : cbx_refuse(work->verdict, CBX_REFUSED_BINDING,
				 "the report is about another key or nonce");
}

/* Whether the machine vouches for the monitor's key. */
static enum cbx_refusal check_platform(struct work *work)
{
	const struct cbx_endorsements joined = join_endorsements(work);
	const struct cbx_cbor *item =
		work->evidence.platform[CBX_IN_PLATFORM_REPORT];
	const struct cbx_span bound = { work->evidence.report_data,
		sizeof(work->evidence.report_data) };

	switch (work->evidence.vouched_by) {
	case CBX_VOUCHED_BY_NONE:
		return CBX_ACCEPTED;
	case CBX_VOUCHED_BY_TEST:
		return check_test_report(work, item->bytes, bound);
	case CBX_VOUCHED_BY_SNP:
		return cbx_snp_check(work->verdict, item->bytes, &joined,
			work->appraisal, &bound);
	case CBX_VOUCHED_BY_TDX:
		return cbx_tdx_check(work->verdict, item->bytes, &joined,
			work->appraisal, bound);
	case CBX_VOUCHED_BY_CCA:
		return cbx_cca_check(work->verdict, item->bytes, &joined,
			work->appraisal, bound);
	default:
		return cbx_refuse(work->verdict, CBX_REFUSED_INTERNAL,
			"platform: a kind that is not verified");
	}
}

static bool has_hardware(const struct work *work)
{
	return work->evidence.vouched_by != CBX_VOUCHED_BY_NONE &&
	       work->evidence.vouched_by != CBX_VOUCHED_BY_TEST;
}

static enum cbx_refusal check_hardware(struct work *work)
{
	return has_hardware(work) || cbx_appraisal_has(work->appraisal,
					     CBX_APPRAISE_NO_HARDWARE)
		       ? CBX_ACCEPTED
		       : cbx_refuse(work->verdict, CBX_REFUSED_NO_HARDWARE,
				 "the monitor's key is bound to no machine");
}

static enum cbx_refusal check_nonce(struct work *work)
{
	struct cbx_span nonce = work->evidence.top[CBX_IN_TOP_NONCE]->bytes;

	return work->appraisal->nonce.size == 0 ||
			       cbx_span_equal(work->appraisal->nonce, nonce)
		       ? CBX_ACCEPTED
		       : cbx_refuse(work->verdict, CBX_REFUSED_NONCE,
				 "it answers another challenge");
}

static bool may_be_debugged(const struct work *work)
{
	return work->evidence.box[CBX_IN_BOX_DBGSTAT]->number !=
	       CBX_DBGSTAT_DISABLED;
}

/* Why the host had a say in the box; NULL: it had none. */
static const char *why_not_pristine(const struct cbx_cbor *const *box)
{
	uint64_t flags = box[CBX_IN_BOX_FLAGS]->number;

	if ((flags & CBX_BOX_TAINTED) != 0) {
		return "the box, or what it borrows of, had memory shared with "
		       "the host";
	}
	if (box[CBX_IN_BOX_LENDERS]->number != 0) {
		return "the box is a clone";
	}
	if (box[CBX_IN_BOX_INPUT_BYTES]->number != 0 ||
		!cbx_span_is_zero(box[CBX_IN_BOX_INPUT_DIGEST]->bytes)) {
		return "the host fed something into the box";
	}
	return NULL;
}

static enum cbx_refusal check_box(struct work *work)
{
	const char *why;

	if (may_be_debugged(work) &&
		!cbx_appraisal_has(work->appraisal, CBX_APPRAISE_DEBUG)) {
		return cbx_refuse(work->verdict, CBX_REFUSED_DEBUG,
			"the box's policy lets the host look, or trace");
	}
	why = why_not_pristine(work->evidence.box);
	if (why != NULL &&
		cbx_appraisal_has(work->appraisal, CBX_APPRAISE_PRISTINE)) {
		return cbx_refuse(
			work->verdict, CBX_REFUSED_NOT_PRISTINE, "%s", why);
	}
	return CBX_ACCEPTED;
}

/* Whether the relying party named what may run. */
static bool names_program(const struct cbx_appraisal *appraisal)
{
	for (size_t i = 0; i < appraisal->requirement_count; i++) {
		const struct cbx_requirement *wanted =
			&appraisal->requirements[i];

		if (wanted->kind == CBX_REQUIRE_ONE_OF &&
			(strcmp(wanted->claim, "box.measurement") == 0 ||
				strcmp(wanted->claim, "box.signer") == 0)) {
			return true;
		}
	}
	return false;
}

static void lower(struct cbx_verdict *verdict, enum cbx_trust part, int8_t to)
{
	if (verdict->trust[part] < to) {
		verdict->trust[part] = to;
	}
}

/* The trustworthiness vector (AR4SI): 2 affirms, 32 warns, 96 contraindicates. */
static void judge(struct work *work)
{
	struct cbx_verdict *verdict = work->verdict;
	uint64_t caps = work->evidence.monitor[CBX_IN_MONITOR_CAPS]->number;
	bool box = work->evidence.sub[CBX_IN_SUB_BOX] != NULL;

	if (!has_hardware(work)) {
		lower(verdict, CBX_TRUST_INSTANCE, 97);
		lower(verdict, CBX_TRUST_HARDWARE, 97);
		lower(verdict, CBX_TRUST_RUNTIME_OPAQUE,
			(caps & CBX_CAP_HOST_KERNEL_OUT) != 0 ? 32 : 96);
	}
	if (box) {
		const char *why = why_not_pristine(work->evidence.box);

		lower(verdict, CBX_TRUST_CONFIGURATION, why != NULL ? 32 : 2);
		lower(verdict, CBX_TRUST_RUNTIME_OPAQUE,
			may_be_debugged(work) ? 96 : 0);
		lower(verdict, CBX_TRUST_EXECUTABLES,
			names_program(work->appraisal) ? 2 : 33);
	}
}

static enum cbx_refusal check_all(struct work *work)
{
	enum cbx_refusal refusal = check_signature(work);

	if (refusal == CBX_ACCEPTED) {
		refusal = check_platform(work);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_hardware(work);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = check_nonce(work);
	}
	if (refusal == CBX_ACCEPTED &&
		work->evidence.sub[CBX_IN_SUB_BOX] != NULL) {
		refusal = check_box(work);
	}
	if (refusal == CBX_ACCEPTED) {
		refusal = cbx_verdict_appraise(work->verdict, work->appraisal);
	}
	if (refusal == CBX_ACCEPTED) {
		judge(work);
	}
	return refusal;
}

/* Evidence of a box, or of the monitor alone. */
static enum cbx_refusal verify(
	struct work *work, struct cbx_span token, bool of_box)
{
	enum cbx_refusal refusal =
		cbx_evidence_read(work->verdict, token, &work->evidence);

	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	cbx_evidence_claims(work->verdict, &work->evidence);
	if ((work->evidence.sub[CBX_IN_SUB_BOX] != NULL) != of_box) {
		return cbx_refuse(work->verdict, CBX_REFUSED_WRONG_TYPE,
			of_box ? "evidence of a monitor, not of a box"
			       : "evidence of a box, not of a monitor alone");
	}
	return check_all(work);
}

/* The shell of both: the verdict begins, and there is memory. */
static enum cbx_refusal verify_with(struct cbx_verdict *verdict,
	struct cbx_span token, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal, bool of_box)
{
	enum cbx_refusal refusal = cbx_verdict_begin(
		verdict, of_box ? "box" : "monitor", appraisal);
	struct work *work;

	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	if (endorsements != NULL &&
		endorsements->size != sizeof(*endorsements)) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
			"the endorsements are of another version");
	}
	work = malloc(sizeof(*work));
	if (work == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	work->verdict = verdict;
	work->endorsements = endorsements;
	work->appraisal = appraisal;
	refusal = verify(work, token, of_box);
	free(work);
	return refusal;
}

enum cbx_refusal cbx_verify_box(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal)
{
	return verify_with(verdict, evidence, endorsements, appraisal, true);
}

enum cbx_refusal cbx_verify_monitor(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal)
{
	return verify_with(verdict, evidence, endorsements, appraisal, false);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/box.h>

#include <verify/span.h>
#include <verify/verdict.h>

/* A bit of a number, and what it is called. */
struct bit {
	uint64_t bit;
	const char *name;
};

static const struct bit box_bits[] = {
	{ CBX_BOX_TAINTED, "box.tainted" },
	{ CBX_BOX_CONFINED, "box.confined" },
	{ CBX_BOX_TEMPLATE, "box.template" },
	{ CBX_BOX_CLONE, "box.clone" },
};
static const struct bit policy_bits[] = {
	{ 1, "box.policy.debug" },
	{ 2, "box.policy.trace" },
	{ 4, "box.policy.execute-only" },
	{ 8, "box.policy.strict" },
	{ 16, "box.policy.template" },
	{ 32, "box.policy.plain" },
	{ 64, "box.policy.clean" },
	{ 128, "box.policy.cpuid" },
};
static const struct bit caps_bits[] = {
	{ CBX_CAP_HARDWARE_ROOT, "monitor.caps.hardware-root" },
	{ CBX_CAP_HOST_KERNEL_OUT, "monitor.caps.host-kernel-out" },
	{ CBX_CAP_HYPERVISOR_OUT, "monitor.caps.hypervisor-out" },
	{ CBX_CAP_DMA, "monitor.caps.dma" },
	{ CBX_CAP_EXECUTE_ONLY, "monitor.caps.execute-only" },
	{ CBX_CAP_EXECUTE_MODES, "monitor.caps.execute-modes" },
	{ CBX_CAP_BOX_EXECUTE_ONLY, "monitor.caps.box-execute-only" },
	{ CBX_CAP_FEATURES, "monitor.caps.features" },
	{ CBX_CAP_CPUID, "monitor.caps.cpuid" },
};

#define CLAIM_BITS(verdict, number, bits) \
	claim_bits(verdict, number, bits, sizeof(bits) / sizeof((bits)[0]))

static void claim_bits(struct cbx_verdict *verdict, uint64_t number,
	const struct bit *bits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cbx_claim_flag(verdict, (number & bits[i].bit) != 0, "%s",
			bits[i].name);
	}
}

static void claim_policy(
	struct cbx_verdict *verdict, const struct cbx_cbor *policy)
{
	static const char *const names[] = { "flags", "output-pages",
		"wake-step-ns", "features", "forward-rules" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cbx_claim_number(verdict, cbx_cbor_at(policy, i)->number,
			"box.policy.%s", names[i]);
	}
	CLAIM_BITS(verdict, cbx_cbor_at(policy, 0)->number, policy_bits);
}

static void claim_lenders(
	struct cbx_verdict *verdict, const struct cbx_cbor *lenders)
{
	cbx_claim_number(verdict, lenders->number, "box.lenders");
	for (size_t i = 0; i < lenders->number; i++) {
		const struct cbx_cbor *lender = cbx_cbor_at(lenders, i);

		cbx_claim_bytes(verdict, cbx_cbor_at(lender, 0)->bytes,
			"box.lender%zu.measurement", i);
		cbx_claim_bytes(verdict, cbx_cbor_at(lender, 1)->bytes,
			"box.lender%zu.input-digest", i);
		if (cbx_cbor_at(lender, 2)->kind != CBX_CBOR_NULL) {
			cbx_claim_bytes(verdict, cbx_cbor_at(lender, 2)->bytes,
				"box.lender%zu.runtime", i);
		}
	}
}

/* Of whom it is, and who is of it. */
static void claim_relatives(
	struct cbx_verdict *verdict, const struct cbx_evidence *evidence)
{
	const struct cbx_cbor *parent = evidence->box[CBX_IN_BOX_PARENT];

	claim_lenders(verdict, evidence->box[CBX_IN_BOX_LENDERS]);
	cbx_claim_flag(
		verdict, parent->kind != CBX_CBOR_NULL, "box.has-parent");
	if (parent->kind != CBX_CBOR_NULL) {
		cbx_claim_bytes(verdict, parent->bytes, "box.parent");
	}
	cbx_claim_number(verdict, evidence->box[CBX_IN_BOX_CHILDREN]->number,
		"box.children");
	if (evidence->runtime != NULL) {
		cbx_claim_bytes(
			verdict, evidence->runtime->bytes, "box.runtime");
	}
}

static void claim_signer(
	struct cbx_verdict *verdict, const struct cbx_cbor *signer)
{
	cbx_claim_flag(verdict, signer->kind != CBX_CBOR_NULL, "box.signed");
	if (signer->kind != CBX_CBOR_NULL) {
		cbx_claim_bytes(
			verdict, cbx_cbor_at(signer, 0)->bytes, "box.signer");
		cbx_claim_bytes(
			verdict, cbx_cbor_at(signer, 1)->bytes, "box.family");
		cbx_claim_number(verdict, cbx_cbor_at(signer, 2)->number,
			"box.security-version");
	}
}

static const char *state_name(uint64_t state)
{
	return state == 2 ? "ready" : state == 3 ? "confined" : "template";
}

static void claim_box(
	struct cbx_verdict *verdict, const struct cbx_evidence *evidence)
{
	const struct cbx_cbor *const *box = evidence->box;

	cbx_claim_bytes(
		verdict, box[CBX_IN_BOX_MEASUREMENT]->bytes, "box.measurement");
	cbx_claim_bytes(verdict, box[CBX_IN_BOX_INPUT_DIGEST]->bytes,
		"box.input-digest");
	cbx_claim_number(verdict, box[CBX_IN_BOX_INPUT_BYTES]->number,
		"box.input-bytes");
	cbx_claim_text(verdict,
		cbx_span_text(state_name(box[CBX_IN_BOX_STATE]->number)),
		"box.state");
	cbx_claim_flag(verdict,
		box[CBX_IN_BOX_DBGSTAT]->number != CBX_DBGSTAT_DISABLED,
		"box.debug");
	CLAIM_BITS(verdict, box[CBX_IN_BOX_FLAGS]->number, box_bits);
	cbx_claim_bytes(verdict, box[CBX_IN_BOX_POLICY_DIGEST]->bytes,
		"box.policy-digest");
	claim_policy(verdict, box[CBX_IN_BOX_POLICY]);
	claim_relatives(verdict, evidence);
	claim_signer(verdict, box[CBX_IN_BOX_SIGNER]);
	cbx_claim_number(verdict, box[CBX_IN_BOX_NUMBER]->number, "box.number");
	cbx_claim_bytes(verdict,
		(struct cbx_span){
			evidence->box_key, sizeof(evidence->box_key) },
		"box.channel-key");
	cbx_claim_bytes(verdict,
		(struct cbx_span){
			evidence->box_digest, sizeof(evidence->box_digest) },
		"box.digest");
}

/* Who says what the monitor is. */
static const char *measured_by(const struct cbx_evidence *evidence)
{
	const struct cbx_cbor *backend =
		evidence->monitor[CBX_IN_MONITOR_BACKEND];

	if (evidence->vouched_by != CBX_VOUCHED_BY_NONE &&
		evidence->vouched_by != CBX_VOUCHED_BY_TEST) {
		return "platform";
	}
	if (evidence->monitor[CBX_IN_MONITOR_BOOT_LOG]->kind == CBX_CBOR_NULL) {
		return "nobody";
	}
	return cbx_cbor_is_text(backend, "linux") ||
			       cbx_cbor_is_text(backend, "mock")
		       ? "itself"
		       : "loader";
}

static void claim_boot(
	struct cbx_verdict *verdict, const struct cbx_evidence *evidence)
{
	const struct cbx_cbor *digest =
		evidence->monitor[CBX_IN_MONITOR_BOOT_DIGEST];

	if (digest->kind != CBX_CBOR_NULL) {
		cbx_claim_bytes(verdict, digest->bytes, "monitor.boot-digest");
		cbx_boot_log_claims(verdict, &evidence->boot);
	}
	cbx_claim_text(verdict, cbx_span_text(measured_by(evidence)),
		"monitor.measured-by");
}

static void claim_monitor(
	struct cbx_verdict *verdict, const struct cbx_evidence *evidence)
{
	static const char *const roots[] = { "none", "platform", "released" };
	const struct cbx_cbor *const *monitor = evidence->monitor;

	cbx_claim_text(verdict,
		cbx_cbor_at(monitor[CBX_IN_MONITOR_VERSION], 0)->bytes,
		"monitor.version");
	cbx_claim_text(verdict, monitor[CBX_IN_MONITOR_BACKEND]->bytes,
		"monitor.backend");
	cbx_claim_number(
		verdict, monitor[CBX_IN_MONITOR_CAPS]->number, "monitor.caps");
	CLAIM_BITS(verdict, monitor[CBX_IN_MONITOR_CAPS]->number, caps_bits);
	claim_boot(verdict, evidence);
	cbx_claim_text(verdict,
		cbx_span_text(roots[monitor[CBX_IN_MONITOR_ROOT]->number]),
		"monitor.root");
	cbx_claim_bytes(verdict,
		(struct cbx_span){ evidence->point, sizeof(evidence->point) },
		"monitor.key");
	cbx_claim_bytes(verdict,
		(struct cbx_span){
			evidence->monitor_key, sizeof(evidence->monitor_key) },
		"monitor.channel-key");
	cbx_claim_bytes(verdict,
		(struct cbx_span){ evidence->monitor_digest,
			sizeof(evidence->monitor_digest) },
		"monitor.digest");
}

void cbx_evidence_claims(
	struct cbx_verdict *verdict, const struct cbx_evidence *evidence)
{
	cbx_claim_bytes(verdict, evidence->top[CBX_IN_TOP_NONCE]->bytes,
		"evidence.nonce");
	if (evidence->sub[CBX_IN_SUB_BOX] != NULL) {
		claim_box(verdict, evidence);
	}
	claim_monitor(verdict, evidence);
	cbx_claim_text(verdict, evidence->platform[CBX_IN_PLATFORM_KIND]->bytes,
		"platform.kind");
}

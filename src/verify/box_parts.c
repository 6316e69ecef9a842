/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/box.h>

#include <string.h>

#include <verify/fields.h>
#include <verify/verdict.h>

#define KNOWN_BOX_FLAGS                                       \
	(CBX_BOX_TAINTED | CBX_BOX_DEBUG | CBX_BOX_CONFINED | \
		CBX_BOX_TEMPLATE | CBX_BOX_CLONE)
#define KNOWN_POLICY_FLAGS 255u
#define POLICY_WORDS	   5u
#define SIGNER_PARTS	   3u
#define LENDER_PARTS	   3u
#define ROOT_LAST	   2u

#define UINT	   CBX_FIELD(UINT), CBX_FIELD_ANY_SIZE
#define DIGEST	   CBX_FIELD(BYTES), CBX_FIELD_DIGEST
#define BYTES_MOST CBX_FIELD(BYTES), 1, CBX_EVIDENCE_BYTES_MAX

static const struct cbx_field cnf_field[] = {
	{ NULL, CBX_EAT_CNF_KEY, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE, false },
};
static const struct cbx_fields cnf_fields = { "cnf", cnf_field, 1 };

static const struct cbx_field box_field[CBX_IN_BOX_FIELDS] = {
	{ NULL, CBX_EAT_CNF, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE, false },
	{ NULL, CBX_EAT_DBGSTAT, UINT, false },
	{ NULL, CBX_LABEL_MEASUREMENT, DIGEST, false },
	{ NULL, CBX_LABEL_INPUT_DIGEST, DIGEST, false },
	{ NULL, CBX_LABEL_INPUT_BYTES, UINT, false },
	{ NULL, CBX_LABEL_STATE, UINT, false },
	{ NULL, CBX_LABEL_FLAGS, UINT, false },
	{ NULL, CBX_LABEL_POLICY_DIGEST, DIGEST, false },
	{ NULL, CBX_LABEL_POLICY, CBX_FIELD(ARRAY), POLICY_WORDS, POLICY_WORDS,
		false },
	{ NULL, CBX_LABEL_LENDERS, CBX_FIELD(ARRAY), 0,
		CBX_EVIDENCE_LENDERS_MAX, false },
	{ NULL, CBX_LABEL_PARENT, CBX_FIELD(BYTES) | CBX_FIELD(NULL),
		CBX_FIELD_DIGEST, false },
	{ NULL, CBX_LABEL_CHILDREN, UINT, false },
	{ NULL, CBX_LABEL_SIGNER, CBX_FIELD(ARRAY) | CBX_FIELD(NULL),
		SIGNER_PARTS, SIGNER_PARTS, false },
	{ NULL, CBX_LABEL_NUMBER, UINT, false },
	{ NULL, CBX_LABEL_RUNTIME, CBX_FIELD(BYTES) | CBX_FIELD(NULL),
		CBX_FIELD_DIGEST, false },
};
static const struct cbx_fields box_fields = { "box", box_field,
	CBX_IN_BOX_FIELDS };

static const struct cbx_field monitor_field[CBX_IN_MONITOR_FIELDS] = {
	{ NULL, CBX_EAT_CNF, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE, false },
	{ NULL, CBX_EAT_SWNAME, CBX_FIELD(TEXT), CBX_FIELD_ANY_SIZE, false },
	{ NULL, CBX_EAT_SWVERSION, CBX_FIELD(ARRAY), 1, 1, false },
	{ NULL, CBX_LABEL_BACKEND, CBX_FIELD(TEXT), CBX_FIELD_ANY_SIZE, false },
	{ NULL, CBX_LABEL_CAPS, UINT, false },
	{ NULL, CBX_LABEL_BOOT_DIGEST, CBX_FIELD(BYTES) | CBX_FIELD(NULL),
		CBX_FIELD_DIGEST, false },
	{ NULL, CBX_LABEL_CHANNEL_KEY, CBX_FIELD(MAP), CBX_FIELD_ANY_SIZE,
		false },
	{ NULL, CBX_LABEL_ROOT, UINT, false },
	{ NULL, CBX_LABEL_BOOT_LOG, CBX_FIELD(BYTES) | CBX_FIELD(NULL), 1,
		CBX_BOOT_LOG_BYTES_MAX, false },
};
static const struct cbx_fields monitor_fields = { "monitor", monitor_field,
	CBX_IN_MONITOR_FIELDS };

static const struct cbx_field platform_field[CBX_IN_PLATFORM_FIELDS] = {
	{ NULL, CBX_LABEL_KIND, CBX_FIELD(TEXT), CBX_FIELD_ANY_SIZE, false },
	{ NULL, CBX_LABEL_REPORT, BYTES_MOST, true },
	{ NULL, CBX_LABEL_ENDORSEMENTS, BYTES_MOST, true },
};
static const struct cbx_fields platform_fields = { "platform", platform_field,
	CBX_IN_PLATFORM_FIELDS };

static enum cbx_refusal malformed(struct cbx_verdict *verdict, const char *what)
{
	return cbx_refuse(verdict, CBX_REFUSED_MALFORMED, "%s", what);
}

/* A key of that curve, with nothing besides. */
static bool read_key(
	const struct cbx_cbor *map, int64_t crv, struct cbx_cose_key *key)
{
	return cbx_cose_key_read(map, key) && key->plain && key->crv == crv;
}

/* The key that a cnf claim holds. */
static enum cbx_refusal read_confirmed(struct cbx_verdict *verdict,
	const struct cbx_cbor *cnf, int64_t crv, struct cbx_cose_key *key)
{
	const struct cbx_cbor *map;
	enum cbx_refusal refusal =
		cbx_fields_read(verdict, cnf, &cnf_fields, &map);

	if (refusal == CBX_ACCEPTED && !read_key(map, crv, key)) {
		return malformed(verdict, "cnf holds no key of its curve");
	}
	return refusal;
}

/* ------------------------------------------------------------------ box -- */

static bool is_bytes(const struct cbx_cbor *item, size_t size)
{
	return item->kind == CBX_CBOR_BYTES && item->bytes.size == size;
}

static bool is_digest(const struct cbx_cbor *item)
{
	return is_bytes(item, CBX_DIGEST_BYTES);
}

static bool lenders_valid(const struct cbx_cbor *lenders)
{
	for (size_t i = 0; i < lenders->number; i++) {
		const struct cbx_cbor *lender = cbx_cbor_at(lenders, i);

		if (lender->kind != CBX_CBOR_ARRAY ||
			lender->number != LENDER_PARTS ||
			!is_digest(cbx_cbor_at(lender, 0)) ||
			!is_digest(cbx_cbor_at(lender, 1)) ||
			(!is_digest(cbx_cbor_at(lender, 2)) &&
				cbx_cbor_at(lender, 2)->kind !=
					CBX_CBOR_NULL)) {
			return false;
		}
	}
	return true;
}

static bool policy_valid(const struct cbx_cbor *policy)
{
	for (size_t i = 0; i < POLICY_WORDS; i++) {
		if (cbx_cbor_at(policy, i)->kind != CBX_CBOR_UINT) {
			return false;
		}
	}
	return true;
}

static bool signer_valid(const struct cbx_cbor *signer)
{
	return signer->kind == CBX_CBOR_NULL ||
	       (is_bytes(cbx_cbor_at(signer, 0), CBX_DIGEST_BYTES) &&
		       is_bytes(cbx_cbor_at(signer, 1), CBX_FAMILY_BYTES) &&
		       cbx_cbor_at(signer, 2)->kind == CBX_CBOR_UINT);
}

/* Whether debugging is told alike everywhere. */
static bool debug_valid(const struct cbx_cbor *const *box)
{
	uint64_t policy = cbx_cbor_at(box[CBX_IN_BOX_POLICY], 0)->number;
	uint64_t status = box[CBX_IN_BOX_DBGSTAT]->number;
	bool open = (policy & (CBX_POLICY_DEBUG | CBX_POLICY_TRACE)) != 0;
	bool told = (box[CBX_IN_BOX_FLAGS]->number & CBX_BOX_DEBUG) != 0;

	return status == (open ? CBX_DBGSTAT_ENABLED : CBX_DBGSTAT_DISABLED) &&
	       told == ((policy & CBX_POLICY_DEBUG) != 0);
}

/* Whether the state is one of which there is evidence, and the flags fit. */
static bool state_valid(const struct cbx_cbor *const *box)
{
	uint64_t flags = box[CBX_IN_BOX_FLAGS]->number;
	uint64_t state = box[CBX_IN_BOX_STATE]->number;
	bool borrows = box[CBX_IN_BOX_LENDERS]->number != 0;

	if (state != CBX_EVIDENCE_READY && state != CBX_EVIDENCE_CONFINED &&
		state != CBX_EVIDENCE_TEMPLATE) {
		return false;
	}
	return ((flags & CBX_BOX_CONFINED) != 0) ==
		       (state == CBX_EVIDENCE_CONFINED) &&
	       ((flags & CBX_BOX_TEMPLATE) != 0) ==
		       (state == CBX_EVIDENCE_TEMPLATE) &&
	       ((flags & CBX_BOX_CLONE) != 0) == borrows;
}

static enum cbx_refusal check_box(
	struct cbx_verdict *verdict, const struct cbx_cbor *const *box)
{
	uint64_t policy;

	if (!policy_valid(box[CBX_IN_BOX_POLICY])) {
		return malformed(verdict, "box: policy is no array of numbers");
	}
	policy = cbx_cbor_at(box[CBX_IN_BOX_POLICY], 0)->number;
	if ((box[CBX_IN_BOX_FLAGS]->number & ~(uint64_t)KNOWN_BOX_FLAGS) != 0 ||
		(policy & ~(uint64_t)KNOWN_POLICY_FLAGS) != 0) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"box: a flag that is not known");
	}
	if (!lenders_valid(box[CBX_IN_BOX_LENDERS]) ||
		!signer_valid(box[CBX_IN_BOX_SIGNER])) {
		return malformed(
			verdict, "box: a lender or signer that is none");
	}
	if (!debug_valid(box) || !state_valid(box) ||
		box[CBX_IN_BOX_NUMBER]->number == 0) {
		return malformed(verdict,
			"box: state, flags, policy and number contradict each "
			"other");
	}
	return cbx_evidence_tree_valid(box)
		       ? CBX_ACCEPTED
		       : malformed(verdict, "box: a parent or children that "
					    "lenders and state contradict");
}

enum cbx_refusal cbx_evidence_read_box(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence)
{
	struct cbx_cose_key key;
	enum cbx_refusal refusal = cbx_fields_read(verdict,
		evidence->sub[CBX_IN_SUB_BOX], &box_fields, evidence->box);

	if (refusal == CBX_ACCEPTED) {
		refusal = read_confirmed(verdict, evidence->box[CBX_IN_BOX_CNF],
			CBX_COSE_CRV_X25519, &key);
	}
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	memcpy(evidence->box_key, key.x, sizeof(evidence->box_key));
	refusal = check_box(verdict, evidence->box);
	if (refusal == CBX_ACCEPTED) {
		evidence->runtime = cbx_evidence_runtime(evidence->box);
	}
	return refusal;
}

/* -------------------------------------------------------------- monitor -- */

static bool is_backend(const struct cbx_cbor *item)
{
	static const char *const names[] = { "mock", "linux", "pks-vm", "snp",
		"tdx", "cca" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (cbx_cbor_is_text(item, names[i])) {
			return true;
		}
	}
	return false;
}

/* The boot digest is that of the log, or both are not there. */
static enum cbx_refusal read_boot(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence)
{
	const struct cbx_cbor *digest =
		evidence->monitor[CBX_IN_MONITOR_BOOT_DIGEST];
	const struct cbx_cbor *log = evidence->monitor[CBX_IN_MONITOR_BOOT_LOG];

	if ((digest->kind == CBX_CBOR_NULL) != (log->kind == CBX_CBOR_NULL)) {
		return malformed(verdict,
			"monitor: a boot log without its digest, or the other "
			"way round");
	}
	return log->kind == CBX_CBOR_NULL
		       ? CBX_ACCEPTED
		       : cbx_boot_log_read(verdict, log->bytes, digest->bytes,
				 &evidence->boot);
}

enum cbx_refusal cbx_evidence_read_monitor(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence)
{
	const struct cbx_cbor **monitor = evidence->monitor;
	uint8_t point[CBX_COSE_POINT];
	struct cbx_cose_key key;
	enum cbx_refusal refusal = cbx_fields_read(verdict,
		evidence->sub[CBX_IN_SUB_MONITOR], &monitor_fields, monitor);

	if (refusal == CBX_ACCEPTED) {
		refusal = read_confirmed(verdict, monitor[CBX_IN_MONITOR_CNF],
			CBX_COSE_CRV_P384, &key);
	}
	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	(void)cbx_cose_key_point(&key, point);
	memcpy(evidence->point, point, sizeof(evidence->point));
	if (!read_key(monitor[CBX_IN_MONITOR_CHANNEL_KEY], CBX_COSE_CRV_X25519,
		    &key)) {
		return malformed(verdict, "monitor: no channel key");
	}
	memcpy(evidence->monitor_key, key.x, sizeof(evidence->monitor_key));
	if (!cbx_cbor_is_text(
		    monitor[CBX_IN_MONITOR_NAME], CBX_EVIDENCE_NAME) ||
		cbx_cbor_at(monitor[CBX_IN_MONITOR_VERSION], 0)->kind !=
			CBX_CBOR_TEXT) {
		return malformed(verdict, "monitor: another name or version");
	}
	if (!is_backend(monitor[CBX_IN_MONITOR_BACKEND]) ||
		monitor[CBX_IN_MONITOR_ROOT]->number > ROOT_LAST) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"monitor: a backend or root that is not known");
	}
	return read_boot(verdict, evidence);
}

/* ------------------------------------------------------------- platform -- */

static const struct {
	const char *name;
	enum cbx_voucher voucher;
} kinds[] = {
	{ "none", CBX_VOUCHED_BY_NONE },
	{ "test", CBX_VOUCHED_BY_TEST },
	{ "snp", CBX_VOUCHED_BY_SNP },
	{ "tdx", CBX_VOUCHED_BY_TDX },
	{ "cca", CBX_VOUCHED_BY_CCA },
};

/* Whether a backend that is a kind of machine has that machine's report. */
static bool backend_fits(const struct cbx_evidence *evidence)
{
	const struct cbx_cbor *backend =
		evidence->monitor[CBX_IN_MONITOR_BACKEND];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (cbx_cbor_is_text(backend, kinds[i].name)) {
			return evidence->vouched_by == kinds[i].voucher;
		}
	}
	return true;
}

enum cbx_refusal cbx_evidence_read_platform(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence)
{
	const struct cbx_cbor **platform = evidence->platform;
	uint64_t caps = evidence->monitor[CBX_IN_MONITOR_CAPS]->number;
	enum cbx_refusal refusal = cbx_fields_read(verdict,
		evidence->sub[CBX_IN_SUB_PLATFORM], &platform_fields, platform);
	size_t i = 0;
	bool none;

	if (refusal != CBX_ACCEPTED) {
		return refusal;
	}
	while (i < sizeof(kinds) / sizeof(kinds[0]) &&
		!cbx_cbor_is_text(
			platform[CBX_IN_PLATFORM_KIND], kinds[i].name)) {
		i++;
	}
	if (i == sizeof(kinds) / sizeof(kinds[0])) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"platform: a kind that is not known");
	}
	evidence->vouched_by = kinds[i].voucher;
	none = evidence->vouched_by == CBX_VOUCHED_BY_NONE;
	if (none != (platform[CBX_IN_PLATFORM_REPORT] == NULL) ||
		(none && platform[CBX_IN_PLATFORM_ENDORSEMENTS] != NULL)) {
		return malformed(verdict, "platform: a report without a kind, "
					  "or the other way round");
	}
	if (none != ((caps & CBX_CAP_HARDWARE_ROOT) == 0) ||
		!backend_fits(evidence)) {
		return malformed(verdict, "platform: another kind than that "
					  "of the monitor's machine");
	}
	return CBX_ACCEPTED;
}

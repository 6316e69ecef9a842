/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own evidence (doc/evidence.md), taken apart.
 */
#ifndef CBX_VERIFY_BOX_H
#define CBX_VERIFY_BOX_H

#include <stdbool.h>

#include <confbox/verify.h>
#include <trust/cose.h>
#include <trust/labels.h>
#include <verify/boot_log.h>

/** More than evidence with the most lenders has. */
#define CBX_EVIDENCE_ITEMS 192u

/** The maps, and what is in them, in the order of their encoding. */
enum cbx_top_field {
	CBX_IN_TOP_NONCE,
	CBX_IN_TOP_PROFILE,
	CBX_IN_TOP_SUBMODS,
	CBX_IN_TOP_FIELDS
};
enum cbx_submod_field {
	CBX_IN_SUB_BOX,
	CBX_IN_SUB_MONITOR,
	CBX_IN_SUB_PLATFORM,
	CBX_IN_SUB_FIELDS
};
enum cbx_box_field {
	CBX_IN_BOX_CNF,
	CBX_IN_BOX_DBGSTAT,
	CBX_IN_BOX_MEASUREMENT,
	CBX_IN_BOX_INPUT_DIGEST,
	CBX_IN_BOX_INPUT_BYTES,
	CBX_IN_BOX_STATE,
	CBX_IN_BOX_FLAGS,
	CBX_IN_BOX_POLICY_DIGEST,
	CBX_IN_BOX_POLICY,
	CBX_IN_BOX_LENDERS,
	CBX_IN_BOX_PARENT,
	CBX_IN_BOX_CHILDREN,
	CBX_IN_BOX_SIGNER,
	CBX_IN_BOX_NUMBER,
	CBX_IN_BOX_RUNTIME,
	CBX_IN_BOX_FIELDS
};
enum cbx_monitor_field {
	CBX_IN_MONITOR_CNF,
	CBX_IN_MONITOR_NAME,
	CBX_IN_MONITOR_VERSION,
	CBX_IN_MONITOR_BACKEND,
	CBX_IN_MONITOR_CAPS,
	CBX_IN_MONITOR_BOOT_DIGEST,
	CBX_IN_MONITOR_CHANNEL_KEY,
	CBX_IN_MONITOR_ROOT,
	CBX_IN_MONITOR_BOOT_LOG,
	CBX_IN_MONITOR_FIELDS
};
enum cbx_platform_field {
	CBX_IN_PLATFORM_KIND,
	CBX_IN_PLATFORM_REPORT,
	CBX_IN_PLATFORM_ENDORSEMENTS,
	CBX_IN_PLATFORM_FIELDS
};

/** States of which there is evidence. */
#define CBX_EVIDENCE_READY    2u
#define CBX_EVIDENCE_CONFINED 3u
#define CBX_EVIDENCE_TEMPLATE 5u

/** What vouches for the keeper's key. */
enum cbx_voucher {
	CBX_VOUCHED_BY_NONE,
	CBX_VOUCHED_BY_TEST, /* anybody */
	CBX_VOUCHED_BY_SNP,
	CBX_VOUCHED_BY_TDX,
	CBX_VOUCHED_BY_CCA,
};

/** Evidence, taken apart; NULL where something optional is absent. */
struct cbx_evidence {
	struct cbx_cbor items[CBX_EVIDENCE_ITEMS];
	struct cbx_cose_sign1 sign1;
	const struct cbx_cbor *runtime; /* the box's; NULL: not known */
	struct cbx_boot_log boot;	/* what the monitor's log says */
	const struct cbx_cbor *top[CBX_IN_TOP_FIELDS];
	const struct cbx_cbor *sub[CBX_IN_SUB_FIELDS];
	const struct cbx_cbor *box[CBX_IN_BOX_FIELDS]; /* all NULL: no box */
	const struct cbx_cbor *monitor[CBX_IN_MONITOR_FIELDS];
	const struct cbx_cbor *platform[CBX_IN_PLATFORM_FIELDS];
	enum cbx_voucher vouched_by;
	uint8_t point[CBX_P384_POINT_BYTES]; /* the keeper's key */
	uint8_t box_key[CBX_X25519_BYTES];
	uint8_t monitor_key[CBX_X25519_BYTES];
	uint8_t box_digest[CBX_DIGEST_BYTES];
	uint8_t monitor_digest[CBX_DIGEST_BYTES];
	uint8_t report_data[CBX_REPORT_DATA_BYTES]; /* what it has to be */
};

/**
 * Take evidence apart: afterwards every byte of it is understood, and nothing
 * of it is believed.
 *
 * @param[out] evidence  points into @p token
 *
 * @retval CBX_ACCEPTED             well-formed
 * @retval CBX_REFUSED_MALFORMED    not as doc/evidence.md says
 * @retval CBX_REFUSED_WRONG_TYPE   signed CBOR of another profile
 * @retval CBX_REFUSED_UNSUPPORTED  another algorithm or version of the profile,
 *                                  a flag that is not known
 * @retval CBX_REFUSED_INTERNAL     no cryptography
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_evidence_read(
	struct cbx_verdict *verdict, struct cbx_span token,
	struct cbx_evidence *evidence);

/** Read the maps of the box, the monitor, the platform; as above. */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_evidence_read_box(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence);
CBX_VERIFY_CHECKED enum cbx_refusal cbx_evidence_read_monitor(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence);
CBX_VERIFY_CHECKED enum cbx_refusal cbx_evidence_read_platform(
	struct cbx_verdict *verdict, struct cbx_evidence *evidence);

/** Whether parent and children are what lenders, runtime and state say.
 * @param box  its values, each of its type */
bool cbx_evidence_tree_valid(const struct cbx_cbor *const *box);

/** A box's runtime: its own, or that of the one lender that has one.  NULL when
 * there is none, or when it could be put together of several. */
const struct cbx_cbor *cbx_evidence_runtime(const struct cbx_cbor *const *box);

/** Add what it says as claims "evidence.*", "box.*", "monitor.*",
 * "platform.kind". */
void cbx_evidence_claims(
	struct cbx_verdict *verdict, const struct cbx_evidence *evidence);

#endif

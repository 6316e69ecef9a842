/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the desk, one function each.  A request is the keeper's own
 * copy by then; a function changes of it, and of the data, only what its
 * operation says (base/desk.h), and nothing when it fails.
 *
 * @retval CBX_OK             done
 * @retval CBX_E_INVALID      the request, or what a client or signer sent, is
 *                            malformed
 * @retval CBX_E_DENIED       it does not authenticate
 * @retval CBX_E_STATE        not now: see the operation
 * @retval CBX_E_UNSUPPORTED  there is no root
 * @retval CBX_E_HARDWARE     the library failed
 */
#ifndef CBX_KEEPER_WORK_H
#define CBX_KEEPER_WORK_H

#include <stddef.h>

#include <base/desk.h>
#include <base/types.h>
#include <confbox/span.h>
#include <trust/cbor.h>
#include <trust/labels.h>

/** The desk's data. */
struct cbx_work {
	uint8_t *data;
	size_t room;
};

/** digest := SHA-384(digest || record || data[record->length]).
 * @return false: PSA refused */
CBX_MUST_CHECK bool cbx_work_extend(uint8_t digest[CBX_DIGEST_BYTES],
	const struct cbx_record *record, const uint8_t *data);

/** CBX_DESK_REPORT_DATA */
CBX_MUST_CHECK enum cbx_status cbx_work_report_data(struct cbx_desk *request);
/** CBX_DESK_EVIDENCE */
CBX_MUST_CHECK enum cbx_status cbx_work_evidence(
	struct cbx_desk *request, struct cbx_work work);
/** CBX_DESK_OPEN */
CBX_MUST_CHECK enum cbx_status cbx_work_open(
	struct cbx_desk *request, struct cbx_work work);
/** CBX_DESK_SEAL */
CBX_MUST_CHECK enum cbx_status cbx_work_seal(
	struct cbx_desk *request, struct cbx_work work);
/** CBX_DESK_SIGNER */
CBX_MUST_CHECK enum cbx_status cbx_work_signer(
	struct cbx_desk *request, struct cbx_work work);
/** CBX_DESK_REPORT */
CBX_MUST_CHECK enum cbx_status cbx_work_report(
	struct cbx_desk *request, struct cbx_work work);
/** CBX_DESK_REPORT_CHECK */
CBX_MUST_CHECK enum cbx_status cbx_work_report_check(struct cbx_work work);
/** CBX_DESK_SEAL_KEY */
CBX_MUST_CHECK enum cbx_status cbx_work_seal_key(struct cbx_desk *request);
/** CBX_DESK_ROOT; E_STATE: there is a root already */
CBX_MUST_CHECK enum cbx_status cbx_work_root(
	struct cbx_desk *request, struct cbx_work work);
/** CBX_DESK_LETTER: the letter in data.  Whatever is refused wipes the key, but
 * for a second key, an op that is none, and data without room for a letter.
 * @retval CBX_E_STATE  a second key; the key is dead
 * @retval CBX_E_BUSY   a message is under way */
CBX_MUST_CHECK enum cbx_status cbx_work_letter(struct cbx_work work);

/** Forget the key and its numbers, as a keeper does that starts anew: for
 * tests. */
void cbx_letter_forget(void);

/** Append the map `box`, or `monitor`, of evidence (doc/evidence.md).
 * @return false: the facts are malformed, or a key could not be made */
CBX_MUST_CHECK bool cbx_claims_box(
	struct cbx_cbor_writer *writer, const struct cbx_facts *facts);
CBX_MUST_CHECK bool cbx_claims_monitor(
	struct cbx_cbor_writer *writer, const struct cbx_facts_monitor *facts);

/** SHA-384 of such a map: what a message is bound to.
 * @retval CBX_OK, CBX_E_INVALID, CBX_E_HARDWARE  as above */
CBX_MUST_CHECK bool cbx_claims_box_digest(
	const struct cbx_facts *facts, uint8_t digest[CBX_DIGEST_BYTES]);
CBX_MUST_CHECK bool cbx_claims_monitor_digest(
	const struct cbx_facts_monitor *facts,
	uint8_t digest[CBX_DIGEST_BYTES]);

/** The name of a backend; NULL: there is no such. */
const char *cbx_claims_backend(uint64_t backend);

/** Where sealing keys come from: the platform's word, or what was released. */
uint32_t cbx_claims_root(const struct cbx_facts_monitor *facts);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collateral as Intel's provisioning certification service answers it: JSON in
 * which one object is signed, byte by byte as it stands there.
 *
 *   {"tcbInfo":{...},"signature":"..."}
 *   {"enclaveIdentity":{...},"signature":"..."}
 */
#ifndef CBX_VERIFY_PCS_H
#define CBX_VERIFY_PCS_H

#include <jansson.h>

#include <verify/verdict.h>

enum cbx_pcs_kind {
	CBX_PCS_TCB_INFO = 0,
	CBX_PCS_QE_IDENTITY = 1,
	CBX_PCS_KINDS
};

struct cbx_pcs_answer {
	enum cbx_pcs_kind kind;
	struct cbx_span text;  /* the signed bytes; not ours */
	uint8_t signature[64]; /* r, s */
	json_t *object;	       /* what the text says; ours */
};

/**
 * Take an answer apart; its signature is not checked.
 *
 * @param file         it has to outlive the answer
 * @param[out] answer  cbx_pcs_forget it after CBX_ACCEPTED
 *
 * @retval CBX_ACCEPTED            there is one object of a known kind, and its
 *                                 signature
 * @retval CBX_REFUSED_COLLATERAL  anything else
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_pcs_read(struct cbx_verdict *verdict,
	struct cbx_span file, struct cbx_pcs_answer *answer);

/**
 * The same from a bundle, where the object's text is a string.
 *
 * @param signature  hexadecimal
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_pcs_read_parts(
	struct cbx_verdict *verdict, struct cbx_span text,
	const char *signature, struct cbx_pcs_answer *answer);

/** Drop what was read. */
void cbx_pcs_forget(struct cbx_pcs_answer *answer);

/** "tcbInfo", "QE identity". */
const char *cbx_pcs_name(enum cbx_pcs_kind kind);

/**
 * Whether the answer holds at that time: from its issueDate to its nextUpdate.
 *
 * @retval CBX_ACCEPTED            it does
 * @retval CBX_REFUSED_EXPIRED     it does not yet, or no more
 * @retval CBX_REFUSED_COLLATERAL  it does not say
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_pcs_check_time(
	struct cbx_verdict *verdict, const struct cbx_pcs_answer *answer,
	int64_t now);

/* Members of an object that is what Intel signed: what is absent, of another
 * type or out of range gives false. */

/** A number from 0 to @p limit. */
bool cbx_pcs_number(const json_t *object, const char *name, uint32_t limit,
	uint32_t *number);

/** @p size bytes in hexadecimal. */
bool cbx_pcs_bytes(
	const json_t *object, const char *name, uint8_t *bytes, size_t size);

/** Whether a member is exactly this text. */
bool cbx_pcs_is(const json_t *object, const char *name, const char *text);

/** Two hexadecimal digits a byte, both cases. */
bool cbx_hex_read(const char *text, uint8_t *bytes, size_t size);

#endif

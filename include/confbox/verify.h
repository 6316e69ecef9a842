/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relying party's side of libconfbox: is this evidence genuine, of what,
 * and is that what I accept?
 *
 *   cbx_verdict_create   room for a result
 *   cbx_verify_box       evidence of a box (confbox attest), or
 *   cbx_verify_snp, _tdx, _cca   evidence of a bare platform
 *   cbx_verdict_claim    what the evidence says; only when it was accepted
 *   cbx_verdict_destroy
 *
 * Nothing here asks a clock, a network or a file: the time, the certificates
 * and all collateral are arguments.  Every byte of the evidence and of the
 * endorsements may come from an attacker; only struct cbx_appraisal is trusted.
 *
 * Threads: functions on different verdicts may run at the same time, after one
 * call of cbx_verdict_create has returned.
 */
#ifndef CONFBOX_VERIFY_H
#define CONFBOX_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include <confbox/appraisal.h>
#include <confbox/span.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why it was refused; CBX_ACCEPTED is 0. */
enum cbx_refusal {
#define X(number, NAME, word, text) CBX_REFUSED_##NAME = (number),
#include <confbox/refusal.def>
#undef X
	CBX_ACCEPTED = CBX_REFUSED_ACCEPTED,
};

/** The refusal's word, as in "signature"; never NULL. */
CBX_VERIFY_API const char *cbx_refusal_word(enum cbx_refusal refusal);

/** What it means, in a few words; never NULL. */
CBX_VERIFY_API const char *cbx_refusal_text(enum cbx_refusal refusal);

/* -------------------------------------------------------- endorsements -- */

/** What comes along with platform evidence, from whoever: none of it is
 * believed before it was verified. */
struct cbx_endorsements {
	size_t size; /* sizeof(struct cbx_endorsements) */
	const struct cbx_span *certificates; /* PEM (one or several) or DER, in
					      * any order */
	size_t certificate_count;
	struct cbx_span certificate_table; /* SNP: as the extended report
					    * request returns it (auxblob) */
	const struct cbx_span *collateral; /* TDX: tcbInfo, QE identity,
					      * CRLs, their issuer chains */
	size_t collateral_count;
	struct cbx_span event_log;    /* TDX: the CCEL area */
	struct cbx_span platform_key; /* CCA: the CPAK, as JWK, PEM or
					      * raw point; trusted */
};

/* -------------------------------------------------------- verification -- */

/** The result of a verification, and what was learned on the way. */
struct cbx_verdict;

/**
 * Make room for a result.
 *
 * @return NULL when there is no memory, or no cryptography; the caller destroys
 *         it
 */
CBX_VERIFY_API struct cbx_verdict *cbx_verdict_create(void);

/** @param verdict  NULL does nothing */
CBX_VERIFY_API void cbx_verdict_destroy(struct cbx_verdict *verdict);

/** The reason of the last verification; CBX_REFUSED_INTERNAL before one. */
CBX_VERIFY_API enum cbx_refusal cbx_verdict_reason(
	const struct cbx_verdict *verdict);

/** More about it, one line without a newline; "" when there is no more to say;
 * valid until the next verification. */
CBX_VERIFY_API const char *cbx_verdict_detail(
	const struct cbx_verdict *verdict);

/** How many claims there are.  After a refusal they are what the evidence
 * says, not what is true. */
CBX_VERIFY_API size_t cbx_verdict_claim_count(
	const struct cbx_verdict *verdict);

/** Claim @p index, less than the count; valid until the next verification. */
CBX_VERIFY_API const struct cbx_claim *cbx_verdict_claim_at(
	const struct cbx_verdict *verdict, size_t index);

/** The claim of that name; NULL when there is none. */
CBX_VERIFY_API const struct cbx_claim *cbx_verdict_claim(
	const struct cbx_verdict *verdict, const char *name);

/**
 * The result as JSON, for whoever did not verify: an EAT attestation result
 * (draft-fv-rats-ear) with one appraisal, named "box", "snp" and so on.  Its
 * status is no better than its worst entry, and what was refused is
 * contraindicated.  It is not signed.
 *
 * @return a text for free(); NULL when there is no memory
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED char *cbx_verdict_json(
	const struct cbx_verdict *verdict);

/*
 * Verification.  All of these functions return one of refusal.def, the first
 * they come upon (doc/verify.md has the order):
 *
 * @retval CBX_ACCEPTED            the claims are true, and what is required
 * @retval CBX_REFUSED_INTERNAL    no memory, or an unusable appraisal: this
 *                                 says nothing about the evidence
 * @retval (any other)             there is something wrong with the evidence or
 *                                 the endorsements, or the policy is not met
 *
 * endorsements may be NULL, none.
 */

/** Evidence of a box (doc/evidence.md), with the platform evidence in it, whose
 * endorsements may come along or in it.  Claims: "evidence.nonce", "box.*",
 * "monitor.*", "platform.kind" and the platform's own.  box.channel-key is what a
 * client may send to (confbox/client.h). */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_refusal cbx_verify_box(
	struct cbx_verdict *verdict, struct cbx_span evidence,
	const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal);

/** The same of a monitor alone, for who releases a root key to it. */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_refusal cbx_verify_monitor(
	struct cbx_verdict *verdict, struct cbx_span evidence,
	const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal);

/** An attestation report of AMD SEV-SNP, versions 2 to 5, of Milan, Genoa or
 * Turin.  The endorsements have the VCEK's or VLEK's certificate, alone or in
 * the table; revocation lists among them are used.  Claims: "snp.*". */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_refusal cbx_verify_snp(
	struct cbx_verdict *verdict, struct cbx_span evidence,
	const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal);

/** A quote of an Intel TDX trust domain, version 4 or 5, with its PCK's chain
 * inside.  Without collateral nothing says whether the platform is up to date
 * or revoked; with it, the TCB status has to be UpToDate or SWHardeningNeeded
 * unless a requirement on "tdx.tcb-status" says which are accepted, and is never
 * Revoked.  An event log has to lead to the RTMRs.  Claims: "tdx.*". */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_refusal cbx_verify_tdx(
	struct cbx_verdict *verdict, struct cbx_span evidence,
	const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal);

/** An Arm CCA attestation token, in either wrapping (tag 399 or 907), by the key
 * of its platform (CPAK), which the endorsements have.  Claims: "cca.*". */
CBX_VERIFY_API CBX_VERIFY_CHECKED enum cbx_refusal cbx_verify_cca(
	struct cbx_verdict *verdict, struct cbx_span evidence,
	const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal);

#ifdef __cplusplus
}
#endif

#endif

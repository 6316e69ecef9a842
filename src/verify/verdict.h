/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict in the making.  A verifier begins it, adds the claims it reads,
 * and returns what cbx_refuse or, at the end, cbx_verdict_appraise returned.
 */
#ifndef CBX_VERIFY_VERDICT_H
#define CBX_VERIFY_VERDICT_H

#include <stdbool.h>

#include <confbox/verify.h>

#define CBX_VERDICT_DETAIL 256u
#define CBX_VERDICT_CLAIMS 192u
#define CBX_VERDICT_NONCE  64u

/** Which part of the platform an entry of the trustworthiness vector is about
 * (draft-fv-rats-ear 4.2; AR4SI 2.3). */
enum cbx_trust {
	CBX_TRUST_INSTANCE = 0,
	CBX_TRUST_CONFIGURATION = 1,
	CBX_TRUST_EXECUTABLES = 2,
	CBX_TRUST_FILE_SYSTEM = 3,
	CBX_TRUST_HARDWARE = 4,
	CBX_TRUST_RUNTIME_OPAQUE = 5,
	CBX_TRUST_STORAGE_OPAQUE = 6,
	CBX_TRUST_SOURCED_DATA = 7,
	CBX_TRUSTS
};

struct cbx_verdict {
	enum cbx_refusal reason;
	bool no_room; /* a claim could not be kept */
	char detail[CBX_VERDICT_DETAIL];
	char kind[8];			  /* "snp", "box"; of the evidence */
	int8_t trust[CBX_TRUSTS];	  /* 0: no claim */
	int64_t now;			  /* of the appraisal */
	uint8_t nonce[CBX_VERDICT_NONCE]; /* of the appraisal */
	size_t nonce_size;		  /* 0: none, or one that is longer */
	struct cbx_claim claims[CBX_VERDICT_CLAIMS];
	void *blocks[CBX_VERDICT_CLAIMS]; /* where claims are kept */
	size_t claim_count;
};

/**
 * Forget the last verification.
 *
 * @param kind  at most 7 characters
 *
 * @return CBX_ACCEPTED: the appraisal is usable; or CBX_REFUSED_INTERNAL, which
 *         is to be returned: its size is unknown, or a requirement makes no
 *         sense
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_verdict_begin(
	struct cbx_verdict *verdict, const char *kind,
	const struct cbx_appraisal *appraisal);

/** Refuse, and say why in one line.  @return @p reason */
enum cbx_refusal cbx_refuse(struct cbx_verdict *verdict,
	enum cbx_refusal reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * The end of every verification that refused nothing: whether the claims meet
 * the appraisal's requirements.
 *
 * @return CBX_ACCEPTED, CBX_REFUSED_REQUIREMENT, or CBX_REFUSED_INTERNAL when a
 *         claim found no room
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_verdict_appraise(
	struct cbx_verdict *verdict, const struct cbx_appraisal *appraisal);

/* Claims: the value is copied; the name is made by printf's rules.  A claim
 * that finds no room makes cbx_verdict_appraise refuse. */
void cbx_claim_bytes(struct cbx_verdict *verdict, struct cbx_span bytes,
	const char *name, ...) __attribute__((format(printf, 3, 4)));
/** Bytes that are no printable ASCII become '?'. */
void cbx_claim_text(struct cbx_verdict *verdict, struct cbx_span text,
	const char *name, ...) __attribute__((format(printf, 3, 4)));
void cbx_claim_number(struct cbx_verdict *verdict, uint64_t number,
	const char *name, ...) __attribute__((format(printf, 3, 4)));
void cbx_claim_flag(struct cbx_verdict *verdict, bool flag, const char *name,
	...) __attribute__((format(printf, 3, 4)));

/** A string literal's or C string's bytes. */
struct cbx_span cbx_span_text(const char *text);

/** Whether @p field is the challenge, followed by zero bytes only; true when
 * the appraisal has none. */
bool cbx_nonce_matches(
	const struct cbx_appraisal *appraisal, struct cbx_span field);

/** The appraisal's flags as far as this library's version has them. */
bool cbx_appraisal_has(const struct cbx_appraisal *appraisal, uint32_t flag);

#endif

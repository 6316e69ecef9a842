/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evidence says, and what of it a relying party accepts; confbox/verify.h
 * includes it.
 */
#ifndef CONFBOX_APPRAISAL_H
#define CONFBOX_APPRAISAL_H

#include <stddef.h>
#include <stdint.h>

#include <confbox/span.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CBX_VERIFY_API	   __attribute__((visibility("default")))
#define CBX_VERIFY_CHECKED __attribute__((warn_unused_result))
#else
#define CBX_VERIFY_API
#define CBX_VERIFY_CHECKED
#endif

/* -------------------------------------------------------------- claims -- */

enum cbx_value_kind {
	CBX_VALUE_BYTES = 1,
	CBX_VALUE_TEXT = 2, /* a zero byte follows span.bytes[span.size] */
	CBX_VALUE_NUMBER = 3,
	CBX_VALUE_FLAG = 4, /* number is 0 or 1 */
};

struct cbx_value {
	enum cbx_value_kind kind;
	struct cbx_span span; /* BYTES, TEXT */
	uint64_t number;      /* NUMBER, FLAG */
};

/** One thing the evidence says, as in "snp.measurement". */
struct cbx_claim {
	const char *name;
	struct cbx_value value;
};

/* ----------------------------------------------------------- appraisal -- */

enum cbx_requirement_kind {
	CBX_REQUIRE_ONE_OF = 1,	  /* the claim equals one of the values */
	CBX_REQUIRE_AT_LEAST = 2, /* it is a number, not below the value */
};

/** What a claim has to be; a claim that is absent does not meet it. */
struct cbx_requirement {
	const char *claim;
	enum cbx_requirement_kind kind;
	const struct cbx_value *values; /* values[count]; 1 for AT_LEAST */
	size_t count;
};

/** Accept what may be debugged from outside. */
#define CBX_APPRAISE_DEBUG 1u
/** Accept evidence no hardware vouches for (linux, pks-vm, mock). */
#define CBX_APPRAISE_NO_HARDWARE 2u
/** Refuse TDX evidence that comes without collateral. */
#define CBX_APPRAISE_COLLATERAL 4u
/** Refuse a box that is tainted, a clone, or was fed by the host. */
#define CBX_APPRAISE_PRISTINE 8u

/** What is accepted: the relying party's own decision. */
struct cbx_appraisal {
	size_t size;	/* sizeof(struct cbx_appraisal) */
	uint32_t flags; /* CBX_APPRAISE_* */
	uint32_t reserved;
	int64_t now;		      /* seconds since 1970-01-01 UTC */
	struct cbx_span nonce;	      /* the challenge; size 0: any.  Where the
				    * evidence has a longer field, zero
				    * bytes have to follow it. */
	const struct cbx_span *roots; /* certificates that are trusted besides
				       * the vendors' own: PEM or DER */
	size_t root_count;
	const struct cbx_requirement *requirements;
	size_t requirement_count;
};

/**
 * Read a policy: JSON, doc/appraisal.md.
 *
 * @param[out] message  message[size], size above 0: "" or, when it is none,
 *                      "LINE: what: cause; remedy"
 *
 * @return what cbx_appraisal_destroy ends; time, nonce and roots are the
 *         caller's to set.  NULL: see the message
 */
CBX_VERIFY_API CBX_VERIFY_CHECKED struct cbx_appraisal *cbx_appraisal_read(
	struct cbx_span text, char *message, size_t size);

/** The name of a file of roots the policy asks for; NULL past the last.  Only
 * of what cbx_appraisal_read returned. */
CBX_VERIFY_API const char *cbx_appraisal_root_file(
	const struct cbx_appraisal *appraisal, size_t index);

/** @param appraisal  of cbx_appraisal_read; NULL does nothing */
CBX_VERIFY_API void cbx_appraisal_destroy(struct cbx_appraisal *appraisal);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of Arm CCA made by the tests, with keys of their own: what no public
 * sample says.
 */
#ifndef CBX_TESTS_CCA_FORGE_H
#define CBX_TESTS_CCA_FORGE_H

#include "unit.h"

#include <confbox/verify.h>
#include <trust/cbor.h>
#include <trust/labels.h>

/** What to make; all zero is not enough: begin with forge_usual. */
struct forge {
	uint64_t tag;	      /* 399 or 907 */
	uint64_t format;      /* of a CMW record */
	size_t record;	      /* entries of one */
	uint64_t sign1;	      /* tag of the signed parts */
	bool third_entry;     /* the collection has one */
	int64_t platform_alg; /* CBX_COSE_ALG_* of the platform key's curve */
	int64_t realm_alg;
	bool wrong_platform_key; /* signed by another than is told */
	bool wrong_realm_key;
	const char *platform_profile; /* NULL: none */
	const char *realm_profile;    /* NULL: none */
	uint64_t lifecycle;
	size_t components;
	size_t component_bytes; /* of a measurement */
	const char *component_hash;
	bool extension;	 /* claim 2404 */
	size_t padding;	 /* bytes of a claim nobody knows; 0: no claim */
	uint8_t ueid;	 /* first byte of instance ids */
	uint64_t client; /* of those of 2024 */
	uint64_t mec;
	uint64_t lfa;
	bool third_claims; /* those of the profile of 2024 */
	bool raw_key;	   /* the realm's key is a point, no COSE_Key */
	bool key_off_curve;
	const char *key_hash; /* name of the algorithm */
	bool binding_broken;
	const char *realm_hash;
	size_t rim_bytes;
	size_t rem_bytes;
	size_t rem_count;
	bool kid;     /* in the unprotected headers */
	bool crit;    /* in the protected ones */
	bool swapped; /* each half stands where the other belongs */
	uint8_t challenge[64];
};

/** What is accepted: profile of 2023, ES384, sha-256. */
struct forge forge_usual(void);

/** A token; both spans are valid until the next call. */
struct cbx_span forge_token(const struct forge *forge, struct cbx_span *point);

#endif

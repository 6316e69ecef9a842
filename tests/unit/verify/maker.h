/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence made by a keeper of the tests' own: what doc/evidence.md says, or
 * what a row of a test wants instead.
 */
#ifndef CBX_TESTS_UNIT_VERIFY_MAKER_H
#define CBX_TESTS_UNIT_VERIFY_MAKER_H

#include "unit.h"

#include <psa/crypto.h>

#include <confbox/verify.h>
#include <trust/cbor.h>
#include <trust/labels.h>

/** What the evidence says.  evidence_facts() is a pristine box on the mock,
 * whose key nobody vouches for. */
struct facts {
	uint8_t nonce[CBX_NONCE_BYTES_MAX];
	size_t nonce_size;
	const char *profile;
	bool has_box;
	uint8_t measurement[CBX_DIGEST_BYTES];
	uint8_t input_digest[CBX_DIGEST_BYTES];
	uint64_t input_bytes;
	uint64_t dbgstat;
	uint64_t state;
	uint64_t flags;
	uint64_t policy[5];
	size_t lenders;
	size_t running_lenders; /* the last of them, which have a runtime */
	uint64_t children;
	bool has_parent; /* as the first of those */
	bool other_parent;
	bool has_runtime;
	bool has_signer;
	uint64_t number;
	uint8_t box_key[CBX_X25519_BYTES];
	uint8_t monitor_key[CBX_X25519_BYTES];
	const char *name;
	const char *backend;
	uint64_t caps;
	bool has_boot_digest;	  /* of the log */
	struct cbx_span boot_log; /* bytes NULL: one of a monitor and a host */
	bool boot_log_hidden;
	bool boot_digest_other;
	uint64_t root;
	const char *kind;
	struct cbx_span report; /* bytes NULL: as the kind has it */
	struct cbx_span endorsements;
	int64_t left_out;    /* this key of the box or monitor is absent */
	psa_key_id_t signer; /* 0: the key that is in it */
};

struct made {
	uint8_t bytes[CBX_EVIDENCE_BYTES_MAX + 4096];
	size_t size;
};

/** The keeper of these tests. */
struct keeper {
	psa_key_id_t key;
	uint8_t point[CBX_P384_POINT_BYTES];
};

/** A new key. */
struct keeper keeper_make(void);

/** A pristine box. */
struct facts evidence_facts(void);

/** The boot log there is when no other is wanted; its digest. */
struct cbx_span evidence_boot_log(void);
void evidence_boot_digest(struct cbx_span log, uint8_t digest[48]);

/** Digests that stand in it: of lender or runtime @p i. */
void evidence_lender(size_t i, uint8_t digest[48]);
void evidence_runtime(size_t i, uint8_t digest[48]);

/** The report data that binds the key and the nonce. */
void evidence_report_data(const struct keeper *keeper,
	const struct facts *facts, uint8_t data[CBX_REPORT_DATA_BYTES]);

/** Sign it. */
void evidence_make(const struct keeper *keeper, const struct facts *facts,
	struct made *made);

/** The span of what was made. */
static inline struct cbx_span made_span(const struct made *made)
{
	return (struct cbx_span){ made->bytes, made->size };
}

#endif

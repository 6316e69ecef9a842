/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged quotes and event logs: each is refused, and nobody reads past the end
 * (with sanitizers, that is seen).
 *
 * What may be changed without a refusal, because nothing vouches for it:
 *  - in the PEM text of certificates: line ends, and the bits of a last base64
 *    character that stand for nothing; the certificates are the same;
 *  - zero bytes behind the quote, or printable text;
 *  - s of an ECDSA signature into the order less s, which signs the same;
 *  - of an event log: the header's fields but its algorithms, the types and
 *    data of events (so the size of the last one's data may grow into the
 *    filling), events that are not extended, the filling behind it.
 */
#ifndef TDX_MUTANT_H
#define TDX_MUTANT_H

#include "tdx_samples.h"

#define SAMPLES 5u
#define ALIKE	3u /* the first: those of one version have parts of one size */

extern const struct tdx_sample {
	const char *file;
	size_t size; /* of the quote, without what follows */
	bool is_v5;
} tdx_mutant_samples[SAMPLES];

/* A quote that may be changed, in a block of its size. */
struct tdx_mutant {
	struct cbx_verdict *verdict;
	struct cbx_endorsements endorsements;
	uint8_t *quote;
	size_t size;
	size_t mutations;
};

/** Fields of a quote, one after another; sizes of those that differ are 0 and
 * come from the version. */
enum special {
	FIXED,
	ONLY_V5,
	REPORT,
	PEM
};

#define FIELDS 21u
extern const struct tdx_field {
	uint16_t size;
	enum special special;
	enum cbx_refusal reason; /* ACCEPTED: by value */
} fields[FIELDS];

/** Where each field begins; at the end, the quote's. */
void locate(const struct tdx_sample *sample, size_t at[FIELDS + 1]);

struct tdx_mutant tdx_mutant_open(
	struct cbx_verdict *verdict, const struct tdx_sample *sample);
enum cbx_refusal tdx_mutant_run(struct tdx_mutant *test);

/** Refused for that reason; ACCEPTED stands for any but INTERNAL. */
void tdx_mutant_refused(
	struct tdx_mutant *test, enum cbx_refusal reason, size_t at);

/** At least that often changed; and what is not is accepted. */
void tdx_mutant_close(struct tdx_mutant *test, size_t least);

#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, tdx_make, tdx_drop)

#endif

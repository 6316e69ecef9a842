/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measurement chain as doc/measurement.md writes it, computed without the
 * keeper: what tests compare digests with.
 */
#ifndef CBX_TESTS_SUPPORT_CHAIN_H
#define CBX_TESTS_SUPPORT_CHAIN_H

#include "support/machine.h"

/** A chain; zeroed, it is at its beginning. */
struct chain {
	uint8_t value[CBX_DIGEST_BYTES];
};

/** What a record says apart from its kind and its data. */
struct chain_entry {
	uint64_t address;
	uint64_t info;
	uint64_t info2;
};

/** Add one record. @param data  bytes[size]; NULL when size is 0 */
void chain_add(struct chain *chain, const char *kind, struct chain_entry entry,
	const void *data, size_t size);

/** The box's digest of a kind is the chain's value. */
void chain_assert(
	const struct chain *chain, uint64_t box, enum cbx_digest_kind kind);

#endif

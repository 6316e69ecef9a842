/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for SHA-384, for tests that make millions of log entries: the
 * model's keeper and the specification both use it, so what is compared is the
 * log, entry by entry.  The real hash has a test of its own.
 */
#ifndef CBX_TESTS_MODEL_DIGEST_H
#define CBX_TESTS_MODEL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/** digest := mix(digest, head, data); every bit of each counts.  @p digest is
 * CBX_DIGEST_BYTES bytes */
void model_digest(uint8_t *digest, const void *head, size_t head_bytes,
	const uint8_t *data, size_t data_bytes);

#endif

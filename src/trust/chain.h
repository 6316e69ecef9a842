/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of records (doc/measurement.md): the keeper's, which measure, and a
 * client's, which tell before what will be measured.
 */
#ifndef CBX_TRUST_CHAIN_H
#define CBX_TRUST_CHAIN_H

#include <psa/crypto.h>

#include <base/desk.h>

/** digest := SHA-384(digest || record || data[record->length]).
 * @pre psa_crypto_init() */
psa_status_t cbx_chain_extend(uint8_t digest[CBX_DIGEST_BYTES],
	const struct cbx_record *record, const void *data);

#endif

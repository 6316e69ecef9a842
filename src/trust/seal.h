/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed blobs: the format, and the cryptography of one whose key is there.
 */
#ifndef CBX_TRUST_SEAL_H
#define CBX_TRUST_SEAL_H

#include <confbox/seal.h>
#include <confbox/span.h>

/**
 * Make a blob; equal arguments make equal blobs.
 *
 * @param      header   whole: well-formed, its size the data's, its nonce never
 *                      used with this key before
 * @param      key      of its key id
 * @param      context  at most CBX_SEAL_CONTEXT_MAX bytes
 * @param[out] blob     blob[data.size + CBX_SEAL_MORE]; zeros on failure
 *
 * @retval CBX_SEAL_OK         made
 * @retval CBX_SEAL_E_INVALID  the header is not well-formed, or too much data
 *                             or context
 * @retval CBX_SEAL_E_LIBRARY  PSA refused
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_seal_wrap(
	const struct cbx_seal_header *header,
	const uint8_t key[CBX_SEAL_KEY_BYTES], struct cbx_span context,
	struct cbx_span data, uint8_t *blob);

/**
 * Open a blob.
 *
 * @param[out] data  data[blob.size - CBX_SEAL_MORE]; zeros on failure
 *
 * @retval CBX_SEAL_OK         these are the data
 * @retval CBX_SEAL_E_ALTERED  another key, blob or context
 * @retval CBX_SEAL_E_INVALID  too much context
 * @retval CBX_SEAL_E_LIBRARY  PSA refused before there was anything to compare
 * @retval ...                 as cbx_seal_look; then data is untouched
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_seal_unwrap(
	const uint8_t key[CBX_SEAL_KEY_BYTES], struct cbx_span context,
	struct cbx_span blob, uint8_t *data);

#endif

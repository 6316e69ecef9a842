/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One item's head, by libcbor's streaming decoder.
 */
#ifndef CBX_TRUST_CBOR_HEAD_H
#define CBX_TRUST_CBOR_HEAD_H

#include <trust/cbor.h>

/**
 * The head at the beginning of @p rest, and a string's content.
 *
 * @param[out] item  all but skip; whole is the head and the content
 *
 * @retval CBX_CBOR_FINE         it is there
 * @retval CBX_CBOR_LONG         it is there; the head is not the shortest
 * @retval CBX_CBOR_BROKEN       it is none, or cut off
 * @retval CBX_CBOR_INDEFINITE   its length is indefinite, or it ends such a one
 * @retval CBX_CBOR_UNSUPPORTED  a float, or undefined
 * @retval CBX_CBOR_NOT_UTF8     a text that is none
 */
enum cbx_cbor_error cbx_cbor_head(struct cbx_span rest, struct cbx_cbor *item);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that belong to somebody else: what verify.h and client.h take.
 */
#ifndef CONFBOX_SPAN_H
#define CONFBOX_SPAN_H

#include <stddef.h>
#include <stdint.h>

/** Bytes that belong to somebody else. */
struct cbx_span {
	const uint8_t *bytes; /* bytes[size]; NULL only when size is 0 */
	size_t size;
};

#endif

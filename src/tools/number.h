/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people write them. */
#ifndef CBX_TOOLS_NUMBER_H
#define CBX_TOOLS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes: digits and perhaps K, M, G or T (powers of 1024).
 * @return false when it is not that, or does not fit */
bool cbx_number_size(const char *text, uint64_t *bytes);

/** Seconds with up to nine decimals, above zero, to nanoseconds; as above. */
bool cbx_number_seconds(const char *text, uint64_t *ns);

/** Nanoseconds since 1970: "now", or seconds as above (0 excepted); as
 * above. */
bool cbx_number_epoch(const char *text, uint64_t *ns);

/** A plain number from 1 to @p most; as above. */
bool cbx_number_count(const char *text, uint32_t most, uint32_t *count);

/** The CBX_FEATURE_ that @p length bytes at @p word name; 0 if none. */
uint64_t cbx_number_feature(const char *word, size_t length);

/** Bytes in hexadecimal, perhaps with colons between them: 1 to @p most of
 * them; as above. */
bool cbx_number_hex(
	const char *text, uint8_t *bytes, size_t most, size_t *size);

/** Seconds since 1970 UTC: digits, "2025-07-01" or "2025-07-01T12:00:00Z"; as
 * above. */
bool cbx_number_time(const char *text, int64_t *seconds);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading bytes of an attacker: every read is checked, a failed one marks the
 * reader and gives zeros, so that a parser checks once, at its end.
 */
#ifndef CBX_VERIFY_SPAN_H
#define CBX_VERIFY_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <confbox/verify.h>

/** A place in a span. */
struct cbx_reader {
	struct cbx_span rest;
	bool failed; /* something was not there; stays */
};

static inline struct cbx_reader cbx_reader_of(struct cbx_span span)
{
	return (struct cbx_reader){ .rest = span };
}

/** The next @p size bytes; an empty span when there are fewer. */
static inline struct cbx_span cbx_reader_take(
	struct cbx_reader *reader, size_t size)
{
	struct cbx_span taken = { reader->rest.bytes, size };

	if (size > reader->rest.size) {
		reader->failed = true;
		reader->rest.size = 0;
		return (struct cbx_span){ 0 };
	}
	if (size != 0) {
		reader->rest.bytes += size;
	}
	reader->rest.size -= size;
	return taken;
}

/** A little-endian number of @p size bytes, 1 to 8; 0 when they are not
 * there. */
static inline uint64_t cbx_reader_le(struct cbx_reader *reader, size_t size)
{
	struct cbx_span span = cbx_reader_take(reader, size);
	uint64_t value = 0;

	for (size_t i = span.size; i > 0; i--) {
		value = value << 8 | span.bytes[i - 1];
	}
	return value;
}

/** Part of a span; an empty one when it would pass the end. */
static inline struct cbx_span cbx_span_part(
	struct cbx_span span, size_t offset, size_t size)
{
	if (offset > span.size || size > span.size - offset || size == 0) {
		return (struct cbx_span){ 0 };
	}
	return (struct cbx_span){ span.bytes + offset, size };
}

static inline bool cbx_span_equal(struct cbx_span a, struct cbx_span b)
{
	return a.size == b.size &&
	       (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static inline bool cbx_span_is_zero(struct cbx_span span)
{
	for (size_t i = 0; i < span.size; i++) {
		if (span.bytes[i] != 0) {
			return false;
		}
	}
	return true;
}

#endif

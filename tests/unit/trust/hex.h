/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes written as text, as specifications print them. */
#ifndef CBX_TESTS_UNIT_TRUST_HEX_H
#define CBX_TESTS_UNIT_TRUST_HEX_H

#include "unit.h"

#include <confbox/span.h>

/** Bytes of a hexadecimal text. */
struct hex {
	uint8_t bytes[1024];
	size_t size;
};

/** Read them; spaces are skipped. */
static inline struct hex hex(const char *text)
{
	struct hex made = { .size = 0 };

	for (; *text != '\0'; text++) {
		char pair[] = { text[0], text[1], '\0' };

		if (*text == ' ') {
			continue;
		}
		assert_true(made.size < sizeof(made.bytes));
		made.bytes[made.size++] = (uint8_t)strtoul(pair, NULL, 16);
		text++;
	}
	return made;
}

static inline struct cbx_span hex_span(const struct hex *made)
{
	return (struct cbx_span){ made->bytes, made->size };
}

/** Fail unless the bytes are those. */
static inline void assert_hex(const uint8_t *bytes, const char *text)
{
	struct hex wanted = hex(text);

	assert_memory_equal(bytes, wanted.bytes, wanted.size);
}

#endif

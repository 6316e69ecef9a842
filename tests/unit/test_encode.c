/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's encoders write what libcbor's do (doc/adr/0024). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include <cbor.h>
#include <cmocka.h>

typedef size_t encode_fn(uint64_t value, unsigned char *buffer, size_t room);

/* src/keeper/encode.c, under names of its own. */
encode_fn own_uint, own_negint, own_bytestring_start, own_string_start,
	own_array_start, own_map_start, own_tag;
size_t own_bool(bool value, unsigned char *buffer, size_t room);
size_t own_null(unsigned char *buffer, size_t room);

static const struct {
	encode_fn *own;
	encode_fn *library;
} pairs[] = {
	{ own_uint, cbor_encode_uint },
	{ own_negint, cbor_encode_negint },
	{ own_bytestring_start, cbor_encode_bytestring_start },
	{ own_string_start, cbor_encode_string_start },
	{ own_array_start, cbor_encode_array_start },
	{ own_map_start, cbor_encode_map_start },
	{ own_tag, cbor_encode_tag },
};

/* Either with every room there may be: the same bytes, or none. */
static void compare(size_t pair, uint64_t value)
{
	for (size_t room = 0; room <= 10; room++) {
		unsigned char own[12];
		unsigned char library[12];

		memset(own, 0x5a, sizeof(own));
		memset(library, 0x5a, sizeof(library));
		assert_int_equal(pairs[pair].own(value, own, room),
			pairs[pair].library(value, library, room));
		assert_memory_equal(own, library, sizeof(own));
	}
}

static void heads_of_every_size_are_the_library_s(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (uint64_t value = 0; value < 70000; value++) {
			compare(i, value);
		}
		for (int bit = 16; bit < 64; bit++) {
			compare(i, (UINT64_C(1) << bit) - 1);
			compare(i, UINT64_C(1) << bit);
		}
		compare(i, UINT64_MAX);
	}
}

static void simple_values_are_the_library_s(void **state)
{
	(void)state;
	for (size_t room = 0; room < 3; room++) {
		unsigned char own[4] = { 0 };
		unsigned char library[4] = { 0 };

		assert_int_equal(own_bool(false, own, room),
			cbor_encode_bool(false, library, room));
		assert_int_equal(own_bool(true, own + 1, room),
			cbor_encode_bool(true, library + 1, room));
		assert_int_equal(own_null(own + 2, room),
			cbor_encode_null(library + 2, room));
		assert_memory_equal(own, library, sizeof(own));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_of_every_size_are_the_library_s),
		cmocka_unit_test(simple_values_are_the_library_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

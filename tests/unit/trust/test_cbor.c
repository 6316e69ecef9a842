/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <trust/cbor.h>

#define ROOM 16

static enum cbx_cbor_error decode(
	const char *text, uint32_t flags, struct cbx_cbor items[ROOM])
{
	static struct hex bytes; /* the items point there */

	bytes = hex(text);
	return cbx_cbor_decode(hex_span(&bytes), flags, items, ROOM);
}

/* What is read, and what would be read of a deterministic encoding only. */
static const struct {
	const char *text;
	enum cbx_cbor_error any, deterministic;
} encodings[] = {
	{ "00", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "1bffffffffffffffff", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "3bffffffffffffffff", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "f4", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "f6", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "d28440a04140", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "d28440a0414040", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "c600", CBX_CBOR_FINE, CBX_CBOR_FINE }, /* tags libcbor 0.8 */
	{ "d400", CBX_CBOR_FINE, CBX_CBOR_FINE }, /* refuses */
	{ "d9018f00", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "db000000010000000000", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "a201020304", CBX_CBOR_FINE, CBX_CBOR_FINE },
	/* cut off, or followed by something */
	{ "", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "18", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "19ff", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "4201", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "820102ff", CBX_CBOR_TRAILING, CBX_CBOR_TRAILING },
	{ "0000", CBX_CBOR_TRAILING, CBX_CBOR_TRAILING },
	{ "8201", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "a101", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "d2", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "d9", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	/* claims of more than there is */
	{ "9affffffff", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "baffffffff", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "9bffffffffffffffff", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "bb8000000000000000", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "bbffffffffffffffff0000", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "5bffffffffffffffff00", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "7affffffff00", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	/* indefinite lengths */
	{ "5f4100ff", CBX_CBOR_INDEFINITE, CBX_CBOR_INDEFINITE },
	{ "7f6161ff", CBX_CBOR_INDEFINITE, CBX_CBOR_INDEFINITE },
	{ "9fff", CBX_CBOR_INDEFINITE, CBX_CBOR_INDEFINITE },
	{ "bfff", CBX_CBOR_INDEFINITE, CBX_CBOR_INDEFINITE },
	{ "ff", CBX_CBOR_INDEFINITE, CBX_CBOR_INDEFINITE },
	/* reserved */
	{ "1c", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "1f", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "dc00", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "df00", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "f0", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "f820", CBX_CBOR_BROKEN, CBX_CBOR_BROKEN },
	{ "f7", CBX_CBOR_UNSUPPORTED, CBX_CBOR_UNSUPPORTED },
	{ "f93c00", CBX_CBOR_UNSUPPORTED, CBX_CBOR_UNSUPPORTED },
	{ "fa47c35000", CBX_CBOR_UNSUPPORTED, CBX_CBOR_UNSUPPORTED },
	{ "fb7ff0000000000000", CBX_CBOR_UNSUPPORTED, CBX_CBOR_UNSUPPORTED },
	/* heads that are too long */
	{ "1800", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "1817", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "1818", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "1900ff", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "1a0000ffff", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "1b00000000ffffffff", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "3800", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "580100", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "780161", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "980100", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "b8010000", CBX_CBOR_FINE, CBX_CBOR_LONG },
	{ "d81200", CBX_CBOR_FINE, CBX_CBOR_LONG },
	/* keys */
	{ "a203020104", CBX_CBOR_FINE, CBX_CBOR_UNSORTED },
	{ "a220020104", CBX_CBOR_FINE, CBX_CBOR_UNSORTED },
	{ "a2616200616100", CBX_CBOR_FINE, CBX_CBOR_UNSORTED },
	{ "a2626161006162 00", CBX_CBOR_FINE, CBX_CBOR_UNSORTED },
	{ "a2616200626161 00", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "a201020103", CBX_CBOR_TWICE, CBX_CBOR_TWICE },
	{ "a30102030401 05", CBX_CBOR_TWICE, CBX_CBOR_TWICE },
	{ "a20102180103", CBX_CBOR_TWICE, CBX_CBOR_LONG },
	{ "a2616100616101", CBX_CBOR_TWICE, CBX_CBOR_TWICE },
	{ "a2616100416101", CBX_CBOR_FINE, CBX_CBOR_UNSORTED },
	{ "81a201020103", CBX_CBOR_TWICE, CBX_CBOR_TWICE },
	{ "a18000", CBX_CBOR_UNSUPPORTED, CBX_CBOR_UNSUPPORTED },
	{ "a1f400", CBX_CBOR_UNSUPPORTED, CBX_CBOR_UNSUPPORTED },
	{ "a1c00000", CBX_CBOR_UNSUPPORTED, CBX_CBOR_UNSUPPORTED },
	/* text: longer than it has to be, surrogate, past the last, cut off */
	{ "63e282ac", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "64f09f9880", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "62c080", CBX_CBOR_NOT_UTF8, CBX_CBOR_NOT_UTF8 },
	{ "63eda080", CBX_CBOR_NOT_UTF8, CBX_CBOR_NOT_UTF8 },
	{ "64f4908080", CBX_CBOR_NOT_UTF8, CBX_CBOR_NOT_UTF8 },
	{ "62e282", CBX_CBOR_NOT_UTF8, CBX_CBOR_NOT_UTF8 },
	{ "6180", CBX_CBOR_NOT_UTF8, CBX_CBOR_NOT_UTF8 },
	{ "62c361", CBX_CBOR_NOT_UTF8, CBX_CBOR_NOT_UTF8 },
	{ "61ff", CBX_CBOR_NOT_UTF8, CBX_CBOR_NOT_UTF8 },
	/* eight arrays in each other, nine, and nine tags */
	{ "8181818181818180", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "818181818181818100", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "81818181818181818100", CBX_CBOR_DEEP, CBX_CBOR_DEEP },
	{ "c0c0c0c0c0c0c0c0c000", CBX_CBOR_DEEP, CBX_CBOR_DEEP },
	/* 15 entries and their array are 16 */
	{ "8f000000000000000000000000000000", CBX_CBOR_FINE, CBX_CBOR_FINE },
	{ "9000000000000000000000000000000000", CBX_CBOR_MANY, CBX_CBOR_MANY },
};

static void what_is_not_well_formed_is_refused(void **state)
{
	struct cbx_cbor items[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		enum cbx_cbor_error any = decode(encodings[i].text, 0, items);
		enum cbx_cbor_error deterministic = decode(
			encodings[i].text, CBX_CBOR_DETERMINISTIC, items);
		enum cbx_cbor_error shortest =
			decode(encodings[i].text, CBX_CBOR_SHORTEST, items);

		assert_int_equal(shortest,
			deterministic == CBX_CBOR_LONG ? CBX_CBOR_LONG : any);
		if (any != encodings[i].any ||
			deterministic != encodings[i].deterministic) {
			fail_msg("%s: %s, %s", encodings[i].text,
				cbx_cbor_error_text(any),
				cbx_cbor_error_text(deterministic));
		}
	}
}

static void every_error_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i <= CBX_CBOR_NOT_UTF8; i++) {
		const char *text = cbx_cbor_error_text((enum cbx_cbor_error)i);

		assert_string_not_equal(text, "unknown");
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(text,
				cbx_cbor_error_text((enum cbx_cbor_error)j));
		}
	}
}

static void items_are_found(void **state)
{
	struct cbx_cbor items[ROOM];
	const struct cbx_cbor *map;
	const struct cbx_cbor *array;
	int64_t value;

	(void)state;
	/* 18({1: -7, "a": [true, null, h'0102', "x"], -1: 5}) */
	assert_int_equal(decode("d2a30126616184f5f64201026178 2005", 0, items),
		CBX_CBOR_FINE);
	assert_null(cbx_cbor_tagged(items, 17));
	map = cbx_cbor_tagged(items, 18);
	assert_non_null(map);
	assert_int_equal(map->number, 3);
	assert_true(cbx_cbor_is(cbx_cbor_find(map, 1), -7));
	assert_true(cbx_cbor_is(cbx_cbor_find(map, -1), 5));
	assert_null(cbx_cbor_find(map, 2));
	assert_null(cbx_cbor_find(items, 1)); /* the tag is no map */
	assert_null(cbx_cbor_find(NULL, 1));
	array = cbx_cbor_find_text(map, "a");
	assert_non_null(array);
	assert_null(cbx_cbor_find_text(map, "ab"));
	assert_int_equal(cbx_cbor_at(array, 0)->kind, CBX_CBOR_FLAG);
	assert_int_equal(cbx_cbor_at(array, 0)->number, 1);
	assert_int_equal(cbx_cbor_at(array, 1)->kind, CBX_CBOR_NULL);
	assert_hex(cbx_cbor_at(array, 2)->bytes.bytes, "0102");
	assert_true(cbx_cbor_is_text(cbx_cbor_at(array, 3), "x"));
	assert_false(cbx_cbor_is_text(cbx_cbor_at(array, 3), "y"));
	assert_null(cbx_cbor_at(array, 4));
	assert_null(cbx_cbor_at(map, 0));
	assert_null(cbx_cbor_at(NULL, 0));
	assert_false(cbx_cbor_integer(array, &value));
	assert_int_equal(array->whole.size, 8);
	assert_hex(array->whole.bytes, "84f5f64201026178");
	assert_int_equal(items->whole.size, 16);
}

static void numbers_that_do_not_fit_are_none(void **state)
{
	struct cbx_cbor items[ROOM];
	int64_t value = 0;

	(void)state;
	assert_int_equal(decode("1b7fffffffffffffff", 0, items), CBX_CBOR_FINE);
	assert_true(cbx_cbor_integer(items, &value));
	assert_true(value == INT64_MAX);
	assert_int_equal(decode("3b7fffffffffffffff", 0, items), CBX_CBOR_FINE);
	assert_true(cbx_cbor_integer(items, &value));
	assert_true(value == INT64_MIN);
	assert_int_equal(decode("1b8000000000000000", 0, items), CBX_CBOR_FINE);
	assert_false(cbx_cbor_integer(items, &value));
	assert_int_equal(decode("3b8000000000000000", 0, items), CBX_CBOR_FINE);
	assert_false(cbx_cbor_integer(items, &value));
}

static void write_all(struct cbx_cbor_writer *writer)
{
	cbx_cbor_put_tag(writer, 18);
	cbx_cbor_put_array(writer, 7);
	cbx_cbor_put_uint(writer, 1000000);
	cbx_cbor_put_int(writer, -75001);
	cbx_cbor_put_int(writer, INT64_MIN);
	cbx_cbor_put_bytes(writer, "ab", 2);
	cbx_cbor_put_map(writer, 2);
	cbx_cbor_put_int(writer, 23);
	cbx_cbor_put_flag(writer, false);
	cbx_cbor_put_text(writer, "key");
	cbx_cbor_put_null(writer);
	cbx_cbor_put_bytes(writer, NULL, 0);
	cbx_cbor_put_encoded(
		writer, (struct cbx_span){ (const uint8_t *)"\x18\x18", 2 });
}

static void what_is_written_is_read_back(void **state)
{
	static const char wanted[] =
		"d2871a000f42403a000124f83b7fffffffffffffff426162a217f4636b6579"
		"f6401818";
	struct cbx_cbor items[ROOM];
	uint8_t room[64];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };

	(void)state;
	write_all(&writer);
	assert_int_equal(cbx_cbor_written(&writer).size, hex(wanted).size);
	assert_hex(room, wanted);
	assert_int_equal(cbx_cbor_decode(cbx_cbor_written(&writer),
				 CBX_CBOR_DETERMINISTIC, items, ROOM),
		CBX_CBOR_FINE);
}

static void what_finds_no_room_is_not_written(void **state)
{
	uint8_t room[64];
	struct cbx_cbor_writer whole = { .bytes = room, .size = sizeof(room) };

	(void)state;
	write_all(&whole);
	for (size_t size = 0; size < whole.used; size++) {
		uint8_t *small = malloc(size + 1);
		struct cbx_cbor_writer writer = { .bytes = small,
			.size = size };

		small[size] = 0x5a;
		write_all(&writer);
		assert_int_equal(cbx_cbor_written(&writer).size, 0);
		assert_true(writer.used <= size);
		assert_int_equal(small[size], 0x5a);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_well_formed_is_refused),
		cmocka_unit_test(every_error_has_a_text_of_its_own),
		cmocka_unit_test(items_are_found),
		cmocka_unit_test(numbers_that_do_not_fit_are_none),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(what_finds_no_room_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <stdio.h>

#include <client/image.h>

static struct cbx_image *new_image(void)
{
	struct cbx_image *image = cbx_image_new();

	assert_non_null(image);
	image->policy = (struct cbx_policy){ .version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 64,
		.wake_step = 1000000 };
	image->reserve_pages = 16;
	return image;
}

static enum cbx_status append(
	struct cbx_image *image, uint64_t va, uint64_t pages, uint64_t rights)
{
	struct cbx_segment segment = { va, pages, rights, 0, NULL, NULL };

	return cbx_image_append(image, &segment);
}

static void segments_in_order_are_taken(void **state)
{
	struct cbx_image *image = new_image();

	(void)state;
	assert_int_equal(append(image, 0x10000, 1, 1), CBX_OK);
	assert_int_equal(append(image, 0x11000, 5, 3), CBX_OK);
	assert_int_equal(append(image, CBX_VA_MAX - 4096, 1, 7), CBX_OK);
	assert_int_equal(image->segment_count, 3);
	cbx_image_destroy(image);
}

static void malformed_segments_are_refused(void **state)
{
	struct cbx_image *image = new_image();
	struct cbx_segment fat = { 0x40000, 1, 1, 4097, NULL, NULL };
	const struct {
		uint64_t va, pages, rights;
	} bad[] = {
		{ 0x20000, 0, 1 },		       /* no pages */
		{ 0x20001, 1, 1 },		       /* inside a page */
		{ 0, 1, 1 },			       /* below the lowest */
		{ CBX_VA_MAX, 1, 1 },		       /* above the highest */
		{ CBX_VA_MAX - 4096, 2, 1 },	       /* across it */
		{ 0x20000, UINT64_MAX, 1 },	       /* wraps */
		{ 0x20000, UINT64_MAX / 4096 + 1, 1 }, /* wraps in bytes */
		{ 0x20000, CBX_IMAGE_PAGES_MAX, 1 },   /* two too many */
		{ 0x20000, 1, 0 },		       /* no rights */
		{ 0x20000, 1, 8 },		       /* unknown rights */
		{ 0x10000, 1, 1 },		       /* overlaps */
		{ 0x11000, 1, 1 },		       /* overlaps its end */
	};

	(void)state;
	assert_int_equal(append(image, 0x10000, 2, 1), CBX_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			append(image, bad[i].va, bad[i].pages, bad[i].rights),
			CBX_E_INVALID);
	}
	assert_int_equal(cbx_image_append(image, &fat), CBX_E_INVALID);
	assert_int_equal(image->segment_count, 1);
	cbx_image_destroy(image);
}

static void one_segment_too_many_is_refused(void **state)
{
	struct cbx_image *image = new_image();

	(void)state;
	for (uint64_t i = 0; i < CBX_IMAGE_SEGMENTS_MAX; i++) {
		assert_int_equal(
			append(image, 0x10000 + i * 4096, 1, 1), CBX_OK);
	}
	assert_int_equal(append(image, 0x10000000, 1, 1), CBX_E_INVALID);
	cbx_image_destroy(image);
}

/* Every table of a four-level tree that maps the segments, counted by hand. */
static void tables_are_counted_exactly(void **state)
{
	struct cbx_image *image = new_image();

	(void)state;
	assert_int_equal(cbx_image_tables(image), 1);
	assert_int_equal(append(image, 0x200000, 1, 1), CBX_OK);
	assert_int_equal(cbx_image_tables(image), 1 + 1 + 1 + 1);
	/* The same lowest table. */
	assert_int_equal(append(image, 0x3ff000, 1, 1), CBX_OK);
	assert_int_equal(cbx_image_tables(image), 4);
	/* Across a 2 MiB border: one more of the lowest. */
	assert_int_equal(append(image, 0x5ff000, 2, 1), CBX_OK);
	assert_int_equal(cbx_image_tables(image), 6);
	/* Another gigabyte: one more of the two lower levels. */
	assert_int_equal(append(image, 0x40000000, 1, 1), CBX_OK);
	assert_int_equal(cbx_image_tables(image), 8);
	/* Another half terabyte: one more of all three. */
	assert_int_equal(append(image, 0x600000000000, 513, 1), CBX_OK);
	assert_int_equal(cbx_image_tables(image), 12);
	cbx_image_destroy(image);
}

/* The expected value was computed from doc/measurement.md with Python's
 * hashlib. */
static void the_measurement_is_the_documented_chain(void **state)
{
	static const char expected[] =
		"d4d739d815e7ed00ea7127767b8d120ff2355581ed5394ce"
		"d0ee32dd3180029e42e0e77fd1d2f979e69ed1166b73d0d8";
	struct cbx_image *image = new_image();
	uint8_t *bytes = malloc(5000);
	struct cbx_segment data = { 0x600000000000, 3, 5, 5000, bytes, bytes };
	uint8_t digest[CBX_DIGEST_BYTES];
	char text[2 * CBX_DIGEST_BYTES + 1];

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < 5000; i++) {
		bytes[i] = (uint8_t)(i % 251);
	}
	assert_int_equal(cbx_image_append(image, &data), CBX_OK);
	image->entry = 0x600000000010;
	image->stack = 0x630000010000;
	image->arg = 0x610000000000;
	assert_int_equal(cbx_image_measure(image, digest), CBX_OK);
	for (size_t i = 0; i < CBX_DIGEST_BYTES; i++) {
		(void)snprintf(&text[2 * i], 3, "%02x", digest[i]);
	}
	assert_string_equal(text, expected);
	/* One bit anywhere changes it. */
	bytes[4999] ^= 1;
	assert_int_equal(cbx_image_measure(image, digest), CBX_OK);
	(void)snprintf(text, sizeof(text), "%02x%02x", digest[0], digest[1]);
	assert_memory_not_equal(text, expected, 4);
	cbx_image_destroy(image);
}

static void info_tells_what_a_context_needs(void **state)
{
	struct cbx_image_info info = { .size = sizeof(info) };
	struct cbx_image *image = new_image();

	(void)state;
	assert_int_equal(append(image, 0x10000, 3, 1), CBX_OK);
	assert_int_equal(cbx_image_query(image, &info), CBX_OK);
	assert_int_equal(info.page_count, 3);
	assert_int_equal(info.reserve_pages, 16);
	assert_true(info.memory_bytes >= 19 * CBX_PAGE_SIZE);
	assert_int_equal(info.policy.threads_max, 64);
	info.size = 3;
	assert_int_equal(cbx_image_query(image, &info), CBX_E_INVALID);
	cbx_image_destroy(image);
}

static void policies_out_of_range_are_refused(void **state)
{
	struct cbx_image *image = new_image();
	struct cbx_policy good = image->policy;
	struct cbx_policy p;

	(void)state;
	cbx_image_destroy(image);
	assert_true(cbx_policy_valid(&good));
#define REFUSED(field, value)                       \
	do {                                        \
		p = good;                           \
		p.field = (value);                  \
		assert_false(cbx_policy_valid(&p)); \
	} while (0)
	REFUSED(version, 1);
	REFUSED(flags, CBX_POLICY_FLAGS + 1);
	REFUSED(features, CBX_FEATURE_AVX);
	REFUSED(features, CBX_FEATURES + 2);
	REFUSED(output_pages, 0);
	REFUSED(output_pages, CBX_IO_PAGES_MAX + 1);
	REFUSED(threads_max, 0);
	REFUSED(threads_max, 1025);
	REFUSED(wake_step, 0);
	REFUSED(rule_count, CBX_POLICY_RULES + 1);
	REFUSED(reserved, 1);
	REFUSED(rule[0].value[2], 9);
	REFUSED(rule[0].text_bytes, CBX_POLICY_TEXT + 1);
#undef REFUSED
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_in_order_are_taken),
		cmocka_unit_test(malformed_segments_are_refused),
		cmocka_unit_test(one_segment_too_many_is_refused),
		cmocka_unit_test(tables_are_counted_exactly),
		cmocka_unit_test(the_measurement_is_the_documented_chain),
		cmocka_unit_test(info_tells_what_a_context_needs),
		cmocka_unit_test(policies_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

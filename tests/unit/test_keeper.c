/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keeper/serve.h>

#define PAGE CBX_PAGE_SIZE
#define ALL  sizeof(data)

static struct cbx_desk desk;
static uint8_t data[CBX_DESK_DATA_PAGES * CBX_PAGE_SIZE];

/* Byte i of the data is i mod 251, so that no two pages are alike. */
static int fill_desk(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(i % 251);
	}
	desk = (struct cbx_desk){
		.op = CBX_DESK_EXTEND,
		.count = 1,
		.record = { .kind = "page",
			.address = 0x1000,
			.info = 3,
			.length = CBX_PAGE_SIZE },
		.last_length = CBX_PAGE_SIZE,
	};
	return 0;
}

static unsigned int nibble(char c)
{
	return c >= 'a' ? (unsigned int)(c - 'a' + 10)
			: (unsigned int)(c - '0');
}

static void parse_hex(const char *hex, uint8_t *bytes, size_t size)
{
	assert_int_equal(strspn(hex, "0123456789abcdef"), 2 * size);
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(nibble(hex[2 * i]) << 4 |
				     nibble(hex[2 * i + 1]));
	}
}

static void assert_digest(const char *hex)
{
	uint8_t expected[CBX_DIGEST_BYTES];

	parse_hex(hex, expected, sizeof(expected));
	assert_memory_equal(desk.digest, expected, sizeof(expected));
}

static void serve_ok(void)
{
	assert_int_equal(cbx_keeper_serve(&desk, data, sizeof(data)), CBX_OK);
}

/* The digests here were computed with Python's hashlib from the words of
 * doc/measurement.md. */
static void three_pages_extend_as_three_records(void **state)
{
	(void)state;
	desk.count = 3;
	desk.last_length = 100;
	serve_ok();
	assert_digest("09aec9b04db23abaf0405115dfb85e472c318cba4ca36880334b0259"
		      "de3f1e11e7a4f34fcd00e42482bd68e30dcae928");
}

static void a_full_desk_extends(void **state)
{
	(void)state;
	desk.count = CBX_DESK_DATA_PAGES;
	serve_ok();
	assert_digest("ed2206c01a49ea097712a07cfc65f309cae59b617263ce68f3ddc623"
		      "f3da9267065bcbdddd00befa05d142bbbe8537e8");
}

static void a_record_without_data_extends(void **state)
{
	(void)state;
	desk.record = (struct cbx_record){ .kind = "finalize" };
	desk.last_length = 0;
	assert_int_equal(cbx_keeper_serve(&desk, NULL, 0), CBX_OK);
	assert_digest("e68e67037c47479204f06209a08f5a77136c0655cea0fa7e9ab024b8"
		      "cf3e87d1e020b2c4e64e798830e7a10cccad025d");
}

static void a_chain_goes_on_from_the_digest_on_the_desk(void **state)
{
	(void)state;
	uint8_t once[CBX_DIGEST_BYTES];

	desk.count = 2;
	serve_ok();
	memcpy(once, desk.digest, sizeof(once));

	fill_desk(NULL);
	serve_ok();
	desk.record.address += CBX_PAGE_SIZE;
	assert_int_equal(
		cbx_keeper_serve(&desk, data + CBX_PAGE_SIZE, CBX_PAGE_SIZE),
		CBX_OK);
	assert_memory_equal(desk.digest, once, sizeof(once));
}

static void the_last_record_has_its_own_length(void **state)
{
	(void)state;
	uint8_t plain[CBX_DIGEST_BYTES];

	serve_ok();
	memcpy(plain, desk.digest, sizeof(plain));

	fill_desk(NULL);
	desk.record.length = 7;
	serve_ok();
	assert_memory_equal(desk.digest, plain, sizeof(plain));

	fill_desk(NULL);
	desk.count = 2;
	desk.record.length = 7;
	desk.last_length = 9;
	serve_ok();
	assert_digest("51096df53260377f80f746967b6b702b113a4e1fa5f852f3e76cbcbf"
		      "e3de5aaa0694e3dff00f087a6451807a9db64053");
}

static void records_without_data_come_in_hundreds(void **state)
{
	(void)state;
	desk.record.length = 0;
	desk.last_length = 0;
	desk.count = CBX_RANGE_PAGES_MAX;
	assert_int_equal(cbx_keeper_serve(&desk, NULL, 0), CBX_OK);
	assert_digest("fe1de92d6989ad9c5ad00bef06bddc3f5fec25aa5a642b6c68f1594a"
		      "d7542dabd2312f464691391d069dd472aa8c25bb");
}

/* Each field of a record, and each byte of its data, changes the digest. */
static void everything_in_a_record_counts(void **state)
{
	(void)state;
	uint8_t plain[CBX_DIGEST_BYTES];

	serve_ok();
	memcpy(plain, desk.digest, sizeof(plain));
	for (int field = 0; field < 6; field++) {
		fill_desk(NULL);
		desk.record.kind[7] = field == 0;
		desk.record.address += field == 1;
		desk.record.info += field == 2;
		desk.record.info2 += field == 3;
		desk.last_length -= field == 4;
		data[CBX_PAGE_SIZE - 1] ^= field == 5;
		serve_ok();
		assert_memory_not_equal(desk.digest, plain, sizeof(plain));
	}
}

static void assert_refused(enum cbx_status expected, size_t data_bytes)
{
	struct cbx_desk before;

	memset(desk.digest, 0x5a, sizeof(desk.digest));
	before = desk;
	assert_int_equal(cbx_keeper_serve(&desk, data, data_bytes), expected);
	assert_memory_equal(&desk, &before, sizeof(desk));
}

static void an_unknown_operation_is_unsupported(void **state)
{
	(void)state;
	const uint64_t op[] = { CBX_DESK_NONE, CBX_DESK_LETTER + 1,
		CBX_DESK_EXTEND | 1ull << 32, UINT64_MAX };

	for (size_t i = 0; i < sizeof(op) / sizeof(op[0]); i++) {
		desk.op = op[i];
		assert_refused(CBX_E_UNSUPPORTED, sizeof(data));
	}
}

static void a_report_is_there_as_a_whole(void **state)
{
	(void)state;
	const uint64_t op[] = { CBX_DESK_REPORT, CBX_DESK_REPORT_CHECK };

	for (size_t i = 0; i < sizeof(op) / sizeof(op[0]); i++) {
		desk.op = op[i];
		assert_refused(CBX_E_INVALID, sizeof(struct cbx_report) - 1);
	}
}

static void malformed_requests_change_nothing(void **state)
{
	(void)state;
	static const struct {
		uint64_t count, address, length, last_length;
		size_t data_bytes;
	} bad[] = {
		{ 0, 0, PAGE, 0, ALL },
		{ CBX_DESK_DATA_PAGES + 1, 0, PAGE, 0, ALL },
		{ CBX_DESK_DATA_PAGES + 1, 0, 0, 1, ALL },
		{ CBX_RANGE_PAGES_MAX + 1, 0, 0, 0, ALL },
		{ UINT64_MAX, 0, 0, 0, ALL },
		{ 1ull << 52, 0, PAGE, 0, ALL },
		{ 1, 0, PAGE, PAGE + 1, ALL },
		{ 1, 0, PAGE, UINT64_MAX, ALL },
		{ 2, 0, PAGE + 1, PAGE, ALL },
		{ 1, 0, UINT64_MAX, PAGE, ALL },
		{ 1, 0, 0, 1, 0 },
		{ 2, 0, PAGE, 0, PAGE - 1 },
		{ 2, 0, PAGE, 2, PAGE + 1 },
		{ CBX_DESK_DATA_PAGES, 0, PAGE, PAGE, ALL - 1 },
		{ 2, UINT64_MAX - PAGE + 1, PAGE, 0, ALL },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		desk.count = bad[i].count;
		desk.record.address = bad[i].address;
		desk.record.length = bad[i].length;
		desk.last_length = bad[i].last_length;
		assert_refused(CBX_E_INVALID, bad[i].data_bytes);
	}
}

static void the_tightest_requests_are_served(void **state)
{
	(void)state;
	desk.count = 2;
	desk.last_length = 1;
	desk.record.address = UINT64_MAX - CBX_PAGE_SIZE;
	assert_int_equal(
		cbx_keeper_serve(&desk, data, CBX_PAGE_SIZE + 1), CBX_OK);

	fill_desk(NULL);
	desk.count = 2;
	desk.last_length = 0;
	assert_int_equal(cbx_keeper_serve(&desk, data, CBX_PAGE_SIZE), CBX_OK);

	fill_desk(NULL);
	desk.record.address = UINT64_MAX;
	serve_ok();
}

/* Fill the data as the document's recipe says. */
static void take_recipe(const char *recipe, size_t length)
{
	size_t count = 0;

	if (strncmp(recipe, "hex:", 4) == 0) {
		parse_hex(recipe + 4, data, length);
	} else if (strncmp(recipe, "zeros:", 6) == 0) {
		memset(data, 0, length);
		parse_hex(recipe + 6, data, strlen(recipe + 6) / 2);
	} else if (strcmp(recipe, "-") == 0) {
		assert_int_equal(length, 0);
	} else {
		assert_int_equal(sscanf(recipe, "count:%zu", &count), 1);
		assert_int_equal(count, length);
		fill_desk(NULL);
	}
}

/* Serve one record line; false when the line is none. */
static bool serve_line(const char *line)
{
	char kind[9];
	char recipe[1024];
	uint64_t address, info, info2, length;

	if (sscanf(line,
		    "%8s %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNu64
		    " %1023s",
		    kind, &address, &info, &info2, &length, recipe) != 6) {
		return false;
	}

	uint8_t digest[CBX_DIGEST_BYTES];

	memcpy(digest, desk.digest, sizeof(digest));
	take_recipe(recipe, (size_t)length);
	desk = (struct cbx_desk){
		.op = CBX_DESK_EXTEND,
		.count = 1,
		.record = { .address = address, .info = info, .info2 = info2 },
		.last_length = length,
	};
	memcpy(desk.record.kind, kind, strlen(kind));
	memcpy(desk.digest, digest, sizeof(digest));
	serve_ok();
	return true;
}

static unsigned int check_example(FILE *file)
{
	static char line[4096];
	unsigned int checked = 0;

	while (fgets(line, sizeof(line), file) != NULL &&
		strncmp(line, "```", 3) != 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#') {
			memset(desk.digest, 0, sizeof(desk.digest));
		} else if (strncmp(line, "  = ", 4) == 0) {
			assert_digest(line + 4);
			checked++;
		} else {
			assert_true(serve_line(line));
		}
	}
	return checked;
}

static void the_document_s_example_is_right(void **state)
{
	(void)state;
	static char line[4096];
	const char *path = getenv("CBX_MEASUREMENT_MD");
	unsigned int checked = 0;

	assert_non_null(path);

	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strcmp(line, "```example\n") == 0) {
			checked += check_example(file);
		}
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(checked, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			three_pages_extend_as_three_records, fill_desk),
		cmocka_unit_test_setup(a_full_desk_extends, fill_desk),
		cmocka_unit_test_setup(
			a_record_without_data_extends, fill_desk),
		cmocka_unit_test_setup(
			a_chain_goes_on_from_the_digest_on_the_desk, fill_desk),
		cmocka_unit_test_setup(
			the_last_record_has_its_own_length, fill_desk),
		cmocka_unit_test_setup(
			records_without_data_come_in_hundreds, fill_desk),
		cmocka_unit_test_setup(
			everything_in_a_record_counts, fill_desk),
		cmocka_unit_test_setup(
			an_unknown_operation_is_unsupported, fill_desk),
		cmocka_unit_test_setup(a_report_is_there_as_a_whole, fill_desk),
		cmocka_unit_test_setup(
			malformed_requests_change_nothing, fill_desk),
		cmocka_unit_test_setup(
			the_tightest_requests_are_served, fill_desk),
		cmocka_unit_test_setup(
			the_document_s_example_is_right, fill_desk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

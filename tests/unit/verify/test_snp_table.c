/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of certificates that comes with an extended report.
 */
#include "unit.h"

#include "snp_case.h"

#include <verify/chain.h>
#include <verify/roots.h>
#include <verify/snp.h>

#define ROOM 16384u

static const uint8_t ark[16] = { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
	0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae };
static const uint8_t ask[16] = { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
	0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 };
static const uint8_t vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45,
	0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
static const uint8_t vlek[16] = { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48,
	0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 };
static const uint8_t unknown[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15, 16 };

struct table {
	uint8_t bytes[ROOM];
	size_t entries;
	size_t end;
};

static void put_le32(uint8_t *at, size_t number)
{
	for (size_t i = 0; i < 4; i++) {
		at[i] = (uint8_t)(number >> 8 * i);
	}
}

/* A table with room for 8 entries. */
static void begin(struct table *table)
{
	*table = (struct table){ .end = 9 * (size_t)24 };
}

static void put(
	struct table *table, const uint8_t *guid, struct cbx_span content)
{
	uint8_t *entry = table->bytes + table->entries++ * 24;

	assert_true(table->end + content.size <= ROOM);
	memcpy(entry, guid, 16);
	put_le32(entry + 16, table->end);
	put_le32(entry + 20, content.size);
	memcpy(table->bytes + table->end, content.bytes, content.size);
	table->end += content.size;
}

/* Offset and length of an entry. */
static void point(
	struct table *table, size_t entry, size_t offset, size_t length)
{
	put_le32(table->bytes + entry * 24 + 16, offset);
	put_le32(table->bytes + entry * 24 + 20, length);
}

static enum cbx_refusal run(struct snp_case *test, const struct table *table)
{
	struct cbx_span all = { table->bytes, table->end };
	uint8_t *copy = evidence_copy(all, table->end);
	enum cbx_refusal refusal;

	test->table = (struct cbx_span){ copy, table->end };
	refusal = snp_case_run(test);
	test->table = (struct cbx_span){ 0 };
	free(copy);
	return refusal;
}

/* The sample without its certificate, which is in the table. */
static void start(struct snp_case *test, struct table *table, size_t sample)
{
	snp_case_sample(test, &snp_samples[sample]);
	begin(table);
	put(table, snp_samples[sample].provider == NULL ? vcek : vlek,
		test->certificates[0]);
	evidence_free(test->certificates[0]);
	test->count = 0;
}

static void a_table_is_as_good_as_certificates(void **state)
{
	struct table *table = malloc(sizeof(*table));

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < SNP_SAMPLES; i++) {
		struct snp_case test;

		start(&test, table, i);
		assert_int_equal(run(&test, table), CBX_ACCEPTED);
		put(table, unknown, cbx_span_text("no certificate"));
		assert_int_equal(run(&test, table), CBX_ACCEPTED);
		put(table, ask, cbx_root_file(CBX_ROOT_ASK_MILAN));
		put(table, ark, cbx_root_file(CBX_ROOT_ARK_MILAN));
		table->end += 4096; /* pages end where they end */
		assert_int_equal(run(&test, table), CBX_ACCEPTED);
		snp_case_free(&test);
	}
	free(table);
}

static void an_empty_table_has_nothing(void **state)
{
	struct table *table = malloc(sizeof(*table));
	struct snp_case test;

	(void)state;
	assert_non_null(table);
	start(&test, table, 0);
	begin(table);
	assert_int_equal(run(&test, table), CBX_REFUSED_CERTIFICATE);
	assert_string_equal(cbx_verdict_detail(test.verdict),
		"no certificate of a VCEK is there");
	snp_case_free(&test);
	free(table);
}

static void entries_lie_within_the_table_and_apart(void **state)
{
	static const struct {
		size_t entry;
		size_t offset;
		size_t length;
	} rows[] = {
		{ 1, 300, 14 },		       /* upon the VCEK */
		{ 1, 215, 2 },		       /* across its begin */
		{ 1, 216 + 1360 - 1, 1 },      /* upon its last byte */
		{ 1, 216, 1360 + 14 },	       /* around it */
		{ 1, 0, 14 },		       /* upon the table */
		{ 1, 71, 2 },		       /* upon its last byte */
		{ 1, 216 + 1360, 15 },	       /* one past the end */
		{ 1, 216 + 1360 + 14, 1 },     /* behind the end */
		{ 1, 216 + 1360 + 15, 0 },     /* nowhere */
		{ 1, 216 + 1360, 0 },	       /* empty */
		{ 1, 0xffffffff, 1 },	       /* all the way out */
		{ 1, 1, 0xffffffff },	       /* and around */
		{ 1, 0xffffffff, 0xffffffff }, /* both */
		{ 0, 0xfffffff0, 0x20 },       /* the VCEK */
		{ 0, 216, 0 },		       /* an empty one */
	};
	struct table *table = malloc(sizeof(*table));
	struct snp_case test;

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&test, table, 0);
		put(table, unknown, cbx_span_text("no certificate"));
		point(table, rows[i].entry, rows[i].offset, rows[i].length);
		if (run(&test, table) != CBX_REFUSED_CERTIFICATE ||
			strncmp(cbx_verdict_detail(test.verdict),
				"the certificate table: ", 23) != 0) {
			print_error("row %zu: %s\n", i,
				cbx_verdict_detail(test.verdict));
			fail();
		}
		snp_case_free(&test);
	}
	free(table);
}

static void nothing_is_there_twice(void **state)
{
	struct table *table = malloc(sizeof(*table));
	struct snp_case test;

	(void)state;
	assert_non_null(table);
	start(&test, table, 0);
	put(table, unknown, cbx_span_text("1"));
	assert_int_equal(run(&test, table), CBX_ACCEPTED);
	put(table, unknown, cbx_span_text("2"));
	assert_int_equal(run(&test, table), CBX_REFUSED_CERTIFICATE);
	snp_case_free(&test);
	free(table);
}

static void a_table_ends_and_is_not_too_long(void **state)
{
	struct table *table = malloc(sizeof(*table));
	struct snp_case test;

	(void)state;
	assert_non_null(table);
	start(&test, table, 0);
	for (size_t end = 1; end < 48; end++) {
		table->end = end;
		assert_int_equal(run(&test, table), CBX_REFUSED_CERTIFICATE);
	}
	begin(table);
	for (size_t i = 0; i < 33; i++) {
		uint8_t *entry = table->bytes + i * 24;

		memcpy(entry, unknown, 16);
		entry[0] = (uint8_t)i;
		put_le32(entry + 16, 4096 + i);
		put_le32(entry + 20, 1);
	}
	table->end = 8192;
	assert_int_equal(run(&test, table), CBX_REFUSED_CERTIFICATE);
	assert_string_equal(cbx_verdict_detail(test.verdict),
		"the certificate table: too many entries");
	snp_case_free(&test);
	free(table);
}

static void a_table_is_at_most_a_mebibyte(void **state)
{
	struct table *table = malloc(sizeof(*table));
	uint8_t *bytes = calloc(1, CBX_CHAIN_FILE + 1);
	struct snp_case test;

	(void)state;
	assert_non_null(table);
	assert_non_null(bytes);
	start(&test, table, 0);
	memcpy(bytes, table->bytes, table->end);
	test.table = (struct cbx_span){ bytes, CBX_CHAIN_FILE };
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	test.table.size++;
	assert_int_equal(snp_case_run(&test), CBX_REFUSED_CERTIFICATE);
	assert_string_equal(cbx_verdict_detail(test.verdict),
		"the certificate table: it is too large");
	snp_case_free(&test);
	free(bytes);
	free(table);
}

static void what_is_called_a_certificate_is_one(void **state)
{
	struct table *table = malloc(sizeof(*table));
	struct snp_case test;

	(void)state;
	assert_non_null(table);
	start(&test, table, 0);
	put(table, ask, cbx_span_text("no certificate"));
	assert_int_equal(run(&test, table), CBX_REFUSED_CERTIFICATE);
	snp_case_free(&test);
	free(table);
}

/* Every bit of the table itself: refused, unless it is a bit of the name of an
 * entry nobody needs. */
static void a_damaged_table_is_refused(void **state)
{
	struct table *table = malloc(sizeof(*table));
	struct snp_case test;

	(void)state;
	assert_non_null(table);
	start(&test, table, 0);
	for (size_t bit = 0; bit < 24 * (size_t)8; bit++) {
		table->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(run(&test, table), CBX_REFUSED_CERTIFICATE);
		table->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(run(&test, table), CBX_ACCEPTED);
	for (size_t size = 0; size < table->end; size++) {
		size_t whole = table->end;

		table->end = size;
		assert_int_equal(run(&test, table), CBX_REFUSED_CERTIFICATE);
		table->end = whole;
	}
	snp_case_free(&test);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_as_good_as_certificates),
		cmocka_unit_test(an_empty_table_has_nothing),
		cmocka_unit_test(entries_lie_within_the_table_and_apart),
		cmocka_unit_test(nothing_is_there_twice),
		cmocka_unit_test(a_table_ends_and_is_not_too_long),
		cmocka_unit_test(a_table_is_at_most_a_mebibyte),
		cmocka_unit_test(what_is_called_a_certificate_is_one),
		cmocka_unit_test(a_damaged_table_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

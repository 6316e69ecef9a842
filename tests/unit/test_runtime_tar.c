/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's archive reader: what it accepts, and that no bytes harm it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/tar.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512u

/* Write the sum over a header, the sum itself counted as spaces. */
static void seal(uint8_t *block)
{
	unsigned sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++) {
		sum += block[i];
	}
	snprintf((char *)block + 148, 8, "%06o", sum);
}

/* A member's header, as POSIX.1-1988 says. */
static void put_header(uint8_t *block, const char *name, char type, size_t size)
{
	char *text = (char *)block;

	memset(block, 0, BLOCK);
	snprintf(text, 101, "%s", name);
	snprintf(text + 100, 8, "%07o", 0751);
	snprintf(text + 108, 8, "%07o", 5);
	snprintf(text + 116, 8, "%07o", 6);
	snprintf(text + 124, 12, "%011zo", size & 077777777777);
	snprintf(text + 136, 12, "%011o", 1000);
	text[156] = type;
	memcpy(text + 257,
		"ustar\0"
		"00",
		8);
	seal(block);
}

static enum cbx_tar_status read_at(const uint8_t *archive, size_t bytes,
	uint64_t *offset, struct cbx_tar_entry *entry)
{
	/* a copy of exactly these bytes: a sanitizer sees any beyond */
	uint8_t *exact = malloc(bytes == 0 ? 1 : bytes);
	enum cbx_tar_status status;

	assert_non_null(exact);
	memcpy(exact, archive, bytes);
	status = cbx_tar_read(exact, bytes, offset, entry);
	if (status == CBX_TAR_NEXT) {
		assert_in_range(entry->bytes - exact, 0, bytes);
		assert_in_range(
			entry->size, 0, bytes - (size_t)(entry->bytes - exact));
		entry->bytes = archive + (entry->bytes - exact);
	}
	free(exact);
	return status;
}

static void a_file_has_its_attributes_and_bytes(void **state)
{
	uint8_t archive[4 * BLOCK] = { 0 };
	struct cbx_tar_entry entry;
	uint64_t offset = 0;

	(void)state;
	put_header(archive, "dir/name", '0', 5);
	memcpy(archive + BLOCK, "hello", 5);
	assert_int_equal(read_at(archive, sizeof(archive), &offset, &entry),
		CBX_TAR_NEXT);
	assert_int_equal(entry.kind, CBX_TAR_FILE);
	assert_string_equal(entry.path, "dir/name");
	assert_int_equal(entry.mode, 0751);
	assert_int_equal(entry.uid, 5);
	assert_int_equal(entry.gid, 6);
	assert_int_equal(entry.mtime, 1000);
	assert_int_equal(entry.size, 5);
	assert_memory_equal(entry.bytes, "hello", 5);
	assert_int_equal(offset, 2 * BLOCK);
	assert_int_equal(read_at(archive, sizeof(archive), &offset, &entry),
		CBX_TAR_END);
}

static void every_kind_is_told_apart(void **state)
{
	static const struct {
		char type;
		enum cbx_tar_kind kind;
	} list[] = {
		{ '0', CBX_TAR_FILE },
		{ '\0', CBX_TAR_FILE },
		{ '1', CBX_TAR_HARDLINK },
		{ '2', CBX_TAR_SYMLINK },
		{ '5', CBX_TAR_DIRECTORY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		uint8_t archive[BLOCK];
		struct cbx_tar_entry entry;
		uint64_t offset = 0;

		put_header(archive, "x", list[i].type, 0);
		memcpy(archive + 157, "target", 6);
		seal(archive);
		assert_int_equal(
			read_at(archive, BLOCK, &offset, &entry), CBX_TAR_NEXT);
		assert_int_equal(entry.kind, list[i].kind);
		assert_string_equal(entry.link, "target");
	}
}

static void other_kinds_are_bad(void **state)
{
	(void)state;
	for (int type = 1; type < 256; type++) {
		uint8_t archive[BLOCK];
		struct cbx_tar_entry entry;
		uint64_t offset = 0;

		if (strchr("0125", type) != NULL) {
			continue;
		}
		put_header(archive, "x", (char)type, 0);
		assert_int_equal(
			read_at(archive, BLOCK, &offset, &entry), CBX_TAR_BAD);
		assert_int_equal(offset, 0);
	}
}

static void the_largest_sum_is_a_sum(void **state)
{
	uint8_t archive[BLOCK];
	struct cbx_tar_entry entry;
	uint64_t offset = 0;

	(void)state;
	put_header(archive, "x", '5', 0);
	memset(archive, 0xff, 100);
	memset(archive + 265, 0xff, BLOCK - 265);
	seal(archive);
	assert_int_equal(
		read_at(archive, BLOCK, &offset, &entry), CBX_TAR_NEXT);
	archive[511] = 0;
	offset = 0;
	assert_int_equal(read_at(archive, BLOCK, &offset, &entry), CBX_TAR_BAD);
}

static void prefix_and_name_are_joined(void **state)
{
	uint8_t archive[BLOCK];
	struct cbx_tar_entry entry;
	uint64_t offset = 0;
	char expected[257];

	(void)state;
	put_header(archive, "", '0', 0);
	memset(archive, 'n', 100);
	memset(archive + 345, 'p', 155);
	seal(archive);
	memset(expected, 'p', 155);
	expected[155] = '/';
	memset(expected + 156, 'n', 100);
	expected[256] = '\0';
	assert_int_equal(
		read_at(archive, BLOCK, &offset, &entry), CBX_TAR_NEXT);
	assert_string_equal(entry.path, expected);
}

static void a_link_without_a_target_is_bad(void **state)
{
	uint8_t archive[BLOCK];
	struct cbx_tar_entry entry;
	uint64_t offset = 0;

	(void)state;
	put_header(archive, "x", '2', 0);
	assert_int_equal(read_at(archive, BLOCK, &offset, &entry), CBX_TAR_BAD);
	put_header(archive, "", '0', 0);
	assert_int_equal(read_at(archive, BLOCK, &offset, &entry), CBX_TAR_BAD);
}

static void a_file_that_ends_early_is_bad(void **state)
{
	uint8_t archive[2 * BLOCK];
	struct cbx_tar_entry entry;
	uint64_t offset = 0;

	(void)state;
	put_header(archive, "x", '0', 600);
	assert_int_equal(read_at(archive, sizeof(archive), &offset, &entry),
		CBX_TAR_BAD);
	assert_int_equal(read_at(archive, 100, &offset, &entry), CBX_TAR_BAD);
	assert_int_equal(read_at(archive, 0, &offset, &entry), CBX_TAR_END);
	put_header(archive, "x", '0', 077777777777);
	assert_int_equal(read_at(archive, sizeof(archive), &offset, &entry),
		CBX_TAR_BAD);
	put_header(archive, "x", '0', 512);
	assert_int_equal(read_at(archive, sizeof(archive), &offset, &entry),
		CBX_TAR_NEXT);
	assert_int_equal(offset, sizeof(archive));
}

static void one_wrong_byte_of_a_header_is_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < BLOCK; i++) {
		uint8_t archive[BLOCK];
		struct cbx_tar_entry entry;
		uint64_t offset = 0;

		if (i == 148 + 6 || i == 148 + 7) {
			continue; /* after the sum's digits */
		}
		put_header(archive, "some/name", '0', 0);
		archive[i] ^= 0x11;
		assert_int_equal(
			read_at(archive, BLOCK, &offset, &entry), CBX_TAR_BAD);
	}
}

/* A member after an extended header with these records. */
static enum cbx_tar_status read_extended(
	const char *records, size_t bytes, struct cbx_tar_entry *entry)
{
	uint8_t archive[3 * BLOCK] = { 0 };
	uint64_t offset = 0;
	enum cbx_tar_status status;

	put_header(archive, "extended", 'x', bytes);
	memcpy(archive + BLOCK, records, bytes);
	put_header(archive + 2 * BLOCK, "short", '2', 0);
	memcpy(archive + 2 * BLOCK + 157, "target", 6);
	seal(archive + 2 * BLOCK);
	status = read_at(archive, sizeof(archive), &offset, entry);
	assert_int_equal(offset, status == CBX_TAR_NEXT ? sizeof(archive) : 0);
	return status;
}

static void an_extended_header_gives_names(void **state)
{
	static const char both[] = "17 path=long/one\n20 linkpath=another\n";
	static const char other[] = "12 comment=\n13 mtime=1.5\n";
	struct cbx_tar_entry entry;

	(void)state;
	assert_int_equal(
		read_extended(both, sizeof(both) - 1, &entry), CBX_TAR_NEXT);
	assert_string_equal(entry.path, "long/one");
	assert_string_equal(entry.link, "another");
	assert_int_equal(
		read_extended(other, sizeof(other) - 1, &entry), CBX_TAR_NEXT);
	assert_string_equal(entry.path, "short");
	assert_string_equal(entry.link, "target");
}

static void a_damaged_extended_header_is_bad(void **state)
{
	static const char *const list[] = { "x", "17", "17 ", "0 path=x\n",
		"3 a=\n", "8 path=\n", "10 path=xyz", "11 path=xyz\n",
		"999999999 path=x\n", "9999999999 path=x\n", " 9 path=x\n",
		"9 path=x\n9", "12 linkpath=\n" };
	static const char zero[] = "10 path=x\0\n";
	struct cbx_tar_entry entry;
	uint8_t archive[BLOCK];
	uint64_t offset = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		assert_int_equal(
			read_extended(list[i], strlen(list[i]), &entry),
			CBX_TAR_BAD);
	}
	assert_int_equal(
		read_extended(zero, sizeof(zero) - 1, &entry), CBX_TAR_BAD);
	put_header(archive, "alone", 'x', 0);
	assert_int_equal(read_at(archive, BLOCK, &offset, &entry), CBX_TAR_BAD);
}

static void random_bytes_do_no_harm(void **state)
{
	uint64_t seed = 88172645463325252ull;
	size_t accepted = 0;

	(void)state;
	for (int turn = 0; turn < 20000; turn++) {
		uint8_t archive[3 * BLOCK];
		struct cbx_tar_entry entry;
		uint64_t offset = 0;

		put_header(
			archive, "name", "0125"[turn % 4], (size_t)turn % 1200);
		memset(archive + BLOCK, turn, 2 * BLOCK);
		for (int i = 0; i < turn % 5; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			archive[seed % BLOCK] = (uint8_t)(seed >> 32);
		}
		seal(archive);
		for (size_t bytes = sizeof(archive); bytes > BLOCK;
			bytes -= 300) {
			accepted += read_at(archive, bytes, &offset, &entry) ==
				    CBX_TAR_NEXT;
			offset = 0;
		}
	}
	assert_true(accepted > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_its_attributes_and_bytes),
		cmocka_unit_test(every_kind_is_told_apart),
		cmocka_unit_test(other_kinds_are_bad),
		cmocka_unit_test(the_largest_sum_is_a_sum),
		cmocka_unit_test(prefix_and_name_are_joined),
		cmocka_unit_test(a_link_without_a_target_is_bad),
		cmocka_unit_test(a_file_that_ends_early_is_bad),
		cmocka_unit_test(one_wrong_byte_of_a_header_is_bad),
		cmocka_unit_test(an_extended_header_gives_names),
		cmocka_unit_test(a_damaged_extended_header_is_bad),
		cmocka_unit_test(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

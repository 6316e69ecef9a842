/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's ELF reader: what it accepts, and that no bytes harm it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/elf.h>

/* Not the system's elf.h: the reader is checked against numbers of the ELF
 * specification written down here. */
#include <stdlib.h>
#include <string.h>

#define BYTES 0x3000u
#define LIMIT (1ull << 44)

static uint8_t image[BYTES];

static void put(size_t offset, uint64_t value, size_t bytes)
{
	memcpy(image + offset, &value, bytes);
}

/* Program header i: type, flags, offset, address, file bytes, memory bytes. */
static void put_segment(size_t i, const uint64_t word[6])
{
	size_t at = 64 + i * 56;

	put(at, word[0], 4);
	put(at + 4, word[1], 4);
	put(at + 8, word[2], 8);
	put(at + 16, word[3], 8);
	put(at + 32, word[4], 8);
	put(at + 40, word[5], 8);
}

/* A program of two segments: text at 0x400000, data at 0x402000. */
static int make_program(void **state)
{
	static const uint8_t ident[16] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	(void)state;
	memset(image, 0, sizeof(image));
	memcpy(image, ident, sizeof(ident));
	put(16, 2, 2);	      /* ET_EXEC */
	put(18, 62, 2);	      /* x86-64 */
	put(24, 0x401010, 8); /* entry */
	put(32, 64, 8);	      /* program headers */
	put(54, 56, 2);
	put(56, 2, 2);
	put_segment(0, (uint64_t[]){ 1, 5, 0, 0x400000, 0x1100, 0x1100 });
	put_segment(1, (uint64_t[]){ 1, 6, 0x2000, 0x402000, 0x800, 0x5000 });
	return 0;
}

static enum cbx_elf_status read_program(size_t bytes, struct cbx_elf *elf)
{
	/* a copy of exactly these bytes: a sanitizer sees any beyond */
	uint8_t *exact = malloc(bytes == 0 ? 1 : bytes);
	enum cbx_elf_status status;

	assert_non_null(exact);
	memcpy(exact, image, bytes);
	status = cbx_elf_read(exact, bytes, bytes, LIMIT, elf);
	free(exact);
	return status;
}

static void a_program_is_read(void **state)
{
	struct cbx_elf elf;

	(void)state;
	assert_int_equal(read_program(BYTES, &elf), CBX_ELF_OK);
	assert_false(elf.independent);
	assert_int_equal(elf.entry, 0x401010);
	assert_int_equal(elf.low, 0x400000);
	assert_int_equal(elf.high, 0x407000);
	assert_int_equal(elf.headers, 2);
	assert_int_equal(elf.headers_va, 0x400040);
	assert_int_equal(elf.count, 2);
	assert_int_equal(elf.segment[0].prot, CBX_RIGHT_R | CBX_RIGHT_X);
	assert_int_equal(elf.segment[1].prot, CBX_RIGHT_R | CBX_RIGHT_W);
	assert_int_equal(elf.segment[1].va, 0x402000);
	assert_int_equal(elf.segment[1].file_bytes, 0x800);
	assert_int_equal(elf.segment[1].memory_bytes, 0x5000);
	put(16, 3, 2);
	assert_int_equal(read_program(BYTES, &elf), CBX_ELF_OK);
	assert_true(elf.independent);
}

static void what_is_not_elf_is_said_to_be_none(void **state)
{
	struct cbx_elf elf;

	(void)state;
	assert_int_equal(read_program(0, &elf), CBX_ELF_NOT);
	assert_int_equal(read_program(3, &elf), CBX_ELF_NOT);
	image[0] = '#';
	assert_int_equal(read_program(BYTES, &elf), CBX_ELF_NOT);
}

static void a_file_cut_anywhere_is_truncated(void **state)
{
	struct cbx_elf elf;

	(void)state;
	for (size_t bytes = 4; bytes < 0x2800; bytes++) {
		assert_int_equal(read_program(bytes, &elf), CBX_ELF_TRUNCATED);
	}
	assert_int_equal(read_program(0x2800, &elf), CBX_ELF_OK);
}

/* A program whose third header names an interpreter. */
static void put_interpreter(uint64_t offset, uint64_t bytes)
{
	put(56, 3, 2);
	put_segment(2, (uint64_t[]){ 3, 4, offset, 0x401000, bytes, bytes });
}

static void an_interpreter_is_named(void **state)
{
	struct cbx_elf elf;

	(void)state;
	assert_int_equal(read_program(BYTES, &elf), CBX_ELF_OK);
	assert_string_equal(elf.interpreter, "");
	put_interpreter(0x1000, 8);
	memcpy(image + 0x1000, "/lib/ld", 8);
	assert_int_equal(read_program(BYTES, &elf), CBX_ELF_OK);
	assert_string_equal(elf.interpreter, "/lib/ld");
	assert_int_equal(elf.count, 2);
}

static void an_interpreter_that_is_no_name_is_refused(void **state)
{
	static const struct {
		uint64_t offset;
		uint64_t bytes;
		enum cbx_elf_status status;
	} list[] = {
		{ UINT64_MAX, 8, CBX_ELF_TRUNCATED },
		{ 0x1000, UINT64_MAX, CBX_ELF_TRUNCATED },
		{ BYTES - 4, 8, CBX_ELF_TRUNCATED },
		{ 0x1000, 0, CBX_ELF_MALFORMED },
		{ 0x1000, 1, CBX_ELF_MALFORMED },
		{ 0x1000, 7, CBX_ELF_MALFORMED }, /* no zero at its end */
		{ 0x1000, CBX_ELF_NAME_MAX + 1, CBX_ELF_MALFORMED },
		{ 0x1010, 8, CBX_ELF_MALFORMED }, /* empty */
	};
	struct cbx_elf elf;

	(void)state;
	memcpy(image + 0x1000, "/lib/ld", 8);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		put_interpreter(list[i].offset, list[i].bytes);
		assert_int_equal(read_program(BYTES, &elf), list[i].status);
	}
}

/* A change to the program, and what is then said of it. */
static void each_wrong_field_is_refused(void **state)
{
	static const struct {
		size_t offset;
		uint64_t value;
		size_t bytes;
		enum cbx_elf_status status;
	} list[] = {
		{ 4, 1, 1, CBX_ELF_FOREIGN },	 /* 32 bits */
		{ 5, 2, 1, CBX_ELF_FOREIGN },	 /* big-endian */
		{ 18, 183, 2, CBX_ELF_FOREIGN }, /* aarch64 */
		{ 16, 1, 2, CBX_ELF_FOREIGN },	 /* an object file */
		{ 16, 4, 2, CBX_ELF_FOREIGN },	 /* a core */
		{ 54, 55, 2, CBX_ELF_MALFORMED },
		{ 56, 0, 2, CBX_ELF_MALFORMED },
		{ 56, 65535, 2, CBX_ELF_TRUNCATED },
		{ 32, UINT64_MAX, 8, CBX_ELF_TRUNCATED },
		{ 32, 1ull << 40, 8, CBX_ELF_TRUNCATED },
		{ 24, 0x402000, 8, CBX_ELF_MALFORMED }, /* entry in data */
		{ 24, 0x401100, 8, CBX_ELF_MALFORMED }, /* just after text */
		{ 24, 0, 8, CBX_ELF_MALFORMED },
		{ 64 + 40, 0x10ff, 8, CBX_ELF_MALFORMED }, /* less memory */
		{ 64 + 40, UINT64_MAX, 8, CBX_ELF_MALFORMED },
		{ 64 + 40, LIMIT, 8, CBX_ELF_MALFORMED },
		{ 64 + 16, 0x400001, 8, CBX_ELF_MALFORMED }, /* not aligned */
		{ 64 + 16, UINT64_MAX - 0xfff, 8, CBX_ELF_MALFORMED },
		{ 64 + 8, 1ull << 63, 8, CBX_ELF_TRUNCATED },
		{ 120 + 16, 0x401000, 8, CBX_ELF_MALFORMED }, /* overlap */
		{ 120 + 16, 0x300000, 8, CBX_ELF_MALFORMED }, /* order */
		{ 120 + 32, 0x1001, 8, CBX_ELF_TRUNCATED },
	};
	struct cbx_elf elf;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		make_program(state);
		put(list[i].offset, list[i].value, list[i].bytes);
		assert_int_equal(read_program(BYTES, &elf), list[i].status);
	}
}

static void too_many_segments_are_refused(void **state)
{
	struct cbx_elf elf;

	(void)state;
	put(56, CBX_ELF_SEGMENTS_MAX + 1, 2);
	for (size_t i = 0; i <= CBX_ELF_SEGMENTS_MAX; i++) {
		put_segment(i, (uint64_t[]){ 1, 5, 0, 0x400000 + i * 0x10000,
				       0x1100, 0x1100 });
	}
	assert_int_equal(read_program(BYTES, &elf), CBX_ELF_MALFORMED);
	put(56, CBX_ELF_SEGMENTS_MAX, 2);
	assert_int_equal(read_program(BYTES, &elf), CBX_ELF_OK);
	assert_int_equal(elf.count, CBX_ELF_SEGMENTS_MAX);
}

static void headers_after_the_head_are_no_program(void **state)
{
	struct cbx_elf elf;

	(void)state;
	put(32, 0x1800, 8);
	assert_int_equal(cbx_elf_read(image, 0x1000, BYTES, LIMIT, &elf),
		CBX_ELF_MALFORMED);
}

/* Whatever is accepted keeps its promises. */
static void check_promises(const struct cbx_elf *elf)
{
	uint64_t end = 0;

	assert_in_range(elf->count, 1, CBX_ELF_SEGMENTS_MAX);
	for (uint64_t i = 0; i < elf->count; i++) {
		const struct cbx_elf_segment *s = &elf->segment[i];

		assert_true(s->va >= end);
		assert_true(s->memory_bytes <= LIMIT - s->va);
		assert_true(s->file_bytes <= s->memory_bytes);
		assert_true(s->offset <= BYTES);
		assert_true(s->file_bytes <= BYTES - s->offset);
		end = s->va + s->memory_bytes;
	}
	assert_true(elf->low <= elf->segment[0].va && elf->high >= end);
}

static void random_changes_do_no_harm(void **state)
{
	uint64_t seed = 88172645463325252ull;
	size_t accepted = 0;

	for (int turn = 0; turn < 100000; turn++) {
		struct cbx_elf elf;

		make_program(state);
		for (int i = 0; i < 1 + turn % 4; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			image[seed % 176] = (uint8_t)(seed >> 32);
		}
		if (read_program(BYTES, &elf) == CBX_ELF_OK) {
			check_promises(&elf);
			accepted++;
		}
	}
	assert_true(accepted > 1000);
}

static void every_status_has_words(void **state)
{
	(void)state;
	for (int i = CBX_ELF_OK; i <= CBX_ELF_MALFORMED; i++) {
		assert_string_not_equal(
			cbx_elf_text((enum cbx_elf_status)i), "unknown");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_program_is_read, make_program),
		cmocka_unit_test_setup(
			what_is_not_elf_is_said_to_be_none, make_program),
		cmocka_unit_test_setup(
			a_file_cut_anywhere_is_truncated, make_program),
		cmocka_unit_test_setup(an_interpreter_is_named, make_program),
		cmocka_unit_test_setup(
			an_interpreter_that_is_no_name_is_refused,
			make_program),
		cmocka_unit_test(each_wrong_field_is_refused),
		cmocka_unit_test_setup(
			too_many_segments_are_refused, make_program),
		cmocka_unit_test_setup(
			headers_after_the_head_are_no_program, make_program),
		cmocka_unit_test(random_changes_do_no_harm),
		cmocka_unit_test(every_status_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's reader of its files' list: what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/contents.h>

#include <stdlib.h>
#include <string.h>

#define ARCHIVE 5000u

static const char strings[] = "dir\0file\0link\0to/what\0";

struct sample {
	struct cbx_contents head;
	struct cbx_member member[3];
	char string[sizeof(strings)];
};

static struct sample sample(void)
{
	struct sample s = {
		.head = { .members = 3, .string_bytes = sizeof(strings) },
		.member = { { 0, 0, 0, 0, CBX_MEMBER_DIRECTORY | 0755, 3 },
			{ 4096, 904, 1, 4, CBX_MEMBER_FILE | 0644, 4 },
			{ 14, 7, 1, 9, CBX_MEMBER_LINK | 0777, 4 } },
	};

	memcpy(s.string, strings, sizeof(strings));
	return s;
}

/* Whether all of a copy of exactly these bytes is valid. */
static bool valid(const struct sample *s, size_t size)
{
	uint8_t *exact = malloc(size == 0 ? 1 : size);
	struct cbx_list list;
	bool is;

	assert_non_null(exact);
	memcpy(exact, s, size);
	is = cbx_contents_open(exact, size, &list);
	for (uint64_t i = 0; is && i < list.head->members; i++) {
		is = cbx_contents_valid(&list, i, ARCHIVE);
	}
	free(exact);
	return is;
}

static const size_t whole = offsetof(struct sample, string) + sizeof(strings);

static void a_list_that_makes_sense_is_valid(void **state)
{
	struct sample s = sample();

	(void)state;
	assert_true(valid(&s, whole));
	s.member[1].offset = ARCHIVE;
	s.member[1].size = 0;
	assert_true(valid(&s, whole));
	memcpy(s.string, "...", 3);
	assert_true(valid(&s, whole));
}

static void a_shorter_one_is_refused_at_every_length(void **state)
{
	const struct sample s = sample();

	(void)state;
	for (size_t size = 0; size < whole; size++) {
		assert_false(valid(&s, size));
	}
}

static void counts_beyond_the_list_are_refused(void **state)
{
	static const uint64_t more[] = { 1, 1ull << 58, UINT64_MAX - 64 };
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		s = sample();
		s.head.members += more[i];
		assert_false(valid(&s, whole));
		s = sample();
		s.head.string_bytes += more[i];
		assert_false(valid(&s, whole));
	}
}

static void assert_refused(const struct sample *s)
{
	assert_false(valid(s, whole));
}

static void names_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *text; /* in the place of "dir" */
		uint32_t name, bytes;
	} bad[] = {
		{ "dir", 0, 0 },
		{ "dir", 0, 4 }, /* a zero in it */
		{ "dir", 0, 2 }, /* and none after it */
		{ "dir", 0, UINT32_MAX },
		{ "dir", sizeof(strings), 3 },
		{ "dir", UINT32_MAX, 3 },
		{ "d/r", 0, 3 },
		{ ".", 0, 1 },
		{ "..", 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sample s = sample();

		memcpy(s.string, bad[i].text, strlen(bad[i].text) + 1);
		s.member[0].name = bad[i].name;
		s.member[0].name_bytes = bad[i].bytes;
		assert_refused(&s);
	}
}

static void content_outside_the_archive_is_refused(void **state)
{
	static const uint64_t bad[][2] = { { ARCHIVE + 1, 0 }, { 4096, 905 },
		{ 4096, UINT64_MAX }, { UINT64_MAX, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sample s = sample();

		s.member[1].offset = bad[i][0];
		s.member[1].size = bad[i][1];
		assert_refused(&s);
	}
}

static void targets_that_are_none_are_refused(void **state)
{
	static const uint64_t bad[][2] = { { 14, 0 }, { 14, 6 },
		{ 14, UINT64_MAX }, { UINT64_MAX, 7 }, { 14, 4096 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sample s = sample();

		s.member[2].offset = bad[i][0];
		s.member[2].size = bad[i][1];
		assert_refused(&s);
	}
}

static void pipes_devices_and_parents_that_come_later_are_refused(void **state)
{
	struct sample s = sample();

	(void)state;
	s.member[2].mode = 0010777;
	assert_refused(&s);
	s.member[2].mode = 0020777;
	assert_refused(&s);
	s.member[2].mode = 0;
	assert_refused(&s);
	s = sample();
	s.member[1].parent = 2;
	assert_refused(&s);
	s.member[1].parent = UINT32_MAX;
	assert_refused(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_that_makes_sense_is_valid),
		cmocka_unit_test(a_shorter_one_is_refused_at_every_length),
		cmocka_unit_test(counts_beyond_the_list_are_refused),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(content_outside_the_archive_is_refused),
		cmocka_unit_test(targets_that_are_none_are_refused),
		cmocka_unit_test(
			pipes_devices_and_parents_that_come_later_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

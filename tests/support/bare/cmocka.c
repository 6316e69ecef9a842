/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few words of cmocka that the tests say, with its output.  A failed
 * assertion, or a skip, leaves the test for the runner; only the first CPU
 * runs tests.
 */
#include "support/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/bare/bare.h"

enum result {
	PASSED,
	FAILED,
	SKIPPED
};

static void *way_out[5];
static enum result result;
static const char *filter;

static _Noreturn void leave(enum result why)
{
	result = why;
	__builtin_longjmp(way_out, 1);
}

void vprint_message(const char *format, va_list args)
{
	(void)vprintf(format, args);
}

void print_message(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
}

void print_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
}

void _fail(const char *file, int line)
{
	print_error("%s:%d: error: Failure!\n", file, line);
	leave(FAILED);
}

void _skip(const char *file, int line)
{
	(void)file;
	(void)line;
	leave(SKIPPED);
}

void _assert_true(LargestIntegralType value, const char *expression,
	const char *file, int line)
{
	if (!value) {
		print_error("%s\n", expression);
		_fail(file, line);
	}
}

void _assert_int_equal(LargestIntegralType a, LargestIntegralType b,
	const char *file, int line)
{
	if (a != b) {
		print_error("0x%lx != 0x%lx\n", a, b);
		_fail(file, line);
	}
}

void _assert_int_not_equal(LargestIntegralType a, LargestIntegralType b,
	const char *file, int line)
{
	if (a == b) {
		print_error("0x%lx == 0x%lx\n", a, b);
		_fail(file, line);
	}
}

void _assert_memory_equal(
	const void *a, const void *b, size_t size, const char *file, int line)
{
	const uint8_t *left = a;
	const uint8_t *right = b;

	for (size_t i = 0; i < size; i++) {
		if (left[i] != right[i]) {
			print_error("difference at offset %lu 0x%02x 0x%02x\n",
				i, left[i], right[i]);
			_fail(file, line);
		}
	}
}

void _assert_memory_not_equal(
	const void *a, const void *b, size_t size, const char *file, int line)
{
	if (memcmp(a, b, size) == 0) {
		print_error("%lu bytes are the same\n", size);
		_fail(file, line);
	}
}

void _assert_in_range(LargestIntegralType value, LargestIntegralType minimum,
	LargestIntegralType maximum, const char *file, int line)
{
	if (value < minimum || value > maximum) {
		print_error("0x%lx is not within the range 0x%lx-0x%lx\n",
			value, minimum, maximum);
		_fail(file, line);
	}
}

/* ---- the runner ---- */

void cmocka_set_test_filter(const char *pattern)
{
	filter = pattern;
}

/* @return whether it came to its end */
static __attribute__((noinline)) bool try_it(
	CMUnitTestFunction function, void **state)
{
	if (__builtin_setjmp(way_out) != 0) {
		return false;
	}
	function(state);
	return true;
}

static __attribute__((noinline)) bool try_fixture(
	CMFixtureFunction function, void **state)
{
	if (__builtin_setjmp(way_out) != 0) {
		return false;
	}
	return function == NULL || function(state) == 0;
}

static enum result run_one(const struct CMUnitTest *test)
{
	static enum result seen;
	void *state = test->initial_state;

	result = PASSED;
	seen = PASSED;
	if (!try_fixture(test->setup_func, &state) ||
		!try_it(test->test_func, &state)) {
		seen = result == PASSED ? FAILED : result;
	}
	result = PASSED;
	if (!try_fixture(test->teardown_func, &state)) {
		print_error("the teardown failed\n");
		seen = FAILED;
	}
	bare_free_all();
	return seen;
}

int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests,
	size_t count, CMFixtureFunction setup, CMFixtureFunction teardown)
{
	static const char *const words[] = { "[       OK ]", "[  FAILED  ]",
		"[  SKIPPED ]" };
	uint32_t got[3] = { 0 };

	(void)setup;
	(void)teardown;
	print_message("[==========] %s: %lu test(s).\n", name, count);
	for (size_t i = 0; i < count; i++) {
		enum result how;

		if (filter != NULL && strcmp(filter, tests[i].name) != 0) {
			continue;
		}
		print_message("[ RUN      ] %s\n", tests[i].name);
		how = run_one(&tests[i]);
		print_message("%s %s\n", words[how], tests[i].name);
		got[how]++;
	}
	print_message("[==========] %s: %u passed, %u failed, %u skipped.\n",
		name, got[PASSED], got[FAILED], got[SKIPPED]);
	return (int)got[FAILED];
}

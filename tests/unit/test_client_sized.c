/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <client/sized.h>

struct old {
	size_t size;
	uint64_t a;
};

struct now {
	size_t size;
	uint64_t a;
	uint64_t b;
};

struct later {
	size_t size;
	uint64_t a;
	uint64_t b;
	uint64_t c;
};

static void an_older_caller_gets_zeros_for_what_it_does_not_know(void **state)
{
	struct old from = { sizeof(from), 5 };
	struct now to;

	(void)state;
	memset(&to, 0xff, sizeof(to));
	assert_true(cbx_sized_read(&to, sizeof(to), &from, sizeof(struct old)));
	assert_int_equal(to.a, 5);
	assert_int_equal(to.b, 0);
}

static void a_later_caller_is_taken_if_its_tail_is_zero(void **state)
{
	struct later from = { sizeof(from), 5, 6, 0 };
	struct now to;

	(void)state;
	assert_true(cbx_sized_read(&to, sizeof(to), &from, sizeof(struct old)));
	assert_int_equal(to.b, 6);
	from.c = 1;
	assert_false(
		cbx_sized_read(&to, sizeof(to), &from, sizeof(struct old)));
}

static void sizes_that_cannot_be_are_refused(void **state)
{
	struct now from = { 0 };
	struct now to;

	(void)state;
	const size_t bad[] = { 0, 1, sizeof(struct old) - 1, 65537, SIZE_MAX };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		from.size = bad[i];
		assert_false(cbx_sized_read(
			&to, sizeof(to), &from, sizeof(struct old)));
		assert_false(cbx_sized_valid(&from, sizeof(struct old)));
	}
}

static void a_result_fills_what_the_caller_knows_and_no_more(void **state)
{
	const struct now known = { 0, 5, 6 };
	struct {
		struct old visible;
		uint64_t beyond;
	} older = { { sizeof(struct old), 0 }, 77 };
	struct later later = { sizeof(later), 1, 2, 3 };

	(void)state;
	cbx_sized_write(&older.visible, &known, sizeof(known));
	assert_int_equal(older.visible.size, sizeof(struct old));
	assert_int_equal(older.visible.a, 5);
	assert_int_equal(older.beyond, 77);
	cbx_sized_write(&later, &known, sizeof(known));
	assert_int_equal(later.size, sizeof(later));
	assert_int_equal(later.b, 6);
	assert_int_equal(later.c, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_older_caller_gets_zeros_for_what_it_does_not_know),
		cmocka_unit_test(a_later_caller_is_taken_if_its_tail_is_zero),
		cmocka_unit_test(sizes_that_cannot_be_are_refused),
		cmocka_unit_test(
			a_result_fills_what_the_caller_knows_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

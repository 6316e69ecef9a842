/* SPDX-License-Identifier: Apache-2.0 */
/* Timers in order, against an array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/timer_list.h>

#include <stdlib.h>
#include <string.h>

#define TIMERS 40
#define STEPS  20000

static struct cbx_timer timer[TIMERS];

static void assert_sound(const struct cbx_timer_list *list)
{
	const struct cbx_timer *last = NULL;
	int listed = 0;
	int found = 0;

	for (int i = 0; i < TIMERS; i++) {
		listed += timer[i].listed ? 1 : 0;
	}
	for (const struct cbx_timer *t = list->first; t != NULL; t = t->next) {
		assert_true(t->listed);
		assert_true(last == NULL || last->at <= t->at);
		assert_true(last == NULL || t->previous == last);
		last = t;
		found++;
	}
	assert_int_equal(found, listed);
	if (last != NULL) {
		assert_ptr_equal(list->first->previous, last);
	}
}

static void the_order_is_that_of_time(void **state)
{
	struct cbx_timer_list list = { 0 };
	unsigned int seed = 7;

	(void)state;
	memset(timer, 0, sizeof(timer));
	for (int i = 0; i < STEPS; i++) {
		struct cbx_timer *t = &timer[rand_r(&seed) % TIMERS];

		if (t->listed) {
			cbx_timer_remove(&list, t);
		} else {
			t->at = rand_r(&seed) % 16;
			cbx_timer_add(&list, t);
		}
		assert_sound(&list);
	}
}

static void what_is_due_comes_first(void **state)
{
	struct cbx_timer_list list = { 0 };
	static const int64_t at[] = { 30, 10, 20, 10, 5 };
	static const int order[] = { 4, 1, 3, 2 };

	(void)state;
	memset(timer, 0, sizeof(timer));
	assert_null(cbx_timer_due(&list, INT64_MAX));
	for (int i = 0; i < 5; i++) {
		timer[i].at = at[i];
		cbx_timer_add(&list, &timer[i]);
	}
	assert_null(cbx_timer_due(&list, 4));
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(cbx_timer_due(&list, 29), &timer[order[i]]);
		assert_false(timer[order[i]].listed);
	}
	assert_null(cbx_timer_due(&list, 29));
	assert_ptr_equal(cbx_timer_due(&list, 30), &timer[0]);
	assert_null(list.first);
}

static void removing_twice_is_nothing(void **state)
{
	struct cbx_timer_list list = { 0 };

	(void)state;
	memset(timer, 0, sizeof(timer));
	cbx_timer_add(&list, &timer[0]);
	cbx_timer_remove(&list, &timer[0]);
	cbx_timer_remove(&list, &timer[0]);
	cbx_timer_remove(&list, &timer[1]);
	assert_null(list.first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_that_of_time),
		cmocka_unit_test(what_is_due_comes_first),
		cmocka_unit_test(removing_twice_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

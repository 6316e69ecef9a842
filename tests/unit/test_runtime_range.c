/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on ranges, against an array of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/heap.h>
#include <runtime/linux.h>
#include <runtime/range.h>

#include <stdlib.h>
#include <string.h>

#define BYTES  32u
#define OWNERS 3u

static unsigned blocks;	    /* taken and not given back */
static unsigned fail_after; /* takes that still work; 0 = all */

void *cbx_heap_take(uint64_t bytes)
{
	void *block;

	if (fail_after != 0 && --fail_after == 0) {
		fail_after = 1;
		return NULL;
	}
	block = malloc(bytes);
	assert_non_null(block);
	blocks++;
	return block;
}

void cbx_heap_give(void *block, uint64_t bytes)
{
	if (block != NULL) {
		memset(block, 0x5a, bytes);
		blocks--;
		free(block);
	}
}

static char owner[OWNERS];

/* What each owner has of each byte: 0, 'r' or 'w'. */
static char model[OWNERS][BYTES];

static bool model_conflicts(const struct cbx_range *want, size_t self)
{
	for (size_t o = 0; o < OWNERS; o++) {
		for (uint64_t i = want->start; i <= want->last && i < BYTES;
			i++) {
			if (o != self && model[o][i] != 0 &&
				(want->exclusive || model[o][i] == 'w')) {
				return true;
			}
		}
	}
	return false;
}

/* What the list says an owner has of a byte. */
static char held(const struct cbx_range *list, const void *who, uint64_t i)
{
	char found = 0;

	for (; list != NULL; list = list->next) {
		if (list->owner == who && list->start <= i && list->last >= i) {
			assert_int_equal(found, 0); /* once only */
			found = list->exclusive ? 'w' : 'r';
		}
	}
	return found;
}

static void check(const struct cbx_range *list)
{
	for (size_t o = 0; o < OWNERS; o++) {
		for (uint64_t i = 0; i < BYTES; i++) {
			assert_int_equal(held(list, &owner[o], i), model[o][i]);
		}
	}
	for (; list != NULL && list->next != NULL; list = list->next) {
		assert_true(list->start <= list->next->start);
	}
}

static void random_locks_agree_with_the_array(void **state)
{
	struct cbx_range *list = NULL;
	uint64_t seed = 88172645463325252ull;
	unsigned refused = 0;

	(void)state;
	memset(model, 0, sizeof(model));
	for (int turn = 0; turn < 20000; turn++) {
		struct cbx_range want = { 0 };
		bool conflict;
		size_t self;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		self = seed % OWNERS;
		want.owner = &owner[self];
		want.start = (seed >> 8) % BYTES;
		want.last = want.start + (seed >> 16) % (BYTES - want.start);
		if (want.last == BYTES - 1) {
			want.last = CBX_RANGE_LAST;
		}
		want.exclusive = (seed >> 32) % 2 == 0;
		conflict = model_conflicts(&want, self);
		assert_int_equal(
			cbx_range_conflict(list, &want) != NULL, conflict);
		refused += conflict ? 1 : 0;
		if ((seed >> 40) % 3 == 0) {
			assert_int_equal(cbx_range_clear(&list, &want), 0);
			for (uint64_t i = want.start;
				i <= want.last && i < BYTES; i++) {
				model[self][i] = 0;
			}
		} else if (!conflict) {
			assert_int_equal(cbx_range_set(&list, &want), 0);
			for (uint64_t i = want.start;
				i <= want.last && i < BYTES; i++) {
				model[self][i] = want.exclusive ? 'w' : 'r';
			}
		}
		check(list);
	}
	assert_true(refused > 1000);
	for (size_t o = 0; o < OWNERS; o++) {
		cbx_range_clear_all(&list, &owner[o]);
	}
	assert_null(list);
	assert_int_equal(blocks, 0);
}

static void neighbours_of_one_kind_are_one(void **state)
{
	struct cbx_range *list = NULL;
	struct cbx_range want = { .owner = &owner[0], .start = 10, .last = 19 };

	(void)state;
	assert_int_equal(cbx_range_set(&list, &want), 0);
	want.start = 0;
	want.last = 9;
	assert_int_equal(cbx_range_set(&list, &want), 0);
	want.start = 20;
	want.last = CBX_RANGE_LAST;
	assert_int_equal(cbx_range_set(&list, &want), 0);
	assert_null(list->next);
	assert_int_equal(list->start, 0);
	assert_true(list->last == CBX_RANGE_LAST);
	assert_true(cbx_range_clear_all(&list, &owner[0]));
	assert_false(cbx_range_clear_all(&list, &owner[0]));
	assert_int_equal(blocks, 0);
}

static void without_memory_nothing_changes(void **state)
{
	struct cbx_range *list = NULL;
	struct cbx_range want = { .owner = &owner[0], .start = 0, .last = 9 };

	(void)state;
	assert_int_equal(cbx_range_set(&list, &want), 0);
	want.start = 4;
	want.last = 5;
	want.exclusive = true;
	for (unsigned takes = 1; takes < 3; takes++) {
		fail_after = takes;
		assert_int_equal(cbx_range_set(&list, &want), -LX_ENOLCK);
	}
	fail_after = 1;
	assert_int_equal(cbx_range_clear(&list, &want), -LX_ENOLCK);
	fail_after = 0;
	assert_int_equal(list->last, 9);
	assert_null(list->next);
	cbx_range_clear_all(&list, &owner[0]);
	assert_int_equal(blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_locks_agree_with_the_array),
		cmocka_unit_test(neighbours_of_one_kind_are_one),
		cmocka_unit_test(without_memory_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

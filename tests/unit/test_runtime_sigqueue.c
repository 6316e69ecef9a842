/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/sigqueue.h>

static struct cbx_signal_entry entry[8];

static void make(int number, int signal)
{
	entry[number] = (struct cbx_signal_entry){
		.info = { .signo = signal, .from.value = (uint64_t)number },
	};
}

static void a_standard_signal_waits_once(void **state)
{
	struct cbx_sigqueue queue = { 0 };

	(void)state;
	make(0, LX_SIGALRM);
	make(1, LX_SIGALRM);
	assert_true(cbx_sigqueue_add(&queue, &entry[0]));
	assert_false(cbx_sigqueue_add(&queue, &entry[1]));
	assert_int_equal(queue.count, 1);
	assert_int_equal(queue.pending, cbx_signal_bit(LX_SIGALRM));
	assert_ptr_equal(cbx_sigqueue_take(&queue, LX_SIGALRM), &entry[0]);
	assert_int_equal(queue.pending, 0);
	assert_true(cbx_sigqueue_add(&queue, &entry[1]));
}

static void a_marked_signal_is_the_only_one(void **state)
{
	struct cbx_sigqueue queue = { 0 };

	(void)state;
	make(0, LX_SIGALRM);
	cbx_sigqueue_mark(&queue, LX_SIGALRM);
	assert_false(cbx_sigqueue_add(&queue, &entry[0]));
	assert_null(cbx_sigqueue_take(&queue, LX_SIGALRM));
	assert_int_equal(queue.pending, 0);
}

static void real_time_signals_keep_their_order(void **state)
{
	struct cbx_sigqueue queue = { 0 };

	(void)state;
	for (int i = 0; i < 6; i++) {
		make(i, i % 2 == 0 ? 40 : 35);
		assert_true(cbx_sigqueue_add(&queue, &entry[i]));
	}
	assert_int_equal(cbx_signal_first(queue.pending), 35);
	for (int i = 1; i < 6; i += 2) {
		assert_ptr_equal(cbx_sigqueue_take(&queue, 35), &entry[i]);
	}
	assert_int_equal(queue.pending, cbx_signal_bit(40));
	for (int i = 0; i < 6; i += 2) {
		assert_int_not_equal(queue.pending, 0);
		assert_ptr_equal(cbx_sigqueue_take(&queue, 40), &entry[i]);
	}
	assert_int_equal(queue.pending, 0);
	assert_int_equal(queue.count, 0);
}

static void a_set_is_thrown_away(void **state)
{
	struct cbx_sigqueue queue = { 0 };
	uint64_t set = cbx_signal_bit(40) | cbx_signal_bit(LX_SIGHUP);

	(void)state;
	make(0, 40);
	make(1, 41);
	make(2, 40);
	for (int i = 0; i < 3; i++) {
		assert_true(cbx_sigqueue_add(&queue, &entry[i]));
	}
	cbx_sigqueue_mark(&queue, LX_SIGHUP);
	assert_ptr_equal(cbx_sigqueue_drop(&queue, set), &entry[0]);
	assert_ptr_equal(cbx_sigqueue_drop(&queue, set), &entry[2]);
	assert_null(cbx_sigqueue_drop(&queue, set));
	assert_int_equal(queue.pending, cbx_signal_bit(41));
	assert_ptr_equal(queue.first, &entry[1]);
}

static void one_entry_is_removed(void **state)
{
	struct cbx_sigqueue queue = { 0 };

	(void)state;
	make(0, 40);
	make(1, 40);
	make(2, 41);
	assert_true(cbx_sigqueue_add(&queue, &entry[0]));
	assert_true(cbx_sigqueue_add(&queue, &entry[1]));
	assert_true(cbx_sigqueue_remove(&queue, &entry[0]));
	assert_false(cbx_sigqueue_remove(&queue, &entry[0]));
	assert_false(cbx_sigqueue_remove(&queue, &entry[2]));
	assert_int_equal(queue.pending, cbx_signal_bit(40));
	assert_true(cbx_sigqueue_remove(&queue, &entry[1]));
	assert_int_equal(queue.pending, 0);
}

static void faults_come_first(void **state)
{
	(void)state;
	assert_int_equal(cbx_signal_first(cbx_signal_bit(1)), 1);
	assert_int_equal(cbx_signal_first(cbx_signal_bit(64)), 64);
	assert_int_equal(cbx_signal_first(cbx_signal_bit(1) |
					  cbx_signal_bit(LX_SIGSEGV) |
					  cbx_signal_bit(64)),
		LX_SIGSEGV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_standard_signal_waits_once),
		cmocka_unit_test(a_marked_signal_is_the_only_one),
		cmocka_unit_test(real_time_signals_keep_their_order),
		cmocka_unit_test(a_set_is_thrown_away),
		cmocka_unit_test(one_entry_is_removed),
		cmocka_unit_test(faults_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's lock, its wait queues and its futexes, by real threads: what
 * the monitor would do for them is stood in for below. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <runtime/bridge.h>
#include <runtime/channel.h>
#include <runtime/futex.h>
#include <runtime/gate.h>
#include <runtime/linux.h>
#include <runtime/lock.h>
#include <runtime/template.h>
#include <runtime/time.h>
#include <runtime/timers.h>

#define TASKS  4
#define ROUNDS 20000

/* ---- stand-ins ---- */

struct cbx_process cbx_process_init;
static struct cbx_task tasks[TASKS];
static bool signalled;
static bool at_point;

/* The monitor's permit of each thread, whose handle is its task's number. */
static pthread_mutex_t permits = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool permit[TASKS + 1];

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

void cbx_gate_park(uint64_t deadline)
{
	uint64_t self = cbx_task_self()->thread;
	struct timespec until = { (time_t)(deadline / 1000000000),
		(long)(deadline % 1000000000) };
	int error = 0;

	pthread_mutex_lock(&permits);
	while (!permit[self] && error == 0) {
		error = deadline == 0 ? pthread_cond_wait(&changed, &permits)
				      : pthread_cond_timedwait(
						&changed, &permits, &until);
	}
	permit[self] = false;
	pthread_mutex_unlock(&permits);
}

void cbx_gate_unpark(uint64_t thread)
{
	pthread_mutex_lock(&permits);
	permit[thread] = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&permits);
}

void cbx_gate_deadline(uint64_t ticks, uint64_t thread)
{
	(void)ticks;
	(void)thread;
}

bool cbx_bridge_wake(const struct cbx_task *task)
{
	(void)task;
	return false;
}

bool cbx_signal_waiting(void)
{
	return signalled;
}

bool cbx_template_wanted(void)
{
	return at_point;
}

void cbx_channel_flush(void)
{
}

int64_t cbx_time_wake(int64_t deadline)
{
	return deadline;
}

bool cbx_time_over(int64_t deadline, int64_t wake)
{
	(void)wake;
	return now() >= deadline;
}

int64_t cbx_timers_sleep(int64_t deadline)
{
	return deadline;
}

void cbx_timers_awake(void)
{
}

void cbx_cpu_time_sleep(struct cbx_task *task)
{
	(void)task;
}

void cbx_cpu_time_wake(struct cbx_task *task)
{
	(void)task;
}

/* ---- tasks ---- */

static void become(unsigned number)
{
	enum {
		SET_GS = 0x1001
	};
	struct cbx_task *task = &tasks[number];

	assert_int_equal(syscall(SYS_arch_prctl, SET_GS, task), 0);
	assert_ptr_equal(cbx_task_self(), task);
}

static int set_up(void **state)
{
	(void)state;
	memset(tasks, 0, sizeof(tasks));
	memset(permit, 0, sizeof(permit));
	signalled = false;
	cbx_process_init.task_count = TASKS;
	for (unsigned i = 0; i < TASKS; i++) {
		tasks[i].self = &tasks[i];
		tasks[i].process = &cbx_process_init;
		tasks[i].thread = i + 1;
		tasks[i].tid = 100 + i;
	}
	become(0);
	cbx_runtime_lock();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	become(0);
	cbx_runtime_unlock();
	return 0;
}

/* A thread that is a task and holds the lock. */
struct job {
	pthread_t thread;
	unsigned number;
	int64_t (*run)(unsigned number);
	int64_t result;
};

static void *job_main(void *arg)
{
	struct job *job = arg;

	become(job->number);
	cbx_runtime_lock();
	job->result = job->run(job->number);
	cbx_runtime_unlock();
	return NULL;
}

static void start(struct job *job, unsigned number, int64_t (*run)(unsigned))
{
	*job = (struct job){ .number = number, .run = run };
	assert_int_equal(pthread_create(&job->thread, NULL, job_main, job), 0);
}

/* Let others have the lock until the job is done. */
static int64_t finish(struct job *job)
{
	cbx_runtime_unlock();
	pthread_join(job->thread, NULL);
	cbx_runtime_lock();
	return job->result;
}

static void breathe(void)
{
	cbx_runtime_unlock();
	usleep(200);
	cbx_runtime_lock();
}

/* ---- the lock ---- */

static long counter;

static int64_t count(unsigned number)
{
	(void)number;
	for (int i = 0; i < ROUNDS; i++) {
		long before = counter;

		assert_true(cbx_runtime_locked());
		counter = before + 1;
		cbx_runtime_unlock();
		cbx_runtime_lock();
	}
	return 0;
}

static void the_lock_has_one_owner(void **state)
{
	struct job job[TASKS - 1];

	(void)state;
	counter = 0;
	for (unsigned i = 0; i < TASKS - 1; i++) {
		start(&job[i], i + 1, count);
	}
	for (unsigned i = 0; i < TASKS - 1; i++) {
		finish(&job[i]);
	}
	assert_int_equal(counter, (TASKS - 1) * ROUNDS);
}

/* ---- queues ---- */

static void a_queue_is_in_order_whatever_leaves_it(void **state)
{
	struct cbx_wait_queue queue = { NULL };
	struct cbx_wait_queue other = { NULL };
	struct cbx_waiter w[6];

	(void)state;
	for (int i = 0; i < 6; i++) {
		cbx_wait_add(&w[i], &queue);
	}
	cbx_wait_remove(&w[0]);
	cbx_wait_remove(&w[3]);
	cbx_wait_remove(&w[5]);
	cbx_wait_remove(&w[5]);
	cbx_wait_move(&w[2], &other);
	cbx_wait_move(&w[1], &queue);
	assert_ptr_equal(queue.first, &w[4]);
	assert_int_equal(cbx_wait_wake(&queue, 1), 1);
	assert_true(w[4].woken);
	assert_false(w[1].woken);
	assert_int_equal(cbx_wait_wake(&queue, UINT64_MAX), 1);
	assert_true(w[1].woken);
	assert_int_equal(cbx_wait_wake(&queue, UINT64_MAX), 0);
	assert_false(w[0].woken || w[2].woken || w[3].woken || w[5].woken);
	cbx_wait_remove(&w[2]);
	assert_null(other.first);
}

static void sleeping_ends_with_time_signal_point_or_order(void **state)
{
	struct cbx_wait_queue queue = { NULL };
	int64_t begin = now();

	(void)state;
	assert_int_equal(cbx_wait_on(&queue, begin + 2000000), -LX_ETIMEDOUT);
	assert_true(now() - begin >= 2000000);
	assert_null(queue.first);
	signalled = true;
	assert_int_equal(cbx_wait_on(&queue, CBX_WAIT_FOREVER), -LX_EINTR);
	signalled = false;
	at_point = true;
	assert_int_equal(cbx_wait_on(&queue, CBX_WAIT_FOREVER), -LX_EINTR);
	at_point = false;
	tasks[0].ending = true;
	assert_int_equal(cbx_wait_on(&queue, CBX_WAIT_FOREVER), -LX_EINTR);
	assert_null(queue.first);
}

static struct cbx_wait_queue turn_changed;
static unsigned turn;

static int64_t play(unsigned number)
{
	for (int i = 0; i < ROUNDS; i++) {
		while (turn % 2 != number % 2) {
			int64_t status =
				cbx_wait_on(&turn_changed, CBX_WAIT_FOREVER);

			if (status != 0) {
				return status;
			}
		}
		turn++;
		cbx_wait_wake(&turn_changed, UINT64_MAX);
	}
	return 0;
}

static void no_wake_up_is_lost(void **state)
{
	struct job job[2];

	(void)state;
	turn = 0;
	start(&job[0], 1, play);
	start(&job[1], 2, play);
	assert_int_equal(finish(&job[0]), 0);
	assert_int_equal(finish(&job[1]), 0);
	assert_int_equal(turn, 2 * ROUNDS);
	assert_null(turn_changed.first);
}

static int64_t sleep_deaf(unsigned number)
{
	(void)number;
	cbx_wait_deaf(&turn_changed);
	return turn;
}

static void the_deaf_hear_no_signal(void **state)
{
	struct job job;

	(void)state;
	turn = 5;
	signalled = true;
	tasks[1].ending = true;
	start(&job, 1, sleep_deaf);
	while (turn_changed.first == NULL) {
		breathe();
	}
	turn = 6;
	cbx_wait_wake(&turn_changed, 1);
	assert_int_equal(finish(&job), 6);
}

/* ---- futexes ---- */

static const int object;
static const struct cbx_futex_key word = { &object, 0x1000 };
static const struct cbx_futex_key second = { &object, 0x2000 };
static unsigned waiting;

static int64_t wait_bit(unsigned number)
{
	waiting++;
	return cbx_futex_wait(word, 1u << number, CBX_WAIT_FOREVER);
}

static void start_all(struct job *job, int64_t (*run)(unsigned))
{
	waiting = 0;
	for (unsigned i = 0; i < TASKS - 1; i++) {
		start(&job[i], i + 1, run);
		while (waiting != i + 1) {
			breathe();
		}
	}
}

static void waiters_are_woken_by_word_and_bits(void **state)
{
	struct job job[TASKS - 1];

	(void)state;
	start_all(job, wait_bit);
	assert_int_equal(cbx_futex_wake(second, 9, CBX_FUTEX_ANY), 0);
	assert_int_equal(cbx_futex_wake(word, 9, 1u << 9), 0);
	assert_int_equal(cbx_futex_wake(word, 9, 1u << 2), 1);
	assert_int_equal(finish(&job[1]), 0);
	assert_int_equal(cbx_futex_wake(word, 1, CBX_FUTEX_ANY), 1);
	assert_int_equal(finish(&job[0]), 0);
	assert_int_equal(cbx_futex_wake(word, 9, CBX_FUTEX_ANY), 1);
	assert_int_equal(finish(&job[2]), 0);
	assert_int_equal(cbx_futex_wake(word, 9, CBX_FUTEX_ANY), 0);
}

static void who_is_moved_waits_for_the_other_word(void **state)
{
	struct job job[TASKS - 1];

	(void)state;
	start_all(job, wait_bit);
	assert_int_equal(cbx_futex_move(word, word, 9), 0);
	assert_int_equal(cbx_futex_move(word, second, 2), 2);
	assert_int_equal(cbx_futex_wake(word, 9, CBX_FUTEX_ANY), 1);
	assert_int_equal(finish(&job[2]), 0);
	assert_int_equal(cbx_futex_wake(second, 9, CBX_FUTEX_ANY), 2);
	assert_int_equal(finish(&job[0]), 0);
	assert_int_equal(finish(&job[1]), 0);
}

static int64_t wait_lock(unsigned number)
{
	(void)number;
	waiting++;
	return cbx_futex_wait_owned(word, CBX_WAIT_FOREVER);
}

static void a_lock_goes_to_who_waited_longest(void **state)
{
	struct job job[TASKS - 1];
	bool only;

	(void)state;
	assert_null(cbx_futex_heir(word, &only));
	start_all(job, wait_lock);
	assert_int_equal(cbx_futex_wake(word, 9, CBX_FUTEX_ANY), 0);
	for (unsigned i = 0; i < TASKS - 1; i++) {
		assert_ptr_equal(cbx_futex_heir(word, &only), &tasks[i + 1]);
		assert_int_equal(only, i == TASKS - 2);
		cbx_futex_give(word);
		assert_int_equal(finish(&job[i]), 0);
	}
	assert_null(cbx_futex_heir(word, &only));
}

static void a_futex_s_time_ends(void **state)
{
	(void)state;
	assert_int_equal(
		cbx_futex_wait(word, 1, now() + 1000000), -LX_ETIMEDOUT);
	assert_int_equal(cbx_futex_wake(word, 9, CBX_FUTEX_ANY), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_lock_has_one_owner),
		TEST(a_queue_is_in_order_whatever_leaves_it),
		TEST(sleeping_ends_with_time_signal_point_or_order),
		TEST(no_wake_up_is_lost),
		TEST(the_deaf_hear_no_signal),
		TEST(waiters_are_woken_by_word_and_bits),
		TEST(who_is_moved_waits_for_the_other_word),
		TEST(a_lock_goes_to_who_waited_longest),
		TEST(a_futex_s_time_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

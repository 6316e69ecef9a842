/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: their own state, mutexes, conditions, time, more of them than
 * CPUs. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <stdint.h>
#include <unistd.h>

#include "say.h"

#define THREADS 12u
#define TURNS	20u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static unsigned int turn;
static __thread unsigned int mine;

/* In turn; a double stays in a register over the waits. */
static void *take_turns(void *arg)
{
	unsigned int number = (unsigned int)(size_t)arg;
	double sum = 0.0;

	mine = number;
	for (unsigned int i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&lock);
		while (turn % THREADS != number) {
			pthread_cond_wait(&turned, &lock);
		}
		turn++;
		sum += 0.5 + number;
		pthread_cond_broadcast(&turned);
		pthread_mutex_unlock(&lock);
	}
	return mine == number && sum == TURNS * (0.5 + number) ? arg : NULL;
}

static void all_take_turns(void)
{
	pthread_t thread[THREADS];
	unsigned int good = 0;
	unsigned int made = 0;
	void *result;

	for (size_t i = 0; i < THREADS; i++) {
		made += pthread_create(
				&thread[i], NULL, take_turns, (void *)i) == 0;
	}
	SAY("threads begin", made == THREADS);
	for (size_t i = 0; i < made; i++) {
		good += pthread_join(thread[i], &result) == 0 &&
			result == (void *)i;
	}
	SAY("threads keep their state", good == THREADS);
	SAY("every turn was taken", turn == THREADS * TURNS);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void time_goes_on(void)
{
	const struct timespec wait = { 0, 30000000 };
	uint64_t before = now_ns();
	struct timespec until;

	SAY("sleep", nanosleep(&wait, NULL) == 0);
	SAY("sleep is long enough", now_ns() - before >= 30000000u);
	before = now_ns();
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&lock);
	SAY("a wait ends by time",
		pthread_cond_timedwait(&turned, &lock, &until) == ETIMEDOUT);
	pthread_mutex_unlock(&lock);
	SAY("and not before", now_ns() - before >= 19000000u);
	SAY("the year is one of ours", until.tv_sec > 1700000000);
}

static int cpu_of[THREADS];
static pthread_barrier_t all_there;

static void *which_cpu(void *arg)
{
	cpu_of[(size_t)arg] = sched_getcpu();
	pthread_barrier_wait(&all_there);
	return NULL;
}

static void threads_spread(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int used = 0;
	pthread_t thread[THREADS];

	pthread_barrier_init(&all_there, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_create(&thread[i], NULL, which_cpu, (void *)i);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		used |= 1u << cpu_of[i];
	}
	printf("cpus %ld\n", count);
	SAY("every CPU has threads", used == (1u << count) - 1);
}

int main(void)
{
	all_take_turns();
	time_goes_on();
	threads_spread();
	return say_bad == 0 ? 0 : 1;
}

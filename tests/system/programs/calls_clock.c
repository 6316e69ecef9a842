/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, by the vDSO and by system calls: prints the same in a box and
 * outside.  With an argument, what the clocks say. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 200000
#define SECOND 1000000000ll

static int64_t of(const struct timespec *t)
{
	return t->tv_sec * SECOND + t->tv_nsec;
}

static int64_t by_library(clockid_t id)
{
	struct timespec t = { 0 };

	return clock_gettime(id, &t) == 0 ? of(&t) : -1;
}

static int64_t by_call(clockid_t id)
{
	struct timespec t = { 0 };

	return syscall(SYS_clock_gettime, id, &t) == 0 ? of(&t) : -1;
}

/* Both ways in turn, for longer than a reading is carried on. */
static void forwards(clockid_t id, const char *name)
{
	int64_t end = by_library(CLOCK_MONOTONIC) + SECOND / 4;
	int64_t last = 0;
	int back = 0;

	while (by_library(CLOCK_MONOTONIC) < end) {
		int64_t a = by_library(id);
		int64_t b = by_call(id);

		back += a < last || b < a;
		last = b;
	}
	printf("%s: %d times back\n", name, back);
}

static _Atomic int64_t seen;

/* What a thread has seen another one does not see as the future. */
static void *watch(void *arg)
{
	intptr_t back = 0;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		int64_t before = seen;
		int64_t now = by_library(CLOCK_MONOTONIC);

		back += now < before;
		while (before < now &&
			!atomic_compare_exchange_strong(&seen, &before, now)) {
		}
	}
	return (void *)back;
}

static void threads(void)
{
	pthread_t thread[3];
	intptr_t sum = 0;

	for (int i = 0; i < 3; i++) {
		pthread_create(&thread[i], NULL, watch, NULL);
	}
	for (int i = 0; i < 3; i++) {
		void *back;

		pthread_join(thread[i], &back);
		sum += (intptr_t)back;
	}
	printf("threads: %d times back\n", (int)sum);
}

static void agree(void)
{
	struct timeval day;
	int64_t before = by_call(CLOCK_REALTIME);
	int result = gettimeofday(&day, NULL);
	int64_t now = day.tv_sec * SECOND + day.tv_usec * 1000;

	printf("gettimeofday: %d, agrees %d\n", result,
		now >= before - 1000 && now - before < SECOND);
	printf("time: agrees %d\n",
		llabs((long long)time(NULL) - before / SECOND) <= 1);
	printf("coarse: agrees %d\n",
		llabs((long long)(by_library(CLOCK_REALTIME_COARSE) -
				  by_library(CLOCK_REALTIME))) < SECOND);
	printf("sleep: ");
	before = by_library(CLOCK_MONOTONIC);
	usleep(150000);
	now = by_library(CLOCK_MONOTONIC) - before;
	printf("%d\n", now >= SECOND * 15 / 100 && now < 10 * SECOND);
}

/* Nothing keeps the clock right, or it is the host's; asking works. */
static void asking(void)
{
	struct timex t = { 0 };
	struct timeval left = { 1, 1 };
	int state = adjtimex(&t);

	printf("adjtimex: %d", state >= 0 && state <= TIME_ERROR);
	printf(" %d",
		llabs((long long)t.time.tv_sec - (long long)time(NULL)) < 2);
	printf(" %ld %d", t.tick, adjtime(NULL, &left));
	printf(" %ld\n", (long)left.tv_sec);
}

static void rest(void)
{
	struct timespec t = { 1, 1 };
	unsigned cpu = 1000000;
	int bad = clock_gettime(1000, &t);
	int error = errno;

	printf("bad clock: %d %d\n", bad, error);
	printf("resolution: %d", clock_getres(CLOCK_MONOTONIC, &t));
	printf(" %ld %ld\n", (long)t.tv_sec, t.tv_nsec);
	printf("getcpu: %d", getcpu(&cpu, NULL));
	printf(" %d\n", cpu < 4096);
	printf("vDSO: %d\n", getauxval(AT_SYSINFO_EHDR) != 0);
	asking();
}

static void print_clocks(void)
{
	struct timespec t = { 0, 300000000 };

	for (int i = 0; i < 2; i++) {
		printf("%lld %lld %lld\n",
			(long long)by_library(CLOCK_REALTIME),
			(long long)by_library(CLOCK_MONOTONIC),
			(long long)by_call(CLOCK_REALTIME));
		nanosleep(&t, NULL);
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		print_clocks();
		return 0;
	}
	forwards(CLOCK_MONOTONIC, "monotonic");
	forwards(CLOCK_REALTIME, "real");
	threads();
	agree();
	rest();
	return 0;
}

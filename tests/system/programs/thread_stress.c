/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that wake each other without end: a wake-up that is lost stops this
 * for ever, one too many changes the counts.
 *
 *	thread_stress [input | ends]
 *
 * input: one thread waits for standard input, others compute and sleep.
 * ends: processes end and become other programs from any thread. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PASSES 20000
#define PAIRS  3

struct pair {
	_Atomic uint32_t turn;
	int pipe[2][2];
	long sum[2];
};

static struct pair pairs[PAIRS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long shared;
static atomic_int stop;
static atomic_long turns;

static void wait_for(_Atomic uint32_t *word, uint32_t value)
{
	uint32_t seen;

	while ((seen = atomic_load(word)) != value) {
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL);
	}
}

static void give(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

/* By futex, by pipe, by condition: one of two partners. */
static void partner(struct pair *p, unsigned side)
{
	for (uint32_t i = 0; i < PASSES; i++) {
		wait_for(&p->turn, 2 * i + side);
		p->sum[side] += i;
		give(&p->turn, 2 * i + side + 1);
	}
	for (uint32_t i = 0; i < PASSES / 10; i++) {
		uint32_t got = 0;

		if (side == 0) {
			(void)!write(p->pipe[0][1], &i, sizeof(i));
			(void)!read(p->pipe[1][0], &got, sizeof(got));
		} else {
			struct pollfd poller = { p->pipe[0][0], POLLIN, 0 };

			poll(&poller, 1, -1);
			(void)!read(p->pipe[0][0], &got, sizeof(got));
			(void)!write(p->pipe[1][1], &got, sizeof(got));
		}
		p->sum[side] += got;
	}
	for (int i = 0; i < PASSES / 10; i++) {
		pthread_mutex_lock(&mutex);
		while (shared % 2 != (long)side) {
			pthread_cond_wait(&cond, &mutex);
		}
		shared++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
}

static void *first(void *arg)
{
	partner(arg, 0);
	return NULL;
}

static void *second(void *arg)
{
	partner(arg, 1);
	return NULL;
}

static void *compute_for_ever(void *arg)
{
	volatile unsigned long steps = 0;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;) {
		steps++;
	}
	return arg;
}

/* It leaves its CPU to the others, and hears of its end. */
static void cancel(void)
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, compute_for_ever, NULL);
	usleep(3000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("cancelled: %d\n", result == PTHREAD_CANCELED);
}

static int stress(void)
{
	pthread_t thread[PAIRS][2];

	for (int i = 0; i < PAIRS; i++) {
		(void)!pipe(pairs[i].pipe[0]);
		(void)!pipe(pairs[i].pipe[1]);
		pthread_create(&thread[i][0], NULL, first, &pairs[i]);
		pthread_create(&thread[i][1], NULL, second, &pairs[i]);
	}
	for (int i = 0; i < PAIRS; i++) {
		pthread_join(thread[i][0], NULL);
		pthread_join(thread[i][1], NULL);
		printf("pair %d: %ld %ld\n", i, pairs[i].sum[0],
			pairs[i].sum[1]);
	}
	printf("together: %ld\n", shared);
	cancel();
	return 0;
}

static void *compute(void *arg)
{
	while (!atomic_load(&stop)) {
		atomic_fetch_add(&turns, 1);
	}
	return arg;
}

static void *sleep_often(void *arg)
{
	const struct timespec little = { 0, 5000000 };

	for (int i = 0; i < 5; i++) {
		nanosleep(&little, NULL);
		dprintf(1, "awake %d\n", i);
	}
	return arg;
}

static int wait_for_input(void)
{
	char text[64] = { 0 };
	pthread_t busy;
	pthread_t sleeper;
	ssize_t n;

	pthread_create(&busy, NULL, compute, NULL);
	pthread_create(&sleeper, NULL, sleep_often, NULL);
	n = read(0, text, sizeof(text) - 1);
	pthread_join(sleeper, NULL);
	atomic_store(&stop, 1);
	pthread_join(busy, NULL);
	dprintf(1, "read %zd: %s, computed: %s\n", n, text,
		atomic_load(&turns) > 0 ? "yes" : "no");
	return 0;
}

/* A process ends, or becomes another program, in whatever its threads are. */
static void *block(void *arg)
{
	char byte;
	int fd[2];

	(void)!pipe(fd);
	(void)!read(fd[0], &byte, 1);
	return arg;
}

static void *end(void *arg)
{
	usleep(2000);
	if (arg == NULL) {
		_exit(7);
	}
	execl((const char *)arg, "thread_stress", "hello", NULL);
	_exit(1);
}

static void crowd(const char *program)
{
	pthread_t thread;

	pthread_create(&thread, NULL, compute, NULL);
	pthread_create(&thread, NULL, compute, NULL);
	pthread_create(&thread, NULL, block, NULL);
	pthread_create(&thread, NULL, end, (void *)(uintptr_t)program);
	pthread_join(thread, NULL);
}

static int ends(const char *program)
{
	for (int i = 0; i < 40; i++) {
		int status = -1;
		pid_t child = fork();

		if (child == 0) {
			crowd(i % 2 == 0 ? NULL : program);
		}
		waitpid(child, &status, 0);
		printf("ended: %d %d\n", WIFEXITED(status),
			WEXITSTATUS(status));
		fflush(stdout);
	}
	crowd(program);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "ends") == 0) {
		return ends(argv[0]);
	}
	if (argc > 1 && strcmp(argv[1], "hello") == 0) {
		return 8;
	}
	return argc > 1 && strcmp(argv[1], "input") == 0 ? wait_for_input()
							 : stress();
}

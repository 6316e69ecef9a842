/* SPDX-License-Identifier: Apache-2.0 */
/* A task that is sent signals faster than it handles them still goes on.
 *
 *   signal_flood TURNS [thread]  turns of a program that waits for one after the
 *                                other; between how many of them were more
 *                                handlers than may be without one; the most
 *   signal_flood run [thread]    whether one that makes no call goes on
 *
 * Another process sends them, or a thread of its own.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 50000000ull
#define MAY   65

struct shared {
	volatile int ready;
	volatile unsigned long turns;
	volatile unsigned long late;
	volatile unsigned long most;
	volatile unsigned long handled;
};

static struct shared *shared;

static void handle(int signal)
{
	(void)signal;
	shared->handled++;
}

static void count_turns(unsigned long wanted)
{
	unsigned long before = 0;
	sigset_t all_but;

	sigfillset(&all_but);
	sigdelset(&all_but, SIGUSR1);
	while (shared->turns < wanted) {
		unsigned long now;

		sigsuspend(&all_but);
		now = shared->handled;
		shared->late += now - before > MAY;
		if (now - before > shared->most) {
			shared->most = now - before;
		}
		before = now;
		shared->turns++;
	}
}

static void compute(void)
{
	while (shared->handled == 0) {
	}
	for (volatile unsigned long long i = 0; i < STEPS; i++) {
	}
}

static void *send_to(void *task)
{
	for (;;) {
		syscall(SYS_tgkill, getpid(), *(pid_t *)task, SIGUSR1);
	}
	return NULL;
}

static void start_thread(void)
{
	static pid_t self;
	pthread_t thread;

	self = gettid();
	if (pthread_create(&thread, NULL, send_to, &self) != 0) {
		_exit(EXIT_FAILURE);
	}
}

static pid_t start(const char *what, bool thread)
{
	pid_t child = fork();

	if (child == 0) {
		if (thread) {
			start_thread();
		}
		shared->ready = 1;
		if (strcmp(what, "run") == 0) {
			compute();
		} else {
			count_turns(strtoul(what, NULL, 10));
		}
		_exit(EXIT_SUCCESS);
	}
	while (child > 0 && !shared->ready) {
		usleep(100);
	}
	return child;
}

int main(int argc, char **argv)
{
	bool thread = argc == 3 && strcmp(argv[2], "thread") == 0;
	pid_t child;
	int status = -1;

	if (argc != 2 && !thread) {
		return EXIT_FAILURE;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || signal(SIGUSR1, handle) == SIG_ERR) {
		return EXIT_FAILURE;
	}
	child = start(argv[1], thread);
	if (child <= 0) {
		return EXIT_FAILURE;
	}
	while (waitpid(child, &status, thread ? 0 : WNOHANG) == 0) {
		kill(child, SIGUSR1);
	}
	printf("ended %d, turns %lu, late %lu, at most %lu\n", status,
		shared->turns, shared->late, shared->most);
	return shared->handled != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

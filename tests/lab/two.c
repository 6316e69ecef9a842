/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads that take turns without ever sleeping, for some seconds: a box on
 * two CPUs.  What they count together nothing guards but whose turn it is. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define SECONDS	  6
#define TURNS_MIN 50

static _Atomic uint64_t turn; /* UINT64_MAX: it is over */
static uint64_t counted;

static int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* @return how often it was this side's turn */
static uint64_t play(uint64_t side)
{
	const int64_t end = now() + SECONDS;
	uint64_t turns = 0;

	for (;;) {
		uint64_t seen = atomic_load(&turn);

		if (seen == UINT64_MAX) {
			return turns;
		}
		if (seen % 2 != side) {
			continue;
		}
		turns++;
		counted++;
		if (side == 1 && turns >= TURNS_MIN && now() >= end) {
			atomic_store(&turn, UINT64_MAX);
			return turns;
		}
		atomic_store(&turn, seen + 1);
	}
}

static void *other(void *turns)
{
	*(uint64_t *)turns = play(1);
	return NULL;
}

int main(void)
{
	pthread_t thread;
	uint64_t theirs = 0;
	uint64_t own;

	if (pthread_create(&thread, NULL, other, &theirs) != 0) {
		return 1;
	}
	own = play(0);
	if (pthread_join(thread, NULL) != 0) {
		return 1;
	}
	(void)printf("took turns: %s\n",
		own == theirs && own >= TURNS_MIN && counted == own + theirs
			? "yes"
			: "no");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: what they share, how they wait for each other, how they end.
 * Prints the same in a box and outside, on one CPU and on several. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MANY   64
#define ROUNDS 2000
#define STACK  65536

static _Thread_local int own = 7;

static pthread_t start(void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	error = pthread_create(&thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	if (error != 0) {
		printf("pthread_create: %s\n", strerror(error));
		exit(1);
	}
	return thread;
}

static long join(pthread_t thread)
{
	void *result;

	pthread_join(thread, &result);
	return (long)result;
}

/* Sixty-four threads, a mutex, storage of their own. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *count(void *arg)
{
	own += (int)(long)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return (void *)(long)own;
}

static void many(void)
{
	pthread_t thread[MANY];
	long sum = 0;

	for (long i = 0; i < MANY; i++) {
		thread[i] = start(count, (void *)i);
	}
	for (int i = 0; i < MANY; i++) {
		sum += join(thread[i]);
	}
	printf("many: counted %ld, own sum %ld, mine %d\n", counter, sum, own);
	for (int i = 0; i < 500; i++) {
		sum += join(start(count, NULL)) - 7;
		counter = 0;
	}
	printf("many: one after the other, sum %ld\n", sum);
}

/* A queue of one place, between two threads. */
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int place = -1;

static void *produce(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (place >= 0) {
			pthread_cond_wait(&cond, &mutex);
		}
		place = i;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void conditions(void)
{
	pthread_t thread = start(produce, NULL);
	struct timespec soon;
	long sum = 0;
	int error;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (place < 0) {
			pthread_cond_wait(&cond, &mutex);
		}
		sum += place;
		place = -1;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	join(thread);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 2000000;
	soon.tv_sec += soon.tv_nsec / 1000000000;
	soon.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	error = pthread_cond_timedwait(&cond, &mutex, &soon);
	pthread_mutex_unlock(&mutex);
	printf("conditions: sum %ld, then %s\n", sum, strerror(error));
}

/* Readers and writers. */
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2];

static void *write_pairs(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_rwlock_wrlock(&rwlock);
		pair[0]++;
		pair[1]++;
		pthread_rwlock_unlock(&rwlock);
	}
	return arg;
}

static void *read_pairs(void *arg)
{
	long torn = 0;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_rwlock_rdlock(&rwlock);
		torn += pair[0] != pair[1] ? 1 : 0;
		pthread_rwlock_unlock(&rwlock);
	}
	return (void *)torn;
}

static void readers(void)
{
	pthread_t thread[6];
	long torn = 0;

	for (int i = 0; i < 6; i++) {
		thread[i] = start(i % 2 == 0 ? write_pairs : read_pairs, NULL);
	}
	for (int i = 0; i < 6; i++) {
		torn += join(thread[i]);
	}
	printf("readers: %ld written, %ld torn\n", pair[1], torn);
}

/* A barrier, and semaphores in a ring. */
static pthread_barrier_t barrier;
static sem_t ring[4];
static int last;

static void *pass(void *arg)
{
	long at = (long)arg;
	long serial = 0;

	for (int i = 0; i < 50; i++) {
		serial += pthread_barrier_wait(&barrier) ==
			  PTHREAD_BARRIER_SERIAL_THREAD;
	}
	for (int i = 0; i < 200; i++) {
		sem_wait(&ring[at]);
		last = last * 5 % 9973 + (int)at + 1;
		sem_post(&ring[(at + 1) % 4]);
	}
	return (void *)serial;
}

static void rings(void)
{
	pthread_t thread[4];
	long serial = 0;

	pthread_barrier_init(&barrier, NULL, 4);
	for (unsigned i = 0; i < 4; i++) {
		sem_init(&ring[i], 0, i == 0 ? 1 : 0);
	}
	for (long i = 0; i < 4; i++) {
		thread[i] = start(pass, (void *)i);
	}
	for (int i = 0; i < 4; i++) {
		serial += join(thread[i]);
	}
	printf("rings: %ld serial, last %d\n", serial, last);
}

/* Mutexes of every kind, and the death of an owner. */
static void *take_and_die(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void *lock_later(void *arg)
{
	long error = pthread_mutex_lock(arg);

	pthread_mutex_consistent(arg);
	pthread_mutex_unlock(arg);
	return (void *)error;
}

static void owners(int protocol)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t robust;
	pthread_t thread[3];
	int first;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutex_init(&robust, &attr);
	join(start(take_and_die, &robust));
	first = pthread_mutex_lock(&robust);
	printf("owners: %s", strerror(first));
	for (int i = 0; i < 3; i++) {
		thread[i] = start(lock_later, &robust);
	}
	usleep(3000);
	printf(", consistent %d", pthread_mutex_consistent(&robust));
	pthread_mutex_unlock(&robust);
	for (int i = 0; i < 3; i++) {
		printf(", %ld", join(thread[i]));
	}
	join(start(take_and_die, &robust));
	printf(", try %s\n", strerror(pthread_mutex_trylock(&robust)));
}

static void *add_inherited(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(arg);
		counter++;
		if (i % 64 == 0) {
			sched_yield();
		}
		pthread_mutex_unlock(arg);
	}
	return NULL;
}

static void inheritance(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t inherit;
	pthread_t thread[4];
	struct timespec past = { 1, 0 };

	counter = 0;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&inherit, &attr);
	for (int i = 0; i < 4; i++) {
		thread[i] = start(add_inherited, &inherit);
	}
	for (int i = 0; i < 4; i++) {
		join(thread[i]);
	}
	pthread_mutex_lock(&inherit);
	printf("inheritance: %ld, again %s, timed %s\n", counter,
		strerror(pthread_mutex_lock(&inherit)),
		strerror(pthread_mutex_timedlock(&inherit, &past)));
	pthread_mutex_unlock(&inherit);
}

/* Bare futexes. */
static uint32_t word[2];

static long futex(uint32_t *at, int operation, uint32_t value, void *more,
	uint32_t *second, uint32_t third)
{
	errno = 0;
	return syscall(SYS_futex, at, operation, value, more, second, third);
}

static void say(const char *what, long result)
{
	printf("futex: %s = %ld %s\n", what, result,
		result < 0 ? strerror(errno) : "");
}

static void *wait_word(void *arg)
{
	long result = futex(&word[0], FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL,
		(uint32_t)(long)arg);

	return (void *)result;
}

/* Move everybody to the second word: when all are there, all wait. */
static void move_all(long threads)
{
	long moved = 0;

	while (moved < threads) {
		long result = futex(&word[0], FUTEX_CMP_REQUEUE_PRIVATE, 0,
			(void *)1000L, &word[1], 0);

		moved += result;
		usleep(500);
	}
	printf("futex: moved %ld\n", moved);
}

static void futexes(void)
{
	struct timespec little = { 0, 1000000 };
	pthread_t thread[4];
	int operation = FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0);

	say("other value", futex(word, FUTEX_WAIT, 1, NULL, NULL, 0));
	say("time", futex(word, FUTEX_WAIT, 0, &little, NULL, 0));
	say("wake nobody", futex(word, FUTEX_WAKE, 5, NULL, NULL, 0));
	say("no bits", futex(word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
	say("odd", futex((void *)((char *)word + 1), FUTEX_WAIT, 0, NULL, NULL,
			   0));
	say("nowhere", futex((void *)16, FUTEX_WAIT, 0, NULL, NULL, 0));
	say("unknown", futex(word, 99, 0, NULL, NULL, 0));
	say("compare",
		futex(word, FUTEX_CMP_REQUEUE, 1, (void *)1L, &word[1], 9));
	for (long i = 0; i < 4; i++) {
		thread[i] = start(wait_word, (void *)(1L << i));
	}
	move_all(4);
	say("first word", futex(word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
	say("bit 8",
		futex(&word[1], FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 8));
	say("other bits", futex(&word[1], FUTEX_WAKE_BITSET_PRIVATE, 9, NULL,
				  NULL, 0x30));
	say("operate", futex(word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)2L,
			       &word[1], (uint32_t)operation));
	say("operate", futex(word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)2L,
			       &word[1], (uint32_t)operation));
	printf("futex: word %u\n", word[1]);
	say("last", futex(&word[1], FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0));
	for (int i = 0; i < 4; i++) {
		printf("futex: waited %ld\n", join(thread[i]));
	}
}

/* Who one is. */
static void *identify(void *arg)
{
	char name[32] = { 0 };
	long tid = syscall(SYS_gettid);

	pthread_getname_np(pthread_self(), name, sizeof(name));
	printf("identity: %s, %s", name, tid == getpid() ? "first" : "other");
	prctl(PR_SET_NAME, "another-long-name");
	prctl(PR_GET_NAME, name);
	printf(", %s, pid %s\n", name,
		getpid() == (pid_t)(long)arg ? "same" : "other");
	return (void *)tid;
}

static void identities(void)
{
	long gone;
	void *head = NULL;
	size_t bytes = 0;
	long tid;

	prctl(PR_SET_NAME, "first");
	tid = join(start(identify, (void *)(long)getpid()));
	printf("identity: %s\n", tid != getpid() ? "another" : "the same");
	/* the join ends a moment before the thread does */
	while ((gone = syscall(SYS_tgkill, getpid(), tid, 0)) == 0) {
		sched_yield();
	}
	printf("identity: gone %ld\n", gone);
	printf("robust: %ld %zu %s\n",
		syscall(SYS_get_robust_list, 0, &head, &bytes), bytes,
		head != NULL ? "set" : "not set");
	printf("robust: %ld\n", syscall(SYS_set_robust_list, head, 23));
}

/* Cancellation of one that waits; of one that computes: thread_stress.c. */
static void tidy(void *arg)
{
	printf("cancelled: tidied %s\n", (const char *)arg);
}

static void let_go(void *arg)
{
	pthread_mutex_unlock(arg);
}

static void *wait_for_ever(void *arg)
{
	pthread_cleanup_push(tidy, arg);
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(let_go, &mutex);
	for (;;) {
		pthread_cond_wait(&cond, &mutex);
	}
	pthread_cleanup_pop(1);
	pthread_cleanup_pop(1);
	return NULL;
}

static void *read_for_ever(void *arg)
{
	char byte;
	int fd[2];

	(void)!pipe(fd);
	pthread_cleanup_push(tidy, arg);
	(void)!read(fd[0], &byte, 1);
	pthread_cleanup_pop(1);
	return NULL;
}

static void cancel(void *(*run)(void *), const char *what)
{
	pthread_t thread = start(run, (void *)(uintptr_t)what);
	void *result;

	usleep(3000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("cancelled: %s %d\n", what, result == PTHREAD_CANCELED);
}

static void *own_policy(void *arg)
{
	printf(" %d", sched_getscheduler(0));
	return arg;
}

/* Scheduling, as far as it says the same everywhere. */
static void schedule(void)
{
	struct sched_param param = { 0 };
	int expedited = 1 << 3;

	printf("schedule: %d %d %d", sched_yield(), sched_getscheduler(0),
		sched_getparam(0, &param));
	printf(" %d %d %d", param.sched_priority,
		sched_get_priority_max(SCHED_FIFO),
		sched_get_priority_min(SCHED_OTHER));
	printf(" %d", sched_setscheduler(0, SCHED_OTHER, &param));
	printf(" %d", sched_get_priority_max(77));
	printf(" %d", sched_setscheduler(
			      0, SCHED_BATCH | SCHED_RESET_ON_FORK, &param));
	printf(" %x", (unsigned int)sched_getscheduler(0));
	pthread_join(start(own_policy, NULL), NULL);
	printf(" %d %d", sched_setscheduler(0, SCHED_BATCH, &param),
		sched_setscheduler(0, SCHED_OTHER, &param));
	printf(" %d\n", sched_setscheduler(0, SCHED_RR, &param));
	printf("barrier: %d",
		(int)syscall(SYS_membarrier, 0, 0, 0) & expedited);
	printf(" %ld", syscall(SYS_membarrier, expedited, 0, 0));
	printf(" %ld", syscall(SYS_membarrier, 1 << 4, 0, 0));
	printf(" %ld\n", syscall(SYS_membarrier, expedited, 0, 0));
}

/* The first thread goes, another one ends the process. */
static void *stay(void *arg)
{
	pthread_join((pthread_t)arg, NULL);
	printf("the first one went\n");
	fflush(stdout);
	exit(23);
}

int main(void)
{
	many();
	conditions();
	readers();
	rings();
	owners(PTHREAD_PRIO_NONE);
	owners(PTHREAD_PRIO_INHERIT);
	inheritance();
	futexes();
	identities();
	schedule();
	cancel(wait_for_ever, "one that waits");
	cancel(read_for_ever, "one that reads");
	fflush(stdout);
	start(stay, (void *)pthread_self());
	pthread_exit(NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls FOLDER ROUNDS: what system calls cost, as the program that makes them
 * sees it: a line "name nanoseconds" each, the least of ROUNDS rounds.
 *
 * One static program, run outside, in a box and in whatever else a program can
 * be put into; FOLDER is one that holds its files in memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CALLS  2000u
#define WAKES  50u
#define BLOCK  4096u
#define HASHED (256u * 1024u)

static int file;
static uint8_t block[BLOCK];
static volatile uint64_t sink;

static void check(int good, const char *what)
{
	if (!good) {
		fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
		exit(EXIT_FAILURE);
	}
}

static uint64_t now(void)
{
	struct timespec time;

	check(clock_gettime(CLOCK_MONOTONIC, &time) == 0, "clock_gettime");
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void call_getppid(void)
{
	sink += (uint64_t)syscall(SYS_getppid);
}

static void call_getpid(void)
{
	sink += (uint64_t)syscall(SYS_getpid);
}

static void read_clock(void)
{
	sink += now();
}

static uint32_t word;

static long call_futex(uint32_t *at, int operation, uint32_t value)
{
	return syscall(SYS_futex, at, operation | FUTEX_PRIVATE_FLAG, value,
		NULL, NULL, 0);
}

static void futex_nobody(void)
{
	check(call_futex(&word, FUTEX_WAKE, 1) == 0, "futex");
}

static void map_page(void)
{
	char *page = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(page != MAP_FAILED, "mmap");
	*page = 1;
	check(munmap(page, BLOCK) == 0, "munmap");
}

/* Two threads that wake each other: who finds the other's number sleeps. */
static uint32_t turn;

static void pass_to(uint32_t other)
{
	__atomic_store_n(&turn, other, __ATOMIC_SEQ_CST);
	(void)call_futex(&turn, FUTEX_WAKE, 1);
	while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) == other) {
		(void)call_futex(&turn, FUTEX_WAIT, other);
	}
}

static void *partner(void *arg)
{
	for (;;) {
		uint32_t is;

		while ((is = __atomic_load_n(&turn, __ATOMIC_SEQ_CST)) == 0) {
			(void)call_futex(&turn, FUTEX_WAIT, 0);
		}
		if (is == 2) {
			return arg;
		}
		pass_to(0);
	}
}

static void wake_other(void)
{
	pass_to(1);
}

static void read_byte(void)
{
	check(read(file, block, 1) == 1, "read");
}

static void read_block(void)
{
	check(read(file, block, BLOCK) == (ssize_t)BLOCK, "read");
}

static void write_byte(void)
{
	check(write(file, block, 1) == 1, "write");
}

static void write_block(void)
{
	check(write(file, block, BLOCK) == (ssize_t)BLOCK, "write");
}

/* No system call at all: what there is to compute on, over and over. */
static void compute(void)
{
	uint64_t state = sink | 1;

	for (uint32_t i = 0; i < HASHED / CALLS; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		block[state % BLOCK] = (uint8_t)(block[i % BLOCK] + state);
	}
	sink = state;
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "getpid", call_getpid },
	{ "getppid", call_getppid },
	{ "clock_gettime", read_clock },
	{ "futex-nobody", futex_nobody },
	{ "mmap-page", map_page },
	{ "read-1", read_byte },
	{ "read-4096", read_block },
	{ "write-1", write_byte },
	{ "write-4096", write_block },
	{ "compute", compute },
};

/* The C library's memset leaves bytes in vector registers, as something or
 * other does in every program: who interrupts it has to save them. */
static uint64_t one_round(void (*call)(void), uint32_t count)
{
	uint64_t start;

	memset(block, (int)sink, sizeof(block));
	check(lseek(file, 0, SEEK_SET) == 0, "lseek");
	start = now();
	for (uint32_t i = 0; i < count; i++) {
		call();
	}
	return now() - start;
}

static double least(void (*call)(void), uint32_t count, unsigned long rounds)
{
	uint64_t least_time = UINT64_MAX;

	for (unsigned long i = 0; i < rounds; i++) {
		uint64_t time = one_round(call, count);

		least_time = time < least_time ? time : least_time;
	}
	return (double)least_time / count;
}

/* The time of two wake-ups and two sleeps, halved.  Rounds are short: two CPUs
 * are left alone by others for a moment only. */
static void print_wake(unsigned long rounds)
{
	pthread_t thread;
	double time;

	check(pthread_create(&thread, NULL, partner, NULL) == 0, "a thread");
	time = least(wake_other, WAKES, rounds * (CALLS / WAKES));
	__atomic_store_n(&turn, 2, __ATOMIC_SEQ_CST);
	(void)call_futex(&turn, FUTEX_WAKE, 1);
	check(pthread_join(thread, NULL) == 0, "its end");
	printf("wake %.1f\n", time / 2);
}

/* A file in which every call of a round finds room. */
static void make_file(const char *folder)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/bench-calls", folder);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	check(file >= 0, path);
	for (uint32_t i = 0; i < CALLS; i++) {
		write_block();
	}
	check(unlink(path) == 0, path);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: calls FOLDER ROUNDS\n");
		return EXIT_FAILURE;
	}
	make_file(argv[1]);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		printf("%s %.1f\n", calls[i].name,
			least(calls[i].call, CALLS,
				strtoul(argv[2], NULL, 10)));
	}
	print_wake(strtoul(argv[2], NULL, 10));
	return EXIT_SUCCESS;
}

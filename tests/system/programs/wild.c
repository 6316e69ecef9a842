/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random system calls with random arguments, in children, for a while.
 *
 *   wild calls|all|elf SEED MILLISECONDS
 *
 * "calls" leaves out what is meant to end the first process, and makes Linux's
 * calls only: it ends with 0 and one line.  "all" calls the monitor's gates,
 * too, and writes to memory that may be the runtime's: anything may come of it
 * in this box.  "elf" executes damaged copies of itself.  Without arguments it
 * ends at once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	 4096u
#define ROOM	 (16 * PAGE)
#define CALLS	 400u /* of a child */
#define LINUX	 470u
#define GATES	 0x0cbf0000u
#define GATES_OF 0x100u
#define RUNTIME	 0x600000000000u
#define PATIENCE 200000000 /* ns for a child that sleeps */

static uint64_t state;
static char *room;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t below(uint64_t limit)
{
	return next() % limit;
}

static uint64_t number(void)
{
	switch (below(6)) {
	case 0:
		return next();
	case 1:
		return (uint64_t)1 << below(64);
	case 2:
		return -below(300);
	case 3:
		return below(PAGE * 4) & ~(uint64_t)(PAGE - 1);
	default:
		return below(20);
	}
}

static uint64_t pointer(void)
{
	switch (below(8)) {
	case 0:
		return RUNTIME + below(1 << 24);
	case 1:
		return RUNTIME + (below(0x60) << 36) + below(1 << 16);
	case 2:
		return (uint64_t)&state + below(PAGE) - PAGE / 2;
	case 3:
		return (uint64_t)pointer + below(PAGE);
	case 4:
		return below((uint64_t)1 << 48) & ~(uint64_t)(PAGE - 1);
	default:
		return (uint64_t)room + below(ROOM + 64);
	}
}

/* What means the first process, or the end of the test. */
static bool is_spared(uint64_t call)
{
	static const int spared[] = { SYS_kill, SYS_tkill, SYS_tgkill,
		SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_prlimit64,
		SYS_pidfd_send_signal, SYS_read, SYS_readv, 335, 336 };

	for (size_t i = 0; i < sizeof(spared) / sizeof(spared[0]); i++) {
		if ((uint64_t)spared[i] == call) {
			return true;
		}
	}
	return false;
}

static uint64_t any_call(void)
{
	switch (below(4)) {
	case 0:
		return GATES + below(GATES_OF);
	case 1:
		return below(10) == 0 ? next() : GATES - 16 + below(0x2000);
	default:
		return below(LINUX);
	}
}

static void one_call(bool all)
{
	uint64_t call = all ? any_call() : below(LINUX);
	uint64_t a[6];

	if (!all && is_spared(call)) {
		return;
	}
	if (all && below(200) == 0) {
		*(volatile uint64_t *)pointer() = next();
	}
	for (int i = 0; i < 6; i++) {
		a[i] = below(2) == 0 ? number() : pointer();
	}
	(void)syscall((long)call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Random bytes are the structures calls read, paths among them. */
static void fill(void)
{
	static const char *const names[] = { "/", "/tmp/a", "b",
		"/proc/self/fd", "/proc/1/mem", "/dev/zero", "../..",
		"/dev/full" };

	for (size_t i = 0; i < ROOM; i += sizeof(uint64_t)) {
		uint64_t word = below(3) == 0 ? pointer() : number();

		memcpy(room + i, &word, sizeof(word));
	}
	for (size_t i = 0; i < ROOM; i += 512) {
		strcpy(room + i,
			names[below(sizeof(names) / sizeof(names[0]))]);
	}
}

static void child(bool all)
{
	room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED) {
		_exit(1);
	}
	for (int fd = 0; fd < 3; fd++) {
		dup2(open("/dev/null", O_RDWR), fd);
	}
	fill();
	for (unsigned i = 0; i < CALLS; i++) {
		one_call(all);
	}
	_exit(0);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Part of a program's head, or of anything else in it. */
static void damage(uint8_t *image, size_t size)
{
	for (uint64_t i = 1 + below(4); i != 0; i--) {
		size_t at = below(4) == 0 ? below(size - 8) : below(PAGE / 8);
		uint64_t word = below(2) == 0 ? number() : pointer();

		memcpy(image + at, &word, (size_t)1 << below(4));
	}
}

/* The runtime's loader is given programs that are nearly right. */
static void run_damaged(void)
{
	static uint8_t image[4 << 20];
	char *const argv[] = { "damaged", NULL };
	int from = open("/proc/self/exe", O_RDONLY);
	ssize_t size = read(from, image, sizeof(image));
	int fd = open("/tmp/damaged", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (size < (ssize_t)PAGE) {
		_exit(1);
	}
	damage(image, (size_t)size);
	if (below(8) == 0) {
		size = (ssize_t)below((uint64_t)size);
	}
	if (write(fd, image, (size_t)size) != size || close(fd) != 0) {
		_exit(1);
	}
	execve("/tmp/damaged", argv, NULL);
	_exit(0);
}

/* Everything there is but the first process. */
static void end_all(const sigset_t *ends)
{
	const struct timespec patience = { 0, PATIENCE };

	(void)sigtimedwait(ends, NULL, &patience);
	for (;;) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {
		}
		if (waitpid(-1, NULL, __WALL) < 0) {
			break;
		}
	}
}

int main(int argc, char **argv)
{
	bool all = argc > 1 && strcmp(argv[1], "all") == 0;
	bool elf = argc > 1 && strcmp(argv[1], "elf") == 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	int64_t end = now() + (argc > 3 ? atoll(argv[3]) : 1000) * 1000000;
	unsigned children = 0;
	sigset_t ends;

	if (argc < 4) {
		return 0;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	state = seed * 0x9e3779b97f4a7c15u + 1;
	while (now() < end) {
		pid_t pid = fork();

		if (pid == 0 && elf) {
			run_damaged();
		}
		if (pid == 0) {
			child(all);
		}
		(void)next();
		if (pid > 0) {
			children++;
		}
		end_all(&ends);
	}
	printf("%u children\n", children);
	return children == 0;
}

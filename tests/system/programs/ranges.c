/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large ranges of memory, by the calls and touches that ../test_ranges.c counts the
 * gates of: a getpid in front of each, so that it has its own gates alone.
 *
 *     ranges MIB
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB  20
#define FAR  (4u << MIB)

static void count(void)
{
	syscall(SYS_getpid);
}

static char *map(size_t bytes, int flags)
{
	char *at;

	count();
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

static void touch(char *at, size_t bytes, size_t step)
{
	count();
	for (size_t i = 0; i < bytes; i += step) {
		at[i] = (char)(i / PAGE + 1);
	}
	count();
}

/* What was written is there, zeros else; and all of it goes. */
static void end(char *at, size_t bytes, size_t step)
{
	count();
	if (mprotect(at, bytes, PROT_READ) != 0) {
		perror("mprotect");
		exit(1);
	}
	for (size_t i = 0; i < bytes && step != 0; i += step) {
		if (at[i] != (char)(i / PAGE + 1)) {
			printf("wrong at %zu\n", i);
			exit(1);
		}
	}
	count();
	if (munmap(at, bytes) != 0) {
		perror("munmap");
		exit(1);
	}
	count();
}

int main(int argc, char **argv)
{
	size_t bytes = argc < 2 ? 0 : strtoul(argv[1], NULL, 10) << MIB;
	char *at;

	if (bytes == 0) {
		return 2;
	}
	end(map(bytes, MAP_NORESERVE), bytes, 0);
	at = map(bytes, 0);
	touch(at, bytes, FAR);
	end(at, bytes, FAR);
	at = map(bytes, 0);
	touch(at, bytes, PAGE);
	end(at, bytes, PAGE);
	at = map(bytes, MAP_POPULATE);
	touch(at, bytes, PAGE);
	end(at, bytes, PAGE);
	puts("done");
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* calls NAME COUNT: one system call COUNT times, for pks.py to count what else
 * that takes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096u

static int file;
static int ends[2];
static char block[BLOCK];

static int parent(void)
{
	return syscall(SYS_getppid) >= 0;
}

static int read_block(void)
{
	return pread(file, block, BLOCK, 0) == (ssize_t)BLOCK;
}

static int write_block(void)
{
	return pwrite(file, block, BLOCK, 0) == (ssize_t)BLOCK;
}

static int look(void)
{
	struct stat status;

	return stat("file", &status) == 0;
}

static int open_close(void)
{
	return close(open("file", O_RDONLY)) == 0;
}

static int clock_read(void)
{
	struct timespec time;

	return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time) == 0;
}

static int map(void)
{
	void *at = mmap(NULL, 16 * BLOCK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at != MAP_FAILED && munmap(at, 16 * BLOCK) == 0;
}

static int piped(void)
{
	return write(ends[1], block, 1) == 1 && read(ends[0], block, 1) == 1;
}

static int child(void)
{
	return fork() == 0 ? (_exit(0), 0) : 1;
}

static int nothing(void)
{
	return 1;
}

static const struct {
	const char *name;
	int (*run)(void);
} calls[] = {
	{ "nothing", nothing },
	{ "getppid", parent },
	{ "read", read_block },
	{ "write", write_block },
	{ "stat", look },
	{ "open", open_close },
	{ "clock", clock_read },
	{ "map", map },
	{ "pipe", piped },
	{ "fork", child },
};

int main(int argc, char **argv)
{
	long count = argc == 3 ? atol(argv[2]) : 0;
	int good = 1;

	file = open("file", O_RDWR | O_CREAT, 0600);
	if (file < 0 || pipe(ends) != 0 ||
		write(file, block, BLOCK) != (ssize_t)BLOCK) {
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, argv[1]) == 0) {
			for (long n = 0; n < count && good; n++) {
				good = calls[i].run();
			}
			return good ? EXIT_SUCCESS : EXIT_FAILURE;
		}
	}
	return EXIT_FAILURE;
}

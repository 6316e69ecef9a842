/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with a point: warm [thread|child|map|never|wait].  It fills memory, opens
 * /dev/template and checks that what it had is there, what it writes stays, and
 * what has to differ in clones does: that it prints.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS (1u << 18)

static uint32_t filled[WORDS];
static volatile sig_atomic_t caught;

static void *sleep_on(void *arg)
{
	(void)pause();
	return arg;
}

static void before(const char *what)
{
	static pthread_t thread;

	if (strcmp(what, "thread") == 0 &&
		pthread_create(&thread, NULL, sleep_on, NULL) != 0) {
		abort();
	}
	if (strcmp(what, "child") == 0) {
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		(void)waitpid(child, NULL, 0);
	}
	if (strcmp(what, "map") == 0) {
		char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		*map = 1;
	}
}

static void on_signal(int number)
{
	caught = number;
}

static uint64_t sum(void)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < WORDS; i++) {
		all += filled[i];
	}
	return all;
}

/* What is done with the template's memory is the clone's alone. */
static void change(char *heap)
{
	pid_t child;
	int status = -1;
	FILE *file = fopen("/tmp/kept", "a+");
	char line[64] = "";

	filled[7]++;
	memset(heap, 2, 300000);
	(void)fputs("after\n", file);
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		(void)fputs(line, stdout);
	}
	(void)fclose(file);
	(void)raise(SIGUSR1);
	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		filled[8] += 5;
		heap[0] = 3;
		_exit((int)(filled[8] % 100));
	}
	(void)waitpid(child, &status, 0);
	(void)printf("child %d here %u %d signal %d\n", WEXITSTATUS(status),
		filled[8], heap[0], (int)caught);
}

int main(int argc, char **argv)
{
	const uint64_t *loader = (const uint64_t *)getauxval(AT_RANDOM);
	const char *what = argc > 1 ? argv[1] : "";
	char *heap = malloc(300000);
	FILE *file = fopen("/tmp/kept", "w");
	uint64_t random;
	char warm[4] = "";
	int fd = -1;

	for (uint32_t i = 0; i < WORDS; i++) {
		filled[i] = i * 2654435761u;
	}
	(void)fputs("before\n", file);
	(void)fclose(file);
	(void)signal(SIGUSR1, on_signal);
	before(what);
	if (strcmp(what, "wait") == 0) {
		(void)pause();
	}
	if (strcmp(what, "never") != 0) {
		fd = open("/dev/template", O_RDONLY);
	}
	if (fd < 0 || read(fd, warm, 2) != 2 ||
		getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		return 2;
	}
	(void)printf("clone %ssum %lu\n", warm, sum());
	change(heap);
	(void)printf("drawn %016lx %016lx\n", loader[0], random);
	return fflush(stdout) == 0 ? 0 : 1;
}

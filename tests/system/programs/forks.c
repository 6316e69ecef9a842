/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a box with many processes, and with little memory.
 *
 *   forks leak N   how much memory N rounds of processes cost for good, in KiB
 *   forks bomb     as many as there can be, which wait; then one more
 *   forks tree     a process that only makes more of itself, each of which does
 *   forks hog      a child that wants all memory
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE  4096
#define BLOCK (1u << 20)

static long free_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		sscanf(line, "MemFree: %ld", &kib);
	}
	if (file != NULL) {
		fclose(file);
	}
	return kib;
}

static char *block;

/* A child that writes memory, one that runs a program, one that is killed. */
static void round_of(void)
{
	char *argv[] = { "forks", "nothing", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		memset(block, 2, BLOCK / 2);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	pid = vfork();
	if (pid == 0) {
		execv("/proc/self/exe", argv);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	pid = fork();
	if (pid == 0) {
		pause();
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int leak(int rounds)
{
	long before;

	for (int i = 0; i < 50; i++) {
		round_of();
	}
	before = free_kib();
	for (int i = 0; i < rounds; i++) {
		round_of();
	}
	printf("%ld\n", before - free_kib());
	return 0;
}

static int bomb(void)
{
	static pid_t pids[5000];
	int count = 0;

	while (count < 5000 && (pids[count] = fork()) > 0) {
		count++;
	}
	if (count < 5000 && pids[count] == 0) {
		pause();
		_exit(0);
	}
	printf("%d %s\n", count, strerror(errno));
	for (int i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	pids[0] = fork();
	if (pids[0] == 0) {
		_exit(7);
	}
	waitpid(pids[0], &count, 0);
	printf("then %d\n", WEXITSTATUS(count));
	return 0;
}

static int tree(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setpgid(0, 0);
		for (;;) {
			if (fork() < 0) {
				usleep(1000);
			}
		}
	}
	sleep(2);
	do {
		kill(-pid, SIGKILL);
		usleep(10000);
	} while (waitpid(-1, NULL, WNOHANG) >= 0);
	pid = fork();
	if (pid == 0) {
		_exit(6);
	}
	waitpid(pid, &status, 0);
	printf("then %d\n", WEXITSTATUS(status));
	return 0;
}

static int hog(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		for (;;) {
			char *more = mmap(NULL, 16 * BLOCK,
				PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
				0);

			memset(more, 1, 16 * BLOCK);
		}
	}
	waitpid(pid, &status, 0);
	printf("killed by %d\n", WTERMSIG(status));
	pid = fork();
	if (pid == 0) {
		memset(malloc(4 * BLOCK), 1, 4 * BLOCK);
		_exit(5);
	}
	waitpid(pid, &status, 0);
	printf("then %d\n", WEXITSTATUS(status));
	return 0;
}

int main(int argc, char **argv)
{
	block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(block, 1, BLOCK);
	if (argc > 2) {
		return leak(atoi(argv[2]));
	}
	switch (argc > 1 ? argv[1][0] : 'n') {
	case 'b':
		return bomb();
	case 't':
		return tree();
	case 'h':
		return hog();
	default:
		return 0;
	}
}

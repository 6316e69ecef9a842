/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPUID says in main, in a thread, in a forked child, in another process's
 * thread and after exec: leaf, subleaf and registers, one a line.  With "expect
 * LEVEL" what the runtime's table says; with "cost" what one takes; with "state"
 * what XSAVE stores, against the room CPUID names.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../../src/runtime/cpuid.c"

#define TIMES 20000

static const uint32_t leaves[] = { 0, 1, 2, 4, 7, 0xb, 0xd, 0x19, 0x40000000,
	0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000005, 0x80000007,
	0x80000008, 0x8000001f };

static struct cbx_cpuid ask(uint32_t leaf, uint32_t sub)
{
	struct cbx_cpuid r;
	uint64_t b = ~0ull;
	uint64_t a = leaf | 1ull << 40;

	/* the high halves go, as with the instruction */
	__asm__ volatile("cpuid"
			 : "+a"(a), "+b"(b), "=c"(r.c), "=d"(r.d)
			 : "c"(sub));
	r.a = (uint32_t)a;
	r.b = (uint32_t)b;
	if (a >> 32 != 0 || b >> 32 != 0) {
		printf("high halves\n");
	}
	return r;
}

static void show(uint32_t level)
{
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		for (uint32_t sub = 0; sub < 6; sub++) {
			struct cbx_cpuid r =
				level == 0
					? ask(leaves[i], sub)
					: cbx_cpuid_told(level, leaves[i], sub);

			printf("%x.%u %x %x %x %x\n", leaves[i], sub, r.a, r.b,
				r.c, r.d);
		}
	}
	fflush(stdout);
}

static void *in_thread(void *arg)
{
	show(0);
	return arg;
}

static void with_thread(void)
{
	pthread_t thread;

	printf("thread\n");
	if (pthread_create(&thread, NULL, in_thread, NULL) != 0 ||
		pthread_join(thread, NULL) != 0) {
		exit(3);
	}
}

static void everywhere(char *self)
{
	int status = 1;
	pid_t child;

	printf("main\n");
	show(0);
	with_thread();
	fflush(stdout);
	child = fork();
	if (child == 0) {
		printf("child\n");
		show(0);
		with_thread();
		execl(self, self, "again", NULL);
		_exit(4);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		exit(5);
	}
}

static volatile sig_atomic_t handled;

static void handler(int signal)
{
	(void)signal;
	handled = (int)ask(0x80000002, 0).c;
}

static void cost(void)
{
	struct timespec begin;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < TIMES; i++) {
		(void)ask(7, 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.2f us\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
				    (double)(end.tv_nsec - begin.tv_nsec)) /
				    TIMES / 1e3);
}

/* As the C library saves what a call it resolves may use, but all of it. */
static void stored(void)
{
	static uint8_t area[65536] __attribute__((aligned(64)));
	uint32_t room = ask(0xd, 0).b;
	size_t last = sizeof(area);

	memset(area, 0xa5, sizeof(area));
	memset(area + 512, 0, 64);
	__asm__ volatile("xsave (%0)"
			 :
			 : "r"(area), "a"(~0u), "d"(~0u)
			 : "memory");
	while (last > 0 && area[last - 1] == 0xa5) {
		last--;
	}
	printf("%s\n", last <= room ? "has room" : "overflows");
	printf("%s\n", getauxval(AT_MINSIGSTKSZ) >= room ? "frames fit"
							 : "frames do not");
}

/* As the kernel handed it over: the C library changes its own. */
static unsigned long hwcap(void)
{
	FILE *file = fopen("/proc/self/auxv", "r");
	unsigned long pair[2] = { 0 };

	while (file != NULL && fread(pair, sizeof(pair), 1, file) == 1 &&
		pair[0] != AT_HWCAP) {
	}
	return pair[1];
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "expect") == 0) {
		show((uint32_t)atoi(argv[2]));
	} else if (argc > 1 && strcmp(argv[1], "cost") == 0) {
		cost();
	} else if (argc > 1 && strcmp(argv[1], "state") == 0) {
		stored();
	} else if (argc > 1 && strcmp(argv[1], "again") == 0) {
		printf("exec\n");
		show(0);
	} else {
		everywhere(argv[0]);
		signal(SIGUSR1, handler);
		raise(SIGUSR1);
		printf("handler %c\n", (char)handled);
		printf("hwcap %lx\n", hwcap());
	}
	return 0;
}

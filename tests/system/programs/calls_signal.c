/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees of signals: prints the same in a box and outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static sigjmp_buf back;
static volatile int depth;
static void *volatile expected; /* where a fault should be */

static void note(int number)
{
	seen = number;
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	if (sigaction(number, &action, NULL) != 0) {
		perror("sigaction");
	}
}

static void raise_and_see(void)
{
	handle(SIGUSR1, note, 0);
	seen = 0;
	raise(SIGUSR1);
	printf("raise: %d\n", (int)seen);
	seen = 0;
	kill(getpid(), SIGUSR1);
	printf("kill: %d\n", (int)seen);
	handle(SIGUSR1, note, SA_RESETHAND);
	raise(SIGUSR1);
	struct sigaction now;

	sigaction(SIGUSR1, NULL, &now);
	printf("reset: %d\n", now.sa_handler == SIG_DFL);
	errno = 0;
	int result = kill(getpid(), 99);

	printf("bad number: %d %d\n", result, errno);
	bool refused = signal(SIGKILL, note) == SIG_ERR;

	printf("handler of SIGKILL: %d %d\n", refused, errno);
}

static void block_and_release(void)
{
	sigset_t set;
	sigset_t old;
	sigset_t pending;

	handle(SIGUSR2, note, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	seen = 0;
	raise(SIGUSR2);
	sigpending(&pending);
	printf("blocked: %d pending %d\n", (int)seen,
		sigismember(&pending, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("released: %d\n", (int)seen);
	sigprocmask(SIG_BLOCK, &set, NULL);
	seen = 0;
	raise(SIGUSR2);
	sigemptyset(&set);
	int result = sigsuspend(&set);

	printf("suspend: %d %d %d\n", result, errno, (int)seen);
	sigprocmask(SIG_SETMASK, NULL, &set);
	printf("still blocked: %d\n", sigismember(&set, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void nested(int number)
{
	depth++;
	if (depth < 3) {
		raise(number);
	}
	printf("nested %d\n", depth);
	depth--;
}

static void see_fault(int number, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	printf("fault: %d code %d, address %s, rip %s\n", number, info->si_code,
		expected == NULL || info->si_addr == expected ? "right"
							      : "wrong",
		uc->uc_mcontext.gregs[REG_RIP] != 0 ? "known" : "zero");
	siglongjmp(back, 1);
}

static void catch_faults(int flags)
{
	static const int faults[] = { SIGSEGV, SIGILL, SIGFPE, SIGTRAP };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct sigaction action = { .sa_sigaction = see_fault,
			.sa_flags = SA_SIGINFO | flags };

		sigaction(faults[i], &action, NULL);
	}
}

static void fault_each(void)
{
	volatile int zero = 0;
	char *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	catch_faults(0);
	expected = (void *)0x10;
	if (sigsetjmp(back, 1) == 0) {
		*(volatile int *)expected = 1;
	}
	expected = (void *)0x123456780000;
	if (sigsetjmp(back, 1) == 0) {
		(void)*(volatile int *)expected;
	}
	expected = NULL;
	if (sigsetjmp(back, 1) == 0) {
		__asm__ volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\tdivl %0"
				 :
				 : "m"(zero)
				 : "eax", "edx");
	}
	if (sigsetjmp(back, 1) == 0) {
		__asm__ volatile("ud2");
	}
	expected = page;
	if (sigsetjmp(back, 1) == 0) {
		*page = 1;
		printf("wrote to a page that cannot be written\n");
	}
	munmap(page, 4096);
}

/* A fault on the far side of the stack is handled on the other stack. */
static int dive(int n)
{
	volatile char frame[4096];

	frame[0] = (char)n;
	return n == 0 ? 0 : dive(n + 1) + frame[0];
}

static void overflow(void)
{
	static char other[65536];
	const stack_t stack = { .ss_sp = other, .ss_size = sizeof(other) };
	stack_t now;

	sigaltstack(&stack, NULL);
	sigaltstack(NULL, &now);
	printf("stack: %d %zu\n", now.ss_flags, now.ss_size);
	expected = NULL;
	catch_faults(SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0) {
		printf("dive: %d\n", dive(1));
	}
}

/* A stack that is too small for the frame, on a CPU with large vector registers,
 * is not left downwards. */
static void small_stack(void)
{
	enum {
		SMALL = 2048
	};
	char *both = mmap(NULL, 2 * 65536, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const stack_t stack = { .ss_sp = both + 65536, .ss_size = SMALL };
	int spoilt = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		sigaltstack(&stack, NULL);
		handle(SIGUSR1, note, SA_ONSTACK);
		raise(SIGUSR1);
		_exit(EXIT_SUCCESS);
	}
	waitpid(child, NULL, 0);
	for (int i = 0; i < 65536; i++) {
		spoilt += both[i] != 0;
	}
	printf("below a small stack: %d\n", spoilt);
}

/* Vector registers survive a handler that uses them. */
static void clobber(int number)
{
	__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\tpcmpeqd %%xmm7, %%xmm7"
			 :
			 :
			 : "xmm0", "xmm7");
	seen = number;
}

static void keep_vectors(void)
{
	uint64_t in[2] = { 0x1122334455667788, 0x99aabbccddeeff00 };
	uint64_t out[2] = { 0 };
	long pid = getpid();
	long result;

	handle(SIGUSR1, clobber, 0);
	__asm__ volatile("movdqu %1, %%xmm7\n\tmov %2, %%rdi\n\t"
			 "mov $10, %%esi\n\tmov $62, %%eax\n\tsyscall\n\t"
			 "movdqu %%xmm7, %0"
			 : "=m"(out), "=m"(in)
			 : "r"(pid), "m"(in)
			 : "rdi", "rsi", "rcx", "r11", "xmm7", "memory", "rax");
	result = memcmp(in, out, sizeof(in));
	printf("vectors: %ld, seen %d\n", result, (int)seen);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	raise_and_see();
	block_and_release();
	handle(SIGUSR1, nested, SA_NODEFER);
	raise(SIGUSR1);
	fault_each();
	overflow();
	small_stack();
	keep_vectors();
	signal(SIGPIPE, SIG_IGN);
	raise(SIGCHLD);
	raise(SIGWINCH);
	printf("alive\n");
	fflush(stdout);
	abort();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A process that many signals interrupt keeps its registers and its memory.
 *
 *   signal_storm WORK COUNT [OPTION...]   WORK (call, compute, touch) until COUNT
 *                                         signals were handled
 *
 * Options: "stack" handles them on another stack, "nodefer" one inside another,
 * as many as a stack has room for, however fast they are sent.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS	   100
#define TOUCHED	   16
#define PAGE	   4096
#define STACK	   (2 * 1024 * 1024)
#define NESTED	   40 /* frames: the stack has room for those of 50 KiB */
#define LOST	   3  /* exit status: something is not as it was */
#define LOOK_EVERY 16

static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2,
	SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM,
	SIGPROF, SIGIO, SIGPWR, 40, 41, 50, 64 };
#define SIGNALS	 (sizeof(signals) / sizeof(signals[0]))
#define QUEUED	 4 /* of those, at the end: realtime signals */
#define REALTIME 32

static struct shared {
	volatile bool ready;
	volatile unsigned long handled;
	volatile unsigned long begun[NSIG];
} * shared;

/* Load every register and the red zone, then @p rounds times: make the call, or
 * let rax, rcx and r11 be; compare.  @return whether all was as it had been */
bool kept_by_calls(long rounds);
bool kept_by_none(long rounds);

#define EACH_REGISTER(op)                                                 \
	op(rbx, 0x101) op(rdx, 0x102) op(rsi, 0x103) op(rdi, 0x104)       \
		op(rbp, 0x105) op(r8, 0x106) op(r9, 0x107) op(r10, 0x108) \
			op(r12, 0x109) op(r13, 0x10a) op(r14, 0x10b)      \
				op(r15, 0x10c)
#define EACH_WORD(op)                                               \
	op(-8, 0x111) op(-16, 0x112) op(-64, 0x113) op(-120, 0x114) \
		op(-128, 0x115)
#define LOAD(name, value)     "	movq $" #value ", %" #name "\n"
#define CHECK(name, value)    "	cmpq $" #value ", %" #name "\n	jne 9f\n"
#define STORE_WORD(at, value) "	movq $" #value ", " #at "(%rsp)\n"
#define CHECK_WORD(at, value) \
	"	cmpq $" #value ", " #at "(%rsp)\n	jne 9f\n"
#define CHECK_VECTORS                                    \
	"	movq %xmm0, %rax\n	cmpq %rbx, %rax\n	jne 9f\n" \
	"	movq %xmm15, %rax\n	cmpq %r15, %rax\n	jne 9f\n"

#define KEPT(name, work)                                                      \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name \
		":\n	pushq %rbx\n	pushq %rbp\n	pushq %r12\n	"                 \
		"pushq %r13\n"                                                \
		"	pushq %r14\n	pushq %r15\n	pushq "                           \
		"%rdi\n" EACH_REGISTER(LOAD) EACH_WORD(                       \
			STORE_WORD) "	movq %rbx, %xmm0\n	movq %r15, "         \
				    "%xmm15\n1:\n" work EACH_REGISTER(CHECK)  \
					    EACH_WORD(CHECK_WORD)             \
						    CHECK_VECTORS             \
		"	decq (%rsp)\n	jnz 1b\n	movl $1, %eax\n	jmp "                \
		"8f\n"                                                        \
		"9:	xorl %eax, %eax\n8:	popq %rdi\n	popq %r15\n"              \
		"	popq %r14\n	popq %r13\n	popq %r12\n"                        \
		"	popq %rbp\n	popq %rbx\n	ret\n")

/* getppid, in the two forms that are rewritten */
KEPT(kept_by_calls, "	movl $110, %eax\n	syscall\n"
		    "	movl $110, %eax\n	nop\n	syscall\n	cmpq "
		    "$-4095, %rax\n"
		    "	jae 9f\n");
KEPT(kept_by_none, "	movq $0x121, %rax\n	movq $0x122, %rcx\n	movq "
		   "$0x123, %r11\n"
		   "	stc\n	nop\n	nop\n	nop\n	nop\n	jnc 9f\n"
		   "	cmpq $0x121, %rax\n	jne 9f\n	cmpq $0x122, "
		   "%rcx\n	jne 9f\n"
		   "	cmpq $0x123, %r11\n	jne 9f\n");

/* Others come inside it until it is counted: then its frame is the last one. */
static void handle(int signal)
{
	sigset_t all;

	shared->begun[signal]++;
	if (!kept_by_none(ROUNDS)) {
		_exit(LOST);
	}
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	shared->handled++;
}

/* Memory that is touched for the first time, by calls and by the program. */
static bool touch(void)
{
	char bytes[PAGE];
	int pipes[2];
	bool kept = pipe(pipes) == 0;
	char *map = mmap(NULL, TOUCHED * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(bytes, 7, sizeof(bytes));
	for (int i = 0; kept && i < TOUCHED; i++) {
		char *at = map + (size_t)i * PAGE;

		kept = write(pipes[1], bytes, 99) == 99 &&
		       read(pipes[0], at, 99) == 99 &&
		       memcmp(at, bytes, 99) == 0 && at[99] == 0;
		at[99] = 1;
	}
	munmap(map, TOUCHED * PAGE);
	close(pipes[0]);
	close(pipes[1]);
	return kept;
}

static bool work(const char *what)
{
	if (strcmp(what, "touch") == 0) {
		return touch();
	}
	return strcmp(what, "call") == 0 ? kept_by_calls(ROUNDS)
					 : kept_by_none(ROUNDS * ROUNDS);
}

static bool has(char **options, const char *option)
{
	while (*options != NULL && strcmp(*options, option) != 0) {
		options++;
	}
	return *options != NULL;
}

static void set_handlers(char **options)
{
	const stack_t stack = {
		.ss_sp = malloc(STACK),
		.ss_size = STACK,
	};
	const struct sigaction action = {
		.sa_handler = handle,
		.sa_flags = SA_RESTART |
			    (has(options, "stack") ? SA_ONSTACK : 0) |
			    (has(options, "nodefer") ? SA_NODEFER : 0),
	};

	if (stack.ss_sp == NULL || sigaltstack(&stack, NULL) != 0) {
		exit(EXIT_FAILURE);
	}
	for (unsigned i = 0; i < SIGNALS; i++) {
		sigaction(signals[i], &action, NULL);
	}
}

static pid_t start(char **argv)
{
	unsigned long count = strtoul(argv[2], NULL, 10);
	pid_t child = fork();

	if (child != 0) {
		return child;
	}
	set_handlers(argv + 3);
	shared->ready = true;
	while (shared->handled < count) {
		if (!work(argv[1])) {
			_exit(LOST);
		}
	}
	_exit(EXIT_SUCCESS);
}

/* Without end they would nest without end: no more are on the way than there is
 * room for.  To know how many are, none must be lost: a signal that is not queued
 * waits until the handler of the one before it has begun. */
static void send_nesting(pid_t child, int signal)
{
	static unsigned long all;
	static unsigned long sent[NSIG];

	if (all - shared->handled < NESTED &&
		(signal >= REALTIME || sent[signal] == shared->begun[signal])) {
		kill(child, signal);
		sent[signal]++;
		all++;
	}
}

static void send(pid_t child, unsigned i, bool nest)
{
	if (nest) {
		send_nesting(child, signals[i % SIGNALS]);
	} else {
		kill(child, signals[i % (SIGNALS - QUEUED)]);
	}
}

int main(int argc, char **argv)
{
	pid_t child;
	int status = 0;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc < 3 || shared == MAP_FAILED) {
		return EXIT_FAILURE;
	}
	child = start(argv);
	while (child > 0 && !shared->ready) {
		usleep(100);
	}
	for (unsigned i = 0; child > 0; i++) {
		send(child, i, has(argv + 3, "nodefer"));
		if (i % LOOK_EVERY == 0 &&
			waitpid(child, &status, WNOHANG) != 0) {
			break;
		}
	}
	printf("ended %x\n", (unsigned)status);
	return child > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

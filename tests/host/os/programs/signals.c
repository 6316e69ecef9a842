/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: faults that a handler repairs or jumps out of, those that are sent,
 * masks, another stack. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "say.h"

#define PAGE 4096ul

static sigjmp_buf back;
static volatile sig_atomic_t last;
static volatile int last_code;
static void *volatile last_address;
static volatile uintptr_t stack_at;
static volatile uintptr_t nowhere = 64;

static void out(int signal, siginfo_t *info, void *context)
{
	int here;

	(void)context;
	last = signal;
	last_code = info->si_code;
	last_address = info->si_addr;
	stack_at = (uintptr_t)&here;
	siglongjmp(back, 1);
}

static void handle(
	int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler,
		.sa_flags = SA_SIGINFO | flags };

	sigaction(signal, &action, NULL);
}

#define TRY(statement)                         \
	do {                                   \
		last = 0;                      \
		if (sigsetjmp(back, 1) == 0) { \
			statement;             \
		}                              \
	} while (0)

static void faults_are_told(void)
{
	volatile uint8_t *none = (volatile uint8_t *)nowhere;
	volatile uint8_t *page =
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *kernel = (volatile uint64_t *)0xffff800000000000ul;

	TRY((void)*none);
	SAY("nothing there", last == SIGSEGV && last_code == SEGV_MAPERR);
	SAY("its address", last_address == (void *)nowhere);
	TRY(page[5] = 1);
	SAY("read-only", last == SIGSEGV && last_code == SEGV_ACCERR);
	SAY("its byte", (uintptr_t)last_address == (uintptr_t)page + 5);
	TRY(((void (*)(void))(uintptr_t)page)());
	SAY("not executable", last == SIGSEGV && last_code == SEGV_ACCERR);
	TRY((void)*kernel);
	SAY("the kernel's", last == SIGSEGV);
	TRY(__asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx"
			     :
			     :
			     : "eax", "ecx", "edx"));
	SAY("division", last == SIGFPE);
	TRY(__asm__ volatile("ud2"));
	SAY("no instruction", last == SIGILL);
	TRY(__asm__ volatile("hlt"));
	SAY("a privileged one", last == SIGSEGV);
	TRY(__asm__ volatile("int3"));
	SAY("a breakpoint", last == SIGTRAP);
}

static uint8_t *repaired;

static void repair(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	last = signal;
	mprotect(repaired, PAGE, PROT_READ | PROT_WRITE);
}

/* The instruction is done again, with every register as it was. */
static void faults_are_repaired(void)
{
	double before = 1.25;
	double after;

	repaired =
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle(SIGSEGV, repair, 0);
	last = 0;
	__asm__ volatile("movsd %2, %%xmm9\n\t"
			 "movb $7, (%1)\n\t"
			 "movsd %%xmm9, %0"
			 : "=m"(after)
			 : "r"(repaired), "m"(before)
			 : "xmm9", "memory");
	SAY("the handler ran", last == SIGSEGV);
	SAY("the store is done", repaired[0] == 7);
	SAY("vector registers survive", after == before);
	handle(SIGSEGV, out, 0);
}

static volatile int count;

static void add(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	count++;
}

static void signals_are_sent(void)
{
	sigset_t set;

	handle(SIGUSR1, add, 0);
	raise(SIGUSR1);
	SAY("raise", count == 1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	SAY("blocked", count == 1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	SAY("pending", count == 2);
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	SAY("ignored", count == 2);
}

static void *sleeper(void *arg)
{
	(void)arg;
	return usleep(60000000) == -1 ? (void *)1 : NULL;
}

static void a_sleeper_is_woken(void)
{
	pthread_t thread;
	void *result = NULL;

	handle(SIGUSR2, add, 0);
	count = 0;
	pthread_create(&thread, NULL, sleeper, NULL);
	usleep(1000);
	pthread_kill(thread, SIGUSR2);
	pthread_join(thread, &result);
	SAY("it woke", result == (void *)1 && count == 1);
}

static void another_stack(void)
{
	static uint8_t stack[65536];
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	volatile uint8_t *none = (volatile uint8_t *)nowhere;

	sigaltstack(&other, NULL);
	handle(SIGSEGV, out, SA_ONSTACK);
	TRY((void)*none);
	SAY("on another stack",
		last == SIGSEGV && stack_at - (uintptr_t)stack < sizeof(stack));
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "die") == 0) {
		*(volatile int *)nowhere = 1;
	}
	if (argc > 1 && strcmp(argv[1], "abort") == 0) {
		raise(SIGABRT);
	}
	handle(SIGSEGV, out, 0);
	handle(SIGFPE, out, 0);
	handle(SIGILL, out, 0);
	handle(SIGTRAP, out, 0);
	faults_are_told();
	faults_are_repaired();
	signals_are_sent();
	a_sleeper_is_woken();
	another_stack();
	return say_bad == 0 ? 0 : 1;
}

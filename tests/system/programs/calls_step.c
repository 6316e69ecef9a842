/* SPDX-License-Identifier: Apache-2.0 */
/* A program that steps itself, through system calls that are made often: prints
 * the same in a box and outside. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>

#define MADE_OFTEN 200
#define TRAP_FLAG  0x100

/* getpid in the two forms that are rewritten, with the flags of rdi set before;
 * with room around, so that nothing there looks like a jump into it. */
long step_number(long flags);
long step_test(long flags);
#define STEP(name, call)                                                 \
	__asm__(".text\n.skip 160, 0x90\n.globl " #name "\n.type " #name \
		", @function\n" #name ":\n"                              \
		"	pushfq\n"                                              \
		"	orq %rdi, (%rsp)\n"                                    \
		"	popfq\n"                                               \
		"	movl $39, %eax\n" call "	pushfq\n"               \
		"	andq $~0x100, (%rsp)\n"                                \
		"	popfq\n"                                               \
		"	ret\n"                                                 \
		"	.skip 160, 0x90\n")
STEP(step_number, "	syscall\n");
STEP(step_test, "	nop\n	syscall\n	cmpq $-4095, %rax\n");

static volatile sig_atomic_t steps;
static volatile sig_atomic_t strangers;
static uintptr_t text;

/* Every step is one of the function's own text. */
static void count_step(int number, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;

	(void)number;
	(void)info;
	steps++;
	strangers += (uintptr_t)at->uc_mcontext.gregs[REG_RIP] - text > 64;
}

static void step(const char *name, long (*call)(long flags))
{
	int wrong = 0;

	text = (uintptr_t)call;
	for (int i = 0; i < MADE_OFTEN; i++) {
		wrong += call(0) != getpid();
	}
	steps = 0;
	wrong += call(TRAP_FLAG) != getpid();
	printf("%s: %d steps, %d elsewhere, %d wrong\n", name, (int)steps,
		(int)strangers, wrong);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = count_step,
		.sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &action, NULL);
	step("number", step_number);
	step("test", step_test);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* System calls made again and again from one place, so that they are rewritten:
 * prints the same in a box and outside.  With an argument, which of them were
 * rewritten, too. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define ROUNDS 200

/* Registers as they are after a call. */
struct registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14,
		r15, carry, rsp_change;
};

/* asm below: the call with known values in all registers, two forms */
void call_number(struct registers *out);
void call_test(struct registers *out);

#define SYSCALL_NUMBER "	movl $39, %eax\n	syscall\n"
#define SYSCALL_TEST              \
	"	movl $39, %eax\n	nop\n" \
	"	syscall\n	cmpq $-4095, %rax\n"

#define FUNCTION(name, call)                                                  \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name \
		":\n"                                                         \
		"	pushq %rbx\n	pushq %rbp\n	pushq %r12\n"                     \
		"	pushq %r13\n	pushq %r14\n	pushq %r15\n"                     \
		"	pushq %rdi\n"                                               \
		"	movq $0x5a5a5a5a, -8(%rsp)\n"                               \
		"	movq $0x25a5a5a5, -128(%rsp)\n"                             \
		"	movl $1, %ebx\n	movl $2, %edx\n	movl $3, %esi\n"            \
		"	movl $4, %edi\n	movl $5, %ebp\n	movl $6, %r8d\n"            \
		"	movl $7, %r9d\n	movl $8, %r10d\n	movl $9, "                 \
		"%r12d\n"                                                     \
		"	movl $10, %r13d\n	movl $11, %r14d\n"                        \
		"	movl $12, %r15d\n"                                          \
		"	movq %rsp, %xmm3\n	stc\n" call                   \
		"	movq (%rsp), %r11\n"                                        \
		"	setc 112(%r11)\n"                                           \
		"	movq %rax, 0(%r11)\n	movq %rbx, 8(%r11)\n"                  \
		"	movq %rdx, 24(%r11)\n	movq %rsi, 32(%r11)\n"                \
		"	movq %rdi, 40(%r11)\n	movq %rbp, 48(%r11)\n"                \
		"	movq %r8, 56(%r11)\n	movq %r9, 64(%r11)\n"                  \
		"	movq %r10, 72(%r11)\n	movq %r12, 80(%r11)\n"                \
		"	movq %r13, 88(%r11)\n	movq %r14, 96(%r11)\n"                \
		"	movq %r15, 104(%r11)\n"                                     \
		"	movq -8(%rsp), %rdx\n	xorq -128(%rsp), %rdx\n"              \
		"	movq %rdx, 16(%r11)\n"                                      \
		"	movq %rsp, %rdx\n	movq %xmm3, %rcx\n"                       \
		"	subq %rcx, %rdx\n	movq %rdx, 120(%r11)\n"                   \
		"	popq %rdi\n	popq %r15\n	popq %r14\n"                        \
		"	popq %r13\n	popq %r12\n	popq %rbp\n"                        \
		"	popq %rbx\n	ret\n")

FUNCTION(call_number, SYSCALL_NUMBER);
FUNCTION(call_test, SYSCALL_TEST);

static int failures;

static void expect(bool good, const char *what, int round)
{
	if (!good && failures++ < 10) {
		printf("wrong: %s in round %d\n", what, round);
	}
}

static void check_registers(
	void (*call)(struct registers *), const char *name, uint64_t carry)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct registers r = { 0 };
		const uint64_t want[] = { (uint64_t)getpid(), 1, 0x7fffffff, 2,
			3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

		call(&r);
		expect(memcmp(&r, want, sizeof(want)) == 0, name, i);
		expect(r.rsp_change == 0, "the stack pointer", i);
		expect(r.carry == carry, "the carry flag", i);
	}
	printf("%s\n", name);
}

/* The C library's wrappers: results and errors. */
static void wrappers(void)
{
	int file = memfd_create("x", 0);
	char bytes[64] = "something to read";

	if (file < 0) {
		file = open("fast-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	}
	for (int i = 0; i < ROUNDS; i++) {
		expect(pwrite(file, bytes, sizeof(bytes), i) == sizeof(bytes),
			"pwrite", i);
		expect(lseek(file, i, SEEK_SET) == i, "lseek", i);
		expect(read(file, bytes, sizeof(bytes)) == sizeof(bytes),
			"read", i);
		errno = 0;
		expect(read(-1, bytes, 1) == -1 && errno == EBADF, "EBADF", i);
		errno = 0;
		expect(syscall(SYS_write, file, 8L, 100L) == -1 &&
				errno == EFAULT,
			"EFAULT", i);
		expect(syscall(SYS_getppid) == getppid(), "getppid", i);
		errno = 0;
		expect(syscall(5000) == -1 && errno == ENOSYS, "ENOSYS", i);
	}
	close(file);
	unlink("fast-file");
	printf("wrappers\n");
}

/* A call whose buffer is touched for the first time by it. */
static void first_touch(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	size_t size = 16 << 20;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < ROUNDS; i++) {
		char *at = map + (size_t)i * (size / ROUNDS);

		expect(read(zero, at, 5000) == 5000, "a first touch", i);
	}
	munmap(map, size);
	close(zero);
	printf("first touch\n");
}

static volatile sig_atomic_t handled;
static volatile uint64_t came_from;

static void count(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	struct registers r;

	handled++;
	came_from = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
	expect(info->si_signo == number, "si_signo", handled);
	call_number(&r); /* calls of the same places, in the handler */
	call_test(&r);
	getppid();
}

extern const char etext, __executable_start;

/* A signal is delivered when the call returns; it comes from the program's own
 * text. */
static void signals(void)
{
	struct sigaction action = { .sa_sigaction = count,
		.sa_flags = SA_SIGINFO };
	sigset_t one;
	sigset_t old;

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		kill(getpid(), SIGUSR1);
		expect(handled == i + 1, "a signal", i);
		expect(came_from > (uint64_t)&__executable_start &&
				came_from < (uint64_t)&etext,
			"where it came from", i);
	}
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	handled = 0;
	for (int i = 0; i < ROUNDS; i++) {
		sigprocmask(SIG_BLOCK, &one, &old);
		raise(SIGUSR1);
		expect(handled == i, "a blocked signal", i);
		sigprocmask(SIG_SETMASK, &old, NULL);
		expect(handled == i + 1, "an unblocked one", i);
	}
	printf("signals\n");
}

static sigjmp_buf back;

static void jump(int number)
{
	siglongjmp(back, number);
}

static void jumps(void)
{
	volatile int jumped = 0;

	signal(SIGUSR2, jump);
	for (volatile int i = 0; i < ROUNDS; i++) {
		if (sigsetjmp(back, 1) != 0) {
			jumped++;
			continue;
		}
		kill(getpid(), SIGUSR2);
	}
	printf("jumps: %d\n", jumped);
}

/* A trap leaves a frame inside of what is rewritten while its handler runs:
 * the handler makes the calls that make it often. */
/* kill(pid, SIGURG), then what the handler makes hot */
int call_kill(int pid, int signal);
__asm__(".text\n.globl call_kill\n.type call_kill, @function\n"
	"call_kill:\n	movl $62, %eax\n	nop\n"
	"	syscall\n	cmpq $-4095, %rax\n	jae 1f\n"
	"	movl $77, %eax\n1:	ret\n");

static void heat(int number)
{
	(void)number;
	for (int i = 0; i < ROUNDS; i++) {
		expect(call_kill(getpid(), 0) == 77, "kill in a handler", i);
	}
}

static void inside(void)
{
	signal(SIGURG, heat);
	printf("inside: %d\n", call_kill(getpid(), SIGURG));
	printf("error: %d\n", call_kill(getpid(), 1000));
}

/* Code that is written again and again keeps trapping. */
static void written_code(void)
{
	static const uint8_t code[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3 };
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long (*call)(void);

	if (page == MAP_FAILED) { /* text is execute-only */
		printf("written code: 0\n");
		return;
	}
	memcpy(page, code, sizeof(code));
	memcpy(&call, &page, sizeof(call));
	for (int i = 0; i < ROUNDS; i++) {
		expect(call() == getpid(), "written code", i);
	}
	printf("written code: %d\n", memcmp(page, code, sizeof(code)));
	munmap(page, 4096);
}

/* Whether a place still begins a system call as it was built. */
static const char *look(const void *function, const char *site, size_t bytes)
{
	const char *text = function;

	for (size_t i = 0; i < 160; i++) {
		if (memcmp(text + i, site, bytes) == 0) {
			return "as built";
		}
	}
	return "rewritten";
}

static void print_text(void)
{
	printf("number: %s\n", look((const void *)(uintptr_t)call_number,
				       "\xb8\x27\x00\x00\x00\x0f\x05", 7));
	printf("test: %s\n", look((const void *)(uintptr_t)call_test,
				     "\x90\x0f\x05\x48\x3d", 5));
	printf("inside: %s\n", look((const void *)(uintptr_t)call_kill,
				       "\x90\x0f\x05\x48\x3d", 5));
}

int main(int argc, char **argv)
{
	(void)argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
	check_registers(call_number, "number", 1);
	check_registers(call_test, "test", 1);
	wrappers();
	first_touch();
	signals();
	jumps();
	inside();
	written_code();
	printf("%d wrong\n", failures);
	if (argc > 1) {
		print_text();
	}
	return failures == 0 ? 0 : 1;
}

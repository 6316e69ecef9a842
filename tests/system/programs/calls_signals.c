/* SPDX-License-Identifier: Apache-2.0 */
/* Signals between tasks and processes, what they interrupt, and what their
 * handlers are told: prints the same in a box and outside.  With an argument, what
 * an emulator's CPU may not do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <xmmintrin.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static volatile sig_atomic_t seen;
static volatile siginfo_t told;
static atomic_int count;

static void say(const char *what, long result)
{
	printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "",
		result < 0 ? strerrorname_np(errno) : "");
}

static void note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	seen = signal;
	told = *info;
	atomic_fetch_add(&count, 1);
}

static void handle(int signal, int flags)
{
	struct sigaction action = {
		.sa_sigaction = note,
		.sa_flags = SA_SIGINFO | flags,
	};

	sigaction(signal, &action, NULL);
}

static sigset_t only(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return set;
}

/* ---- what is told ---- */

static void senders(void)
{
	union sigval value = { .sival_int = 4711 };
	siginfo_t own = { .si_code = -7, .si_value.sival_int = 5 };

	handle(SIGUSR1, 0);
	kill(getpid(), SIGUSR1);
	printf("kill: code %d pid %d uid %d\n", told.si_code,
		told.si_pid == getpid(), told.si_uid == getuid());
	raise(SIGUSR1);
	printf("raise: code %d pid %d\n", told.si_code,
		told.si_pid == getpid());
	sigqueue(getpid(), SIGUSR1, value);
	printf("sigqueue: code %d value %d\n", told.si_code,
		told.si_value.sival_int);
	say("own info", syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &own));
	printf("code %d value %d\n", told.si_code, told.si_value.sival_int);
	say("own info of a task", syscall(SYS_rt_tgsigqueueinfo, getpid(),
					  gettid(), SIGUSR1, &own));
	own.si_code = SI_USER;
	say("of another process",
		syscall(SYS_rt_sigqueueinfo, 99999, SIGUSR1, &own));
	say("no task", syscall(SYS_tgkill, getpid(), 99999, SIGUSR1));
	say("no process", kill(99999, 0));
	say("no signal", kill(getpid(), 65));
	say("tgkill of what", syscall(SYS_tgkill, 0, gettid(), SIGUSR1));
	say("only asked", kill(getpid(), 0));
}

static void real_time(void)
{
	sigset_t set;
	siginfo_t info;
	const struct timespec none = { 0, 0 };

	sigemptyset(&set);
	for (int i = 0; i < 4; i++) {
		sigaddset(&set, SIGRTMIN + i);
	}
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 8; i++) {
		sigqueue(getpid(), SIGRTMIN + 3 - i % 4,
			(union sigval){ .sival_int = i });
		sigqueue(getpid(), SIGUSR2, (union sigval){ .sival_int = i });
	}
	while (sigtimedwait(&set, &info, &none) > 0) {
		printf("signal %d value %d\n",
			info.si_signo == SIGUSR2 ? 0 : info.si_signo - SIGRTMIN,
			info.si_value.sival_int);
	}
	say("none left", sigtimedwait(&set, &info, &none));
	sigset_t pending;

	raise(SIGUSR2);
	sigpending(&pending);
	printf("pending %d\n", sigismember(&pending, SIGUSR2));
	signal(SIGUSR2, SIG_IGN);
	sigpending(&pending);
	printf("ignored: pending %d\n", sigismember(&pending, SIGUSR2));
	signal(SIGUSR2, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- faults ---- */

static sigjmp_buf back;

static void leap(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	seen = signal;
	told = *info;
	told.si_errno = (int)uc->uc_mcontext.gregs[REG_TRAPNO];
	siglongjmp(back, 1);
}

static void fault(const char *name, void (*wrong)(void), bool address)
{
	if (sigsetjmp(back, 1) == 0) {
		wrong();
		printf("%s: nothing\n", name);
		return;
	}
	printf("%s: signal %d code %x trap %d address %d\n", name, (int)seen,
		told.si_code, told.si_errno, address && told.si_addr != NULL);
}

static void divide(void)
{
	__asm__ volatile(
		"xor %%ecx, %%ecx\n\tmov $1, %%eax\n\tcltd\n\tidiv %%ecx"
		:
		:
		: "eax", "ecx", "edx");
}

static void vector_divide(void)
{
	volatile double zero = 0;
	volatile double result;

	_mm_setcsr(0x1f80 & ~0x200u); /* division by zero is not masked */
	result = 1 / zero;
	(void)result;
}

static void invalid(void)
{
	__asm__ volatile("ud2");
}

static void privileged(void)
{
	__asm__ volatile("hlt");
}

static void nowhere(void)
{
	volatile uintptr_t address = 8;

	*(volatile int *)address = 1;
}

static void no_address(void)
{
	volatile uintptr_t address = 0x8000000000001000;

	*(volatile int *)address = 1;
}

static void read_only(void)
{
	void *page =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*(volatile int *)page = 1;
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void beyond_file(void)
{
	int fd = memfd_create("short", 0);
	char *map;

	(void)!ftruncate(fd, 4096);
	map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	seen = ((volatile char *)map)[4096];
}

static void leap_from_faults(void)
{
	static const int list[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
	struct sigaction action = {
		.sa_sigaction = leap,
		.sa_flags = SA_SIGINFO,
	};

	for (int i = 0; i < 5; i++) {
		sigaction(list[i], &action, NULL);
	}
}

static void faults(void)
{
	leap_from_faults();
	fault("divide", divide, true);
	fault("invalid", invalid, true);
	fault("privileged", privileged, true);
	fault("nowhere", nowhere, true);
	fault("no address", no_address, true);
	fault("read only", read_only, true);
	fault("breakpoint", breakpoint, false);
	fault("beyond a file", beyond_file, true);
}

/* A handler that mends what was wrong: registers and floating point. */
static void mend(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signal;
	(void)info;
	uc->uc_mcontext.gregs[REG_RIP] += 2;
	uc->uc_mcontext.gregs[REG_RAX] = 42;
	uc->uc_mcontext.fpregs->_xmm[5].element[0] = 99;
}

static void mending(void)
{
	struct sigaction action = {
		.sa_sigaction = mend,
		.sa_flags = SA_SIGINFO,
	};
	uint64_t result = 0;
	uint32_t vector = 0;

	sigaction(SIGILL, &action, NULL);
	__asm__ volatile("pxor %%xmm5, %%xmm5\n\tud2\n\tmovd %%xmm5, %1"
			 : "=a"(result), "=r"(vector)
			 : "a"(1)
			 : "xmm5");
	printf("mended: %ju %u\n", (uintmax_t)result, vector);
}

/* A frame that leads nowhere. */
static void spoil(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	(void)signal;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000000000ull;
}

static void spoiling(void)
{
	struct sigaction action = {
		.sa_sigaction = spoil,
		.sa_flags = SA_SIGINFO,
	};
	int status;
	pid_t child = fork();

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		sigaction(SIGUSR2, &action, NULL);
		raise(SIGUSR2);
		_exit(0);
	}
	waitpid(child, &status, 0);
	printf("return to nowhere: %d\n", WTERMSIG(status));
}

static void stacks(void)
{
	static char memory[65536];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
	stack_t now;

	stack.ss_flags = (int)SS_AUTODISARM;
	say("auto disarm", sigaltstack(&stack, NULL));
	handle(SIGUSR1, SA_ONSTACK);
	raise(SIGUSR1);
	sigaltstack(NULL, &now);
	printf("armed again: %d %d\n", now.ss_sp == (void *)memory,
		(unsigned int)now.ss_flags == SS_AUTODISARM);
	stack.ss_flags = 0;
	stack.ss_size = 100;
	say("too small", sigaltstack(&stack, NULL));
	stack.ss_flags = 7;
	say("bad flags", sigaltstack(&stack, NULL));
	stack.ss_flags = SS_DISABLE;
	say("disable", sigaltstack(&stack, NULL));
}

/* ---- what is interrupted ---- */

struct poke {
	pthread_t thread;
	int write_to; /* after the signals; or -1 */
	int signals;
};

static void *poke(void *arg)
{
	const struct poke *p = arg;

	for (int i = 0; i < p->signals; i++) {
		usleep(30000);
		pthread_kill(p->thread, SIGUSR1);
	}
	usleep(30000);
	if (p->write_to >= 0) {
		(void)!write(p->write_to, "x", 1);
	}
	return NULL;
}

static void begin(pthread_t *thread, struct poke *p, int signals, int to)
{
	*p = (struct poke){ pthread_self(), to, signals };
	pthread_create(thread, NULL, poke, p);
}

static void interrupted(int flags)
{
	struct poke p;
	pthread_t thread;
	int ends[2];
	char byte;
	struct timespec t = { 5, 0 };
	int word = 7;

	printf("with flags %x\n", flags);
	handle(SIGUSR1, flags);
	(void)!pipe(ends);
	begin(&thread, &p, 2, ends[1]);
	say("read", read(ends[0], &byte, 1));
	pthread_join(thread, NULL);
	begin(&thread, &p, 1, -1);
	say("nanosleep", nanosleep(&t, NULL));
	pthread_join(thread, NULL);
	struct pollfd fd = { ends[0], POLLIN, 0 };

	begin(&thread, &p, 1, -1);
	say("poll", poll(&fd, 1, 5000));
	pthread_join(thread, NULL);
	begin(&thread, &p, 1, -1);
	say("pause", pause());
	pthread_join(thread, NULL);
	begin(&thread, &p, 1, -1);
	say("futex with an end", syscall(SYS_futex, &word, 0, 7, &t, NULL, 0));
	pthread_join(thread, NULL);
	sigset_t set = only(SIGUSR2);

	begin(&thread, &p, 1, -1);
	say("sigtimedwait", sigtimedwait(&set, NULL, &t));
	pthread_join(thread, NULL);
	pid_t child = fork();

	if (child == 0) {
		usleep(500000);
		_exit(3);
	}
	int status = 0;

	begin(&thread, &p, 1, -1);
	say("wait", waitpid(child, &status, 0) == child ? 0 : -1);
	pthread_join(thread, NULL);
	if (status == 0) {
		waitpid(child, &status, 0);
	}
	printf("status %d\n", WEXITSTATUS(status));
	close(ends[0]);
	close(ends[1]);
}

/* What is ignored interrupts nothing, though it waited. */
static void not_interrupted(void)
{
	struct timespec t = { 0, 60000000 };
	sigset_t block = only(SIGURG);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGURG);
	say("ppoll", ppoll(NULL, 0, &t, &none));
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	signal(SIGPIPE, SIG_IGN);
	int ends[2];

	(void)!pipe(ends);
	close(ends[0]);
	say("write", write(ends[1], "x", 1));
	handle(SIGPIPE, 0);
	seen = 0;
	say("write", write(ends[1], "x", 1));
	printf("signal %d\n", (int)seen);
	close(ends[1]);
}

/* ---- tasks and processes ---- */

static volatile bool stop;
static volatile pid_t spinner;

static void *spin(void *arg)
{
	(void)arg;
	spinner = gettid();
	while (!stop) {
	}
	return NULL;
}

static void *in_handler_of(void *arg)
{
	(void)arg;
	return NULL;
}

static pthread_t taken_by;

static void who(int signal)
{
	(void)signal;
	taken_by = pthread_self();
	stop = true;
}

/* A task that makes no call is reached. */
static void to_tasks(void)
{
	pthread_t thread;
	sigset_t set = only(SIGUSR1);
	struct sigaction action = { .sa_handler = who };

	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, spin, NULL);
	while (spinner == 0) {
		sched_yield();
	}
	say("tgkill", syscall(SYS_tgkill, getpid(), spinner, SIGUSR1));
	pthread_join(thread, NULL);
	printf("taken by the other %d\n", pthread_equal(taken_by, thread));
	stop = false;
	spinner = 0;
	pthread_create(&thread, NULL, spin, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	while (spinner == 0) {
		sched_yield();
	}
	say("kill", kill(getpid(), SIGUSR1));
	pthread_join(thread, NULL);
	printf("taken by who does not block it %d\n",
		pthread_equal(taken_by, thread));
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_create(&thread, NULL, in_handler_of, NULL);
	pthread_join(thread, NULL);
}

static void to_processes(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		for (;;) {
		}
	}
	usleep(20000);
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	printf("a spinning child: %d\n", WTERMSIG(status));
	child = fork();
	if (child == 0) {
		pause();
	}
	setpgid(child, child);
	pid_t other = fork();

	if (other == 0) {
		pause();
	}
	setpgid(other, child);
	say("group", kill(-child, SIGKILL));
	waitpid(child, &status, 0);
	printf("its leader: %d\n", WTERMSIG(status));
	waitpid(other, &status, 0);
	printf("the other: %d\n", WTERMSIG(status));
	say("no group any more", kill(-child, SIGKILL));
	child = fork();
	if (child == 0) {
		sigset_t set = only(SIGUSR2);

		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGUSR2);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		_exit(0);
	}
	waitpid(child, &status, 0);
	printf("an unblocked one: %d\n", WTERMSIG(status));
}

/* ---- many at once ---- */

#define THREADS	  4
#define PROCESSES 3
#define EACH	  400

static atomic_int *shared;

static void tally(int signal)
{
	(void)signal;
	atomic_fetch_add(&shared[0], 1);
}

static void *work(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	char bytes[64];
	int ends[2];

	(void)!pipe(ends);
	while (!stop) {
		switch (rand_r(&seed) % 4) {
		case 0:
			usleep(100);
			break;
		case 1:
			(void)!write(ends[1], "12345678", 8);
			(void)!read(ends[0], bytes, 8);
			break;
		case 2:
			for (volatile int i = 0; i < 20000; i++) {
			}
			break;
		default:
			sched_yield();
		}
	}
	close(ends[0]);
	close(ends[1]);
	return NULL;
}

/* Every process sends real-time signals to all of them, and waits until each
 * has taken what it was sent. */
static void storm_process(const pid_t *pids, int self)
{
	pthread_t thread[THREADS];
	unsigned int seed = 17u + (unsigned int)self;

	for (uintptr_t i = 0; i < THREADS; i++) {
		pthread_create(&thread[i], NULL, work,
			(void *)(i + 1 + (uintptr_t)self * 10));
	}
	for (int i = 0; i < EACH; i++) {
		int to = rand_r(&seed) % PROCESSES;

		while (sigqueue(pids[to], SIGRTMIN + 2 + i % 5,
			       (union sigval){ 0 }) != 0) {
			usleep(1000);
		}
	}
	atomic_fetch_add(&shared[1], 1);
	while (atomic_load(&shared[0]) < PROCESSES * EACH) {
		usleep(1000);
	}
	stop = true;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
	}
	_exit(0);
}

static void storm(void)
{
	struct sigaction action = {
		.sa_handler = tally,
		.sa_flags = SA_RESTART,
	};
	int good = 0;
	pid_t *pids;

	pids = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	shared = (atomic_int *)(void *)(pids + 16);
	stop = false;
	for (int i = 0; i < 5; i++) {
		sigaction(SIGRTMIN + 2 + i, &action, NULL);
	}
	for (int i = 0; i < PROCESSES; i++) {
		pid_t child = fork();

		if (child == 0) {
			while (((volatile pid_t *)pids)[PROCESSES] == 0) {
				usleep(1000);
			}
			storm_process(pids, i);
		}
		pids[i] = child;
	}
	((volatile pid_t *)pids)[PROCESSES] = 1;
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		wait(&status);
		good += status == 0 ? 1 : 0;
		if (status != 0) {
			printf("storm: status %x\n", status);
		}
	}
	printf("storm: %d processes, %d signals\n", good,
		atomic_load(&shared[0]));
}

int main(int argc, char **argv)
{
	(void)argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) {
		leap_from_faults();
		fault("vector divide", vector_divide, true);
		return 0;
	}
	senders();
	real_time();
	faults();
	mending();
	spoiling();
	stacks();
	interrupted(0);
	interrupted(SA_RESTART);
	not_interrupted();
	to_tasks();
	to_processes();
	storm();
	return 0;
}

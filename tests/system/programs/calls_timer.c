/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees of its timers: prints the same in a box and outside.
 * Times are compared with each other, never with a clock outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t rings;
static volatile sig_atomic_t code;

static void ring(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	code = info->si_code;
	rings++;
}

static void handle(int signal, int flags)
{
	struct sigaction action = {
		.sa_sigaction = ring,
		.sa_flags = SA_SIGINFO | flags,
	};

	sigaction(signal, &action, NULL);
}

static void say(const char *what, long result)
{
	printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "",
		result < 0 ? strerrorname_np(errno) : "");
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

static int64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

static struct itimerval every(int first_ms, int interval_ms)
{
	return (struct itimerval){
		.it_value = { 0, first_ms * 1000 },
		.it_interval = { 0, interval_ms * 1000 },
	};
}

/* A program that makes no call is interrupted, too. */
static void spinning(void)
{
	struct itimerval t = every(20, 20);
	struct itimerval old;
	int64_t start = now_us();

	handle(SIGALRM, 0);
	rings = 0;
	setitimer(ITIMER_REAL, &t, NULL);
	while (rings < 5) {
	}
	printf("spinning: took long enough %d code %x\n",
		now_us() - start >= 99000, code);
	getitimer(ITIMER_REAL, &t);
	printf("left %d interval %ld\n",
		t.it_value.tv_usec > 0 && t.it_value.tv_usec <= 20000,
		t.it_interval.tv_usec);
	t = every(0, 0);
	setitimer(ITIMER_REAL, &t, &old);
	printf("was %ld\n", old.it_interval.tv_usec);
	rings = 0;
	usleep(50000);
	printf("none any more: %d\n", (int)rings);
	say("no such timer", setitimer(9, &t, NULL));
	t.it_value.tv_usec = 1000000;
	say("bad time", setitimer(ITIMER_REAL, &t, NULL));
}

static void running_times(void)
{
	struct itimerval t = every(30, 0);
	int64_t start = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	int64_t thread = clock_us(CLOCK_THREAD_CPUTIME_ID);
	int64_t asleep;

	handle(SIGPROF, 0);
	handle(SIGVTALRM, 0);
	rings = 0;
	setitimer(ITIMER_PROF, &t, NULL);
	while (rings == 0) {
	}
	setitimer(ITIMER_VIRTUAL, &t, NULL);
	while (rings == 1) {
	}
	printf("running: process %d thread %d\n",
		clock_us(CLOCK_PROCESS_CPUTIME_ID) - start >= 30000,
		clock_us(CLOCK_THREAD_CPUTIME_ID) - thread >= 30000);
	start = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	asleep = now_us();
	usleep(200000);
	printf("asleep it stands still: %d\n",
		clock_us(CLOCK_PROCESS_CPUTIME_ID) - start <
			(now_us() - asleep) / 2);
}

static void alarms(void)
{
	int64_t start = now_us();

	rings = 0;
	say("no alarm before", alarm(100));
	say("alarm before", alarm(1));
	say("pause", pause());
	printf("a second later %d, %d\n", now_us() - start >= 990000,
		(int)rings);
	say("none now", alarm(0));
}

static timer_t make(clockid_t clock, int notify, int signal, int value)
{
	struct sigevent event = {
		.sigev_notify = notify,
		.sigev_signo = signal,
		.sigev_value.sival_int = value,
	};
	timer_t timer = NULL;

	say("timer_create", timer_create(clock, &event, &timer));
	return timer;
}

static void set(timer_t timer, int first_ms, int interval_ms)
{
	const struct itimerspec t = {
		.it_value = { 0, first_ms * 1000000l },
		.it_interval = { 0, interval_ms * 1000000l },
	};

	say("timer_settime", timer_settime(timer, 0, &t, NULL));
}

static void posix_timers(void)
{
	timer_t timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 77);
	struct itimerspec t;
	siginfo_t info;
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	set(timer, 10, 0);
	say("wait", sigwaitinfo(&block, &info) - SIGRTMIN);
	printf("code %d value %d overrun %d\n", info.si_code,
		info.si_value.sival_int, info.si_overrun);
	timer_gettime(timer, &t);
	printf("left %ld\n", t.it_value.tv_sec + t.it_value.tv_nsec);
	set(timer, 10, 10);
	usleep(105000);
	say("wait", sigwaitinfo(&block, &info) - SIGRTMIN);
	printf("overruns %d\n",
		info.si_overrun >= 8 && info.si_overrun < 100 &&
			timer_getoverrun(timer) == info.si_overrun);
	timer_gettime(timer, &t);
	printf("left %d interval %ld\n",
		t.it_value.tv_nsec > 0 && t.it_value.tv_nsec <= 10000000,
		t.it_interval.tv_nsec);
	say("delete", timer_delete(timer));
	say("delete again", timer_delete(timer));
	const struct timespec soon = { 0, 30000000 };

	while (sigtimedwait(&block, &info, &soon) > 0) {
	}
	say("no more", sigtimedwait(&block, &info, &soon));
	sigprocmask(SIG_UNBLOCK, &block, NULL);

	timer = make(CLOCK_REALTIME, SIGEV_NONE, 0, 0);
	set(timer, 500, 0);
	timer_gettime(timer, &t);
	printf("none: left %d\n",
		t.it_value.tv_nsec > 0 && t.it_value.tv_nsec <= 500000000);
	timer_delete(timer);
	timer = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0);
	handle(SIGUSR1, 0);
	rings = 0;
	set(timer, 30, 0);
	while (rings == 0) {
	}
	printf("running time: code %d\n", code);
	timer_delete(timer);
	struct sigevent event = { .sigev_notify = 99 };

	say("bad event", timer_create(CLOCK_MONOTONIC, &event, &timer));
	say("bad clock", timer_create(99, NULL, &timer));
}

static volatile int called;

static void in_thread(union sigval value)
{
	called += value.sival_int;
}

static void thread_timers(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = in_thread,
		.sigev_value.sival_int = 3,
	};
	timer_t timer;

	say("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
	set(timer, 10, 0);
	for (int i = 0; i < 500 && called == 0; i++) {
		usleep(10000);
	}
	printf("called %d\n", called);
	say("delete", timer_delete(timer));
}

static void sleeps(void)
{
	struct timespec t = { 0, 50000000 };
	struct timespec left = { 9, 9 };
	int64_t start = now_us();

	say("nanosleep", nanosleep(&t, NULL));
	printf("slept %d\n", now_us() - start >= 50000);
	struct itimerval soon = every(30, 0);

	setitimer(ITIMER_REAL, &soon, NULL);
	t.tv_sec = 5;
	say("interrupted", nanosleep(&t, &left));
	printf("left %d\n", left.tv_sec == 5 || left.tv_sec == 4);
	t = (struct timespec){ 0, 30000000 };
	say("clock_nanosleep", clock_nanosleep(CLOCK_REALTIME, 0, &t, NULL));
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += t.tv_nsec >= 950000000;
	t.tv_nsec = (t.tv_nsec + 50000000) % 1000000000;
	start = now_us();
	say("absolute",
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
	printf("slept %d\n", now_us() - start >= 45000);
	t = (struct timespec){ 0, 1 };
	printf("bad %d %d %d\n",
		clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL),
		clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &t, NULL),
		clock_nanosleep(99, 0, &t, NULL));
	t.tv_nsec = 1000000000;
	say("bad time", nanosleep(&t, NULL));
}

static void *sleep_in_thread(void *arg)
{
	(void)arg;
	usleep(50000);
	return NULL;
}

/* Timers of a process whose tasks all sleep, and of two processes. */
static void several(void)
{
	pthread_t thread[3];
	struct itimerval t = every(20, 0);
	clockid_t clock;
	int status = 0;

	handle(SIGALRM, SA_RESTART);
	rings = 0;
	for (int i = 0; i < 3; i++) {
		pthread_create(&thread[i], NULL, sleep_in_thread, NULL);
	}
	setitimer(ITIMER_REAL, &t, NULL);
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
	}
	printf("rang %d\n", (int)rings);
	t = every(100, 0);
	setitimer(ITIMER_REAL, &t, NULL);
	pid_t child = fork();

	if (child == 0) {
		getitimer(ITIMER_REAL, &t);
		rings = 0;
		usleep(150000);
		_exit(t.it_value.tv_usec == 0 && rings == 0 ? 0 : 1);
	}
	printf("clock of a child %d\n", clock_getcpuclockid(child, &clock));
	while (waitpid(child, &status, 0) < 0) {
	}
	printf("not the child's: %d, rang %d\n", status, (int)rings);
	child = fork();
	if (child == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(1);
		for (;;) {
		}
	}
	waitpid(child, &status, 0);
	printf("a child dies of its alarm: %d\n", WTERMSIG(status));
}

/* With rsp at @p end: touch *@p fresh, then wait until *@p noted is not 0. */
void stand_at(char *end, char *fresh, volatile sig_atomic_t *noted);
__asm__(".text\n.globl stand_at\n.type stand_at, @function\nstand_at:\n"
	"	movq %rsp, %rax\n	movq %rdi, %rsp\n	movb $1, "
	"(%rsi)\n"
	"1:	pause\n	cmpl $0, (%rdx)\n	je 1b\n"
	"	movq %rax, %rsp\n	ret\n");

/* Neither a fault nor a signal with a stack of its own writes below the
 * program's, or needs that there is anything. */
static void stand_still(void)
{
	enum {
		PAGE = 4096,
		ROOM = 1024
	};
	const struct itimerval soon = { .it_value.tv_usec = 20000 };
	char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = map + PAGE;
	char *fresh = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const stack_t other = { .ss_sp = malloc(65536), .ss_size = 65536 };
	stack_t none;
	int spoilt = 0;

	mprotect(map, PAGE, PROT_NONE);
	handle(SIGALRM, SA_ONSTACK);
	sigaltstack(&other, &none);
	memset(end, 0x5a, PAGE);
	for (int i = 0; i < 2; i++) {
		rings = 0;
		setitimer(ITIMER_REAL, &soon, NULL);
		stand_at(end + i * ROOM, fresh + (i << 20), &rings);
		printf("at a stack's end: %d\n", (int)rings);
	}
	for (int i = 0; i < ROOM; i++) {
		spoilt += end[i] != 0x5a;
	}
	printf("below it: %d\n", spoilt);
	sigaltstack(&none, NULL);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	spinning();
	running_times();
	alarms();
	posix_timers();
	thread_timers();
	sleeps();
	several();
	stand_still();
	return 0;
}

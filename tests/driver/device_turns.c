/* SPDX-License-Identifier: Apache-2.0 */
/* Threads in boxes are threads: who else is to have the CPU gets it. */
#include "device.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"

#define TURN_US	  2000000 /* for three on one CPU */
#define WAKES	  100
#define MOVES	  40
#define PAUSE_US  10000
#define STOPPED	  300000
#define NS	  1000000000ull
#define SHARERS	  3
#define LEAST_PER 6 /* of all, each: half of what is fair */

/* A thread whose box computes for ever. */
struct computing {
	struct use_box how;
	pthread_t thread;
	int cpu;
	_Atomic pid_t tid;
	_Atomic long returns;
	_Atomic bool over;
};

static void pin(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	EXPECT(sched_setaffinity(tid, sizeof(set), &set) == 0);
}

static void *compute(void *data)
{
	struct computing *it = data;
	uint64_t ret[CBX_REPLY_RETS];

	pin(0, it->cpu);
	it->tid = gettid();
	while (!it->over) {
		EXPECT(USE_CALL(it->how.fd, ret, CBX_CALL_BOX_ENTER,
			       it->how.first) == CBX_OK);
		EXPECT(ret[0] == CBX_EXIT_INTERRUPTED);
		it->returns++;
	}
	return NULL;
}

static void begin(struct computing *it)
{
	int fd = use_open();

	it->how = (struct use_box){ fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_SPIN, 0 };
	use_box(&it->how);
	EXPECT(pthread_create(&it->thread, NULL, compute, it) == 0);
	while (it->returns == 0) {
		(void)usleep(PAUSE_US);
	}
}

static void end(struct computing *it)
{
	it->over = true;
	EXPECT(pthread_join(it->thread, NULL) == 0);
	use_box_end(&it->how);
	close(it->how.fd);
}

static pid_t computing_process(void)
{
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		struct computing it = { .cpu = 0 };

		begin(&it);
		(void)pthread_join(it.thread, NULL);
	}
	return pid;
}

static pid_t counting_process(void)
{
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		pin(0, 0);
		for (;;) {
			__asm__ volatile("pause");
		}
	}
	return pid;
}

/* @return nanoseconds of CPU time */
static uint64_t used(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	EXPECT(clock_getcpuclockid(pid, &clock) == 0);
	EXPECT(clock_gettime(clock, &time) == 0);
	return (uint64_t)time.tv_sec * NS + (uint64_t)time.tv_nsec;
}

static void kill_it(pid_t pid)
{
	EXPECT(kill(pid, SIGKILL) == 0);
	EXPECT(waitpid(pid, NULL, 0) == pid);
}

/* Two boxes and a process without one. */
void who_shares_a_cpu_with_boxes_has_a_share(void)
{
	pid_t pids[SHARERS] = { computing_process(), computing_process(),
		counting_process() };
	uint64_t begun[SHARERS];
	uint64_t all = 0;

	while (use_number(USE_OF_DEVICE, "boxes") != 2) {
		(void)usleep(PAUSE_US);
	}
	for (int i = 0; i < SHARERS; i++) {
		begun[i] = used(pids[i]);
	}
	(void)usleep(TURN_US);
	for (int i = 0; i < SHARERS; i++) {
		begun[i] = used(pids[i]) - begun[i];
		all += begun[i];
	}
	for (int i = 0; i < SHARERS; i++) {
		kill_it(pids[i]);
		printf("# a share of %llu %%\n",
			(unsigned long long)(begun[i] * 100 / all));
		EXPECT(begun[i] >= all / LEAST_PER);
	}
}

static void *wake(void *data)
{
	const struct sched_param param = { .sched_priority = 1 };
	const struct timespec soon = { .tv_nsec = 1000000 };

	(void)data;
	pin(0, 0);
	EXPECT(sched_setscheduler(0, SCHED_FIFO, &param) == 0);
	for (int i = 0; i < WAKES; i++) {
		(void)nanosleep(&soon, NULL);
	}
	return NULL;
}

/* While the box's thread stays in the kernel: it comes back once a turn. */
void who_goes_first_does_not_wait_for_a_box(void)
{
	struct computing it = { .cpu = 0 };
	pthread_t urgent;
	long returns;

	begin(&it);
	returns = it.returns;
	EXPECT(pthread_create(&urgent, NULL, wake, NULL) == 0);
	EXPECT(pthread_join(urgent, NULL) == 0);
	returns = it.returns - returns;
	end(&it);
	printf("# %d wakes, %ld returns\n", WAKES, returns);
	EXPECT(returns < WAKES / 2);
}

/* The CPU it is on, says the kernel. */
static int cpu_of(pid_t tid)
{
	char path[64], text[512] = "";
	const char *at;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "re");
	EXPECT(file != NULL && fgets(text, sizeof(text), file) != NULL);
	(void)fclose(file);
	at = strrchr(text, ')');
	for (int field = 2; field < 39 && at != NULL; field++) {
		at = strchr(at + 1, ' ');
	}
	EXPECT(at != NULL);
	return (int)strtol(at, NULL, 10);
}

void a_thread_is_moved_while_it_is_in_a_box(void)
{
	struct computing it = { .cpu = 0 };
	long returns;

	begin(&it);
	returns = it.returns;
	for (int i = 1; i <= MOVES; i++) {
		pin(it.tid, i % 2);
		EXPECT(cpu_of(it.tid) == i % 2);
	}
	returns = it.returns - returns;
	printf("# %d moves, %ld returns\n", MOVES, returns);
	EXPECT(returns < MOVES / 2);
	end(&it);
}

void who_is_stopped_stops_and_goes_on(void)
{
	pid_t pid = computing_process();
	long calls;
	int status;

	while (use_number(USE_OF_DEVICE, "boxes") != 1) {
		(void)usleep(PAUSE_US);
	}
	EXPECT(kill(pid, SIGSTOP) == 0);
	EXPECT(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	calls = use_number(USE_OF_MODULE, "test_calls");
	(void)usleep(STOPPED);
	EXPECT(use_number(USE_OF_MODULE, "test_calls") == calls);
	EXPECT(kill(pid, SIGCONT) == 0);
	EXPECT(waitpid(pid, &status, WCONTINUED) == pid &&
		WIFCONTINUED(status));
	(void)usleep(STOPPED);
	EXPECT(use_number(USE_OF_MODULE, "test_calls") > calls);
	kill_it(pid);
}

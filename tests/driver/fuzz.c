/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random requests of /dev/confbox from many threads of several processes, one of
 * which is killed every now and then.  What is left must be nothing.
 *
 *   fuzz run SECONDS     with the test monitor
 *   fuzz below SECONDS   with the one below the kernel
 */
#include "use.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "behaviour.h"

#define PROCESSES 3u
#define THREADS	  4u
#define PAGES	  64u
#define STEP_US	  20000u
#define CALLS	  0x140u

/* What became of host calls, for all processes. */
struct counts {
	_Atomic uint64_t all;
	_Atomic uint64_t good[CALLS];
};
static struct counts *counts;

/* One process's. */
static int fd;
static uint64_t base;
static _Atomic bool over;

static __thread sigjmp_buf trap;
static __thread uint64_t seed;

static uint64_t roll(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return below != 0 ? seed % below : seed;
}

/* Mostly something that means something. */
static uint64_t any_number(void)
{
	static const uint64_t odd[] = { UINT64_MAX, 1ull << 63, 1ull << 52,
		0xffffffff, 513, CBX_PAGE_SIZE };

	switch (roll(8)) {
	case 0:
		return odd[roll(sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return roll(0);
	case 2:
	case 3:
		return roll(6);
	default:
		return base + roll(PAGES);
	}
}

/* Any call; half of the time one with arguments like those of a box that is being
 * made or used at one of four places. */
static struct cbx_call any_call(void)
{
	const uint64_t box = base + roll(4) * 8;
	const uint64_t policy = base + PAGES - 1;
	const struct cbx_call likely[] = {
		{ CBX_CALL_PAGE_DONATE, { base + roll(PAGES - 1), roll(9) },
			0 },
		{ CBX_CALL_PAGE_DONATE, { box, 7 }, 0 },
		{ CBX_CALL_PAGE_RETURN, { base + roll(PAGES - 1), roll(9) },
			0 },
		{ CBX_CALL_BOX_CREATE, { box, box + 1, policy }, 0 },
		{ CBX_CALL_BOX_GRANT, { box, box + 2, 3 }, 0 },
		{ CBX_CALL_BOX_ADD, { box, 0x10000, box + 5, 1, 1, policy },
			0 },
		{ CBX_CALL_BOX_THREAD, { box, 1 + roll(5), 0, roll(9) }, 0 },
		{ CBX_CALL_BOX_FINALIZE, { box }, 0 },
		{ CBX_CALL_BOX_ENTER, { box, policy, 1 }, 0 },
		{ CBX_CALL_BOX_ENTER, { box }, 0 },
		{ CBX_CALL_BOX_KILL, { box }, 0 },
		{ CBX_CALL_BOX_RECLAIM, { box, box + 1, 6 }, 0 },
		{ CBX_CALL_BOX_RECLAIM, { box, box + 1 + roll(5), 1 }, 0 },
		{ CBX_CALL_BOX_RECLAIM, { box, box + 1 + roll(3), 1 }, 0 },
		{ CBX_CALL_BOX_DESTROY, { box }, 0 },
		{ CBX_CALL_BOX_TEMPLATE, { box }, 0 },
		{ CBX_CALL_BOX_BORROW, { box, base + roll(4) * 8 }, 0 },
		{ CBX_CALL_BOX_BORROW, { box, base + roll(4) * 8 }, 0 },
		{ CBX_CALL_PAGE_QUERY, { base + roll(PAGES) }, 0 },
	};
	struct cbx_call call = { .id = roll(4) ? roll(0x40) : roll(0) };

	if (roll(2) != 0) {
		return likely[roll(sizeof(likely) / sizeof(likely[0]))];
	}
	for (unsigned int i = 0; i < CBX_CALL_ARGS; i++) {
		call.arg[i] = any_number();
	}
	return call;
}

static void make_call(void)
{
	struct cbx_device_call asked = { .call = any_call() };

	if (ioctl(fd, CBX_DEVICE_CALL, &asked) == 0 &&
		asked.reply.status == CBX_OK && asked.call.id < CALLS) {
		counts->good[asked.call.id]++;
	}
	counts->all++;
}

static void map_and_touch(void)
{
	const size_t size = (1 + roll(PAGES)) * CBX_PAGE_SIZE;
	uint8_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		fd, (off_t)((roll(8) ? base : any_number()) << CBX_PAGE_SHIFT));

	if (memory == MAP_FAILED) {
		return;
	}
	if (sigsetjmp(trap, 1) == 0) {
		for (unsigned int i = 0; i < 8; i++) {
			memory[roll(size)]++;
		}
	}
	(void)munmap(memory, size);
}

static void ask_anything(void)
{
	struct cbx_device_info info;
	struct cbx_device_pages pages = { .count = roll(4) ? roll(9)
							   : any_number() };

	switch (roll(5)) {
	case 0:
		(void)ioctl(fd, CBX_DEVICE_INFO, &info);
		return;
	case 1:
		(void)ioctl(fd, CBX_DEVICE_PAGES, &pages);
		return;
	case 2:
		(void)ioctl(fd, CBX_DEVICE_CALL, (void *)any_number());
		return;
	case 3:
		(void)ioctl(fd, (unsigned int)roll(0), &pages);
		return;
	default:
		(void)ioctl(fd, 0xcb00 + (unsigned int)roll(8), &pages);
	}
}

static void *work(void *data)
{
	seed = (uint64_t)(uintptr_t)data;
	while (!over) {
		switch (roll(16)) {
		case 0:
			ask_anything();
			break;
		case 1:
			map_and_touch();
			break;
		default:
			make_call();
		}
	}
	return NULL;
}

static void on_trap(int number)
{
	(void)number;
	siglongjmp(trap, 1);
}

static void on_bell(int number)
{
	(void)number;
}

static void set_signals(void)
{
	struct sigaction action = { .sa_handler = on_trap };

	EXPECT(sigaction(SIGBUS, &action, NULL) == 0);
	action.sa_handler = on_bell;
	EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
}

/* Where every policy is read from: never given away by a likely call. */
static void write_policy(void)
{
	const struct cbx_policy policy = { .version = CBX_POLICY_VERSION,
		.flags = CBX_POLICY_TEMPLATE,
		.output_pages = 1,
		.threads_max = 2,
		.wake_step = 1 };
	uint8_t *page = use_map(fd, base + PAGES - 1, 1);

	memcpy(page, &policy, sizeof(policy));
	EXPECT(munmap(page, CBX_PAGE_SIZE) == 0);
}

/* Threads in a box come out when they are rung. */
static _Noreturn void process(unsigned int seconds, uint64_t number)
{
	pthread_t threads[THREADS];
	time_t end = time(NULL) + seconds;

	set_signals();
	fd = use_open();
	base = use_pages(fd, PAGES);
	write_policy();
	for (uint64_t i = 0; i < THREADS; i++) {
		EXPECT(pthread_create(&threads[i], NULL, work,
			       (void *)(uintptr_t)(number * 1000 + i + 1)) ==
			0);
	}
	while (time(NULL) < end) {
		usleep(STEP_US);
		for (unsigned int i = 0; i < THREADS; i++) {
			EXPECT(pthread_kill(threads[i], SIGUSR1) == 0);
		}
	}
	over = true;
	for (unsigned int i = 0; i < THREADS; i++) {
		(void)pthread_kill(threads[i], SIGUSR1);
		EXPECT(pthread_join(threads[i], NULL) == 0);
	}
	_exit(0);
}

static pid_t begin(unsigned int seconds, uint64_t number)
{
	pid_t pid = fork();

	EXPECT(pid >= 0);
	if (pid == 0) {
		process(seconds, number);
	}
	return pid;
}

/* One of them is killed, and another one begins. */
static void replace(pid_t *pid, unsigned int seconds, uint64_t number)
{
	EXPECT(kill(*pid, SIGKILL) == 0 && waitpid(*pid, NULL, 0) == *pid);
	*pid = begin(seconds, number);
}

static void run(unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	uint64_t number = (uint64_t)time(NULL);
	pid_t pids[PROCESSES];
	int status;

	printf("seed %llu\n", (unsigned long long)number);
	(void)fflush(stdout);
	for (unsigned int i = 0; i < PROCESSES; i++) {
		pids[i] = begin(seconds, ++number);
	}
	while (time(NULL) + 1 < end) {
		usleep(500000);
		number++;
		replace(&pids[number % PROCESSES],
			(unsigned int)(end - time(NULL)), number);
	}
	for (unsigned int i = 0; i < PROCESSES; i++) {
		EXPECT(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
	}
}

static void judge(bool below)
{
	static const uint64_t some[] = { CBX_CALL_PAGE_DONATE,
		CBX_CALL_PAGE_RETURN, CBX_CALL_BOX_CREATE, CBX_CALL_BOX_ENTER,
		CBX_CALL_BOX_KILL, CBX_CALL_BOX_RECLAIM, CBX_CALL_BOX_DESTROY,
		CBX_CALL_BOX_TEMPLATE, CBX_CALL_BOX_BORROW };

	printf("%llu calls; of those that came to something",
		(unsigned long long)counts->all);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		printf(" %#llx: %llu", (unsigned long long)some[i],
			(unsigned long long)counts->good[some[i]]);
		/* Borrowing takes a template and luck, a template a box that
		 * really runs. */
		EXPECT(some[i] == CBX_CALL_BOX_BORROW ||
			(below && some[i] == CBX_CALL_BOX_TEMPLATE) ||
			counts->good[some[i]] != 0);
	}
	puts("");
	EXPECT(use_number(USE_OF_DEVICE, "files") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "boxes") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "pages") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 0);
	if (!below) {
		EXPECT(use_number(USE_OF_MODULE, "test_boxes") == 0);
		EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
	}
}

int main(int argc, char **argv)
{
	EXPECT(argc == 3);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EXPECT(counts != MAP_FAILED);
	run(strcmp(argv[1], "warm") == 0
			? 2
			: (unsigned int)strtoul(argv[2], NULL, 10));
	if (strcmp(argv[1], "warm") != 0) {
		judge(strcmp(argv[1], "below") == 0);
		puts("ok nothing_random_harms_and_nothing_is_left\npass");
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many boxes: a hundred at once, and one after the other until something
 * that is not given back would show.
 *
 * CBX_CYCLES says how many there are one after the other; 10,000 is what was
 * promised, some minutes.
 */
#include "service.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BOXES	    100u
#define CYCLES	    400u
#define WARM_UP	    50u
#define RSS_MAX_KIB 1024L /* what an allocator may keep */

/* What is in use: of the monitor's pages, of two processes' descriptors,
 * memory, threads and children. */
struct usage {
	uint64_t free_pages;
	unsigned int fds[2];
	unsigned int tasks[2];
	unsigned int children[2];
	long rss_kib[2];
};

static unsigned int entries(int pid, const char *what)
{
	char path[64];
	unsigned int count = 0;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL) {
		count++;
	}
	closedir(folder);
	return count;
}

static long field_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at == NULL ? -1 : strtol(at + strlen(name), NULL, 10);
}

/* A number in /proc/PID/status; -1: there is none. */
static long status_of(int pid, const char *name)
{
	char path[64];
	char text[4096];
	size_t n;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	n = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	if (file != NULL) {
		(void)fclose(file);
	}
	return field_of(text, name);
}

static unsigned int children_of(int pid)
{
	DIR *folder = opendir("/proc");
	unsigned int count = 0;
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		int other = (int)strtol(entry->d_name, NULL, 10);

		count += other > 0 && status_of(other, "\nPPid:") == pid;
	}
	closedir(folder);
	return count;
}

static struct usage usage_of(struct cbx_context *context)
{
	struct cbx_capabilities caps = { .size = sizeof(caps) };
	const int pids[2] = { getpid(), service_child_of(getpid()) };
	struct usage usage;

	assert_true(pids[1] > 0);
	assert_good(cbx_context_query(context, &caps));
	usage.free_pages = caps.free_pages;
	for (int i = 0; i < 2; i++) {
		usage.fds[i] = entries(pids[i], "fd");
		usage.tasks[i] = entries(pids[i], "task");
		usage.children[i] = children_of(pids[i]);
		usage.rss_kib[i] = status_of(pids[i], "\nVmRSS:");
		assert_true(usage.rss_kib[i] > 0);
	}
	return usage;
}

static void print(const char *when, const struct usage *usage)
{
	printf("%s: %lu free pages; this process and its monitor: descriptors "
	       "%u %u, threads %u %u, children %u %u, memory %ld %ld KiB\n",
		when, (unsigned long)usage->free_pages, usage->fds[0],
		usage->fds[1], usage->tasks[0], usage->tasks[1],
		usage->children[0], usage->children[1], usage->rss_kib[0],
		usage->rss_kib[1]);
}

static void assert_same(const struct usage *before, const struct usage *after)
{
	assert_int_equal(after->free_pages, before->free_pages);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(after->fds[i], before->fds[i]);
		assert_int_equal(after->tasks[i], before->tasks[i]);
		assert_int_equal(after->children[i], before->children[i]);
		assert_in_range(
			after->rss_kib[i], 1, before->rss_kib[i] + RSS_MAX_KIB);
	}
}

static void cycle(struct cbx_context *context, const struct cbx_image *image)
{
	struct service_io io = { 0 };
	struct cbx_result result = service_do(context, image, &io);

	assert_int_equal(result.reason, CBX_END_EXIT);
	assert_int_equal(result.exit_status, 0);
	assert_int_equal(io.output_size, 6);
	assert_memory_equal(io.output, "hello\n", 6);
}

static unsigned long cycles(void)
{
	const char *text = getenv("CBX_CYCLES");
	unsigned long count = text == NULL ? CYCLES : strtoul(text, NULL, 10);

	return count == 0 ? CYCLES : count;
}

static void boxes_one_after_the_other_leave_nothing(void **state)
{
	static const char *const echo[] = { "busybox", "echo", "hello", NULL };
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, 0);
	struct timespec begun;
	struct timespec done;
	struct usage before;
	struct usage after;
	double seconds;

	(void)state;
	for (unsigned int i = 0; i < WARM_UP; i++) {
		cycle(context, image);
	}
	before = usage_of(context);
	(void)clock_gettime(CLOCK_MONOTONIC, &begun);
	for (unsigned long i = 0; i < cycles(); i++) {
		cycle(context, image);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &done);
	after = usage_of(context);
	seconds = (double)(done.tv_sec - begun.tv_sec) +
		  (double)(done.tv_nsec - begun.tv_nsec) / 1e9;
	print("before", &before);
	print("after", &after);
	printf("%lu boxes, %.1f ms each\n", cycles(),
		seconds * 1000 / (double)cycles());
	assert_same(&before, &after);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

/* One of many: it begins to read when all of them run. */
struct one {
	struct service_io io;
	struct cbx_context *context;
	const struct cbx_image *image;
	pthread_barrier_t *all;
	pthread_t thread;
	struct cbx_result result;
	enum cbx_status status;
	bool waited;
	char text[32];
};

static int64_t when_all_run(void *arg, void *buf, size_t size)
{
	struct one *one = arg;

	if (!one->waited) {
		one->waited = true;
		(void)pthread_barrier_wait(one->all);
	}
	return service_input(&one->io, buf, size);
}

static int64_t take(void *arg, enum cbx_port port, const void *buf, size_t size)
{
	return service_output(&((struct one *)arg)->io, port, buf, size);
}

static void *run_one(void *arg)
{
	struct one *one = arg;
	struct cbx_run run = service_run(&one->io);
	struct cbx_box *box = NULL;

	run.arg = one;
	run.input = when_all_run;
	run.output = take;
	one->result.size = sizeof(one->result);
	one->status = cbx_box_load(one->context, one->image, &box);
	if (one->status != CBX_OK) {
		(void)pthread_barrier_wait(one->all);
		return NULL;
	}
	one->status = cbx_box_run(box, &run, &one->result);
	cbx_box_destroy(box);
	return NULL;
}

static void expect_one(const struct one *one, unsigned int number)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "BOX %u\n", number);

	assert_int_equal(one->status, CBX_OK);
	assert_int_equal(one->result.reason, CBX_END_EXIT);
	assert_int_equal(one->result.exit_status, 0);
	assert_int_equal(one->io.output_size, n);
	assert_memory_equal(one->io.output, text, (size_t)n);
}

/* All of them have begun before the first one reads. */
static void run_all(struct cbx_context *context, const struct cbx_image *image)
{
	static struct one ones[BOXES];
	pthread_barrier_t all;

	assert_int_equal(pthread_barrier_init(&all, NULL, BOXES), 0);
	for (unsigned int i = 0; i < BOXES; i++) {
		ones[i] = (struct one){
			.context = context, .image = image, .all = &all
		};
		ones[i].io.input_size = (size_t)snprintf(
			ones[i].text, sizeof(ones[i].text), "box %u\n", i);
		ones[i].io.input = ones[i].text;
		assert_int_equal(pthread_create(&ones[i].thread, NULL, run_one,
					 &ones[i]),
			0);
	}
	for (unsigned int i = 0; i < BOXES; i++) {
		assert_int_equal(pthread_join(ones[i].thread, NULL), 0);
		expect_one(&ones[i], i);
	}
	(void)pthread_barrier_destroy(&all);
}

static void a_hundred_boxes_run_at_once(void **state)
{
	static const char *const upper[] = { "busybox", "tr", "a-z", "A-Z",
		NULL };
	const struct cbx_options options = { .size = sizeof(options),
		.memory_bytes = 4ull << 30,
		.cpu_count = BOXES + 1 };
	struct cbx_context *context = NULL;
	struct cbx_image *image = service_image(upper, 0);
	struct usage before;
	struct usage after;

	(void)state;
	assert_good(cbx_context_open(&options, &context));
	run_all(context, image);
	before = usage_of(context);
	run_all(context, image);
	after = usage_of(context);
	print("before", &before);
	print("after", &after);
	before.rss_kib[0] += BOXES * 16; /* stacks the C library keeps */
	assert_same(&before, &after);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			boxes_one_after_the_other_leave_nothing, service_begin,
			service_end),
		cmocka_unit_test_setup_teardown(a_hundred_boxes_run_at_once,
			service_begin, service_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random system calls, gates and stores in one box after the other, for 60 s
 * (CBX_FUZZ_SECONDS), while another box computes what is known: nothing else
 * is disturbed, and nothing is left.
 *
 * CBX_WILD is the program.
 */
#include "service.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SECONDS	   60u
#define STEP_MS	   "1500"
#define TIMEOUT_NS 10000000000ull

/* What the other box says of "abc"; FIPS 180-4's example. */
static const char digest[] =
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n";

static unsigned long seconds(void)
{
	const char *text = getenv("CBX_FUZZ_SECONDS");
	unsigned long count = text == NULL ? SECONDS : strtoul(text, NULL, 10);

	return count == 0 ? SECONDS : count;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What a box may do: "all" is more than the runtime can survive. */
static const char *const ways[] = { "calls", "elf", "all" };

static struct cbx_image *wild_image(const char *way, unsigned int seed)
{
	const char *path = getenv("CBX_WILD");
	char number[16];
	const char *const argv[] = { "wild", way, number, STEP_MS, NULL };
	const struct cbx_program program = { .size = sizeof(program),
		.path = path,
		.argv = argv,
		.memory_bytes = 64ull << 20 };
	struct cbx_image *image = NULL;

	assert_non_null(path);
	(void)snprintf(number, sizeof(number), "%u", seed);
	assert_good(cbx_image_build(&program, &image));
	return image;
}

/* Each ends in time; what is Linux's ends as it should. */
static void run_wild(
	struct cbx_context *context, const char *way, unsigned int seed)
{
	bool all = strcmp(way, "all") == 0;
	struct service_io io = { 0 };
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_run run = service_run(&io);
	struct cbx_image *image = wild_image(way, seed);
	struct cbx_box *box = NULL;

	run.timeout_ns = TIMEOUT_NS;
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_run(box, &run, &result));
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	if (!all && (result.timed_out != 0 || result.reason != CBX_END_EXIT ||
			    result.signal != 0 || result.exit_status != 0)) {
		print_error("%s %u: timed out %u, reason %d, signal %u, "
			    "status %u, said: %.*s\n",
			way, seed, result.timed_out, (int)result.reason,
			result.signal, result.exit_status, (int)io.output_size,
			io.output);
		fail();
	}
}

/* The box beside it. */
struct beside {
	struct cbx_context *context;
	const struct cbx_image *image;
	unsigned int right;
	unsigned int wrong;
	bool over;
	pthread_t thread;
};

static bool is_right(const struct beside *beside)
{
	struct service_io io = { .input = "abc", .input_size = 3 };
	struct cbx_run run = service_run(&io);
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_box *box = NULL;
	enum cbx_status status =
		cbx_box_load(beside->context, beside->image, &box);

	if (status == CBX_OK) {
		status = cbx_box_run(box, &run, &result);
		cbx_box_destroy(box);
	}
	return status == CBX_OK && result.reason == CBX_END_EXIT &&
	       result.exit_status == 0 &&
	       io.output_size == sizeof(digest) - 1 &&
	       memcmp(io.output, digest, sizeof(digest) - 1) == 0;
}

static void *run_beside(void *arg)
{
	struct beside *beside = arg;

	while (!__atomic_load_n(&beside->over, __ATOMIC_RELAXED)) {
		if (is_right(beside)) {
			beside->right++;
		} else {
			beside->wrong++;
		}
		(void)usleep(20000);
	}
	return NULL;
}

static uint64_t free_pages(struct cbx_context *context)
{
	struct cbx_capabilities caps = { .size = sizeof(caps) };

	assert_good(cbx_context_query(context, &caps));
	return caps.free_pages;
}

static unsigned int names_in(const char *path)
{
	DIR *folder = opendir(path);
	unsigned int count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL) {
		count++;
	}
	closedir(folder);
	return count;
}

/* Wild boxes, and the other one, for a while.  Seeds go on. */
static void run_both(struct beside *beside, double until, unsigned int *seed)
{
	beside->over = false;
	assert_int_equal(
		pthread_create(&beside->thread, NULL, run_beside, beside), 0);
	while (now() < until) {
		++*seed;
		run_wild(beside->context, ways[*seed % 3], *seed);
	}
	__atomic_store_n(&beside->over, true, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(beside->thread, NULL), 0);
}

static void whatever_a_box_calls_stays_in_it(void **state)
{
	static const char *const sum[] = { "busybox", "sha256sum", NULL };
	struct cbx_context *context = service_context(512);
	struct cbx_image *image = service_image(sum, 0);
	struct beside beside = { .context = context, .image = image };
	char folder[] = "/tmp/confbox-wild-XXXXXX";
	unsigned int seed = 0; /* goes through the ways */
	uint64_t pages;
	unsigned int fds;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	run_both(&beside, now() + 1, &seed);
	pages = free_pages(context);
	fds = service_descriptors();
	run_both(&beside, now() + (double)seconds(), &seed);
	printf("%u boxes of random calls; beside them %u right, %u wrong\n",
		seed, beside.right, beside.wrong);
	assert_int_equal(beside.wrong, 0);
	assert_true(beside.right > 0);
	assert_int_equal(free_pages(context), pages);
	assert_int_equal(service_descriptors(), fds);
	assert_int_equal(names_in(folder), 2);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			whatever_a_box_calls_stays_in_it, service_begin,
			service_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

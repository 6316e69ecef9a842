/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes as a service sees them, with a real monitor. */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static const char *const echo[] = { "busybox", "echo", "hello", NULL };
static const char *const cat[] = { "busybox", "cat", NULL };
static const char *const spin[] = { "busybox", "sh", "-c",
	"while :; do :; done", NULL };

static uint64_t free_pages(struct cbx_context *context)
{
	struct cbx_capabilities info = { .size = sizeof(info) };

	assert_good(cbx_context_query(context, &info));
	return info.free_pages;
}

static void a_program_runs_and_its_output_arrives(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, 0);
	struct service_io io = { 0 };
	struct cbx_result result = service_do(context, image, &io);

	(void)state;
	assert_int_equal(result.reason, CBX_END_EXIT);
	assert_int_equal(result.exit_status, 0);
	assert_int_equal(result.signal, 0);
	assert_string_equal(io.output, "hello\n");
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void input_of_any_size_arrives_whole(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(cat, 0);
	static char text[60000];
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 59999 };

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (char)('a' + i % 26);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		static struct service_io io;

		io = (struct service_io){ .input = text,
			.input_size = sizes[i] };
		(void)service_do(context, image, &io);
		assert_int_equal(io.output_size, sizes[i]);
		assert_memory_equal(io.output, text, sizes[i]);
	}
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void the_monitor_measures_what_we_measured(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, 0);
	uint8_t offline[CBX_DIGEST_BYTES];
	uint8_t online[CBX_DIGEST_BYTES];
	struct cbx_box *box = NULL;

	(void)state;
	assert_good(cbx_image_measure(image, offline));
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_digest(box, CBX_DIGEST_MEASUREMENT, online));
	assert_memory_equal(offline, online, sizeof(online));
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void every_page_comes_back(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, 0);
	uint64_t before = free_pages(context);
	struct cbx_box *box = NULL;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct service_io io = { 0 };

		(void)service_do(context, image, &io);
		assert_int_equal(free_pages(context), before);
	}
	/* One that never ran. */
	assert_good(cbx_box_load(context, image, &box));
	assert_true(free_pages(context) < before);
	cbx_box_destroy(box);
	assert_int_equal(free_pages(context), before);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void a_box_that_does_not_fit_leaves_nothing(void **state)
{
	struct cbx_context *context = service_context(8);
	struct cbx_image *image = service_image(echo, 0);
	struct cbx_policy policy = { .version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1 };
	struct cbx_pages pages = {
		.va = 0x10000, .count = 40000, .rights = CBX_RIGHT_R
	};
	uint64_t before = free_pages(context);
	struct cbx_box *box = NULL;

	(void)state;
	policy.version = 9;
	assert_failed(cbx_box_create(context, &policy, 16, &box), CBX_E_INVALID,
		"box");
	assert_int_equal(cbx_error_last()->origin, CBX_ORIGIN_MONITOR);
	assert_null(box);
	policy.version = CBX_POLICY_VERSION;
	assert_good(cbx_box_create(context, &policy, 16, &box));
	assert_failed(cbx_box_add(box, &pages), CBX_E_NOMEM, "no memory");
	cbx_box_destroy(box);
	assert_int_equal(free_pages(context), before);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

/* A box that had nearly all pages leaves them to the monitor; boxes need host
 * pages of their own, too, which have to come out of those. */
static void pages_of_one_large_box_serve_many_small_ones(void **state)
{
	struct cbx_context *context = service_context(64);
	const struct cbx_policy policy = { .version = CBX_POLICY_VERSION,
		.threads_max = 1,
		.output_pages = 1,
		.wake_step = 1 };
	uint64_t before = free_pages(context);
	struct cbx_box *large;
	struct cbx_box *small[8];

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		assert_good(cbx_box_create(context, &policy,
			before - 2 - CBX_IO_PAGES_MAX, &large));
		assert_int_equal(free_pages(context), 0);
		cbx_box_destroy(large);
		assert_int_equal(free_pages(context), before);
		for (size_t i = 0; i < 8; i++) {
			assert_good(cbx_box_create(
				context, &policy, before / 16, &small[i]));
		}
		for (size_t i = 0; i < 8; i++) {
			cbx_box_destroy(small[i]);
		}
		assert_int_equal(free_pages(context), before);
	}
	cbx_context_close(context);
}

static void bad_options_are_refused(void **state)
{
	struct cbx_options options = { .size = sizeof(options) };
	struct cbx_context *context = NULL;
	struct {
		struct cbx_options known;
		uint64_t later;
	} longer = { { .size = sizeof(longer) }, 1 };

	(void)state;
	options.size = 4;
	assert_failed(
		cbx_context_open(&options, &context), CBX_E_INVALID, "size");
	assert_failed(cbx_context_open(&longer.known, &context), CBX_E_INVALID,
		"version");
	options =
		(struct cbx_options){ .size = sizeof(options), .cpu_count = 1 };
	assert_failed(
		cbx_context_open(&options, &context), CBX_E_INVALID, "CPUs");
	options = (struct cbx_options){ .size = sizeof(options),
		.memory_bytes = 1ull << 42 };
	assert_failed(
		cbx_context_open(&options, &context), CBX_E_NOMEM, "no memory");
	assert_null(context);
}

struct runner {
	struct cbx_context *context;
	const struct cbx_image *image;
	struct cbx_box *box;
	struct cbx_result result;
	enum cbx_status status;
	struct service_io io;
	pthread_t thread;
};

static void *run_box(void *arg)
{
	struct runner *runner = arg;
	struct cbx_run run = service_run(&runner->io);

	runner->result.size = sizeof(runner->result);
	runner->status = cbx_box_run(runner->box, &run, &runner->result);
	return NULL;
}

static void begin(struct runner *runner, struct cbx_context *context,
	const struct cbx_image *image)
{
	*runner = (struct runner){ .context = context, .image = image };
	assert_good(cbx_box_load(context, image, &runner->box));
	assert_int_equal(
		pthread_create(&runner->thread, NULL, run_box, runner), 0);
}

static void end(struct runner *runner)
{
	assert_int_equal(pthread_join(runner->thread, NULL), 0);
	cbx_box_destroy(runner->box);
}

static void a_spinning_box_is_killed_from_another_thread(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(spin, 0);
	struct cbx_result seen = { .size = sizeof(seen) };
	static struct runner runner;

	(void)state;
	begin(&runner, context, image);
	assert_failed(cbx_box_wait(runner.box, 200000000, &seen), CBX_E_BUSY,
		"not ended");
	assert_good(cbx_box_kill(runner.box));
	assert_good(cbx_box_wait(runner.box, UINT64_MAX, &seen));
	assert_int_equal(seen.reason, CBX_END_KILLED);
	assert_int_equal(seen.timed_out, 0);
	end(&runner);
	assert_int_equal(runner.status, CBX_OK);
	assert_int_equal(runner.result.reason, CBX_END_KILLED);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void a_box_killed_before_it_runs_ends_at_once(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(spin, 0);
	struct cbx_result result = { .size = sizeof(result) };
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);
	struct cbx_box *box = NULL;

	(void)state;
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_kill(box));
	assert_good(cbx_box_kill(box));
	assert_good(cbx_box_run(box, &run, &result));
	assert_int_equal(result.reason, CBX_END_KILLED);
	assert_failed(
		cbx_box_run(box, &run, &result), CBX_E_STATE, "ran before");
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void a_timeout_ends_computing_reading_and_writing(void **state)
{
	static const char *const yes[] = { "busybox", "yes", NULL };
	static const char *const nap[] = { "busybox", "sleep", "60", NULL };
	static const char *const *const programs[] = { spin, cat, yes, nap };
	struct cbx_context *context = service_context(64);
	int pipes[2][2];

	(void)state;
	assert_int_equal(pipe2(pipes[0], O_CLOEXEC), 0);
	assert_int_equal(pipe2(pipes[1], O_CLOEXEC), 0);
	for (size_t i = 0; i < 4; i++) {
		struct cbx_image *image = service_image(programs[i], 0);
		struct cbx_result result = { .size = sizeof(result) };
		struct cbx_run run = { .size = sizeof(run),
			.input_fd = pipes[0][0],
			.output_fd = pipes[1][1],
			.error_fd = -1,
			.timeout_ns = 300000000 };
		struct cbx_box *box = NULL;

		assert_good(cbx_box_load(context, image, &box));
		assert_good(cbx_box_run(box, &run, &result));
		assert_int_equal(result.timed_out, 1);
		assert_int_equal(result.reason, CBX_END_KILLED);
		cbx_box_destroy(box);
		cbx_image_destroy(image);
	}
	for (int i = 0; i < 2; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	cbx_context_close(context);
}

#define PARALLEL 8

static void boxes_run_in_parallel(void **state)
{
	static const char *const slow[] = { "busybox", "sh", "-c",
		"i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; cat", NULL };
	struct cbx_context *context = service_context(PARALLEL * 24);
	struct cbx_image *image = service_image(slow, 0);
	static struct runner runner[PARALLEL];
	static char input[PARALLEL][16];

	(void)state;
	for (int i = 0; i < PARALLEL; i++) {
		(void)snprintf(input[i], sizeof(input[i]), "box %d\n", i);
		runner[i] =
			(struct runner){ .context = context, .image = image };
		runner[i].io.input = input[i];
		runner[i].io.input_size = strlen(input[i]);
		assert_good(cbx_box_load(context, image, &runner[i].box));
	}
	for (int i = 0; i < PARALLEL; i++) {
		assert_int_equal(pthread_create(&runner[i].thread, NULL,
					 run_box, &runner[i]),
			0);
	}
	for (int i = 0; i < PARALLEL; i++) {
		end(&runner[i]);
		assert_int_equal(runner[i].status, CBX_OK);
		assert_string_equal(runner[i].io.output, input[i]);
	}
	cbx_image_destroy(image);
	cbx_context_close(context);
}

/* More boxes than CPUs wait for their turn. */
static void boxes_beyond_the_cpus_take_turns(void **state)
{
	struct cbx_options options = { .size = sizeof(options),
		.memory_bytes = 128u << 20,
		.cpu_count = 2 };
	struct cbx_image *image = service_image(echo, 0);
	struct cbx_context *context = NULL;
	static struct runner runner[3];

	(void)state;
	assert_good(cbx_context_open(&options, &context));
	for (int i = 0; i < 3; i++) {
		begin(&runner[i], context, image);
	}
	for (int i = 0; i < 3; i++) {
		end(&runner[i]);
		assert_int_equal(runner[i].status, CBX_OK);
		assert_string_equal(runner[i].io.output, "hello\n");
	}
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void count_call(
	void *arg, struct cbx_box *box, const struct cbx_trace *event)
{
	struct service_io *io = arg;
	char text[5] = "";

	io->traced++;
	/* write(1, "hello", ...): look at what is being written. */
	if (event->is_result == 0 && event->number == 1 && event->arg[0] == 1) {
		assert_good(cbx_box_peek(box, event->arg[1], text, 5));
		assert_memory_equal(text, "hello", 5);
		io->input = "seen";
	}
}

static void a_traced_box_shows_its_calls_and_memory(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, CBX_PROGRAM_TRACE);
	struct cbx_result result = { .size = sizeof(result) };
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);
	struct cbx_box *box = NULL;

	(void)state;
	run.trace = count_call;
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_run(box, &run, &result));
	assert_string_equal(io.input, "seen");
	assert_true(io.traced > 10);
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void a_box_without_debug_cannot_be_looked_into(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, 0);
	struct cbx_box *box = NULL;
	char byte;

	(void)state;
	assert_good(cbx_box_load(context, image, &box));
	assert_failed(cbx_box_peek(box, 0x600000000000, &byte, 1), CBX_E_DENIED,
		"peek");
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void a_confined_box_answers_and_tells_nothing_else(void **state)
{
	static const char *const ask[] = { "busybox", "sh", "-c",
		"read line; echo \"got $line\"; exit 3", NULL };
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(ask, CBX_PROGRAM_CONFINE);
	struct service_io io = { .input = "client data\n", .input_size = 12 };
	struct cbx_result result = service_do(context, image, &io);

	(void)state;
	assert_int_equal(result.confined, 1);
	assert_int_equal(result.reason, CBX_END_EXIT);
	assert_int_equal(result.told, 1); /* this process is the client */
	assert_int_equal(result.exit_status, 3);
	assert_string_equal(io.output, "got client data\n");
	cbx_image_destroy(image);
	cbx_context_close(context);
}

static void output_that_fails_is_told_to_the_program_and_us(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, 0);
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = open("/dev/full", O_WRONLY | O_CLOEXEC),
		.error_fd = -1 };
	struct cbx_box *box = NULL;

	(void)state;
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_run(box, &run, &result));
	assert_int_equal(result.output_error, ENOSPC);
	assert_int_equal(result.exit_status, 1);
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	close(run.output_fd);
	cbx_context_close(context);
}

static void a_box_outlives_a_closed_context_as_a_shell(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(echo, 0);
	struct cbx_result result = { .size = sizeof(result) };
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);
	struct cbx_box *box = NULL;

	(void)state;
	assert_good(cbx_box_load(context, image, &box));
	cbx_context_close(context);
	assert_failed(
		cbx_box_run(box, &run, &result), CBX_E_HARDWARE, "closed");
	assert_int_equal(cbx_error_last()->origin, CBX_ORIGIN_TRANSPORT);
	assert_failed(cbx_box_wait(box, 0, &result), CBX_E_STATE, "without");
	cbx_box_destroy(box);
	cbx_image_destroy(image);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, service_begin, service_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_program_runs_and_its_output_arrives),
		T(input_of_any_size_arrives_whole),
		T(the_monitor_measures_what_we_measured),
		T(every_page_comes_back),
		T(a_box_that_does_not_fit_leaves_nothing),
		T(pages_of_one_large_box_serve_many_small_ones),
		T(bad_options_are_refused),
		T(a_spinning_box_is_killed_from_another_thread),
		T(a_box_killed_before_it_runs_ends_at_once),
		T(a_timeout_ends_computing_reading_and_writing),
		T(boxes_run_in_parallel),
		T(boxes_beyond_the_cpus_take_turns),
		T(a_traced_box_shows_its_calls_and_memory),
		T(a_box_without_debug_cannot_be_looked_into),
		T(a_confined_box_answers_and_tells_nothing_else),
		T(output_that_fails_is_told_to_the_program_and_us),
		T(a_box_outlives_a_closed_context_as_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a service sees when processes are killed under it, and that nothing is
 * left when calls fail half way. */
#include "service.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *const echo[] = { "busybox", "echo", "hello", NULL };
static const char *const spin[] = { "busybox", "sh", "-c",
	"echo ready; while :; do :; done", NULL };

/* A box that runs in a thread until somebody kills something. */
struct victim {
	struct cbx_context *context;
	struct cbx_image *image;
	struct cbx_box *box;
	struct cbx_result result;
	enum cbx_status status;
	struct cbx_error error;
	pthread_t thread;
	int ready[2];
};

static void *run_victim(void *arg)
{
	struct victim *victim = arg;
	struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = victim->ready[1],
		.error_fd = -1 };

	victim->result.size = sizeof(victim->result);
	victim->status = cbx_box_run(victim->box, &run, &victim->result);
	victim->error = *cbx_error_last();
	return NULL;
}

static void begin(struct victim *victim)
{
	char text[6];

	*victim = (struct victim){ .context = service_context(64),
		.image = service_image(spin, 0) };
	assert_int_equal(pipe(victim->ready), 0);
	assert_good(cbx_box_load(victim->context, victim->image, &victim->box));
	assert_int_equal(
		pthread_create(&victim->thread, NULL, run_victim, victim), 0);
	assert_int_equal(read(victim->ready[0], text, sizeof(text)), 6);
}

static void join(struct victim *victim)
{
	assert_int_equal(pthread_join(victim->thread, NULL), 0);
}

static void finish(struct victim *victim)
{
	cbx_box_destroy(victim->box);
	cbx_image_destroy(victim->image);
	cbx_context_close(victim->context);
	close(victim->ready[0]);
	close(victim->ready[1]);
}

static void a_killed_monitor_is_named(void **state)
{
	static struct victim victim;
	struct cbx_box *box = NULL;
	int monitor;

	(void)state;
	begin(&victim);
	monitor = service_child_of(getpid());
	assert_true(monitor > 0);
	assert_int_equal(kill(monitor, SIGKILL), 0);
	join(&victim);
	assert_int_equal(victim.status, CBX_E_HARDWARE);
	assert_int_equal(victim.error.origin, CBX_ORIGIN_TRANSPORT);
	assert_non_null(strstr(
		victim.error.text, "the monitor ended: killed by signal 9"));
	assert_failed(cbx_box_load(victim.context, victim.image, &box),
		CBX_E_HARDWARE, "the monitor ended");
	assert_failed(
		cbx_box_kill(victim.box), CBX_E_HARDWARE, "the monitor ended");
	finish(&victim);
}

/* The monitor's newest child is the box; the keeper is older. */
static void a_killed_box_is_lost_and_others_live(void **state)
{
	static struct victim victim;
	struct service_io io = { 0 };
	struct cbx_image *image;
	struct cbx_result result;
	int monitor;

	(void)state;
	begin(&victim);
	monitor = service_child_of(getpid());
	assert_int_equal(kill(service_child_of(monitor), SIGKILL), 0);
	join(&victim);
	assert_int_equal(victim.status, CBX_OK);
	assert_int_equal(victim.result.reason, CBX_END_LOST);
	image = service_image(echo, 0);
	result = service_do(victim.context, image, &io);
	assert_int_equal(result.reason, CBX_END_EXIT);
	assert_string_equal(io.output, "hello\n");
	cbx_image_destroy(image);
	finish(&victim);
}

/* The other one goes on until it is killed. */
static void a_box_without_memory_ends_alone_and_says_why(void **state)
{
	static const char *const awk_hog[] = { "busybox", "awk",
		"BEGIN { s = \"x\"; while (1) s = s s }", NULL };
	static const char *const shell_hog[] = { "busybox", "sh", "-c",
		"x=x; while :; do x=$x$x; done", NULL };
	static const char *const *const hogs[] = { awk_hog, shell_hog };
	static struct victim other;

	(void)state;
	begin(&other);
	for (size_t i = 0; i < sizeof(hogs) / sizeof(hogs[0]); i++) {
		struct service_io io = { 0 };
		struct cbx_image *image = service_image(hogs[i], 0);
		struct cbx_result result =
			service_do(other.context, image, &io);

		assert_int_equal(result.reason, CBX_END_EXIT);
		assert_true(result.signal != 0 || result.exit_status != 0);
		assert_non_null(strstr(io.output, "out of memory"));
		cbx_image_destroy(image);
	}
	assert_good(cbx_box_kill(other.box));
	join(&other);
	assert_int_equal(other.status, CBX_OK);
	assert_int_equal(other.result.reason, CBX_END_KILLED);
	finish(&other);
}

/* Every descriptor the calls need is refused once: each failure is named and
 * leaves nothing (service_end looks). */
static void no_descriptors_is_an_error_that_leaves_nothing(void **state)
{
	struct rlimit old;
	struct rlimit few;
	unsigned int failures = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	for (few.rlim_cur = 3; few.rlim_cur < 16; few.rlim_cur++) {
		struct cbx_context *context = NULL;
		enum cbx_status status;

		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		status = cbx_context_open(NULL, &context);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		if (status != CBX_OK) {
			failures++;
			assert_null(context);
			assert_true(strlen(cbx_error_last()->text) > 10);
		}
		cbx_context_close(context);
	}
	assert_true(failures >= 3);
}

static void no_address_space_is_an_error_that_leaves_nothing(void **state)
{
	struct rlimit old;
	struct rlimit little;
	struct cbx_context *context = NULL;
	enum cbx_status status;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	little = old;
	little.rlim_cur = 64u
			  << 20; /* less than the host memory to be mapped */
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	status = cbx_context_open(NULL, &context);
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	assert_int_not_equal(status, CBX_OK);
	assert_null(context);
	assert_true(strlen(cbx_error_last()->text) > 10);
}

static void many_contexts_come_and_go(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		cbx_context_close(service_context(16));
		assert_true(service_childless());
	}
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, service_begin, service_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_killed_monitor_is_named),
		T(a_killed_box_is_lost_and_others_live),
		T(a_box_without_memory_ends_alone_and_says_why),
		T(no_descriptors_is_an_error_that_leaves_nothing),
		T(no_address_space_is_an_error_that_leaves_nothing),
		T(many_contexts_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

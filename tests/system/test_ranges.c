/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large range is cheap: gates are for as many pages as one may have, not for
 * each page, and what nobody touched needs none.
 *
 * CBX_RANGES is the program (programs/ranges.c).
 */
#include "service.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define MIB  20
#define FAR  (4ull << MIB) /* programs/ranges.c */
#define PAGE 4096ull
/* Of one gate at most. */
#define BATCH (CBX_RANGE_PAGES_MAX * PAGE)
/* Beside them: smaller ones at a range's first touches, and the runtime's own. */
#define FEW	 16u
#define SEEN_MAX 64u

struct seen {
	uint64_t number;
	uint64_t bytes; /* of a range; touches have none */
	uint64_t gates;
};

struct watch {
	struct service_io io; /* first: the callbacks' */
	uint64_t bytes;
	struct cbx_trace call; /* under way */
	struct seen seen[SEEN_MAX];
	size_t count;
};

static bool is_range(const struct watch *watch, const struct cbx_trace *call)
{
	return (call->number == SYS_mmap || call->number == SYS_mprotect ||
		       call->number == SYS_munmap) &&
	       call->arg[1] == watch->bytes;
}

/* A getpid has the gates of the touches in front of it. */
static void see(void *arg, struct cbx_box *box, const struct cbx_trace *event)
{
	struct watch *watch = arg;
	const struct cbx_trace *call = &watch->call;

	(void)box;
	if (event->is_result == 0) {
		watch->call = *event;
		return;
	}
	if (!is_range(watch, call) && call->number != SYS_getpid) {
		return;
	}
	assert_true(watch->count < SEEN_MAX);
	watch->seen[watch->count++] = (struct seen){
		.number = call->number,
		.bytes = is_range(watch, call) ? watch->bytes : 0,
		.gates = event->says >> 48,
	};
}

static void run_ranges(struct watch *watch, uint64_t mib)
{
	struct cbx_context *context = service_context(mib + 128);
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_run run = service_run(&watch->io);
	char number[16];
	const char *const argv[] = { "ranges", number, NULL };
	const struct cbx_program program = { .size = sizeof(program),
		.path = getenv("CBX_RANGES"),
		.argv = argv,
		.memory_bytes = (mib + 64) << MIB,
		.flags = CBX_PROGRAM_TRACE };
	struct cbx_image *image = NULL;
	struct cbx_box *box = NULL;

	assert_non_null(program.path);
	(void)snprintf(number, sizeof(number), "%u", (unsigned int)mib);
	*watch = (struct watch){ .bytes = mib << MIB };
	run.trace = see;
	run.arg = watch;
	assert_good(cbx_image_build(&program, &image));
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_run(box, &run, &result));
	assert_int_equal(result.exit_status, 0);
	assert_string_equal(watch->io.output, "done\n");
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

/* The next call of that number, and what it took: at least that many gates, and
 * few more. */
static void expect(
	const struct watch *watch, size_t *at, uint64_t number, uint64_t least)
{
	const struct seen *seen = &watch->seen[(*at)++];

	assert_true(*at <= watch->count);
	assert_int_equal(seen->number, number);
	if (seen->gates < least || seen->gates > least + FEW) {
		print_error("%zu: call %u of %u MiB took %u gates, not %u or "
			    "%u more\n",
			*at, (unsigned int)number,
			(unsigned int)(watch->bytes >> MIB),
			(unsigned int)seen->gates, (unsigned int)least, FEW);
		fail();
	}
}

/* A range: how many gates to map it, to touch it, and for its end. */
static void expect_range(const struct watch *watch, size_t *at,
	const uint64_t gates[3], bool touched)
{
	expect(watch, at, SYS_getpid, 0);
	expect(watch, at, SYS_mmap, gates[0]);
	if (touched) {
		expect(watch, at, SYS_getpid, 0);
		expect(watch, at, SYS_getpid, gates[1]);
	}
	expect(watch, at, SYS_getpid, 0);
	expect(watch, at, SYS_mprotect, gates[2]);
	expect(watch, at, SYS_getpid, 0);
	expect(watch, at, SYS_munmap, gates[2]);
	expect(watch, at, SYS_getpid, 0);
}

static void check_ranges(uint64_t mib)
{
	static struct watch watch;
	const uint64_t bytes = mib << MIB;
	const uint64_t all = bytes / BATCH;
	const uint64_t far = bytes / FAR;
	size_t at = 0;

	run_ranges(&watch, mib);
	expect_range(&watch, &at, (const uint64_t[3]){ 0, 0, 0 }, false);
	expect_range(&watch, &at, (const uint64_t[3]){ 0, far, far }, true);
	expect_range(&watch, &at, (const uint64_t[3]){ 0, all, all }, true);
	expect_range(&watch, &at, (const uint64_t[3]){ all, 0, all }, true);
	assert_int_equal(at, watch.count);
}

static void a_gate_is_for_many_pages(void **state)
{
	(void)state;
	check_ranges(64);
}

static void four_times_the_range_is_four_times_the_gates(void **state)
{
	(void)state;
	check_ranges(256);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, service_begin, service_end)
	const struct CMUnitTest tests[] = {
		T(a_gate_is_for_many_pages),
		T(four_times_the_range_is_four_times_the_gates),
	};
#undef T

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}

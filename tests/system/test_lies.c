/* SPDX-License-Identifier: Apache-2.0 */
/* Real programs in boxes whose host answers forwarded calls with lies. */
#include <errno.h>
#include <stdio.h>

#include "service.h"

#define RUNS 60u
#define TIME 1500000000ull /* a host may keep a box waiting: that is no harm */

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

/* A file that could be, for programs to get further. */
static void be_plausible(uint32_t call, void *data, size_t *bytes)
{
	const struct cbx_forward_stat file = {
		.mode = draw(2) == 0 ? 0100644 : 040755,
		.size = draw(100000),
		.links = 1,
	};

	if (call == CBX_FORWARD_OPEN || call == CBX_FORWARD_STAT ||
		call == CBX_FORWARD_QUERY) {
		memcpy(data, &file, sizeof(file));
		*bytes = sizeof(file);
	}
}

/* Bytes of any kind, as many as there is room for or fewer or more. */
static void be_anything(
	const struct cbx_forward_call *call, uint8_t *data, size_t *bytes)
{
	size_t room = call->max < 4096 ? call->max : 4096;

	*bytes = draw(3) == 0 ? room : draw(call->max + 1);
	for (size_t i = 0; i < room && i < *bytes; i++) {
		data[i] = (uint8_t)draw(draw(2) == 0 ? 256 : 3);
	}
}

static int64_t lie(void *arg, const struct cbx_forward_call *call, void *data,
	size_t *bytes)
{
	static const int64_t odd[] = { -1, -EAGAIN, -EINTR, -512, -4095,
		INT64_MIN, INT64_MAX, 1023, 1024, 1ll << 32 };

	(void)arg;
	*bytes = 0;
	switch (draw(4)) {
	case 0:
		be_plausible(call->number, data, bytes);
		return (int64_t)draw(8);
	case 1:
		be_anything(call, data, bytes);
		return (int64_t)*bytes;
	case 2:
		be_anything(call, data, bytes);
		return odd[draw(sizeof(odd) / sizeof(odd[0]))];
	default:
		be_plausible(call->number, data, bytes);
		return call->number == CBX_FORWARD_OPEN ||
				       call->number >= CBX_FORWARD_CONNECT
			       ? (int64_t)draw(64)
			       : 0;
	}
}

/* Open below /h, connect anywhere, and all that can be done with them. */
static struct cbx_policy rules(void)
{
	struct cbx_policy policy = { .text = "/h" };

	for (uint32_t call = CBX_FORWARD_OPEN; call <= CBX_FORWARD_WAKE;
		call++) {
		policy.rule[policy.rule_count++].call = call;
	}
	policy.rule[0].text_bytes = 2;
	return policy;
}

static struct cbx_image *image_of(const char *script)
{
	const char *argv[] = { "busybox", "sh", "-c", script, NULL };
	const struct cbx_policy policy = rules();
	struct cbx_program program = { .size = sizeof(program),
		.path = "/bin/busybox",
		.argv = argv,
		.memory_bytes = 16u << 20,
		.rules = &policy };
	struct cbx_image *image = NULL;

	assert_good(cbx_image_build(&program, &image));
	return image;
}

/* What the program does with its host's answers is its business; the runtime
 * does not break, and what is the box's own stays right. */
static void run_once(struct cbx_context *context, const char *script)
{
	struct cbx_image *image = image_of(script);
	struct cbx_result result = { .size = sizeof(result) };
	struct service_io *io = calloc(1, sizeof(*io));
	struct cbx_run run = service_run(io);
	struct cbx_box *box = NULL;

	assert_non_null(io);
	run.forward = lie;
	run.timeout_ns = TIME;
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_run(box, &run, &result));
	assert_null(strstr(io->output, "fault in the runtime"));
	assert_int_not_equal(result.reason, CBX_END_FAULT);
	assert_int_not_equal(result.reason, CBX_END_VIOLATION);
	if (result.timed_out == 0) {
		assert_int_equal(result.signal, 0);
		if (strstr(io->output, "own 42 end") == NULL) {
			fail_msg("it wrote: %s", io->output);
		}
	}
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	free(io);
}

static void no_lie_breaks_a_runtime(void **state)
{
	static const char *const scripts[] = {
		"B=/bin/busybox; echo 42 > /own; $B cat /h/a /h/b >/dev/null "
		"2>&1;"
		"$B ls -lR /h >/dev/null 2>&1; echo x > /h/w 2>/dev/null;"
		"echo own `$B cat /own` end",
		"B=/bin/busybox; echo 42 > /own;"
		"(exec 3<>/h/f; echo hi >&3; read x <&3) 2>/dev/null;"
		"$B find /h -type f >/dev/null 2>&1;"
		"$B truncate -s 5 /h/f 2>/dev/null; echo own `$B cat /own` end",
		"B=/bin/busybox; echo 42 > /own;"
		"echo hi | $B nc -w 1 10.0.0.1 80 >/dev/null 2>&1;"
		"echo own `$B cat /own` end",
	};
	struct cbx_context *context = service_context(64);

	(void)state;
	for (unsigned int i = 0; i < RUNS; i++) {
		seed = i + 1;
		run_once(context,
			scripts[i % (sizeof(scripts) / sizeof(scripts[0]))]);
	}
	cbx_context_close(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			no_lie_breaks_a_runtime, service_begin, service_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "start.h"

void bench_check(enum cbx_status status, const char *what)
{
	if (status != CBX_OK) {
		fprintf(stderr, "%s: %s\n", what, cbx_error_last()->text);
		exit(EXIT_FAILURE);
	}
}

unsigned int bench_count(const char *text)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (*end != '\0' || count < 1 || count > 1000000) {
		fprintf(stderr, "%s: not a number from 1 on\n", text);
		exit(EXIT_FAILURE);
	}
	return (unsigned int)count;
}

struct cbx_context *bench_context(
	const struct cbx_image *image, unsigned int boxes)
{
	struct cbx_image_info info = { .size = sizeof(info) };
	struct cbx_options options = { .size = sizeof(options) };
	struct cbx_context *context;

	bench_check(cbx_image_query(image, &info), "image");
	options.memory_bytes = boxes * info.memory_bytes;
	bench_check(cbx_context_open(&options, &context), "context");
	return context;
}

static int64_t first(
	void *arg, enum cbx_port port, const void *buf, size_t size)
{
	uint64_t *when = arg;

	(void)port;
	(void)buf;
	if (*when == 0) {
		*when = bench_now();
	}
	return (int64_t)size;
}

double bench_first_output(struct cbx_box *box, uint64_t since)
{
	uint64_t when = 0;
	const struct cbx_run io = {
		.size = sizeof(io),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = STDERR_FILENO,
		.arg = &when,
		.output = first,
	};
	struct cbx_result result = { .size = sizeof(result) };

	bench_check(cbx_box_run(box, &io, &result), "run");
	if (result.reason != CBX_END_EXIT || result.exit_status != 0) {
		fprintf(stderr, "the box failed\n");
		exit(EXIT_FAILURE);
	}
	return (double)((when == 0 ? bench_now() : when) - since) / 1e6;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small service: counts the lines, words and bytes of each file it is given,
 * every file in a box of its own, all at the same time.  The counting is done
 * by an unmodified program, which sees one file and nothing else.
 *
 *   ./wordcount FILE...
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confbox/confbox.h>

/* One client's request. */
struct request {
	struct cbx_context *context;
	const struct cbx_image *image;
	const char *path;
	char answer[CBX_ERROR_TEXT + 2];
	size_t length;
	int failed;
	pthread_t thread;
};

/* cbx_run's output callback: keep what the program says. */
static int64_t keep(void *arg, enum cbx_port port, const void *buf, size_t size)
{
	struct request *request = arg;
	size_t room = sizeof(request->answer) - 1 - request->length;
	size_t part = size < room ? size : room;

	if (port == CBX_PORT_OUTPUT) {
		memcpy(request->answer + request->length, buf, part);
		request->length += part;
	}
	return (int64_t)size;
}

static void fail(struct request *request, const char *text)
{
	(void)snprintf(request->answer, sizeof(request->answer), "%s\n", text);
	request->failed = 1;
}

static void run_box(struct request *request, int input)
{
	struct cbx_run run = { .size = sizeof(run),
		.input_fd = input,
		.timeout_ns = 60000000000u,
		.arg = request,
		.output = keep };
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_box *box;

	if (cbx_box_load(request->context, request->image, &box) != CBX_OK) {
		fail(request, cbx_error_last()->text);
		return;
	}
	if (cbx_box_run(box, &run, &result) != CBX_OK) {
		fail(request, cbx_error_last()->text);
	} else if (result.reason != CBX_END_EXIT || result.signal != 0 ||
		   result.exit_status != 0) {
		fail(request, "the program failed");
	}
	cbx_box_destroy(box);
}

static void *serve(void *arg)
{
	struct request *request = arg;
	int input = open(request->path, O_RDONLY | O_CLOEXEC);

	if (input < 0) {
		fail(request, "cannot open the file");
		return NULL;
	}
	run_box(request, input);
	close(input);
	return NULL;
}

static int serve_all(struct request *requests, int count)
{
	int failed = 0;

	for (int i = 0; i < count; i++) {
		if (pthread_create(&requests[i].thread, NULL, serve,
			    &requests[i]) != 0) {
			fputs("no thread to be had\n", stderr);
			exit(1);
		}
	}
	for (int i = 0; i < count; i++) {
		(void)pthread_join(requests[i].thread, NULL);
		printf("%s: %s", requests[i].path, requests[i].answer);
		failed |= requests[i].failed;
	}
	return failed;
}

int main(int argc, char **argv)
{
	const char *const wc[] = { "busybox", "wc", NULL };
	struct cbx_program program = { .size = sizeof(program),
		.path = "/bin/busybox",
		.argv = wc,
		.memory_bytes = 32u << 20 };
	struct request *requests = calloc((size_t)argc, sizeof(*requests));
	struct cbx_context *context = NULL;
	struct cbx_image *image = NULL;
	int failed = 1;

	if (requests != NULL && cbx_context_open(NULL, &context) == CBX_OK &&
		cbx_image_build(&program, &image) == CBX_OK) {
		for (int i = 1; i < argc; i++) {
			requests[i - 1].context = context;
			requests[i - 1].image = image;
			requests[i - 1].path = argv[i];
		}
		failed = serve_all(requests, argc - 1);
	} else {
		fprintf(stderr, "%s\n", cbx_error_last()->text);
	}
	cbx_image_destroy(image);
	cbx_context_close(context);
	free(requests);
	return failed;
}

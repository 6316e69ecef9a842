/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_share share|file BOXES FILE PROGRAM: boxes of one service, each with
 * FILE as /data/set, shared or its own.  PROGRAM runs in each and has to end
 * well.  When all have, "ready" is
 * written; everything stays until standard input ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "start.h"

#define MEMORY CBX_PROGRAM_MEMORY_MIN

static struct cbx_image *build(bool share, const char *file, const char *path)
{
	const struct cbx_path set = { file, "/data/set" };
	const char *const argv[] = { path, "/data/set", NULL };
	const struct cbx_program program = {
		.size = sizeof(program),
		.path = path,
		.argv = argv,
		.memory_bytes = MEMORY,
		.files = &set,
		.file_count = share ? 0 : 1,
		.shares = &set,
		.share_count = share ? 1 : 0,
	};
	struct cbx_image *image;

	bench_check(cbx_image_build(&program, &image), "image");
	return image;
}

static void wait_for_end(void)
{
	char byte;

	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
}

int main(int argc, char **argv)
{
	struct cbx_context *context;
	struct cbx_image *image;
	struct cbx_box **box;
	unsigned int count;

	if (argc != 5) {
		fprintf(stderr,
			"usage: bench_share share|file BOXES FILE PROGRAM\n");
		return EXIT_FAILURE;
	}
	count = bench_count(argv[2]);
	box = calloc(count, sizeof(struct cbx_box *));
	if (box == NULL) {
		return EXIT_FAILURE;
	}
	image = build(strcmp(argv[1], "share") == 0, argv[3], argv[4]);
	context = bench_context(image, count);
	for (unsigned int i = 0; i < count; i++) {
		bench_check(cbx_box_load(context, image, &box[i]), "load");
		(void)bench_first_output(box[i], bench_now());
	}
	cbx_image_destroy(image);
	wait_for_end();
	for (unsigned int i = 0; i < count; i++) {
		cbx_box_destroy(box[i]);
	}
	cbx_context_close(context);
	free(box);
	return EXIT_SUCCESS;
}

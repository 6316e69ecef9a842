/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_life HELLO [--quick]: a program's whole life, in a box and outside.
 *
 * HELLO is a static program.  Outside is posix_spawn, which is fork and exec
 * as the C library does them, and waitpid.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <confbox/confbox.h>

#include "bench.h"

/* The steps of a box's life, and of a process's. */
enum step {
	OPEN,
	BUILD,
	LOAD,
	RUN,
	DESTROY,
	CLOSE,
	PROCESS,
	STEPS
};

static const char *const names[STEPS] = { "start the monitor and the keeper",
	"read the program, make the image", "make the box", "run it",
	"destroy it", "end the monitor", "a process" };

static int nowhere; /* /dev/null */

static void must(enum cbx_status status, const char *what)
{
	if (status != CBX_OK) {
		fprintf(stderr, "bench_life: %s: %s\n", what,
			cbx_error_last()->text);
		exit(EXIT_FAILURE);
	}
}

static void spawn(char *path)
{
	char *argv[] = { path, NULL };
	char *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, nowhere, STDOUT_FILENO);
	if (posix_spawn(&pid, path, &actions, NULL, argv, envp) != 0 ||
		waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "bench_life: cannot run %s\n", path);
		exit(EXIT_FAILURE);
	}
	posix_spawn_file_actions_destroy(&actions);
}

static void run(struct cbx_box *box)
{
	const struct cbx_run io = {
		.size = sizeof(io),
		.input_fd = -1,
		.output_fd = nowhere,
		.error_fd = nowhere,
	};
	struct cbx_result result = { .size = sizeof(result) };

	must(cbx_box_run(box, &io, &result), "run");
	if (result.reason != CBX_END_EXIT || result.exit_status != 0) {
		fprintf(stderr, "bench_life: the box failed\n");
		exit(EXIT_FAILURE);
	}
}

/* Note what a step took, if that is less than ever; the next one begins. */
static void note(double least[STEPS], enum step step, uint64_t *since)
{
	uint64_t now = bench_now();

	least[step] = bench_least(least[step], (double)(now - *since) / 1e6);
	*since = bench_now();
}

/* A monitor, in it some boxes one after the other, and as many processes. */
static void live(double least[STEPS], char *path, uint64_t memory, int boxes)
{
	const struct cbx_program program = {
		.size = sizeof(program),
		.path = path,
		.memory_bytes = memory,
	};
	uint64_t since = bench_now();
	struct cbx_context *context;
	struct cbx_image *image;

	must(cbx_context_open(NULL, &context), "open");
	note(least, OPEN, &since);
	must(cbx_image_build(&program, &image), "build");
	note(least, BUILD, &since);
	for (int i = 0; i < boxes; i++) {
		struct cbx_box *box;

		must(cbx_box_load(context, image, &box), "load");
		note(least, LOAD, &since);
		run(box);
		note(least, RUN, &since);
		cbx_box_destroy(box);
		note(least, DESTROY, &since);
		spawn(path);
		note(least, PROCESS, &since);
	}
	cbx_image_destroy(image);
	since = bench_now();
	cbx_context_close(context);
	note(least, CLOSE, &since);
}

static void print(const double least[STEPS], unsigned int mib)
{
	char what[128];
	struct bench_row row = {
		.what = what,
		.unit = "ms",
		.against = "fork, exec, wait",
		.baseline = least[PROCESS],
	};

	row.figure = least[LOAD] + least[RUN] + least[DESTROY];
	snprintf(what, sizeof(what), "make, run, destroy a box of %u MiB", mib);
	bench_print(&row);
	row.figure += least[OPEN] + least[BUILD] + least[CLOSE];
	snprintf(what, sizeof(what), "the same, from nothing to nothing");
	bench_print(&row);
	row.against = NULL;
	for (int step = OPEN; step < PROCESS; step++) {
		snprintf(what, sizeof(what), "- of it: %s", names[step]);
		row.figure = least[step];
		bench_print(&row);
	}
}

int main(int argc, char **argv)
{
	static const unsigned int mibs[] = { 256, 16 };
	bool quick = argc == 3 && strcmp(argv[2], "--quick") == 0;

	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if ((argc != 2 && !quick) || nowhere < 0) {
		fprintf(stderr, "usage: bench_life HELLO [--quick]\n");
		return EXIT_FAILURE;
	}
	bench_heading("A hello program's life");
	for (size_t i = 0; i < sizeof(mibs) / sizeof(mibs[0]); i++) {
		double least[STEPS] = { 0 };

		for (int n = 0; n < (quick ? 1 : 5); n++) {
			live(least, argv[1], (uint64_t)mibs[i] << 20,
				quick ? 1 : 10);
		}
		print(least, mibs[i]);
	}
	return EXIT_SUCCESS;
}

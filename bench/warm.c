/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_warm [--shared | --warm MIB] TURNS PROGRAM [ARGUMENT]...: milliseconds to a
 * program's first output, or to its end if it writes nothing: in a new box of a
 * service that is up (cold), in one whose files others of the service have, too
 * (cold-shared), in a process (native), and with --warm in a clone
 * of MIB of memory of a template, which the program becomes by opening
 * /dev/template: made when it is wanted (warm) and out of a stock (ready).  A
 * line for each, in turn, and for making the box alone (load, clone).  With
 * --shared only the second and the third: what a service has whose boxes share
 * files, none of which is measured meanwhile.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "start.h"

extern char **environ;

struct warm {
	char **argv;
	uint64_t clone_bytes; /* 0: no template */
	bool just_shared;
	struct cbx_context *context;
	struct cbx_image *image, *point; /* the latter is a template's */
	struct cbx_image *shared;	 /* with files that boxes share */
	struct cbx_template *template_;
};

static void cold(const struct warm *warm, const struct cbx_image *image,
	const char *load, const char *all)
{
	uint64_t since = bench_now();
	struct cbx_box *box;

	bench_check(cbx_box_load(warm->context, image, &box), "load");
	printf("%s %.4f\n", load, (double)(bench_now() - since) / 1e6);
	printf("%s %.4f\n", all, bench_first_output(box, since));
	cbx_box_destroy(box);
}

static void clone_ready(const struct warm *warm)
{
	struct cbx_box *box;
	uint64_t since;

	bench_check(cbx_template_stock(warm->template_, warm->clone_bytes, 4),
		"stock");
	since = bench_now();
	bench_check(
		cbx_template_clone(warm->template_, warm->clone_bytes, &box),
		"clone");
	printf("ready %.4f\n", bench_first_output(box, since));
	cbx_box_destroy(box);
	bench_check(cbx_template_stock(warm->template_, 0, 0), "stock");
}

static void clone_once(const struct warm *warm)
{
	uint64_t since = bench_now();
	struct cbx_box *box;

	bench_check(
		cbx_template_clone(warm->template_, warm->clone_bytes, &box),
		"clone");
	printf("clone %.4f\n", (double)(bench_now() - since) / 1e6);
	printf("warm %.4f\n", bench_first_output(box, since));
	cbx_box_destroy(box);
}

static pid_t spawn(char **argv, int output)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0) {
		fprintf(stderr, "bench_warm: cannot run %s\n", argv[0]);
		exit(EXIT_FAILURE);
	}
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void native(const struct warm *warm)
{
	uint64_t since = bench_now(), when;
	char text[4096];
	int ends[2], status;
	ssize_t got;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		perror("bench_warm");
		exit(EXIT_FAILURE);
	}
	pid = spawn(warm->argv, ends[1]);
	(void)close(ends[1]);
	got = read(ends[0], text, sizeof(text));
	when = bench_now();
	if (got < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "bench_warm: %s failed\n", warm->argv[0]);
		exit(EXIT_FAILURE);
	}
	(void)close(ends[0]);
	printf("native %.4f\n",
		(double)((got > 0 ? when : bench_now()) - since) / 1e6);
}

static struct cbx_image *build(char **argv, uint32_t flags)
{
	const struct cbx_program program = {
		.size = sizeof(program),
		.path = argv[0],
		.argv = (const char *const *)argv,
		.envp = (const char *const *)environ,
		.flags = flags,
	};
	struct cbx_image *image;

	bench_check(cbx_image_build(&program, &image), "image");
	return image;
}

static void set_up(struct warm *warm)
{
	const struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = STDERR_FILENO };

	struct cbx_box *first;

	warm->image = build(warm->argv, 0);
	warm->shared = build(warm->argv, CBX_PROGRAM_SHARE_FILES);
	warm->context = bench_context(warm->image, 4);
	bench_check(cbx_box_load(warm->context, warm->shared, &first), "load");
	cbx_box_destroy(first);
	if (warm->clone_bytes != 0) {
		warm->point = build(warm->argv, CBX_PROGRAM_TEMPLATE);
		bench_check(cbx_template_create(warm->context, warm->point,
				    &run, &warm->template_),
			"template");
	}
}

static void tear_down(struct warm *warm)
{
	cbx_template_destroy(warm->template_);
	cbx_image_destroy(warm->point);
	cbx_image_destroy(warm->image);
	cbx_image_destroy(warm->shared);
	cbx_context_close(warm->context);
}

int main(int argc, char **argv)
{
	struct warm warm = { 0 };
	unsigned int turns;
	int next = 1;

	if (argc > 3 && strcmp(argv[1], "--warm") == 0) {
		warm.clone_bytes = (uint64_t)bench_count(argv[2]) << 20;
		next = 3;
	} else if (argc > 2 && strcmp(argv[1], "--shared") == 0) {
		warm.just_shared = true;
		next = 2;
	}
	if (argc < next + 2) {
		fprintf(stderr, "usage: bench_warm [--shared | --warm MIB] "
				"TURNS PROGRAM [ARGUMENT]...\n");
		return EXIT_FAILURE;
	}
	turns = bench_count(argv[next]);
	warm.argv = argv + next + 1;
	set_up(&warm);
	for (unsigned int i = 0; i < turns; i++) {
		if (!warm.just_shared) {
			cold(&warm, warm.image, "load", "cold");
		}
		cold(&warm, warm.shared, "load-shared", "cold-shared");
		native(&warm);
		if (warm.clone_bytes != 0) {
			clone_once(&warm);
			clone_ready(&warm);
		}
	}
	tear_down(&warm);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

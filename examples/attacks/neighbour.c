/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: a box tries to map a page of another box under the same monitor, and
 * this program, their host, searches its own memory for the victim's secret.
 *
 *     neighbour PATH-OF-NEIGHBOUR_BOX
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <confbox/confbox.h>

#include "pattern.h"

#define MEMORY (96ull << 20)
#define BOX    (24ull << 20)

static int complain(const char *what)
{
	fprintf(stderr, "neighbour: %s: %s\n", what, cbx_error_last()->text);
	return 1;
}

static struct cbx_box *load(
	struct cbx_context *context, const char *path, const char *const *argv)
{
	const struct cbx_program program = { .size = sizeof(program),
		.path = path,
		.argv = argv,
		.memory_bytes = BOX };
	struct cbx_image *image = NULL;
	struct cbx_box *box = NULL;

	if (cbx_image_build(&program, &image) != CBX_OK ||
		cbx_box_load(context, image, &box) != CBX_OK) {
		complain(argv[1]);
	}
	cbx_image_destroy(image);
	return box;
}

/* The victim: runs on a thread of its own until its input ends. */
struct victim {
	struct cbx_box *box;
	int input[2];  /* closing the write end lets it go */
	int output[2]; /* it says when it is ready */
	struct cbx_result result;
	enum cbx_status status;
};

static void *run_victim(void *arg)
{
	struct victim *victim = arg;
	const struct cbx_run run = { .size = sizeof(run),
		.input_fd = victim->input[0],
		.output_fd = victim->output[1],
		.error_fd = STDERR_FILENO };

	victim->result.size = sizeof(victim->result);
	victim->status = cbx_box_run(victim->box, &run, &victim->result);
	close(victim->output[1]);
	return NULL;
}

/* Search what one line of /proc/self/maps describes. */
static uint64_t search_line(const char *line, uint64_t *bytes)
{
	unsigned long long first;
	unsigned long long last;
	uint64_t found = 0;
	char readable;

	if (sscanf(line, "%llx-%llx %c", &first, &last, &readable) != 3 ||
		readable != 'r' || strstr(line, "[v") != NULL) {
		return 0;
	}
	for (unsigned long long at = first; at < last; at += CBX_PAGE_SIZE) {
		found += pattern_is((const volatile uint8_t *)(uintptr_t)at);
	}
	*bytes += last - first;
	return found;
}

/* Pages this process can read that hold the secret. */
static uint64_t search_self(uint64_t *bytes)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	uint64_t found = 0;

	*bytes = 0;
	if (maps == NULL) {
		return UINT64_MAX;
	}
	while (fgets(line, sizeof(line), maps) != NULL) {
		found += search_line(line, bytes);
	}
	fclose(maps);
	return found;
}

/* Whether the search finds a secret that is there. */
static bool can_find(void)
{
	static _Alignas(CBX_PAGE_SIZE) volatile uint8_t planted[CBX_PAGE_SIZE];
	uint64_t bytes;
	bool found;

	for (size_t i = 0; i < PATTERN_BYTES; i++) {
		planted[i] = pattern_at(i);
	}
	found = search_self(&bytes) == 1;
	planted[0] ^= 0xff;
	return found;
}

/* Let the thief try. @return its exit status, or 125 */
static uint32_t run_thief(struct cbx_context *context, const char *path)
{
	struct cbx_capabilities caps = { .size = sizeof(caps) };
	struct cbx_result result = { .size = sizeof(result) };
	const struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = STDOUT_FILENO,
		.error_fd = STDERR_FILENO };
	char handles[24];
	const char *argv[] = { path, "thief", handles, NULL };
	struct cbx_box *box;

	if (cbx_context_query(context, &caps) != CBX_OK) {
		complain("query");
		return 125;
	}
	snprintf(handles, sizeof(handles), "%ju", (uintmax_t)caps.page_count);
	box = load(context, path, argv);
	if (box == NULL || cbx_box_run(box, &run, &result) != CBX_OK) {
		complain("thief");
		result.exit_status = 125;
	}
	cbx_box_destroy(box);
	return result.exit_status;
}

static int attack(struct cbx_context *context, const char *path,
	const struct victim *victim)
{
	char ready[8] = "";
	uint64_t bytes;
	uint64_t found;
	uint32_t status;

	if (read(victim->output[0], ready, sizeof(ready) - 1) <= 0) {
		return complain("the victim did not start");
	}
	if (!can_find()) {
		puts("the search does not find what is there");
		return 1;
	}
	status = run_thief(context, path);
	found = search_self(&bytes);
	printf("its host searched %ju MiB it can read: the secret is in %ju "
	       "places\n",
		(uintmax_t)(bytes >> 20), (uintmax_t)found);
	return status == 0 && found == 0 ? 0 : 1;
}

/* Run the victim beside the attack; its secret must survive, too. */
static int with_victim(struct cbx_context *context, const char *path)
{
	const char *argv[] = { path, "victim", NULL };
	struct victim victim = { .box = load(context, path, argv) };
	pthread_t thread;
	int failed;

	if (victim.box == NULL || pipe(victim.input) != 0 ||
		pipe(victim.output) != 0 ||
		pthread_create(&thread, NULL, run_victim, &victim) != 0) {
		return 1;
	}
	failed = attack(context, path, &victim);
	close(victim.input[1]);
	pthread_join(thread, NULL);
	if (victim.status != CBX_OK || victim.result.exit_status != 0) {
		puts("the victim's secret was changed, or it did not end well");
		failed = 1;
	}
	cbx_box_destroy(victim.box);
	return failed;
}

int main(int argc, char **argv)
{
	const struct cbx_options options = { .size = sizeof(options),
		.memory_bytes = MEMORY };
	struct cbx_context *context;
	int failed;

	if (argc != 2) {
		fputs("usage: neighbour PATH-OF-NEIGHBOUR_BOX\n", stderr);
		return 2;
	}
	if (cbx_context_open(&options, &context) != CBX_OK) {
		return complain("open");
	}
	failed = with_victim(context, argv[1]);
	cbx_context_close(context);
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a service can see while its box runs: its own memory map, its own
 * descriptors, and every byte of memory the monitor lets it map. */
#include "service.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* The program makes its secret by computing: the image holds no two of its
 * words in a row. */
#define WORD  "S3cr"
#define WORDS 64
static const char *const holder[] = { "busybox", "awk", "-v", "w=" WORD,
	"BEGIN { for (i = 0; i < 4096; i++) s = s w; "
	"print \"ready\"; fflush(); while (1) n++ }",
	NULL };
static const char *const speaker[] = { "busybox", "awk",
	"BEGIN { for (i = 0; i < 4096; i++) s = s \"" WORD "\"; print s }",
	NULL };

#define HOST_FILE "memfd:confbox-host"

struct watched {
	struct cbx_context *context;
	struct cbx_image *image;
	struct cbx_box *box;
	struct cbx_result result;
	pthread_t thread;
	int ready[2];
};

static void *run_box(void *arg)
{
	struct watched *w = arg;
	struct cbx_run run = { .size = sizeof(run),
		.input_fd = -1,
		.output_fd = w->ready[1],
		.error_fd = -1 };

	w->result.size = sizeof(w->result);
	if (cbx_box_run(w->box, &run, &w->result) != CBX_OK) {
		w->result.reason = CBX_END_LOST;
	}
	return NULL;
}

/* A box that has its secret, and keeps computing. */
static void begin(struct watched *w)
{
	char text[6];

	*w = (struct watched){ .context = service_context(64),
		.image = service_image(holder, 0) };
	assert_int_equal(pipe(w->ready), 0);
	assert_good(cbx_box_load(w->context, w->image, &w->box));
	assert_int_equal(pthread_create(&w->thread, NULL, run_box, w), 0);
	assert_int_equal(read(w->ready[0], text, sizeof(text)), 6);
}

static void finish(struct watched *w)
{
	assert_good(cbx_box_kill(w->box));
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	assert_int_equal(w->result.reason, CBX_END_KILLED);
	cbx_box_destroy(w->box);
	cbx_image_destroy(w->image);
	cbx_context_close(w->context);
	close(w->ready[0]);
	close(w->ready[1]);
}

/* One line of /proc/self/maps. */
struct area {
	uintptr_t from;
	uintptr_t to;
	char rights[5];
	char name[256];
};

static bool next_area(FILE *maps, struct area *area)
{
	char line[512];

	if (fgets(line, sizeof(line), maps) == NULL) {
		return false;
	}
	area->name[0] = '\0';
	assert_true(
		sscanf(line, "%zx-%zx %4s %*s %*s %*s %255[^\n]", &area->from,
			&area->to, area->rights, area->name) >= 3);
	return true;
}

/* How often the secret stands in memory; written so that the search does not
 * find itself. */
static size_t count_in(const struct area *area)
{
	char wanted[WORDS * (sizeof(WORD) - 1)];
	const char *at = (const char *)area->from;
	const char *end = (const char *)area->to;
	size_t found = 0;

	for (size_t i = 0; i < sizeof(wanted); i++) {
		wanted[i] = WORD[i % (sizeof(WORD) - 1)];
	}
	while ((at = memmem(at, (size_t)(end - at), wanted, sizeof(wanted))) !=
		NULL) {
		found++;
		at += sizeof(wanted);
	}
	return found;
}

/* Look at every mapping of a memory file of confbox. @return their number */
static size_t look_around(size_t *found)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	struct area area;
	size_t count = 0;

	assert_non_null(maps);
	*found = 0;
	while (next_area(maps, &area)) {
		if (strstr(area.name, "memfd:") == NULL) {
			continue;
		}
		assert_non_null(strstr(area.name, HOST_FILE));
		assert_null(strchr(area.rights, 'x'));
		count++;
		*found += count_in(&area);
	}
	fclose(maps);
	return count;
}

static void the_service_maps_the_host_s_memory_and_no_other(void **state)
{
	static struct watched w;
	size_t found;

	(void)state;
	begin(&w);
	assert_int_equal(look_around(&found), 1);
	assert_int_equal(found, 0);
	finish(&w);
}

/* The search above does find what the host may see: output on its way out
 * lies in pages the host lent. */
static void the_search_finds_what_a_box_says(void **state)
{
	struct cbx_context *context = service_context(64);
	struct cbx_image *image = service_image(speaker, 0);
	struct service_io io = { 0 };
	struct cbx_run run = service_run(&io);
	struct cbx_result result = { .size = sizeof(result) };
	struct cbx_box *box = NULL;
	size_t found;

	(void)state;
	assert_good(cbx_box_load(context, image, &box));
	assert_good(cbx_box_run(box, &run, &result));
	assert_int_equal(result.reason, CBX_END_EXIT);
	assert_int_equal(look_around(&found), 1);
	assert_true(found > 0);
	cbx_box_destroy(box);
	cbx_image_destroy(image);
	cbx_context_close(context);
}

/* Of the descriptors of a running service none is memory but the host file,
 * if even that, and none belongs to a box. */
static void the_service_holds_no_descriptor_of_a_box(void **state)
{
	static struct watched w;
	struct dirent *entry;
	DIR *folder;
	unsigned int sockets = 0;

	(void)state;
	begin(&w);
	folder = opendir("/proc/self/fd");
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char target[256] = "";
		ssize_t n = readlinkat(dirfd(folder), entry->d_name, target,
			sizeof(target) - 1);

		if (n <= 0) {
			continue;
		}
		if (strstr(target, "memfd:") != NULL) {
			assert_non_null(strstr(target, HOST_FILE));
		}
		assert_null(strstr(target, "seccomp"));
		assert_null(strstr(target, "userfaultfd"));
		sockets += strncmp(target, "socket:", 7) == 0;
	}
	closedir(folder);
	assert_true(sockets > 0); /* the way to the monitor */
	finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_service_maps_the_host_s_memory_and_no_other,
			service_begin, service_end),
		cmocka_unit_test_setup_teardown(
			the_search_finds_what_a_box_says, service_begin,
			service_end),
		cmocka_unit_test_setup_teardown(
			the_service_holds_no_descriptor_of_a_box, service_begin,
			service_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

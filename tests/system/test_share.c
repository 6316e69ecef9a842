/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes that share a file have it in memory once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <confbox/confbox.h>

#define BOXES	8u
#define SHARED	(48ull << 20)
#define MEMORY	(4ull << 20)
#define BUSYBOX "/bin/busybox"
#define LINE	16u

static void must(enum cbx_status status)
{
	if (status != CBX_OK) {
		fail_msg("%s", cbx_error_last()->text);
	}
}

/* A file of lines that differ. */
static void make_file(char *path)
{
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	assert_non_null(file);
	for (uint64_t i = 0; i < SHARED / LINE; i++) {
		assert_int_equal(fprintf(file, "%015lx\n", i), (int)LINE);
	}
	assert_int_equal(fclose(file), 0);
}

static struct cbx_image *build(const char *path)
{
	static const char *const argv[] = { "busybox", "tail", "-c", "32",
		"/data/set", NULL };
	const struct cbx_path share = { path, "/data/set" };
	const struct cbx_program program = { .size = sizeof(program),
		.path = BUSYBOX,
		.argv = argv,
		.memory_bytes = MEMORY,
		.shares = &share,
		.share_count = 1 };
	struct cbx_image *image = NULL;

	must(cbx_image_build(&program, &image));
	return image;
}

/* Memory for the file once, and for each box what it needs itself. */
static struct cbx_context *open_small(const struct cbx_image *image)
{
	struct cbx_image_info info = { .size = sizeof(info) };
	struct cbx_options options = { .size = sizeof(options),
		.cpu_count = 3 };
	struct cbx_context *context = NULL;

	must(cbx_image_query(image, &info));
	assert_true(info.memory_bytes > SHARED);
	options.memory_bytes =
		info.memory_bytes + (BOXES - 1) * (info.memory_bytes - SHARED);
	assert_true(options.memory_bytes < 3 * SHARED);
	must(cbx_context_open(&options, &context));
	return context;
}

static void run(struct cbx_box *box)
{
	struct cbx_result result = { .size = sizeof(result) };
	char text[64] = "";
	int ends[2];
	struct cbx_run how = {
		.size = sizeof(how), .input_fd = -1, .error_fd = -1
	};

	assert_int_equal(pipe(ends), 0);
	how.output_fd = ends[1];
	must(cbx_box_run(box, &how, &result));
	assert_int_equal(result.reason, CBX_END_EXIT);
	assert_int_equal(result.exit_status, 0);
	assert_int_equal(read(ends[0], text, sizeof(text)), 32);
	assert_string_equal(text, "0000000002ffffe\n0000000002fffff\n");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void eight_boxes_have_a_file_once(void **state)
{
	char path[] = "/tmp/confbox-share-XXXXXX";
	struct cbx_box *box[BOXES];
	struct cbx_image *image;
	struct cbx_context *context;
	uint8_t known[CBX_DIGEST_BYTES];

	(void)state;
	make_file(path);
	image = build(path);
	must(cbx_image_measure(image, known));
	context = open_small(image);
	for (uint32_t i = 0; i < BOXES; i++) {
		uint8_t digest[CBX_DIGEST_BYTES];
		struct cbx_box_info info = { .size = sizeof(info) };

		must(cbx_box_load(context, image, &box[i]));
		must(cbx_box_digest(box[i], CBX_DIGEST_MEASUREMENT, digest));
		assert_memory_equal(digest, known, sizeof(known));
		must(cbx_box_query(box[i], &info));
		assert_int_equal(info.flags, CBX_BOX_CLONE);
		assert_true(info.pages * CBX_PAGE_SIZE < SHARED / 2);
	}
	for (uint32_t i = 0; i < BOXES; i++) {
		run(box[i]);
		cbx_box_destroy(box[i]);
	}
	cbx_context_close(context);
	cbx_image_destroy(image);
	assert_int_equal(unlink(path), 0);
}

static void an_image_that_shares_is_no_file(void **state)
{
	char path[] = "/tmp/confbox-share-XXXXXX";
	struct cbx_image *image;

	(void)state;
	make_file(path);
	image = build(path);
	assert_int_equal(cbx_image_save(image, "/tmp/confbox-share.image"),
		CBX_E_UNSUPPORTED);
	assert_int_not_equal(access("/tmp/confbox-share.image", F_OK), 0);
	cbx_image_destroy(image);
	assert_int_equal(unlink(path), 0);
}

static struct cbx_image *build_all_shared(void)
{
	static const char *const argv[] = { "busybox", "sha256sum", "/data/set",
		NULL };
	const struct cbx_path file = { BUSYBOX, "/data/set" };
	const struct cbx_program program = { .size = sizeof(program),
		.path = BUSYBOX,
		.argv = argv,
		.memory_bytes = MEMORY,
		.flags = CBX_PROGRAM_SHARE_FILES,
		.files = &file,
		.file_count = 1 };
	struct cbx_image *image = NULL;

	must(cbx_image_build(&program, &image));
	return image;
}

static uint64_t free_pages(struct cbx_context *context)
{
	struct cbx_capabilities known = { .size = sizeof(known) };

	must(cbx_context_query(context, &known));
	return known.free_pages;
}

/* Also boxes of another image with the same files, and after its end. */
static void all_files_are_there_once(void **state)
{
	const struct cbx_options options = { .size = sizeof(options),
		.memory_bytes = 64ull << 20 };
	struct cbx_image *image = build_all_shared();
	struct cbx_context *context = NULL;
	struct cbx_box *box[2];
	uint64_t pages[2];
	uint8_t known[CBX_DIGEST_BYTES];

	(void)state;
	must(cbx_context_open(&options, &context));
	must(cbx_image_measure(image, known));
	for (uint32_t i = 0; i < 2; i++) {
		struct cbx_result result = { .size = sizeof(result) };
		const struct cbx_run how = { .size = sizeof(how),
			.input_fd = -1,
			.output_fd = -1,
			.error_fd = -1 };
		uint8_t digest[CBX_DIGEST_BYTES];

		pages[i] = free_pages(context);
		must(cbx_box_load(context, image, &box[i]));
		pages[i] -= free_pages(context);
		cbx_image_destroy(image);
		image = build_all_shared();
		must(cbx_box_digest(box[i], CBX_DIGEST_MEASUREMENT, digest));
		assert_memory_equal(digest, known, sizeof(known));
		must(cbx_box_run(box[i], &how, &result));
		assert_int_equal(result.reason, CBX_END_EXIT);
		assert_int_equal(result.exit_status, 0);
	}
	assert_true(pages[0] > pages[1] + (1u << 20) / CBX_PAGE_SIZE);
	cbx_box_destroy(box[0]);
	cbx_box_destroy(box[1]);
	cbx_context_close(context);
	cbx_image_destroy(image);
}

static void a_template_does_not_lend_on(void **state)
{
	static const char *const argv[] = { "busybox", "true", NULL };
	const struct cbx_program program = { .size = sizeof(program),
		.path = BUSYBOX,
		.argv = argv,
		.flags = CBX_PROGRAM_SHARE_FILES | CBX_PROGRAM_TEMPLATE };
	struct cbx_image *image = NULL;

	(void)state;
	assert_int_equal(cbx_image_build(&program, &image), CBX_E_INVALID);
	assert_null(image);
}

static void bad_shares_are_refused(void **state)
{
	static const struct {
		const char *host, *box;
	} rows[] = {
		{ "/nothing/there", NULL },
		{ "/dev/null", "/d" },
		{ "/tmp", "/d" },
		{ BUSYBOX, "relative" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cbx_path share = { rows[i].host, rows[i].box };
		const struct cbx_program program = { .size = sizeof(program),
			.path = BUSYBOX,
			.shares = &share,
			.share_count = 1 };
		struct cbx_image *image = NULL;

		assert_int_equal(
			cbx_image_build(&program, &image), CBX_E_INVALID);
		assert_null(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_boxes_have_a_file_once),
		cmocka_unit_test(an_image_that_shares_is_no_file),
		cmocka_unit_test(all_files_are_there_once),
		cmocka_unit_test(a_template_does_not_lend_on),
		cmocka_unit_test(bad_shares_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

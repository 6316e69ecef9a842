/* SPDX-License-Identifier: Apache-2.0 */
/* Clones that are made before somebody wants one. */
#include "service.h"

#include <unistd.h>

#define MEMORY (8ull << 20)
#define OTHER  (9ull << 20)
#define STOCK  4u

static struct cbx_context *context;
static struct cbx_template *template_;

static int make_template(void **state)
{
	static const char *const argv[] = { "busybox", "sh", "-c",
		"read x < /dev/template; echo clone $x", NULL };
	struct cbx_image *image = NULL;
	struct service_io io = { 0 };
	const struct cbx_run run = service_run(&io);

	(void)service_begin(state);
	image = service_image(argv, CBX_PROGRAM_TEMPLATE);
	context = service_context(128);
	assert_good(cbx_template_create(context, image, &run, &template_));
	cbx_image_destroy(image);
	return 0;
}

static int drop_template(void **state)
{
	cbx_template_destroy(template_);
	cbx_context_close(context);
	return service_end(state);
}

static uint64_t free_pages(void)
{
	struct cbx_capabilities known = { .size = sizeof(known) };

	assert_good(cbx_context_query(context, &known));
	return known.free_pages;
}

static void wait_free(uint64_t pages)
{
	for (int i = 0; i < 300 && free_pages() != pages; i++) {
		(void)usleep(10000);
	}
	assert_int_equal(free_pages(), pages);
}

static struct cbx_box *clone_of(uint64_t memory)
{
	struct cbx_box *box = NULL;

	assert_good(cbx_template_clone(template_, memory, &box));
	return box;
}

static void run(struct cbx_box *box)
{
	struct service_io io = { 0 };
	struct cbx_result result = { .size = sizeof(result) };
	const struct cbx_run how = service_run(&io);

	assert_good(cbx_box_run(box, &how, &result));
	assert_int_equal(result.reason, CBX_END_EXIT);
	assert_string_equal(io.output, "clone 1\n");
}

static void clones_of_a_stock_are_clones(void **state)
{
	uint8_t made[CBX_DIGEST_BYTES];
	uint8_t ready[CBX_DIGEST_BYTES];
	struct cbx_box *box = clone_of(MEMORY);

	(void)state;
	assert_good(cbx_box_digest(box, CBX_DIGEST_MEASUREMENT, made));
	cbx_box_destroy(box);
	assert_good(cbx_template_stock(template_, MEMORY, STOCK));
	for (uint32_t i = 0; i < 3 * STOCK; i++) {
		box = clone_of(MEMORY);
		assert_good(cbx_box_digest(box, CBX_DIGEST_MEASUREMENT, ready));
		assert_memory_equal(ready, made, sizeof(made));
		run(box);
		cbx_box_destroy(box);
	}
}

static void a_stock_is_made_before_and_again(void **state)
{
	uint64_t before = free_pages();
	struct cbx_box *box[STOCK];
	uint64_t each;

	(void)state;
	box[0] = clone_of(MEMORY);
	each = before - free_pages();
	cbx_box_destroy(box[0]);
	assert_int_equal(free_pages(), before);
	assert_good(cbx_template_stock(template_, MEMORY, STOCK));
	assert_int_equal(free_pages(), before - STOCK * each);
	box[0] = clone_of(MEMORY); /* costs nothing now */
	assert_int_equal(free_pages(), before - STOCK * each);
	box[1] = clone_of(MEMORY);
	wait_free(before - (STOCK + 2) * each); /* half were gone */
	cbx_box_destroy(box[0]);
	cbx_box_destroy(box[1]);
	assert_good(cbx_template_stock(template_, 0, 0));
	assert_int_equal(free_pages(), before);
}

static void another_memory_is_not_of_the_stock(void **state)
{
	uint64_t before;
	struct cbx_box *box;

	(void)state;
	assert_good(cbx_template_stock(template_, MEMORY, STOCK));
	before = free_pages();
	box = clone_of(OTHER);
	assert_true(before - free_pages() >= OTHER / CBX_PAGE_SIZE);
	run(box);
	cbx_box_destroy(box);
	assert_int_equal(free_pages(), before);
}

static void a_stock_that_does_not_fit_changes_nothing(void **state)
{
	struct cbx_box *box;
	uint64_t before;

	(void)state;
	assert_good(cbx_template_stock(template_, MEMORY, STOCK));
	before = free_pages();
	assert_failed(
		cbx_template_stock(template_, MEMORY, 64), CBX_E_NOMEM, "MiB");
	assert_failed(cbx_template_stock(template_, MEMORY, 1025),
		CBX_E_INVALID, "1024");
	assert_int_equal(free_pages(), before);
	box = clone_of(MEMORY);
	assert_int_equal(free_pages(), before);
	run(box);
	cbx_box_destroy(box);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, make_template, drop_template)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(clones_of_a_stock_are_clones),
		T(a_stock_is_made_before_and_again),
		T(another_memory_is_not_of_the_stock),
		T(a_stock_that_does_not_fit_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

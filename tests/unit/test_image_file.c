/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/file.h>
#include <client/image.h>

#define DATA_OFFSET 4096u

static char folder[] = "/tmp/test_image_file.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s/image", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder); /* fails when a temporary file is left */
}

/* Three pages of data and a stack, as bytes on disk. */
static struct cbx_image *sample(void)
{
	struct cbx_image *image = cbx_image_new();
	uint8_t *bytes = malloc(9000);
	struct cbx_segment code = { 0x400000, 4, 5, 9000, bytes, bytes };
	struct cbx_segment stack = { 0x800000, 2, 3, 0, NULL, NULL };

	assert_non_null(image);
	assert_non_null(bytes);
	for (size_t i = 0; i < 9000; i++) {
		bytes[i] = (uint8_t)(i * 7 + 1);
	}
	image->policy = (struct cbx_policy){ .version = CBX_POLICY_VERSION,
		.output_pages = 16,
		.threads_max = 64,
		.wake_step = 1 };
	image->reserve_pages = 33;
	image->entry = 0x400100;
	image->stack = 0x802000;
	image->arg = 5;
	assert_int_equal(cbx_image_append(image, &code), CBX_OK);
	assert_int_equal(cbx_image_append(image, &stack), CBX_OK);
	return image;
}

static uint8_t *sample_bytes(size_t *size)
{
	struct cbx_image *image = sample();
	uint8_t *bytes;

	assert_int_equal(cbx_image_save(image, path), CBX_OK);
	cbx_image_destroy(image);
	assert_int_equal(cbx_file_read(path, &bytes, size), CBX_OK);
	return bytes;
}

static void what_is_saved_is_loaded(void **state)
{
	struct cbx_image *image = sample();
	struct cbx_image *again;
	uint8_t first[CBX_DIGEST_BYTES];
	uint8_t second[CBX_DIGEST_BYTES];

	(void)state;
	assert_int_equal(cbx_image_save(image, path), CBX_OK);
	assert_int_equal(cbx_image_load(path, &again), CBX_OK);
	assert_memory_equal(
		&image->policy, &again->policy, sizeof(image->policy));
	assert_int_equal(again->reserve_pages, 33);
	assert_int_equal(again->arg, 5);
	assert_int_equal(again->segment_count, 2);
	assert_memory_equal(
		image->segment[0].bytes, again->segment[0].bytes, 9000);
	assert_int_equal(cbx_image_measure(image, first), CBX_OK);
	assert_int_equal(cbx_image_measure(again, second), CBX_OK);
	assert_memory_equal(first, second, sizeof(first));
	cbx_image_destroy(image);
	cbx_image_destroy(again);
}

static void saving_twice_gives_the_same_bytes(void **state)
{
	size_t size_a;
	size_t size_b;
	uint8_t *a = sample_bytes(&size_a);
	uint8_t *b = sample_bytes(&size_b);

	(void)state;
	assert_int_equal(size_a, size_b);
	assert_int_equal(size_a, DATA_OFFSET + 3 * 4096);
	assert_memory_equal(a, b, size_a);
	free(a);
	free(b);
}

static bool parses(const uint8_t *bytes, size_t size)
{
	struct cbx_image *image = NULL;
	enum cbx_status status = cbx_image_parse(bytes, size, &image);

	if (status == CBX_OK) {
		cbx_image_destroy(image);
		return true;
	}
	assert_null(image);
	assert_true(status == CBX_E_INVALID || status == CBX_E_UNSUPPORTED);
	return false;
}

static void every_truncation_is_refused(void **state)
{
	size_t size;
	uint8_t *bytes = sample_bytes(&size);

	(void)state;
	assert_true(parses(bytes, size));
	for (size_t n = 0; n < size; n++) {
		assert_false(parses(bytes, n));
	}
	free(bytes);
}

static void bytes_after_the_end_are_refused(void **state)
{
	size_t size;
	uint8_t *bytes = sample_bytes(&size);
	uint8_t *longer = calloc(1, size + 4096);

	(void)state;
	assert_non_null(longer);
	memcpy(longer, bytes, size);
	assert_false(parses(longer, size + 1));
	assert_false(parses(longer, size + 4096));
	free(longer);
	free(bytes);
}

/* The file has one form: a changed byte outside the data is refused, or means
 * another image, never the same one. */
static void no_byte_is_without_meaning(void **state)
{
	size_t size;
	uint8_t *bytes = sample_bytes(&size);
	uint8_t before[CBX_DIGEST_BYTES];
	struct cbx_image *image;
	size_t refused = 0;

	(void)state;
	assert_int_equal(cbx_image_parse(bytes, size, &image), CBX_OK);
	assert_int_equal(cbx_image_measure(image, before), CBX_OK);
	cbx_image_destroy(image);
	for (size_t i = 0; i < size; i++) {
		uint8_t after[CBX_DIGEST_BYTES];

		if (i >= DATA_OFFSET + 100 && i < DATA_OFFSET + 8900) {
			continue; /* data like its neighbours */
		}
		bytes[i] ^= 0x20;
		if (cbx_image_parse(bytes, size, &image) == CBX_OK) {
			if (image->segment[0].page_count +
					image->segment[1].page_count !=
				6) {
				cbx_image_destroy(image);
				bytes[i] ^= 0x20;
				continue; /* another size: another image */
			}
			/* The reserve is not measured. */
			assert_int_equal(
				cbx_image_measure(image, after), CBX_OK);
			assert_true(image->reserve_pages != 33 ||
				    memcmp(before, after, sizeof(after)) != 0);
			cbx_image_destroy(image);
		} else {
			refused++;
		}
		bytes[i] ^= 0x20;
	}
	assert_true(refused > 3500);
	free(bytes);
}

static void a_later_version_says_so(void **state)
{
	size_t size;
	uint8_t *bytes = sample_bytes(&size);
	struct cbx_image *image;

	(void)state;
	bytes[offsetof(struct cbx_image_header, version)] = 3;
	assert_int_equal(
		cbx_image_parse(bytes, size, &image), CBX_E_UNSUPPORTED);
	assert_non_null(strstr(cbx_error_last()->text, "version 3"));
	free(bytes);
}

static void set_word(uint8_t *bytes, size_t offset, uint64_t value)
{
	memcpy(bytes + offset, &value, sizeof(value));
}

static void numbers_that_wrap_are_refused(void **state)
{
	const uint64_t far[] = { UINT64_MAX, UINT64_MAX - 4095, 1ull << 63,
		1ull << 52, 1ull << 32 };
	const size_t entry = sizeof(struct cbx_image_header);
	size_t size;
	uint8_t *bytes = sample_bytes(&size);
	uint8_t *copy = malloc(size);

	(void)state;
	assert_non_null(copy);
	for (size_t field = 0; field < sizeof(struct cbx_image_segment) / 8;
		field++) {
		for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
			memcpy(copy, bytes, size);
			set_word(copy, entry + field * 8, far[i]);
			assert_false(parses(copy, size));
		}
	}
	memcpy(copy, bytes, size);
	set_word(copy, offsetof(struct cbx_image_header, file_bytes),
		UINT64_MAX);
	assert_false(parses(copy, size));
	free(copy);
	free(bytes);
}

static void random_bytes_never_crash(void **state)
{
	size_t size;
	uint8_t *bytes = sample_bytes(&size);
	uint8_t *copy = malloc(size);
	size_t good = 0;

	(void)state;
	assert_non_null(copy);
	srand(7);
	for (int run = 0; run < 20000; run++) {
		memcpy(copy, bytes, size);
		for (int flips = 0; flips < 4; flips++) {
			copy[(size_t)rand() % 600] = (uint8_t)rand();
		}
		good += parses(copy, size) ? 1 : 0;
	}
	assert_true(good > 0); /* changes of entry, stack, argument */
	free(copy);
	free(bytes);
}

static void a_failed_save_leaves_the_old_file(void **state)
{
	struct cbx_image *image = sample();
	char inside[96];
	size_t size;
	uint8_t *bytes = sample_bytes(&size);
	uint8_t *after;
	size_t size_after;

	(void)state;
	(void)snprintf(inside, sizeof(inside), "%s/below", path);
	assert_int_equal(cbx_image_save(image, inside), CBX_E_INVALID);
	assert_int_equal(cbx_error_last()->os_error, ENOTDIR);
	assert_int_equal(cbx_file_read(path, &after, &size_after), CBX_OK);
	assert_int_equal(size, size_after);
	assert_memory_equal(bytes, after, size);
	free(after);
	free(bytes);
	cbx_image_destroy(image);
}

/* A device is written to, not replaced. */
static void a_full_device_is_an_error_and_stays_a_device(void **state)
{
	struct cbx_image *image = sample();
	struct stat st;

	(void)state;
	assert_int_equal(cbx_image_save(image, "/dev/full"), CBX_E_INVALID);
	assert_int_equal(cbx_error_last()->os_error, ENOSPC);
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	cbx_image_destroy(image);
}

static void a_link_is_followed(void **state)
{
	struct cbx_image *image = sample();
	struct cbx_image *again;
	char link[96];
	struct stat st;

	(void)state;
	(void)snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(cbx_image_save(image, path), CBX_OK);
	assert_int_equal(symlink(path, link), 0);
	image->arg = 77;
	assert_int_equal(cbx_image_save(image, link), CBX_OK);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(cbx_image_load(path, &again), CBX_OK);
	assert_int_equal(again->arg, 77);
	assert_int_equal(unlink(link), 0);
	cbx_image_destroy(again);
	cbx_image_destroy(image);
}

static void what_is_no_image_is_named(void **state)
{
	struct cbx_image *image;

	(void)state;
	assert_int_equal(
		cbx_image_load("/nonexistent/x", &image), CBX_E_INVALID);
	assert_int_equal(cbx_error_last()->os_error, ENOENT);
	assert_non_null(strstr(cbx_error_last()->text, "/nonexistent/x"));
	assert_int_equal(cbx_image_load("/", &image), CBX_E_INVALID);
	assert_int_equal(cbx_error_last()->os_error, EISDIR);
	assert_int_equal(cbx_image_load("/dev/zero", &image), CBX_E_INVALID);
	assert_non_null(strstr(cbx_error_last()->text, "regular"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_saved_is_loaded),
		cmocka_unit_test(saving_twice_gives_the_same_bytes),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(no_byte_is_without_meaning),
		cmocka_unit_test(a_later_version_says_so),
		cmocka_unit_test(numbers_that_wrap_are_refused),
		cmocka_unit_test(random_bytes_never_crash),
		cmocka_unit_test(a_failed_save_leaves_the_old_file),
		cmocka_unit_test(a_full_device_is_an_error_and_stays_a_device),
		cmocka_unit_test(a_link_is_followed),
		cmocka_unit_test(what_is_no_image_is_named),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A file's bytes, against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/data.h>
#include <runtime/heap.h>
#include <runtime/linux.h>
#include <runtime/memory.h>
#include <runtime/user.h>

#include <stdlib.h>
#include <string.h>

#define MOST (4u * CBX_DATA_CHUNK)

/* The heap and the copies the runtime brings: here they are the host's, and
 * can fail. */
static unsigned blocks;	    /* taken and not given back */
static unsigned fail_after; /* takes that still work; 0 = all */
static uint64_t reachable;  /* bytes a copy moves before it faults */

uint64_t cbx_heap_size(uint64_t bytes)
{
	uint64_t size = CBX_HEAP_MIN;

	while (size < bytes) {
		size *= 2;
	}
	return size;
}

void *cbx_heap_take(uint64_t bytes)
{
	void *block;

	if (fail_after != 0 && --fail_after == 0) {
		fail_after = 1;
		return NULL;
	}
	block = malloc(cbx_heap_size(bytes));
	assert_non_null(block);
	memset(block, 0xa5, cbx_heap_size(bytes));
	blocks++;
	return block;
}

void cbx_heap_give(void *block, uint64_t bytes)
{
	if (block != NULL) {
		/* to see that the size is right, too */
		memset(block, 0x5a, cbx_heap_size(bytes));
		blocks--;
		free(block);
	}
}

bool cbx_heap_grow(
	void **array, uint64_t *capacity, uint64_t need, uint64_t element)
{
	uint64_t bytes = cbx_heap_size(need * element);
	void *larger = cbx_heap_take(bytes);

	if (larger == NULL) {
		return false;
	}
	if (*array != NULL) {
		memcpy(larger, *array, *capacity * element);
	}
	cbx_heap_give(*array, *capacity * element);
	*array = larger;
	*capacity = bytes / element;
	return true;
}

uint64_t cbx_user_copy(void *to, const void *from, uint64_t bytes)
{
	uint64_t part = bytes < reachable ? bytes : reachable;

	memcpy(to, from, part);
	reachable -= part;
	return bytes - part;
}

/* Where copies of its pages were cut, and whether that can be. */
static uint64_t cut_at = UINT64_MAX;
static bool cannot_cut;

bool cbx_memory_cut(const struct cbx_data *data, uint64_t size)
{
	(void)data;
	cut_at = size;
	return !cannot_cut;
}

/* What was withdrawn last. */
static uint64_t withdrawn_from, withdrawn_to;

void cbx_memory_withdraw(
	const struct cbx_data *data, uint64_t from, uint64_t to)
{
	assert_true(data->mapped);
	withdrawn_from = from;
	withdrawn_to = to;
}

static _Alignas(4096) uint8_t base[100000];
static uint8_t plain[MOST];
static uint8_t buffer[MOST];

static int begin(void **state)
{
	(void)state;
	blocks = 0;
	fail_after = 0;
	reachable = UINT64_MAX;
	withdrawn_from = 0;
	withdrawn_to = 0;
	for (size_t i = 0; i < sizeof(base); i++) {
		base[i] = (uint8_t)(i * 7 + i / 256);
	}
	return 0;
}

static struct cbx_data on_base(void)
{
	memset(plain, 0, sizeof(plain));
	memcpy(plain, base, sizeof(base));
	return (struct cbx_data){
		.base = base,
		.base_bytes = sizeof(base),
		.size = sizeof(base),
	};
}

static void check(const struct cbx_data *data, uint64_t size)
{
	assert_int_equal(data->size, size);
	assert_int_equal(
		cbx_data_read(data, 0, (uint64_t)buffer, sizeof(buffer)), size);
	assert_memory_equal(buffer, plain, size);
}

static void a_file_of_the_archive_is_not_copied(void **state)
{
	struct cbx_data data = on_base();
	const uint8_t *at;

	(void)state;
	assert_int_equal(cbx_data_peek(&data, 10, &at), sizeof(base) - 10);
	assert_ptr_equal(at, base + 10);
	check(&data, sizeof(base));
	assert_int_equal(blocks, 0);
	assert_int_equal(
		cbx_data_read(&data, sizeof(base), (uint64_t)buffer, 1), 0);
	assert_int_equal(
		cbx_data_read(&data, UINT64_MAX, (uint64_t)buffer, 1), 0);
}

static void writing_leaves_the_archive_alone(void **state)
{
	struct cbx_data data = on_base();
	uint8_t before[sizeof(base)];

	(void)state;
	memcpy(before, base, sizeof(base));
	assert_int_equal(cbx_data_write(&data, 70000, (uint64_t) "new", 3), 3);
	memcpy(plain + 70000, "new", 3);
	check(&data, sizeof(base));
	assert_memory_equal(before, base, sizeof(base));
	assert_true(blocks <= 2); /* one chunk and the table */
	cbx_data_free(&data);
	assert_int_equal(blocks, 0);
}

static void random_changes_agree_with_the_array(void **state)
{
	struct cbx_data data = on_base();
	uint64_t size = sizeof(base);
	uint64_t seed = 88172645463325252ull;

	(void)state;
	for (int turn = 0; turn < 3000; turn++) {
		uint64_t at;
		uint64_t bytes;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		at = seed % (MOST - 70000);
		bytes = (seed >> 24) % (turn % 3 == 0 ? 70000 : 100);
		if ((seed >> 56) % 4 == 0) {
			assert_int_equal(cbx_data_resize(&data, at), 0);
			if (at < size) {
				memset(plain + at, 0, size - at);
			}
			size = at;
		} else if ((seed >> 56) % 4 == 1) {
			assert_int_equal(
				cbx_data_punch(&data, at, at + bytes * 3), 0);
			memset(plain + at, 0,
				bytes * 3 < MOST - at ? bytes * 3 : MOST - at);
		} else {
			memset(buffer, turn, bytes);
			memset(plain + at, turn, bytes);
			assert_int_equal(cbx_data_write(&data, at,
						 (uint64_t)buffer, bytes),
				bytes);
			size = bytes != 0 && at + bytes > size ? at + bytes
							       : size;
		}
		if (bytes == 0) {
			memset(plain + size, 0, MOST - size);
		}
		check(&data, size);
	}
	cbx_data_free(&data);
	assert_int_equal(blocks, 0);
}

static void without_memory_what_was_written_is_said(void **state)
{
	(void)state;
	for (unsigned takes = 1; takes < 8; takes++) {
		struct cbx_data data = on_base();
		int64_t done;

		memset(buffer, 9, sizeof(buffer));
		fail_after = takes;
		done = cbx_data_write(
			&data, 1000, (uint64_t)buffer, 3 * CBX_DATA_CHUNK);
		fail_after = 0;
		if (done < 0) {
			assert_int_equal(done, -LX_ENOSPC);
			done = 0;
		}
		memcpy(plain + 1000, buffer, (size_t)done);
		check(&data, (uint64_t)done + 1000 > sizeof(base)
				     ? (uint64_t)done + 1000
				     : sizeof(base));
		cbx_data_free(&data);
		assert_int_equal(blocks, 0);
	}
}

static void a_fault_half_way_keeps_the_first_half(void **state)
{
	struct cbx_data data = { 0 };

	(void)state;
	memset(plain, 0, sizeof(plain));
	memset(buffer, 3, sizeof(buffer));
	reachable = 0;
	assert_int_equal(
		cbx_data_write(&data, 50, (uint64_t)buffer, 100), -LX_EFAULT);
	assert_int_equal(data.size, 0);
	reachable = 40;
	assert_int_equal(cbx_data_write(&data, 0, (uint64_t)buffer, 100), 40);
	memset(plain, 3, 40);
	reachable = 10;
	assert_int_equal(cbx_data_read(&data, 0, (uint64_t)buffer, 100), 10);
	reachable = 0;
	assert_int_equal(
		cbx_data_read(&data, 0, (uint64_t)buffer, 100), -LX_EFAULT);
	reachable = UINT64_MAX;
	check(&data, 40);
	cbx_data_free(&data);
}

static void sizes_out_of_range_change_nothing(void **state)
{
	struct cbx_data data = on_base();

	(void)state;
	assert_int_equal(cbx_data_resize(&data, UINT64_MAX), -LX_EFBIG);
	assert_int_equal(cbx_data_write(&data, UINT64_MAX, (uint64_t)buffer, 1),
		-LX_EFBIG);
	assert_int_equal(
		cbx_data_write(&data, LX_FILE_MAX - 1, (uint64_t)buffer, 100),
		-LX_EFBIG);
	check(&data, sizeof(base));
	assert_int_equal(blocks, 0);
}

static void holes_are_found(void **state)
{
	struct cbx_data data = on_base();

	(void)state;
	assert_int_equal(cbx_data_next(&data, 0, false), 0);
	assert_int_equal(cbx_data_next(&data, 5, true), sizeof(base));
	assert_int_equal(cbx_data_resize(&data, 10 * CBX_DATA_CHUNK), 0);
	assert_int_equal(cbx_data_next(&data, 5, true), 2 * CBX_DATA_CHUNK);
	assert_int_equal(cbx_data_next(&data, 2 * CBX_DATA_CHUNK, false),
		10 * CBX_DATA_CHUNK);
	assert_int_equal(cbx_data_write(&data, 5 * CBX_DATA_CHUNK + 9,
				 (uint64_t)buffer, 1),
		1);
	assert_int_equal(cbx_data_next(&data, 2 * CBX_DATA_CHUNK, false),
		5 * CBX_DATA_CHUNK);
	assert_int_equal(cbx_data_next(&data, 5 * CBX_DATA_CHUNK, true),
		6 * CBX_DATA_CHUNK);
	cbx_data_free(&data);
	assert_int_equal(blocks, 0);
}

static void a_hole_gives_its_memory_back(void **state)
{
	struct cbx_data data = { 0 };
	unsigned before;

	(void)state;
	assert_int_equal(
		cbx_data_write(&data, 0, (uint64_t)buffer, MOST), MOST);
	data.mapped = true;
	before = blocks;
	assert_int_equal(cbx_data_punch(&data, CBX_DATA_CHUNK - 1,
				 3 * CBX_DATA_CHUNK + 1),
		0);
	assert_int_equal(blocks, before - 2);
	assert_int_equal(withdrawn_from, 2 * CBX_DATA_CHUNK);
	assert_int_equal(withdrawn_to, 3 * CBX_DATA_CHUNK);
	assert_int_equal(cbx_data_next(&data, 0, true), CBX_DATA_CHUNK);
	assert_int_equal(cbx_data_punch(&data, 0, UINT64_MAX), 0);
	assert_int_equal(data.chunks, 0);
	assert_int_equal(data.size, MOST);
	cbx_data_free(&data);
	assert_int_equal(blocks, 0);
}

/* A hole in the archive's part needs memory; without it nothing changes. */
static void without_memory_there_is_no_hole(void **state)
{
	struct cbx_data data = on_base();

	(void)state;
	fail_after = 1;
	assert_int_equal(cbx_data_punch(&data, 10, 20), -LX_ENOSPC);
	fail_after = 0;
	check(&data, sizeof(base));
	cbx_data_free(&data);
}

static void pages_of_the_base_are_lent_until_they_are_written(void **state)
{
	struct cbx_data data = on_base();
	struct cbx_pages pages;
	uint8_t byte = 1;

	(void)state;
	assert_int_equal(cbx_data_pages(&data, 4096, false, &pages), 0);
	assert_int_equal(pages.at, (uint64_t)base);
	assert_int_equal(pages.offset, 0);
	assert_int_equal(pages.bytes, sizeof(base) / 4096 * 4096);
	assert_int_equal(blocks, 0);
	/* the last page has something else in it, past the file's end */
	assert_int_equal(
		cbx_data_pages(&data, 98304, false, &pages), -LX_ENODEV);
	assert_int_equal(cbx_data_write(&data, 70000, (uint64_t)&byte, 1), 1);
	assert_int_equal(withdrawn_from, CBX_DATA_CHUNK);
	assert_int_equal(withdrawn_to, 2 * CBX_DATA_CHUNK);
	assert_int_equal(cbx_data_pages(&data, 69632, false, &pages), 0);
	assert_int_equal(((uint8_t *)pages.at)[70000 - pages.offset], 1);
	cbx_data_free(&data);
	assert_int_equal(blocks, 0);
}

static void pages_to_write_are_made(void **state)
{
	struct cbx_data data = on_base();
	struct cbx_pages pages;

	(void)state;
	assert_int_equal(cbx_data_pages(&data, 98304, true, &pages), 0);
	assert_true(pages.offset <= 98304 && pages.bytes % 4096 == 0);
	assert_int_equal(pages.offset + pages.bytes, 102400);
	assert_memory_equal((uint8_t *)pages.at + 98304 - pages.offset,
		base + 98304, sizeof(base) - 98304);
	assert_int_equal(((uint8_t *)pages.at)[100000 - pages.offset], 0);
	assert_int_equal(cbx_data_resize(&data, 70000), 0);
	assert_int_equal(withdrawn_from, 70000);
	assert_int_equal(cut_at, 70000);
	fail_after = 1;
	assert_int_equal(cbx_data_pages(&data, 0, true, &pages), -LX_ENOMEM);
	cbx_data_free(&data);
	assert_int_equal(blocks, 0);
}

static void a_cut_that_cannot_be_recorded_changes_nothing(void **state)
{
	struct cbx_data data = on_base();

	(void)state;
	cannot_cut = true;
	withdrawn_from = 0;
	assert_int_equal(cbx_data_resize(&data, 70000), -LX_ENOMEM);
	assert_int_equal(data.size, sizeof(base));
	assert_int_equal(withdrawn_from, 0);
	cannot_cut = false;
	cbx_data_free(&data);
	assert_int_equal(blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			pages_of_the_base_are_lent_until_they_are_written,
			begin),
		cmocka_unit_test_setup(pages_to_write_are_made, begin),
		cmocka_unit_test_setup(
			a_cut_that_cannot_be_recorded_changes_nothing, begin),
		cmocka_unit_test_setup(holes_are_found, begin),
		cmocka_unit_test_setup(a_hole_gives_its_memory_back, begin),
		cmocka_unit_test_setup(without_memory_there_is_no_hole, begin),
		cmocka_unit_test_setup(
			a_file_of_the_archive_is_not_copied, begin),
		cmocka_unit_test_setup(writing_leaves_the_archive_alone, begin),
		cmocka_unit_test_setup(
			random_changes_agree_with_the_array, begin),
		cmocka_unit_test_setup(
			without_memory_what_was_written_is_said, begin),
		cmocka_unit_test_setup(
			a_fault_half_way_keeps_the_first_half, begin),
		cmocka_unit_test_setup(
			sizes_out_of_range_change_nothing, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Copies keep to the rights of whom they are made for. */
#include <string.h>

#include "support/machine.h"

static const uint64_t rw = CBX_RIGHT_R | CBX_RIGHT_W;

/* A box with three data pages in a row: RW, R, RW, and its held space. */
struct fixture {
	struct machine_box box;
	struct cbx_domain *d;
	struct cbx_space *space;
};

static void begin(struct fixture *f)
{
	machine_box(&f->box);
	assert_int_equal(
		in_box(&f->box, MAP, 0, MACHINE_FREE, 3, rw).status, CBX_OK);
	assert_int_equal(
		in_box(&f->box, PROTECT, 0, MACHINE_FREE + 4096, 1, CBX_RIGHT_R)
			.status,
		CBX_OK);
	f->d = cbx_domain_hold(f->box.handle);
	f->space = cbx_space_hold(f->d, f->box.space);
}

static void end(struct fixture *f)
{
	cbx_space_drop(f->space);
	cbx_domain_drop(f->d);
	assert_int_equal(mock_maps(), 0);
	machine_assert_sound();
}

static struct cbx_va va(uint64_t a)
{
	return (struct cbx_va){ a };
}

static void a_range_needs_every_right_on_every_page(void **state)
{
	static const struct {
		uint64_t va;
		uint64_t size;
		uint8_t rights;
		bool may;
	} rows[] = {
		{ MACHINE_FREE, 0, CBX_RIGHT_R, true },
		{ MACHINE_FREE, 3 * 4096, CBX_RIGHT_R, true },
		{ MACHINE_FREE, 4096, CBX_RIGHT_W, true },
		{ MACHINE_FREE, 4097, CBX_RIGHT_W, false },
		{ MACHINE_FREE + 4095, 1, CBX_RIGHT_W, true },
		{ MACHINE_FREE + 4095, 2, CBX_RIGHT_W, false },
		{ MACHINE_FREE, 3 * 4096 + 1, CBX_RIGHT_R, false },
		{ MACHINE_FREE - 1, 2, CBX_RIGHT_R, false },
		{ MACHINE_FREE, 1, CBX_RIGHT_X, false },
		{ MACHINE_FREE, UINT64_MAX, CBX_RIGHT_R, false },
		{ 0, 1, CBX_RIGHT_R, false },
		{ CBX_VA_MAX - 1, 2, CBX_RIGHT_R, false },
		{ UINT64_MAX, 1, CBX_RIGHT_R, false },
		{ UINT64_MAX, 2, CBX_RIGHT_R, false },
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(cbx_copy_box_range(f.space, va(rows[i].va),
					 rows[i].size, rows[i].rights),
			rows[i].may);
	}
	end(&f);
}

static void bytes_cross_pages_into_and_out_of_a_box(void **state)
{
	char text[5000];
	char back[5000];
	struct fixture f;

	(void)state;
	begin(&f);
	memset(text, 'x', sizeof(text));
	text[0] = 'a';
	text[4999] = 'z';
	assert_int_equal(cbx_copy_to_box(f.space, va(MACHINE_DATA + 3000), text,
				 sizeof(text)),
		CBX_OK);
	assert_int_equal(cbx_copy_from_box(f.space, va(MACHINE_DATA + 3000),
				 back, sizeof(back)),
		CBX_OK);
	assert_memory_equal(text, back, sizeof(text));
	end(&f);
}

static void a_write_that_is_not_allowed_everywhere_writes_nothing(void **state)
{
	const uint8_t ones[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	uint8_t back[8];
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(
		cbx_copy_to_box(f.space, va(MACHINE_FREE + 4092), ones, 8),
		CBX_E_FAULT);
	assert_int_equal(
		cbx_copy_from_box(f.space, va(MACHINE_FREE + 4092), back, 8),
		CBX_OK);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(back[i], 0);
	}
	assert_int_equal(
		cbx_copy_from_box(f.space, va(MACHINE_FREE - 4), back, 8),
		CBX_E_FAULT);
	assert_int_equal(
		cbx_copy_from_box(f.space, va(UINT64_MAX - 3), back, 8),
		CBX_E_FAULT);
	end(&f);
}

static void only_the_host_s_own_pages_are_read_and_written(void **state)
{
	struct fixture f;
	uint64_t word = 0xabcd;
	uint64_t pool = machine_pool(1);

	(void)state;
	begin(&f);

	const uint64_t foreign[] = { 0, pool, f.box.data, f.box.handle,
		MACHINE_PAGES, UINT64_MAX };

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const struct cbx_io io = { foreign[i], 1 };

		assert_int_equal(
			cbx_copy_from_host(foreign[i], &word, 8), CBX_E_DENIED);
		assert_int_equal(
			cbx_copy_to_host(io, 0, &word, 8), CBX_E_DENIED);
		assert_int_equal(cbx_copy_box_to_host(
					 f.space, va(MACHINE_DATA), io, 0, 8),
			CBX_E_DENIED);
		assert_false(cbx_copy_host_range(foreign[i], 1, CBX_VIEW_R));
	}
	assert_int_equal(word, 0xabcd);
	assert_true(cbx_copy_host_range(f.box.io, 4, CBX_VIEW_W));
	assert_false(cbx_copy_host_range(f.box.io, UINT64_MAX, CBX_VIEW_W));
	assert_false(cbx_copy_host_range(MACHINE_PAGES, 1, CBX_VIEW_W));
	assert_false(cbx_copy_host_range(pool - 1, 2, CBX_VIEW_R));
	end(&f);
}

static void the_host_s_buffer_has_an_end(void **state)
{
	struct fixture f;
	struct cbx_io io;
	uint8_t bytes[16] = { 7 };

	(void)state;
	begin(&f);
	io = (struct cbx_io){ f.box.io, 2 };
	assert_int_equal(cbx_copy_to_host(io, 8176, bytes, 16), CBX_OK);
	assert_int_equal(cbx_copy_to_host(io, 8177, bytes, 16), CBX_E_NOMEM);
	assert_int_equal(
		cbx_copy_to_host(io, UINT64_MAX, bytes, 16), CBX_E_NOMEM);
	assert_int_equal(
		cbx_copy_to_host(io, 0, bytes, UINT64_MAX), CBX_E_NOMEM);
	assert_int_equal(cbx_copy_to_host(io, 8192, bytes, 0), CBX_OK);
	assert_int_equal(
		cbx_copy_box_to_host(f.space, va(MACHINE_DATA), io, 8000, 200),
		CBX_E_NOMEM);
	io.pages = 0;
	assert_int_equal(cbx_copy_to_host(io, 0, bytes, 1), CBX_E_NOMEM);
	end(&f);
}

static void box_bytes_reach_the_host_across_pages_of_both(void **state)
{
	char text[6000];
	char got[4096];
	struct fixture f;
	struct cbx_io io;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (char)('a' + i % 23);
	}
	io = (struct cbx_io){ f.box.io, 3 };
	assert_int_equal(cbx_copy_to_box(f.space, va(MACHINE_DATA + 100), text,
				 sizeof(text)),
		CBX_OK);
	assert_int_equal(cbx_copy_box_to_host(f.space, va(MACHINE_DATA + 100),
				 io, 50, sizeof(text)),
		CBX_OK);
	assert_true(
		mock_host_read(0, (struct cbx_pfn){ f.box.io }, 50, got, 4046));
	assert_memory_equal(got, text, 4046);
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ f.box.io + 1 }, 0, got, 6000 - 4046));
	assert_memory_equal(got, text + 4046, 6000 - 4046);
	assert_int_equal(cbx_copy_box_to_host(
				 f.space, va(MACHINE_DATA + 4096), io, 0, 4097),
		CBX_E_FAULT);
	assert_int_equal(
		cbx_copy_box_to_host(f.space, va(UINT64_MAX), io, 0, 1),
		CBX_E_FAULT);
	assert_int_equal(
		cbx_copy_box_to_host(f.space, va(CBX_VA_MAX), io, 0, 1),
		CBX_E_FAULT);
	assert_int_equal(
		cbx_copy_box_to_host(f.space, va(0), io, 0, 0), CBX_E_FAULT);
	end(&f);
}

static void nothing_is_written_as_zeros(void **state)
{
	struct fixture f;
	struct cbx_io io;
	uint8_t got[32];

	(void)state;
	begin(&f);
	io = (struct cbx_io){ f.box.io, 1 };
	memset(got, 0x55, sizeof(got));
	machine_put(f.box.io, got, sizeof(got));
	assert_int_equal(cbx_copy_to_host(io, 8, NULL, 16), CBX_OK);
	assert_true(
		mock_host_read(0, (struct cbx_pfn){ f.box.io }, 0, got, 32));
	for (int i = 0; i < 32; i++) {
		assert_int_equal(got[i], i >= 8 && i < 24 ? 0 : 0x55);
	}
	end(&f);
}

static void a_narrowed_host_page_is_read_but_not_written(void **state)
{
	struct fixture f;
	const struct cbx_io io = { machine_pages(1), 1 };
	uint64_t word;

	(void)state;
	begin(&f);
	cbx_page_at(io.pfn)->view = CBX_VIEW_R;
	assert_int_equal(cbx_copy_from_host(io.pfn, &word, 8), CBX_OK);
	assert_int_equal(cbx_copy_to_host(io, 0, &word, 8), CBX_E_DENIED);
	cbx_page_at(io.pfn)->view = CBX_VIEW_ALL;
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_range_needs_every_right_on_every_page),
		MACHINE(bytes_cross_pages_into_and_out_of_a_box),
		MACHINE(a_write_that_is_not_allowed_everywhere_writes_nothing),
		MACHINE(only_the_host_s_own_pages_are_read_and_written),
		MACHINE(the_host_s_buffer_has_an_end),
		MACHINE(box_bytes_reach_the_host_across_pages_of_both),
		MACHINE(nothing_is_written_as_zeros),
		MACHINE(a_narrowed_host_page_is_read_but_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The words of an Intel IOMMU, each with an expectation written by hand from
 * the specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hal/pks-vm/pure/table.h>
#include <hal/pks-vm/pure/vtd.h>

#define G64 (64ull << 18) /* pages in 64 GiB */

/* 48 and 39 bits, 39 of them used, one record at 0x220. */
static const struct cbx_vtd_facts good = {
	.cap = 0x22ull << 24 | 38ull << 16 | 0x600,
	.ecap = 0xa,
};

static void one_that_serves(void **state)
{
	struct cbx_vtd_facts other = good;

	(void)state;
	assert_true(cbx_vtd_serves(good, 1));
	assert_true(cbx_vtd_serves(good, G64));
	assert_true(cbx_vtd_serves(good, 1ull << 27));
	assert_false(cbx_vtd_serves(good, (1ull << 27) + 1));
	assert_int_equal(cbx_vtd_levels(good), 4);
	assert_int_equal(cbx_vtd_record(good), 0x220);
	assert_int_equal(cbx_vtd_records(good), 1);
	other.cap &= ~0x400ull;
	assert_int_equal(cbx_vtd_levels(other), 3);
	assert_true(cbx_vtd_serves(other, 1ull << 27));
	other.cap = (other.cap & ~(0x3full << 16)) | 47ull << 16;
	assert_false(cbx_vtd_serves(other, (1ull << 27) + 1));
}

static void ones_that_do_not(void **state)
{
	static const struct {
		uint64_t cap;
		uint64_t ecap;
	} lacks[] = {
		{ 0x600, 0 }, /* no width */
		{ 0, 2 },     /* no queue */
		{ 0, 8 },     /* no remapping */
	};
	static const uint64_t has[] = {
		1ull << 4,	/* write buffers */
		1ull << 7,	/* remembers what is absent */
		0x3ffull << 24, /* records beyond the page */
	};
	struct cbx_vtd_facts other;

	(void)state;
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		other.cap = good.cap & ~lacks[i].cap;
		other.ecap = good.ecap & ~lacks[i].ecap;
		assert_false(cbx_vtd_serves(other, 1));
	}
	for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++) {
		other = good;
		other.cap |= has[i];
		assert_false(cbx_vtd_serves(other, 1));
	}
	other = good;
	other.cap |= 0xffull << 40; /* 256 records from 0x220 on */
	assert_false(cbx_vtd_serves(other, 1));
}

static void is(struct cbx_vtd_wide wide, uint64_t low, uint64_t high)
{
	assert_int_equal(wide.low, low);
	assert_int_equal(wide.high, high);
}

static void a_device_leads_to_its_tables(void **state)
{
	const struct cbx_pfn page = { 0x12345 };

	(void)state;
	is(cbx_vtd_device(page, 3), 0x12345001, 0x101);
	is(cbx_vtd_device(page, 4), 0x12345001, 0x102);
}

/* And to the CPU's, which a link and a page of the direct map are. */
static void a_bus_leads_to_its_devices(void **state)
{
	const struct cbx_pfn page = { 0x12345 };

	(void)state;
	is(cbx_vtd_bus(page), 0x12345001, 0);
	assert_int_equal(cbx_vtd_link(page), 0x12345003);
	assert_int_equal(cbx_vtd_link(page),
		page.n << CBX_PAGE_SHIFT | CBX_PTE_P | CBX_PTE_W);
}

static void a_wait_has_its_value(void **state)
{
	(void)state;
	assert_int_equal(CBX_VTD_WAIT(7), 0x700000025);
	assert_int_equal(CBX_VTD_WAIT(UINT32_MAX), 0xffffffff00000025);
}

/* Line 4 and 255, to CPU 3, with vector 0x30. */
static void a_line_is_one_requesters(void **state)
{
	(void)state;
	is(cbx_vtd_remap(0x0300000000000030, 0xff00), 0x30000300001, 0x4ff00);
	is(cbx_vtd_remap(0x030000000001a030, 0xff00), 0x30000300011, 0x4ff00);
	assert_int_equal(
		cbx_vtd_redirect(0x0300000000000030, 4), 0x0009000000000030);
	assert_int_equal(
		cbx_vtd_redirect(0x030000000001a030, 255), 0x01ff00000001a030);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_serves),
		cmocka_unit_test(ones_that_do_not),
		cmocka_unit_test(a_device_leads_to_its_tables),
		cmocka_unit_test(a_bus_leads_to_its_devices),
		cmocka_unit_test(a_wait_has_its_value),
		cmocka_unit_test(a_line_is_one_requesters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Pages shared with the hypervisor, and taken back. */
#include <string.h>

#include "support/machine.h"

#define VIEW(bits_) ((struct cbx_view){ (bits_) })

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

static void an_open_page_is_the_hypervisor_s_as_well(void **state)
{
	uint64_t pfn = machine_pages(2);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_open(pfn, 2, true, &done), CBX_OK);
	assert_int_equal(done, 2);
	assert_int_equal(machine_state(pfn), CBX_PAGE_OPEN);
	assert_true(mock_hypervisor_may(at(pfn)));
	assert_true(mock_host_may(at(pfn), VIEW(CBX_VIEW_W)));
	machine_assert_sound();
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_E_STATE);
	assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_E_STATE);
	assert_int_equal(cbx_page_open(pfn, 2, false, &done), CBX_OK);
	assert_int_equal(machine_state(pfn), CBX_PAGE_HOST);
	assert_false(mock_hypervisor_may(at(pfn)));
	assert_true(mock_host_may(at(pfn), VIEW(CBX_VIEW_SX)));
	machine_assert_sound();
	assert_int_equal(cbx_page_open(pfn, 1, false, &done), CBX_E_STATE);
}

static void a_closed_page_brings_nothing_from_outside(void **state)
{
	uint64_t pfn = machine_pages(1);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_OK);
	memset(mock_page(at(pfn)), 0xee, CBX_PAGE_SIZE);
	assert_int_equal(cbx_page_open(pfn, 1, false, &done), CBX_OK);
	assert_true(mock_is_zero(at(pfn)));
}

/* Each step of opening or closing refused, or left half done: the page is in
 * one of the two states, and what the hypervisor may do follows from it. */
static void sweep_open(bool shared, void (*arm)(uint64_t n))
{
	bool refused = true;

	for (uint64_t n = 1; refused; n++) {
		uint64_t pfn = machine_pages(1);
		enum cbx_page_state result;
		uint64_t done;

		if (!shared) {
			assert_int_equal(
				cbx_page_open(pfn, 1, true, &done), CBX_OK);
		}
		arm(n);
		check_any(cbx_page_open(pfn, 1, shared, &done));
		refused = mock_refused();
		result = machine_state(pfn);
		assert_true(result == CBX_PAGE_HOST || result == CBX_PAGE_OPEN);
		machine_assert_sound();
		arm(0);
		if (result == CBX_PAGE_OPEN) {
			assert_int_equal(
				cbx_page_open(pfn, 1, false, &done), CBX_OK);
		}
		assert_int_equal(cbx_page_donate(pfn, 1, &done), CBX_OK);
		assert_false(mock_hypervisor_may(at(pfn)));
		assert_true(mock_is_zero(at(pfn)));
	}
}

static void opening_and_closing_survive_every_refusal(void **state)
{
	(void)state;
	sweep_open(true, mock_refuse_nth);
	sweep_open(false, mock_refuse_nth);
}

static void a_page_half_taken_back_may_go_either_way(void **state)
{
	uint64_t pfn = machine_pages(1);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_OK);
	mock_refuse_nth(1);
	assert_int_equal(cbx_page_open(pfn, 1, false, &done), CBX_E_HARDWARE);
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_E_STATE);
	mock_halve_nth(1);
	assert_int_equal(cbx_page_open(pfn, 1, false, &done), CBX_E_BUSY);
	assert_int_equal(machine_state(pfn), CBX_PAGE_OPEN);
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_OK);
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_E_STATE);
	assert_int_equal(cbx_page_open(pfn, 1, false, &done), CBX_OK);
	machine_assert_sound();
}

static void opening_and_closing_survive_every_half_step(void **state)
{
	(void)state;
	sweep_open(true, mock_halve_nth);
	sweep_open(false, mock_halve_nth);
}

static void a_refused_opening_leaves_the_page_as_it_was(void **state)
{
	uint64_t pfn = machine_pages(1);
	struct mock_snapshot *before = machine_snapshot();
	uint64_t done;

	(void)state;
	mock_refuse_nth(1);
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_E_HARDWARE);
	machine_assert_same(before);
	before = machine_snapshot();
	mock_refuse_nth(2);
	assert_int_equal(cbx_page_open(pfn, 1, true, &done), CBX_E_HARDWARE);
	machine_assert_same(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(an_open_page_is_the_hypervisor_s_as_well),
		MACHINE(a_closed_page_brings_nothing_from_outside),
		MACHINE(opening_and_closing_survive_every_refusal),
		MACHINE(a_page_half_taken_back_may_go_either_way),
		MACHINE(opening_and_closing_survive_every_half_step),
		MACHINE(a_refused_opening_leaves_the_page_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Words of PVALIDATE and RMPADJUST, and the model of the processor on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/x86_64/sev/rmp.h>

#include "snp/rmp.h"

#define PAGES 16u
#define VA    0x3000ull

static struct snp_rmp_entry entries[PAGES];
static struct snp_rmp rmp = { .entry = entries, .pages = PAGES };
static const struct snp_cpu monitor = { 1, 0, 0 };
static const struct snp_at at = { VA, VA };

/* A page that the hypervisor gave and the monitor validated. */
static int boot(void **state)
{
	const struct snp_update update = {
		.gpa = VA, .asid = 1, .assigned = true
	};

	(void)state;
	memset(entries, 0, sizeof(entries));
	assert_int_equal(snp_rmpupdate(&rmp, VA, &update), SNP_SUCCESS);
	assert_int_equal(
		snp_pvalidate(&rmp, monitor, at, 0, 1).code, SNP_SUCCESS);
	return 0;
}

static struct cbx_rmp_result of(struct snp_outcome outcome)
{
	assert_int_equal(outcome.fault, SNP_DONE);
	return (struct cbx_rmp_result){ outcome.code, outcome.carry };
}

static bool may(uint8_t vmpl, uint8_t cpl, enum snp_right right)
{
	const struct snp_cpu cpu = { 1, vmpl, cpl };
	const struct snp_touch touch = { right, false };

	return snp_rmp_touch(&rmp, cpu, at, touch).fault == SNP_DONE;
}

/* Every view, and what the host may do then. */
static void a_view_is_what_the_host_may_do(void **state)
{
	(void)state;
	for (uint8_t bits = 0; bits <= CBX_VIEW_ALL; bits++) {
		const struct cbx_view view = { bits };
		bool none = (bits & 3) == CBX_VIEW_W;
		uint64_t rdx = cbx_rmp_rights(1, view);

		assert_int_equal(cbx_rmp_status(of(snp_rmpadjust(
					 &rmp, monitor, at, false, rdx))),
			CBX_OK);
		assert_int_equal(
			may(1, 0, SNP_READ), !none && (bits & CBX_VIEW_R) != 0);
		assert_int_equal(may(1, 0, SNP_WRITE),
			!none && (bits & CBX_VIEW_W) != 0);
		assert_int_equal(may(1, 3, SNP_EXEC_USER),
			!none && (bits & CBX_VIEW_UX) != 0);
		assert_int_equal(may(1, 0, SNP_EXEC_SUPER),
			!none && (bits & CBX_VIEW_SX) != 0);
		assert_false(may(2, 0, SNP_READ));
		assert_false(may(3, 0, SNP_READ));
		assert_true(may(0, 0, SNP_WRITE));
	}
}

static void a_view_replaces_the_one_before(void **state)
{
	uint64_t all = cbx_rmp_rights(1, (struct cbx_view){ CBX_VIEW_ALL });
	uint64_t none = cbx_rmp_rights(1, (struct cbx_view){ CBX_VIEW_NONE });

	(void)state;
	assert_int_equal(all, 0xf01);
	assert_int_equal(none, 0x001);
	of(snp_rmpadjust(&rmp, monitor, at, false, all));
	assert_true(may(1, 0, SNP_WRITE));
	of(snp_rmpadjust(&rmp, monitor, at, false, none));
	assert_false(may(1, 0, SNP_READ));
}

static void bits_that_are_no_view_give_nothing(void **state)
{
	const struct cbx_view view = { 0xf0 };

	(void)state;
	assert_int_equal(cbx_rmp_rights(3, view), 3);
}

static void a_page_that_was_valid_is_told(void **state)
{
	(void)state;
	assert_int_equal(cbx_rmp_status(of(snp_pvalidate(
				 &rmp, monitor, at, false, true))),
		CBX_E_STATE);
	assert_int_equal(cbx_rmp_status(of(snp_pvalidate(
				 &rmp, monitor, at, false, false))),
		CBX_OK);
	assert_int_equal(cbx_rmp_status(of(snp_pvalidate(
				 &rmp, monitor, at, false, false))),
		CBX_E_STATE);
	assert_int_equal(cbx_rmp_status(of(snp_pvalidate(
				 &rmp, monitor, at, false, true))),
		CBX_OK);
}

static void what_the_processor_refuses_is_told(void **state)
{
	static const struct snp_at large = { 0, 0 };
	const struct cbx_view view = { CBX_VIEW_R };
	const struct snp_cpu lower = { 1, 1, 0 };

	(void)state;
	assert_int_equal(cbx_rmp_status(of(snp_rmpadjust(&rmp, lower, at, false,
				 cbx_rmp_rights(1, view)))),
		CBX_E_DENIED);
	assert_int_equal(cbx_rmp_status(of(snp_rmpadjust(&rmp, monitor, at,
				 false, cbx_rmp_rights(7, view)))),
		CBX_E_INVALID);
	assert_int_equal(cbx_rmp_status(of(snp_rmpadjust(
				 &rmp, monitor, at, false, CBX_RMP_VMSA | 1))),
		CBX_OK);
	assert_true(snp_vmsa_start(&rmp, 1, at));
	assert_int_equal(cbx_rmp_status(of(snp_rmpadjust(&rmp, monitor, at,
				 false, cbx_rmp_rights(1, view)))),
		CBX_E_BUSY);
	snp_vmsa_stop(&rmp, at);
	assert_int_equal(
		snp_rmpupdate(&rmp, 0,
			&(struct snp_update){ .asid = 1, .assigned = true }),
		SNP_SUCCESS);
	assert_int_equal(cbx_rmp_status(of(snp_pvalidate(
				 &rmp, monitor, large, true, true))),
		CBX_E_HARDWARE);
}

static void a_code_nobody_knows_is_no_success(void **state)
{
	(void)state;
	for (uint32_t code = 1; code < 300; code++) {
		struct cbx_rmp_result result = { code, false };
		enum cbx_status status = cbx_rmp_status(result);

		assert_int_not_equal(status, CBX_OK);
		result.carry = true;
		assert_int_equal(cbx_rmp_status(result), status);
	}
	assert_int_equal(cbx_rmp_status((struct cbx_rmp_result){ 4, false }),
		CBX_E_INVALID);
	assert_int_equal(cbx_rmp_status((struct cbx_rmp_result){ ~0u, false }),
		CBX_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_view_is_what_the_host_may_do, boot),
		cmocka_unit_test_setup(a_view_replaces_the_one_before, boot),
		cmocka_unit_test(bits_that_are_no_view_give_nothing),
		cmocka_unit_test_setup(a_page_that_was_valid_is_told, boot),
		cmocka_unit_test_setup(
			what_the_processor_refuses_is_told, boot),
		cmocka_unit_test(a_code_nobody_knows_is_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the GHCB MSR protocol as the model of a hypervisor reads them, its
 * answers, and answers it would not give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hal/snp/pure/msr.h>

#include "snp/ghcb.h"
#include "snp/ghcb_msr.h"

#define PFN ((struct cbx_pfn){ 0x81234ull })
#define GPA 0x81234000ull

static void requests_are_what_they_should_be(void **state)
{
	struct snp_msr_request r;

	(void)state;
	assert_int_equal(snp_msr_decode(CBX_GHCB_ASK_INFO).code, SNP_MSR_INFO);
	r = snp_msr_decode(cbx_ghcb_ask_register(PFN));
	assert_true(r.sane && r.code == SNP_MSR_REGISTER && r.gpa == GPA);
	r = snp_msr_decode(cbx_ghcb_ask_state(PFN, true));
	assert_true(r.sane && r.code == SNP_MSR_STATE && r.gpa == GPA &&
		    r.op == SNP_STATE_SHARED);
	r = snp_msr_decode(cbx_ghcb_ask_state(PFN, false));
	assert_true(r.sane && r.gpa == GPA && r.op == SNP_STATE_PRIVATE);
	r = snp_msr_decode(cbx_ghcb_ask_run(1));
	assert_true(r.sane && r.code == SNP_MSR_RUN && r.vmpl == 1);
	r = snp_msr_decode(CBX_GHCB_ASK_FEATURES);
	assert_true(r.sane && r.code == SNP_MSR_FEATURES);
	r = snp_msr_decode(cbx_ghcb_ask_end(CBX_GHCB_PANIC));
	assert_true(r.sane && r.code == SNP_MSR_TERMINATE &&
		    r.set == CBX_GHCB_SET && r.reason == CBX_GHCB_PANIC);
}

static void an_honest_answer_is_believed(void **state)
{
	struct snp_msr_request r = snp_msr_decode(cbx_ghcb_ask_register(PFN));
	uint64_t features = 0;
	uint8_t c_bit = 0;

	(void)state;
	assert_true(cbx_ghcb_info(snp_msr_info(1, 2, 51), &c_bit));
	assert_int_equal(c_bit, 51);
	assert_int_equal(
		cbx_ghcb_registered(snp_msr_registered(&r, true), PFN), CBX_OK);
	assert_int_equal(cbx_ghcb_state_set(snp_msr_state(0)), CBX_OK);
	assert_int_equal(cbx_ghcb_ran(snp_msr_run(0)), CBX_OK);
	assert_true(cbx_ghcb_features(
		snp_msr_features(SNP_FEATURE_VMPLS | SNP_FEATURE_AP_CREATION),
		&features));
	assert_int_equal(features,
		CBX_GHCB_HAS_SNP | CBX_GHCB_HAS_AP_START | CBX_GHCB_HAS_VMPLS);
}

static void a_refusal_is_told_from_nonsense(void **state)
{
	struct snp_msr_request r = snp_msr_decode(cbx_ghcb_ask_register(PFN));

	(void)state;
	assert_int_equal(
		cbx_ghcb_registered(snp_msr_registered(&r, false), PFN),
		CBX_E_HARDWARE);
	assert_int_equal(cbx_ghcb_state_set(snp_msr_state(1)), CBX_E_HARDWARE);
	assert_int_equal(
		cbx_ghcb_state_set(snp_msr_state(~0u)), CBX_E_HARDWARE);
	assert_int_equal(cbx_ghcb_ran(snp_msr_run(5)), CBX_E_HARDWARE);
}

/* The request itself, still in the MSR: the hypervisor did nothing. */
static void no_answer_is_none(void **state)
{
	uint64_t features;
	uint8_t c_bit;

	(void)state;
	assert_false(cbx_ghcb_info(CBX_GHCB_ASK_INFO, &c_bit));
	assert_false(cbx_ghcb_features(CBX_GHCB_ASK_FEATURES, &features));
	assert_int_equal(cbx_ghcb_registered(cbx_ghcb_ask_register(PFN), PFN),
		CBX_E_INVALID);
	assert_int_equal(cbx_ghcb_state_set(cbx_ghcb_ask_state(PFN, true)),
		CBX_E_INVALID);
	assert_int_equal(cbx_ghcb_ran(cbx_ghcb_ask_run(1)), CBX_E_INVALID);
}

/* No bit of a good answer may be another, but those of a value. */
static void every_bit_of_an_answer_counts(void **state)
{
	const struct cbx_pfn pfn = PFN;
	uint64_t good = snp_msr_state(0);

	(void)state;
	for (uint8_t bit = 0; bit < 64; bit++) {
		uint64_t flip = 1ull << bit;

		assert_int_not_equal(cbx_ghcb_state_set(good ^ flip), CBX_OK);
		assert_int_not_equal(
			cbx_ghcb_ran(snp_msr_run(0) ^ flip), CBX_OK);
		assert_int_equal(
			cbx_ghcb_registered((pfn.n << 12 | 0x013) ^ flip, pfn),
			CBX_E_INVALID);
	}
	for (uint8_t bit = 12; bit < 32; bit++) {
		assert_int_equal(
			cbx_ghcb_state_set(good | 1ull << bit), CBX_E_INVALID);
	}
}

static void versions_and_bits_that_will_not_do(void **state)
{
	uint8_t c_bit = 77;

	(void)state;
	assert_true(cbx_ghcb_info(snp_msr_info(2, 2, 32), &c_bit));
	assert_false(cbx_ghcb_info(snp_msr_info(3, 4, 51), &c_bit));
	assert_false(cbx_ghcb_info(snp_msr_info(1, 1, 51), &c_bit));
	assert_false(cbx_ghcb_info(snp_msr_info(1, 2, 31), &c_bit));
	assert_false(cbx_ghcb_info(snp_msr_info(1, 2, 52), &c_bit));
	assert_false(cbx_ghcb_info(snp_msr_info(1, 2, 51) | 0x1000, &c_bit));
	assert_int_equal(c_bit, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_what_they_should_be),
		cmocka_unit_test(an_honest_answer_is_believed),
		cmocka_unit_test(a_refusal_is_told_from_nonsense),
		cmocka_unit_test(no_answer_is_none),
		cmocka_unit_test(every_bit_of_an_answer_counts),
		cmocka_unit_test(versions_and_bits_that_will_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

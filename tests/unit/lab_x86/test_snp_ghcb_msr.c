/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GHCB MSR, lists of page states and the #HV doorbell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snp/ghcb_psc.h"

static const struct {
	uint64_t value;
	struct snp_msr_request want;
} requests[] = {
	{ 0x7654000, { .code = SNP_MSR_PAGE, .sane = true, .gpa = 0x7654000 } },
	{ UINT64_C(0x0010000000000000),
		{ .code = SNP_MSR_PAGE, .gpa = UINT64_C(1) << 52 } },
	{ 0x002, { .code = SNP_MSR_INFO, .sane = true } },
	{ 0x1002, { .code = SNP_MSR_INFO } },
	{ UINT64_C(0x8000001fc0000004), { .code = SNP_MSR_CPUID,
						.sane = true,
						.function = 0x8000001f,
						.index = 3 } },
	{ UINT64_C(0x40001004), { .code = SNP_MSR_CPUID, .index = 1 } },
	{ 0x006, { .code = SNP_MSR_HOLD, .sane = true } },
	{ 0x010, { .code = SNP_MSR_PREFERRED, .sane = true } },
	{ 0x7654012,
		{ .code = SNP_MSR_REGISTER, .sane = true, .gpa = 0x7654000 } },
	{ UINT64_C(0xfffffffffffff012),
		{ .code = SNP_MSR_REGISTER,
			.gpa = UINT64_C(0xfffffffffffff000) } },
	{ UINT64_C(0x0010000007654014), { .code = SNP_MSR_STATE,
						.sane = true,
						.gpa = 0x7654000,
						.op = SNP_STATE_PRIVATE } },
	{ UINT64_C(0x0020000007654014), { .code = SNP_MSR_STATE,
						.sane = true,
						.gpa = 0x7654000,
						.op = SNP_STATE_SHARED } },
	{ UINT64_C(0x0000000007654014),
		{ .code = SNP_MSR_STATE, .gpa = 0x7654000 } },
	{ UINT64_C(0x0030000007654014), { .code = SNP_MSR_STATE,
						.gpa = 0x7654000,
						.op = SNP_STATE_SMASH } },
	{ UINT64_C(0x0110000007654014), { .code = SNP_MSR_STATE,
						.gpa = 0x7654000,
						.op = SNP_STATE_PRIVATE } },
	{ UINT64_C(0x0000000200000016),
		{ .code = SNP_MSR_RUN, .sane = true, .vmpl = 2 } },
	{ UINT64_C(0x0000000400000016), { .code = SNP_MSR_RUN, .vmpl = 4 } },
	{ UINT64_C(0x0000010000000016), { .code = SNP_MSR_RUN } },
	{ UINT64_C(0x0000000200001016), { .code = SNP_MSR_RUN, .vmpl = 2 } },
	{ 0x080, { .code = SNP_MSR_FEATURES, .sane = true } },
	{ 0x051100, { .code = SNP_MSR_TERMINATE,
			    .sane = true,
			    .set = 1,
			    .reason = 5 } },
	{ 0x1051100, { .code = SNP_MSR_TERMINATE, .set = 1, .reason = 5 } },
	{ 0x001, { .code = SNP_MSR_UNKNOWN } },
	{ 0x003, { .code = SNP_MSR_UNKNOWN } },
	{ 0x005, { .code = SNP_MSR_UNKNOWN } },
	{ 0xf00, { .code = SNP_MSR_UNKNOWN } },
	{ 0xfff, { .code = SNP_MSR_UNKNOWN } },
};

static void requests_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct snp_msr_request got = snp_msr_decode(requests[i].value);
		const struct snp_msr_request *want = &requests[i].want;

		assert_int_equal(got.code, want->code);
		assert_int_equal(got.sane, want->sane);
		assert_int_equal(got.gpa, want->gpa);
		assert_int_equal(got.function, want->function);
		assert_int_equal(got.index, want->index);
		assert_int_equal(got.op, want->op);
		assert_int_equal(got.vmpl, want->vmpl);
		assert_int_equal(got.set, want->set);
		assert_int_equal(got.reason, want->reason);
	}
}

static void answers_have_their_form(void **state)
{
	struct snp_msr_request cpuid = snp_msr_decode(UINT64_C(0x1f80000004));
	struct snp_msr_request page = snp_msr_decode(0x7654012);

	(void)state;
	assert_int_equal(snp_msr_info(1, 2, 51), UINT64_C(0x0002000133000001));
	assert_int_equal(snp_msr_cpuid(&cpuid, 0x12345678),
		UINT64_C(0x1234567880000005));
	assert_int_equal(snp_msr_hold(false), 0x007);
	assert_int_equal(snp_msr_hold(true), 0x1007);
	assert_int_equal(snp_msr_no_preferred(), UINT64_C(0xfffffffffffff011));
	assert_int_equal(snp_msr_registered(&page, true), 0x7654013);
	assert_int_equal(
		snp_msr_registered(&page, false), UINT64_C(0xfffffffffffff013));
	assert_int_equal(snp_msr_state(0), 0x015);
	assert_int_equal(snp_msr_state(3), UINT64_C(0x300000015));
	assert_int_equal(snp_msr_run(0), 0x017);
	assert_int_equal(snp_msr_run(1), UINT64_C(0x100000017));
	assert_int_equal(snp_msr_features(0x23), 0x23081);
}

#define LIST 0x7f0
#define ENTRY(op, large, gfn, done)                       \
	((uint64_t)(large) << 56 | (uint64_t)(op) << 52 | \
		(uint64_t)(gfn) << 12 | (done))

static void list_make(
	uint8_t *list, uint16_t first, uint16_t end, const uint64_t *entry)
{
	memset(list, 0, LIST);
	memcpy(list, &first, 2);
	memcpy(list + 2, &end, 2);
	for (uint16_t i = 0; i <= end && 8 + 8 * (i + 1) <= LIST; i++) {
		memcpy(list + 8 + 8 * i, &entry[i], 8);
	}
}

static void a_list_is_walked_to_its_end(void **state)
{
	const uint64_t entries[] = { ENTRY(1, 0, 0x123, 0),
		ENTRY(2, 1, 0x400, 0), ENTRY(2, 0, 0x9, 1),
		ENTRY(4, 1, 0x200, 0) };
	uint8_t list[LIST];
	struct snp_psc_step step;
	uint64_t error;

	(void)state;
	list_make(list, 0, 3, entries);
	assert_int_equal(snp_psc_next(list, LIST, &step, &error), SNP_PSC_NEXT);
	assert_int_equal(step.gpa, 0x123000);
	assert_int_equal(step.pages, 1);
	assert_int_equal(step.op, SNP_STATE_PRIVATE);
	assert_false(step.large);
	snp_psc_advance(list, &step, 1);
	assert_int_equal(list[0], 1);

	assert_int_equal(snp_psc_next(list, LIST, &step, &error), SNP_PSC_NEXT);
	assert_int_equal(step.gpa, 0x400000);
	assert_int_equal(step.pages, 512);
	assert_true(step.large);
	snp_psc_advance(list, &step, 300);
	assert_int_equal(list[0], 1);

	/* Half of 2 MiB is no longer a large page, and goes on where it stopped. */
	assert_int_equal(snp_psc_next(list, LIST, &step, &error), SNP_PSC_NEXT);
	assert_int_equal(step.gpa, 0x400000 + 300 * 0x1000);
	assert_int_equal(step.pages, 212);
	assert_false(step.large);
	snp_psc_advance(list, &step, 1000);

	/* The third is done already. */
	assert_int_equal(snp_psc_next(list, LIST, &step, &error), SNP_PSC_NEXT);
	assert_int_equal(step.entry, 3);
	assert_int_equal(step.op, SNP_STATE_UNSMASH);
	snp_psc_advance(list, &step, 512);
	assert_int_equal(list[0], 4);
	assert_int_equal(snp_psc_next(list, LIST, &step, &error), SNP_PSC_END);
	assert_int_equal(
		list[8 + 8 * 1] | (list[8 + 8 * 1 + 1] & 0xf) << 8, 512);
	assert_memory_equal(list + 8 + 8 * 2, &entries[2], 8);
}

static void a_bad_list_is_refused(void **state)
{
	static const struct {
		uint16_t first, end, bytes;
		uint64_t entry, error;
	} bad[] = {
		{ 0, 253, LIST, ENTRY(1, 0, 1, 0), SNP_PSC_BAD_HEADER },
		{ 0, 0xffff, LIST, ENTRY(1, 0, 1, 0), SNP_PSC_BAD_HEADER },
		{ 0, 0, 7, ENTRY(1, 0, 1, 0), SNP_PSC_BAD_HEADER },
		{ 0, 0, 15, ENTRY(1, 0, 1, 0), SNP_PSC_BAD_HEADER },
		{ 0, 2, 8 + 8 * 3 - 1, ENTRY(1, 0, 1, 0), SNP_PSC_BAD_HEADER },
		{ 0, 0, LIST, ENTRY(0, 0, 1, 0), SNP_PSC_BAD_ENTRY },
		{ 0, 0, LIST, ENTRY(5, 0, 1, 0), SNP_PSC_BAD_ENTRY },
		{ 0, 0, LIST, ENTRY(1, 0, 1, 2), SNP_PSC_BAD_ENTRY },
		{ 0, 0, LIST, ENTRY(1, 1, 0x200, 513), SNP_PSC_BAD_ENTRY },
		{ 0, 0, LIST, ENTRY(1, 1, 0x201, 0), SNP_PSC_BAD_ENTRY },
		{ 0, 0, LIST, ENTRY(1, 0, 1, 0) | UINT64_C(1) << 57,
			SNP_PSC_BAD_ENTRY },
	};
	uint8_t list[LIST];
	struct snp_psc_step step;
	uint64_t error;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t entries[SNP_PSC_ENTRIES];

		for (size_t j = 0; j < SNP_PSC_ENTRIES; j++) {
			entries[j] = bad[i].entry;
		}
		list_make(list, bad[i].first,
			bad[i].end < SNP_PSC_ENTRIES ? bad[i].end : 0, entries);
		memcpy(list + 2, &bad[i].end, 2);
		assert_int_equal(
			snp_psc_next(list, bad[i].bytes, &step, &error),
			SNP_PSC_REFUSE);
		assert_int_equal(error, bad[i].error);
	}
	list_make(list, 0, 0, &(uint64_t){ ENTRY(1, 0, 1, 0) });
	list[4] = 1;
	assert_int_equal(
		snp_psc_next(list, LIST, &step, &error), SNP_PSC_REFUSE);
	assert_int_equal(error, SNP_PSC_BAD_HEADER);
}

static void a_list_beyond_its_end_is_done(void **state)
{
	uint8_t list[LIST];
	struct snp_psc_step step;
	uint64_t error;

	(void)state;
	list_make(list, 7, 3, (uint64_t[4]){ 0 });
	assert_int_equal(snp_psc_next(list, LIST, &step, &error), SNP_PSC_END);
	list_make(list, 0xffff, 252, (uint64_t[253]){ 0 });
	assert_int_equal(snp_psc_next(list, LIST, &step, &error), SNP_PSC_END);
}

static void the_longest_list_fits(void **state)
{
	uint64_t entries[SNP_PSC_ENTRIES];
	uint8_t list[LIST];
	struct snp_psc_step step;
	uint64_t error;
	unsigned int steps = 0;

	(void)state;
	for (size_t i = 0; i < SNP_PSC_ENTRIES; i++) {
		entries[i] = ENTRY(2, 0, i, 0);
	}
	list_make(list, 0, SNP_PSC_ENTRIES - 1, entries);
	while (snp_psc_next(list, LIST, &step, &error) == SNP_PSC_NEXT) {
		assert_int_equal(step.gpa, steps * 0x1000);
		snp_psc_advance(list, &step, 1);
		steps++;
	}
	assert_int_equal(steps, SNP_PSC_ENTRIES);
}

static void the_doorbell_rings_once_until_answered(void **state)
{
	uint8_t page[SNP_HV_BYTES] = { 0 };

	(void)state;
	assert_int_equal(snp_hv_post(page, 0x40), SNP_HV_RING);
	assert_int_equal(page[SNP_HV_VECTOR], 0x40);
	assert_int_equal(page[SNP_HV_FLAGS], SNP_HV_NO_SIGNAL);
	assert_int_equal(snp_hv_post(page, 0x40), SNP_HV_WAITS);
	assert_int_equal(snp_hv_post(page, 0x41), SNP_HV_FULL);
	assert_int_equal(page[SNP_HV_VECTOR], 0x40);
	assert_int_equal(snp_hv_post(page, 2), SNP_HV_WAITS);
	assert_int_equal(page[SNP_HV_FLAGS], SNP_HV_NO_SIGNAL | SNP_HV_NMI);
	page[SNP_HV_VECTOR] = 0;
	page[SNP_HV_FLAGS] = 0;
	assert_int_equal(snp_hv_post(page, 0x41), SNP_HV_RING);
	assert_int_equal(page[SNP_HV_VECTOR], 0x41);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_decoded),
		cmocka_unit_test(answers_have_their_form),
		cmocka_unit_test(a_list_is_walked_to_its_end),
		cmocka_unit_test(a_bad_list_is_refused),
		cmocka_unit_test(a_list_beyond_its_end_is_done),
		cmocka_unit_test(the_longest_list_fits),
		cmocka_unit_test(the_doorbell_rings_once_until_answered),
	};

	return cmocka_run_group_tests_name(
		"lab snp ghcb msr", tests, NULL, NULL);
}

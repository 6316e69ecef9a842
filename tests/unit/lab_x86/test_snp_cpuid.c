/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lab puts into a guest's memory at launch, read as a guest reads it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snp/bytes.h"
#include "snp/cpuid.h"

static const struct snp_cpuid_sev sev = {
	.features = SNP_SEV | SNP_SEV_ES | SNP_SEV_SNP | SNP_SEV_VMPL,
	.c_bit = 51,
	.lost_bits = 5,
	.vmpls = 4,
	.asids = 99,
	.xsave = true,
};

static struct snp_cpuid filtered(struct snp_cpuid cpuid, bool xsave)
{
	struct snp_cpuid_sev with = sev;

	with.xsave = xsave;
	snp_cpuid_filter(&cpuid, &with);
	return cpuid;
}

static void a_guest_is_virtual_and_has_sev(void **state)
{
	struct snp_cpuid one = filtered(
		(struct snp_cpuid){
			.leaf = 1, .ebx = 0x07010800, .ecx = 0x0c000201 },
		true);
	struct snp_cpuid its = filtered(
		(struct snp_cpuid){ .leaf = 0x8000001f, .eax = ~0u, .edx = 5 },
		true);
	struct snp_cpuid top = filtered(
		(struct snp_cpuid){ .leaf = 0x80000000, .eax = 0x8000000a },
		true);
	struct snp_cpuid svm = filtered(
		(struct snp_cpuid){
			.leaf = 0x8000000a, .eax = 1, .ebx = 16, .edx = 9 },
		true);

	(void)state;
	assert_int_equal(one.ebx, 0x00010800);
	assert_int_equal(one.ecx, 0x84000201);
	assert_int_equal(its.eax, 0x3a);
	assert_int_equal(its.ebx, 51 | 5 << 6 | 4 << 12 | 0x80000000u);
	assert_int_equal(its.ecx, 99);
	assert_int_equal(its.edx, 0);
	assert_int_equal(top.eax, 0x8000001f);
	assert_true(snp_cpuid_is_empty(&svm));
	top = filtered(
		(struct snp_cpuid){ .leaf = 0x80000000, .eax = 0x80000021 },
		true);
	assert_int_equal(top.eax, 0x80000021);
}

static void numbers_of_one_processor_are_the_hosts_to_tell(void **state)
{
	struct snp_cpuid id = filtered(
		(struct snp_cpuid){
			.leaf = 0xb, .eax = 1, .ebx = 2, .edx = 77 },
		true);
	struct snp_cpuid node = filtered((struct snp_cpuid){ .leaf = 0x8000001e,
						 .eax = 7,
						 .ebx = 0x105,
						 .ecx = 0x203 },
		true);

	(void)state;
	assert_int_equal(id.edx, 0);
	assert_int_equal(id.ebx, 2);
	assert_int_equal(node.eax, 0);
	assert_int_equal(node.ebx, 0x100);
	assert_int_equal(node.ecx, 0x200);
}

static void xsave_is_told_as_linux_looks_for_it(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct snp_cpuid leaf =
			filtered((struct snp_cpuid){ .leaf = 0xd,
					 .subleaf = i,
					 .xcr0 = 7,
					 .xss = 1,
					 .eax = 256,
					 .ebx = 576 + i },
				true);

		assert_int_equal(leaf.xss, 0);
		assert_int_equal(leaf.xcr0, i < 2 ? 1 : 0);
		assert_int_equal(leaf.ebx, i < 2 ? 0x240 : 576 + i);
		assert_int_equal(leaf.eax, 256);
	}
}

static void without_xsave_nothing_that_needs_it_is_told(void **state)
{
	static const struct {
		struct snp_cpuid in;
		uint32_t eax, ebx, ecx, edx;
	} rows[] = {
		{ { .leaf = 0, .eax = 0x10, .ebx = 1 }, 0xc, 1, 0, 0 },
		{ { .leaf = 0, .eax = 7 }, 7, 0, 0, 0 },
		{ { .leaf = 1, .ecx = ~0u, .edx = ~0u }, 0, 0, 0xc3ffefff,
			~0u },
		{ { .leaf = 7, .eax = 1, .ebx = ~0u, .ecx = ~0u, .edx = ~0u },
			0, 0x23dcbfdf, 0xffffa1a5, 0xfc3ffef3 },
		{ { .leaf = 7, .subleaf = 1, .eax = 0x30 }, 0, 0, 0, 0 },
		{ { .leaf = 0xd, .eax = 7, .ebx = 9, .ecx = 1 }, 0, 0, 0, 0 },
		{ { .leaf = 0xd, .subleaf = 1, .eax = 7 }, 0, 0, 0, 0 },
		{ { .leaf = 0x14, .eax = 1 }, 0, 0, 0, 0 },
		{ { .leaf = 0x80000001, .ecx = ~0u, .edx = 3 }, 0, 0,
			0xfffe77ff, 3 },
		{ { .leaf = 0x80000008, .eax = 0x3028 }, 0x3028, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snp_cpuid out = filtered(rows[i].in, false);

		assert_int_equal(out.eax, rows[i].eax);
		assert_int_equal(out.ebx, rows[i].ebx);
		assert_int_equal(out.ecx, rows[i].ecx);
		assert_int_equal(out.edx, rows[i].edx);
	}
}

static void all_leaves_worth_asking_fit(void **state)
{
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < snp_cpuid_range_count; i++) {
		count += snp_cpuid_ranges[i].last + 1;
		assert_true(i == 0 || snp_cpuid_ranges[i].leaf >
					      snp_cpuid_ranges[i - 1].leaf);
	}
	assert_true(count <= SNP_CPUID_MAX);
}

static void the_page_has_its_form(void **state)
{
	static struct snp_cpuid leaves[SNP_CPUID_MAX + 1];
	uint8_t page[SNP_CPUID_PAGE];

	(void)state;
	for (uint32_t i = 0; i < SNP_CPUID_MAX; i++) {
		leaves[i] = (struct snp_cpuid){ 0x80000000 + i, i, 3, 5, i + 1,
			i + 2, i + 3, i + 4 };
	}
	memset(page, 0xff, sizeof(page));
	assert_false(snp_cpuid_page(leaves, SNP_CPUID_MAX + 1, page));
	assert_int_equal(page[0], 0xff);
	assert_true(snp_cpuid_page(leaves, SNP_CPUID_MAX, page));
	assert_int_equal(snp_load(page, 8), 64);
	assert_int_equal(snp_load(page + 8, 8), 0);
	for (uint32_t i = 0; i < SNP_CPUID_MAX; i++) {
		const uint8_t *at = page + 16 + 48 * i;

		assert_int_equal(snp_load(at, 4), 0x80000000 + i);
		assert_int_equal(snp_load(at + 4, 4), i);
		assert_int_equal(snp_load(at + 8, 8), 3);
		assert_int_equal(snp_load(at + 16, 8), 5);
		assert_int_equal(snp_load(at + 24, 4), i + 1);
		assert_int_equal(snp_load(at + 28, 4), i + 2);
		assert_int_equal(snp_load(at + 32, 4), i + 3);
		assert_int_equal(snp_load(at + 36, 4), i + 4);
		assert_int_equal(snp_load(at + 40, 8), 0);
	}
	assert_true(snp_is_zero(page + 16 + 48 * 64, 4096 - 16 - 48 * 64));
	assert_true(snp_cpuid_page(leaves, 1, page));
	assert_true(snp_is_zero(page + 16 + 48, 4096 - 16 - 48));
}

static void the_secrets_page_has_its_form(void **state)
{
	struct snp_secrets secrets = { .stepping = 0x00a00f11,
		.tsc_factor = 200 };
	uint8_t page[SNP_SECRETS_PAGE];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		memset(secrets.vmpck[i], (int)(0x10 + i), SNP_SECRETS_KEY);
	}
	memset(page, 0xff, sizeof(page));
	snp_secrets_page(&secrets, page);
	assert_int_equal(snp_load(page, 4), 3);
	assert_int_equal(snp_load(page + 8, 4), 0x00a00f11);
	for (size_t i = 0; i < 4; i++) {
		assert_memory_equal(page + 0x20 + 0x20 * i, secrets.vmpck[i],
			SNP_SECRETS_KEY);
	}
	/* Nothing of the guest's, no tweaks, no SVSM. */
	assert_true(snp_is_zero(page + 0x0a0, 0x160 - 0x0a0));
	assert_int_equal(snp_load(page + 0x160, 4), 200);
	assert_true(snp_is_zero(page + 0x164, 4096 - 0x164));
}

static void the_blob_names_both_pages(void **state)
{
	uint8_t blob[SNP_BLOB_BYTES];
	uint8_t setup[SNP_SETUP_BYTES];

	(void)state;
	memset(blob, 0xff, sizeof(blob));
	snp_blob(UINT64_C(0x100001000), 0x2000, blob);
	assert_memory_equal(blob, "AMDE", 4);
	assert_int_equal(snp_load(blob + 4, 4), 1);
	assert_int_equal(snp_load(blob + 8, 8), UINT64_C(0x100001000));
	assert_int_equal(snp_load(blob + 16, 8), 4096);
	assert_int_equal(snp_load(blob + 24, 8), 0x2000);
	assert_int_equal(snp_load(blob + 32, 8), 4096);
	snp_blob_setup(0x9000, 0x8000, setup);
	assert_int_equal(snp_load(setup, 8), 0x9000);
	assert_int_equal(snp_load(setup + 8, 4), 7);
	assert_int_equal(snp_load(setup + 12, 4), 4);
	assert_int_equal(snp_load(setup + 16, 4), 0x8000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_is_virtual_and_has_sev),
		cmocka_unit_test(
			numbers_of_one_processor_are_the_hosts_to_tell),
		cmocka_unit_test(xsave_is_told_as_linux_looks_for_it),
		cmocka_unit_test(without_xsave_nothing_that_needs_it_is_told),
		cmocka_unit_test(all_leaves_worth_asking_fit),
		cmocka_unit_test(the_page_has_its_form),
		cmocka_unit_test(the_secrets_page_has_its_form),
		cmocka_unit_test(the_blob_names_both_pages),
	};

	return cmocka_run_group_tests_name("lab snp cpuid", tests, NULL, NULL);
}

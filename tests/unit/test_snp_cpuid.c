/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID from the firmware's page, as the lab's firmware writes one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/x86_64/sev/cpuid.h>

#include "snp/cpuid.h"

#define ALIGNED 2

static const struct snp_cpuid leaves[] = {
	{ .leaf = 0, .eax = 0xd, .ebx = 0x68747541 },
	{ .leaf = 1, .ecx = 0x80000201, .edx = 7 },
	{ .leaf = 7, .ebx = 0x1234 },
	{ .leaf = 7, .subleaf = 1, .eax = 0x20 },
	{ .leaf = 0xd, .xcr0 = 1, .eax = 0x207, .ebx = 0x240, .ecx = 0xa88 },
	{ .leaf = 0xd, .subleaf = 1, .xcr0 = 1, .eax = 0xf, .ebx = 0x240 },
	{ .leaf = 0xd, .subleaf = 2, .eax = 0x100, .ebx = 0x240 },
	{ .leaf = 0xd, .subleaf = 9, .eax = 8, .ebx = 0x980 },
	{ .leaf = 0xd, .subleaf = 10, .eax = 4, .ecx = 1 },
	{ .leaf = 0xd, .subleaf = 11, .eax = 0x10, .ecx = 1 | ALIGNED },
	{ .leaf = 0x8000001f, .eax = 0x3a, .ebx = 51 },
};
#define COUNT (sizeof(leaves) / sizeof(leaves[0]))

static struct cbx_cpuid_page page;

static int boot(void **state)
{
	uint8_t bytes[SNP_CPUID_PAGE];

	(void)state;
	assert_true(snp_cpuid_page(leaves, COUNT, bytes));
	memcpy(&page, bytes, sizeof(page));
	return 0;
}

static struct cbx_cpuid_entry ask(uint32_t leaf, uint32_t sub)
{
	struct cbx_cpuid_entry answer;

	assert_true(cbx_cpuid_answer(&page,
		(struct cbx_cpuid_question){ .leaf = leaf, .sub = sub },
		&answer));
	return answer;
}

static void what_the_firmware_wrote_is_answered(void **state)
{
	(void)state;
	assert_true(cbx_cpuid_sound(&page));
	assert_int_equal(ask(0, 0).ebx, 0x68747541);
	assert_int_equal(ask(1, 0).edx, 7);
	assert_int_equal(ask(1, 99).edx, 7); /* ECX is not looked at */
	assert_int_equal(ask(7, 0).ebx, 0x1234);
	assert_int_equal(ask(7, 1).eax, 0x20);
	assert_int_equal(ask(7, 1).ebx, 0);
	assert_int_equal(ask(0x8000001f, 0).ebx, 51);
}

static void what_is_not_there_is_zero(void **state)
{
	static const uint32_t none[] = { 2, 0xc, 0x40000000, 0x80000000, ~0u };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct cbx_cpuid_entry answer = ask(none[i], 0);

		assert_int_equal(answer.eax, 0);
		assert_int_equal(answer.ebx, 0);
		assert_int_equal(answer.ecx, 0);
		assert_int_equal(answer.edx, 0);
	}
	assert_int_equal(ask(7, 2).eax, 0);
}

static uint32_t size(uint32_t sub, uint64_t xcr0, uint64_t xss)
{
	const struct cbx_cpuid_question question = { 0xd, sub, xcr0, xss, 0,
		0 };
	struct cbx_cpuid_entry answer;

	return cbx_cpuid_answer(&page, question, &answer) ? answer.ebx : 0;
}

static void areas_are_as_large_as_what_is_on(void **state)
{
	(void)state;
	assert_int_equal(size(0, 1, 0), 0x240);
	assert_int_equal(size(0, 3, 0), 0x240);
	assert_int_equal(size(0, 7, 0), 0x340);
	assert_int_equal(size(0, 0x207, 0), 0x988);
	assert_int_equal(size(0, 7, 0x800), 0x340); /* XSS is not in it */
	assert_int_equal(size(1, 0x203, 0), 0x248);
	assert_int_equal(size(1, 0x207, 0), 0x348);
	assert_int_equal(size(1, 0x203, 0x400), 0x24c);
	/* the next multiple of 64 behind 0x348, and 0x10 */
	assert_int_equal(size(1, 0x207, 0x800), 0x390);
	assert_int_equal(ask(0xd, 2).ebx, 0x240); /* as it is written */
}

static void a_component_there_is_not_is_refused(void **state)
{
	(void)state;
	assert_int_equal(size(0, 0x80007, 0), 0);
	assert_int_equal(size(1, 7, 0x100), 0);
	assert_int_equal(size(0, ~0ull, 0), 0);
}

/* Sizes that would add up to anything. */
static void a_component_too_large_is_refused(void **state)
{
	(void)state;
	page.entry[6].eax = 0xffffffff;
	assert_int_equal(size(0, 7, 0), 0);
	assert_int_equal(size(1, 7, 0), 0);
	page.entry[6].eax = 0x10001;
	assert_int_equal(size(0, 7, 0), 0);
	page.entry[6].eax = 0x10000;
	page.entry[6].ebx = 0x10000;
	assert_int_equal(size(0, 7, 0), 0x20000);
	page.entry[6].ebx = 0x10001;
	assert_int_equal(size(0, 7, 0), 0);
}

static void a_page_that_is_none(void **state)
{
	(void)state;
	page.count = CBX_CPUID_MAX + 1;
	assert_false(cbx_cpuid_sound(&page));
	page.count = ~0u;
	assert_false(cbx_cpuid_sound(&page));
	page.count = COUNT;
	page.reserved0 = 1;
	assert_false(cbx_cpuid_sound(&page));
	page.reserved0 = 0;
	page.reserved1 = 1;
	assert_false(cbx_cpuid_sound(&page));
	page.reserved1 = 0;
	page.entry[COUNT - 1].reserved = 1;
	assert_false(cbx_cpuid_sound(&page));
	page.entry[COUNT - 1].reserved = 0;
	assert_true(cbx_cpuid_sound(&page));
}

static void two_answers_to_one_question_are_none(void **state)
{
	(void)state;
	page.entry[COUNT] = page.entry[1];
	page.count = COUNT + 1;
	assert_false(cbx_cpuid_sound(&page));
	page.entry[COUNT].sub = 5; /* the leaf has no subleaves */
	assert_false(cbx_cpuid_sound(&page));
	page.entry[COUNT] = page.entry[4];
	page.entry[COUNT].xcr0 = 7; /* the sizes are of another area */
	assert_true(cbx_cpuid_sound(&page));
}

static void a_full_page_is_one(void **state)
{
	(void)state;
	for (uint32_t i = COUNT; i < CBX_CPUID_MAX; i++) {
		page.entry[i].leaf = 0x10000 + i;
	}
	page.count = CBX_CPUID_MAX;
	assert_true(cbx_cpuid_sound(&page));
}

/* Leaves that are several, by hand from the manuals, and leaves that are not. */
static void subleaves_are_told_apart_where_there_are_some(void **state)
{
	static const uint32_t several[] = { 4, 7, 0xb, 0xd, 0xf, 0x10, 0x12,
		0x14, 0x17, 0x18, 0x1d, 0x1e, 0x1f, 0x24, 0x8000001d,
		0x80000020, 0x80000026 };
	static const uint32_t one[] = { 0, 1, 5, 6, 0xa, 0x15, 0x16, 0x19,
		0x80000000, 0x80000001, 0x80000008, 0x8000001e, 0x8000001f };

	(void)state;
	page.count = 1;
	for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		page.entry[0] = (struct cbx_cpuid_entry){
			.leaf = several[i], .sub = 5, .ecx = 9
		};
		assert_int_equal(ask(several[i], 5).ecx, 9);
		assert_int_equal(ask(several[i], 6).ecx, 0);
	}
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		page.entry[0] =
			(struct cbx_cpuid_entry){ .leaf = one[i], .ecx = 9 };
		assert_int_equal(ask(one[i], 6).ecx, 9);
	}
}

/* Bits that are the asker's, whatever the page has there. */
static void what_the_page_cannot_know_is_the_askers(void **state)
{
	static const struct {
		struct cbx_cpuid_question question;
		uint32_t eax, ebx, ecx, edx;
	} rows[] = {
		{ { .leaf = 1 }, 0, 0x00ffffff, 0xf7ffffff, ~0u },
		{ { .leaf = 1, .cr4 = 1u << 18, .apic = 5 }, 0, 0x05ffffff, ~0u,
			~0u },
		{ { .leaf = 1, .cr4 = 1u << 22, .apic = 0x105 }, 0, 0x05ffffff,
			0xf7ffffff, ~0u },
		{ { .leaf = 7 }, 0, ~0u, 0xffffffef, ~0u },
		{ { .leaf = 7, .cr4 = 1u << 22 }, 0, ~0u, ~0u, ~0u },
		{ { .leaf = 7, .sub = 1 }, 0, ~0u, ~0u, ~0u },
		{ { .leaf = 0xb, .apic = 0x105 }, 0, ~0u, ~0u, 0x105 },
		{ { .leaf = 0x8000001e, .apic = 6 }, 6, ~0u, ~0u, ~0u },
		{ { .leaf = 0x80000008, .apic = 6, .cr4 = ~0ull }, 0, ~0u, ~0u,
			~0u },
	};

	(void)state;
	page.count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbx_cpuid_entry answer;

		page.entry[0] = (struct cbx_cpuid_entry){
			.leaf = rows[i].question.leaf,
			.sub = rows[i].question.sub,
			.ebx = ~0u,
			.ecx = ~0u,
			.edx = ~0u,
		};
		assert_true(cbx_cpuid_answer(&page, rows[i].question, &answer));
		assert_int_equal(answer.eax, rows[i].eax);
		assert_int_equal(answer.ebx, rows[i].ebx);
		assert_int_equal(answer.ecx, rows[i].ecx);
		assert_int_equal(answer.edx, rows[i].edx);
	}
}

static void the_instruction_is_executed(void **state)
{
	static const uint8_t cpuid[] = { 0x0f, 0xa2 };
	struct cbx_cpuid_question how = { .leaf = 99, .sub = 99, .xcr0 = 7 };
	struct cbx_cpuid_registers r = { 0xffffffff00000007, ~0ull,
		0xffffffff00000001, ~0ull, 0x1000 };

	(void)state;
	assert_true(cbx_cpuid_execute(&page, cpuid, how, &r));
	assert_true(r.rax == 0x20 && r.rbx == 0 && r.rcx == 0 && r.rdx == 0 &&
		    r.rip == 0x1002);
	r = (struct cbx_cpuid_registers){ 0xd, 0, 0, 0, 0x1000 };
	assert_true(cbx_cpuid_execute(&page, cpuid, how, &r));
	assert_true(r.rbx == 0x340 && r.rip == 0x1002);
}

/* Each other byte, and what cannot be answered. */
static void what_is_not_the_instruction_is_not_executed(void **state)
{
	const struct cbx_cpuid_registers before = { 7, 1, 1, 1, 0x1000 };
	struct cbx_cpuid_question how = { 0 };
	struct cbx_cpuid_registers r = before;

	(void)state;
	for (uint32_t i = 0; i < 512; i++) {
		uint8_t code[] = { 0x0f, 0xa2 };

		code[i / 256] = (uint8_t)i;
		if (code[0] == 0x0f && code[1] == 0xa2) {
			continue;
		}
		assert_false(cbx_cpuid_execute(&page, code, how, &r));
		assert_memory_equal(&r, &before, sizeof(r));
	}
	r.rax = 0xd;
	r.rcx = 0;
	how.xcr0 = 1ull << 40;
	assert_false(cbx_cpuid_execute(
		&page, (const uint8_t[]){ 0x0f, 0xa2 }, how, &r));
	assert_int_equal(r.rip, 0x1000);
}

/* Entries behind the count are not there. */
static void what_is_behind_the_count_is_not_read(void **state)
{
	(void)state;
	page.entry[COUNT] = (struct cbx_cpuid_entry){ .leaf = 2, .eax = 9 };
	assert_int_equal(ask(2, 0).eax, 0);
	page.entry[COUNT].reserved = 1;
	assert_true(cbx_cpuid_sound(&page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			what_the_firmware_wrote_is_answered, boot),
		cmocka_unit_test_setup(what_is_not_there_is_zero, boot),
		cmocka_unit_test_setup(areas_are_as_large_as_what_is_on, boot),
		cmocka_unit_test_setup(
			a_component_there_is_not_is_refused, boot),
		cmocka_unit_test_setup(a_component_too_large_is_refused, boot),
		cmocka_unit_test_setup(a_page_that_is_none, boot),
		cmocka_unit_test_setup(
			two_answers_to_one_question_are_none, boot),
		cmocka_unit_test_setup(a_full_page_is_one, boot),
		cmocka_unit_test_setup(
			what_the_page_cannot_know_is_the_askers, boot),
		cmocka_unit_test_setup(the_instruction_is_executed, boot),
		cmocka_unit_test_setup(
			what_is_not_the_instruction_is_not_executed, boot),
		cmocka_unit_test_setup(
			subleaves_are_told_apart_where_there_are_some, boot),
		cmocka_unit_test_setup(
			what_is_behind_the_count_is_not_read, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

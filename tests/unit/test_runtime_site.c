/* SPDX-License-Identifier: Apache-2.0 */
/* Places that make system calls: which are known, what they are changed to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <runtime/site.h>

#include <stdlib.h>
#include <string.h>

#define AT	 0x401000u /* of the syscall */
#define ENTRY	 8u
#define PIECE	 (&window[CBX_SITE_BEFORE])
#define STUB_AT	 0x3ff000u
#define RFLAGS	 0x8d5u /* what a comparison sets */
#define NO_FLAGS 0x202u

static uint8_t window[CBX_SITE_WINDOW];

/* `nop`s, then what is given before and after the syscall. */
static const uint8_t *make_window(const char *before, size_t before_bytes,
	const char *after, size_t after_bytes)
{
	memset(window, 0x90, sizeof(window));
	memcpy(PIECE - before_bytes, before, before_bytes);
	memcpy(PIECE, "\x0f\x05", 2);
	memcpy(PIECE + 2, after, after_bytes);
	return window;
}

#define WINDOW(before, after) \
	make_window(before, sizeof(before) - 1, after, sizeof(after) - 1)

static void a_number_and_a_syscall_are_known(void **state)
{
	struct cbx_site site = cbx_site_number(
		WINDOW("\xb8\x27\x00\x00\x00", "\xc3"), AT, 0x27);

	(void)state;
	assert_int_equal(site.kind, CBX_SITE_NUMBER);
	assert_int_equal(site.start, AT - 5);
	assert_int_equal(site.end, AT);
	assert_int_equal(site.number, 0x27);
}

static void another_number_than_the_calls_is_none(void **state)
{
	(void)state;
	assert_int_equal(cbx_site_number(WINDOW("\xb8\x27\x00\x00\x00", "\xc3"),
				 AT, 0x28)
				 .kind,
		CBX_SITE_NONE);
}

static void what_may_be_another_instruction_is_none(void **state)
{
	static const struct {
		const char *before;
		size_t bytes;
		const char *is;
	} doubtful[] = {
		{ "\x41\xb8\x02\x00\x00\x00", 6, "mov $2, %r8d" },
		{ "\x41\x8b\xb8\x02\x00\x00\x00", 7, "mov 2(%r8), %edi" },
		{ "\x49\x8d\xb8\x02\x00\x00\x00", 7, "lea 2(%r8), %rdi" },
		{ "\x45\x0f\xb6\xb8\x02\x00\x00\x00", 8, "movzb" },
		{ "\xc7\x45\xb8\x02\x00\x00\x00", 7, "movl $2, -72(%rbp)" },
		{ "\xc7\x44\x24\xb8\x02\x00\x00\x00", 8, "-72(%rsp)" },
		{ "\x83\x84\xb8\x02\x00\x00\x00", 7, "a SIB byte" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++) {
		make_window(doubtful[i].before, doubtful[i].bytes, "\xc3", 1);
		if (cbx_site_number(window, AT, 2).kind != CBX_SITE_NONE) {
			fail_msg("%s", doubtful[i].is);
		}
	}
}

static void a_syscall_and_a_comparison_are_known(void **state)
{
	struct cbx_site site = cbx_site_test(
		WINDOW("\x31\xc0", "\x48\x3d\x00\xf0\xff\xff"), AT);

	(void)state;
	assert_int_equal(site.kind, CBX_SITE_TEST);
	assert_int_equal(site.start, AT);
	assert_int_equal(site.end, AT + 8);
	site = cbx_site_test(WINDOW("\x31\xc0", "\x3d\x00\xf0\xff\xff"), AT);
	assert_int_equal(site.kind, CBX_SITE_TEST);
	assert_int_equal(site.end, AT + 7);
	assert_int_equal(cbx_site_test(WINDOW("\x31\xc0", "\x89\xc2"), AT).kind,
		CBX_SITE_NONE);
}

static void a_branch_into_a_site_is_seen(void **state)
{
	enum {
		BYTES = 4096,
		SITE = 1000
	};
	struct cbx_site site = cbx_site_test(
		WINDOW("\x31\xc0", "\x48\x3d\x00\xf0\xff\xff"), AT + SITE);
	uint8_t *text = malloc(BYTES);

	(void)state;
	for (int target = SITE - 2; target < SITE + 12; target++) {
		bool inside = target > SITE && target < SITE + 8;
		int32_t far = target - (3000 + 4);

		memset(text, 0x90, BYTES);
		memcpy(text + 3000, &far, sizeof(far));
		assert_int_equal(
			cbx_site_aimed_at(text, BYTES, AT, &site), inside);
		memset(text, 0x90, BYTES);
		text[SITE - 40] = 0x74;
		text[SITE - 39] = (uint8_t)(target - SITE + 38);
		assert_int_equal(
			cbx_site_aimed_at(text, BYTES, AT, &site), inside);
	}
	free(text);
}

static uint64_t distance_at(const uint8_t *at)
{
	int32_t word;

	memcpy(&word, at, sizeof(word));
	return (uint64_t)(int64_t)word;
}

static void a_number_stub_loads_it_and_returns_behind_the_syscall(void **state)
{
	struct cbx_site site = cbx_site_number(
		WINDOW("\xb8\x27\x00\x00\x00", "\xc3"), AT, 0x27);
	uint8_t stub[CBX_STUB_BYTES];
	uint8_t text[CBX_SITE_BYTES_MAX];

	(void)state;
	cbx_site_write(&site, STUB_AT, ENTRY, stub, text);
	assert_int_equal(text[0], 0xe9);
	assert_int_equal(AT + distance_at(text + 1), STUB_AT);
	assert_memory_equal(stub, "\xb8\x27\x00\x00\x00\x48\x8d\x0d", 8);
	assert_int_equal(STUB_AT + 12 + distance_at(stub + 8), AT + 2);
	assert_memory_equal(
		stub + 12, "\x65\xff\x24\x25\x08\x00\x00\x00\xcc", 9);
}

static void a_test_stub_compares_and_goes_on_behind(void **state)
{
	struct cbx_site site = cbx_site_test(
		WINDOW("\x31\xc0", "\x48\x3d\x00\xf0\xff\xff"), AT);
	uint8_t stub[CBX_STUB_BYTES];
	uint8_t text[CBX_SITE_BYTES_MAX];

	(void)state;
	cbx_site_write(&site, STUB_AT, ENTRY, stub, text);
	assert_int_equal(AT + 5 + distance_at(text + 1), STUB_AT);
	assert_memory_equal(text + 5, "\xcc\xcc\xcc", 3);
	assert_memory_equal(stub, "\x48\x8d\x0d\x0a\x00\x00\x00", 7);
	assert_memory_equal(
		stub + 15, "\x0f\x05\x48\x3d\x00\xf0\xff\xff\xe9", 9);
	assert_int_equal(STUB_AT + 28 + distance_at(stub + 24), AT + 8);
}

/* Below the red zone. */
#define ASM(compare)                                                     \
	"lea -128(%%rsp), %%rsp\n\t" compare "\n\tpushfq\n\tpopq %0\n\t" \
	"lea 128(%%rsp), %%rsp"

static uint64_t flags_of(uint64_t a, uint64_t b, bool wide)
{
	uint64_t flags;

	if (wide) {
		__asm__(ASM("cmpq %2, %1")
			: "=&r"(flags)
			: "r"(a), "r"(b)
			: "cc", "memory");
	} else {
		__asm__(ASM("cmpl %k2, %k1")
			: "=&r"(flags)
			: "r"(a), "r"(b)
			: "cc", "memory");
	}
	return flags & RFLAGS;
}

static void a_comparison_in_words_sets_the_cpus_flags(void **state)
{
	static const uint64_t value[] = { 0, 1, 4095, 0x7fffffff, 0x80000000,
		0xfffff000, 0xffffffff, INT64_MAX, 1ull << 63, -4096ull,
		-4095ull, -1ull };
	static const char *const after[] = { "\x48\x3d\x00\xf0\xff\xff",
		"\x3d\x00\xf0\xff\xff" };

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(value) / sizeof(value[0]); i++) {
		bool wide = i % 2 == 0;
		struct cbx_regs regs = { .rax = value[i / 2],
			.rflags = NO_FLAGS };
		struct cbx_site site = cbx_site_test(
			make_window("", 0, after[i % 2], wide ? 6 : 5), AT);

		cbx_site_home(&site, 17, &regs);
		assert_int_equal(regs.rip, site.end);
		assert_int_equal(regs.rflags & RFLAGS,
			flags_of(regs.rax, -4096ull, wide));
	}
}

static void before_the_call_a_stub_is_its_site(void **state)
{
	struct cbx_site test = cbx_site_test(
		WINDOW("\x31\xc0", "\x48\x3d\x00\xf0\xff\xff"), AT);
	struct cbx_regs regs = { .rip = STUB_AT + 15 };

	(void)state;
	cbx_site_home(&test, 15, &regs);
	assert_int_equal(regs.rip, AT);
	cbx_site_home(&test, 23, &regs);
	assert_int_equal(regs.rip, AT + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_and_a_syscall_are_known),
		cmocka_unit_test(another_number_than_the_calls_is_none),
		cmocka_unit_test(what_may_be_another_instruction_is_none),
		cmocka_unit_test(a_syscall_and_a_comparison_are_known),
		cmocka_unit_test(a_branch_into_a_site_is_seen),
		cmocka_unit_test(
			a_number_stub_loads_it_and_returns_behind_the_syscall),
		cmocka_unit_test(a_test_stub_compares_and_goes_on_behind),
		cmocka_unit_test(a_comparison_in_words_sets_the_cpus_flags),
		cmocka_unit_test(before_the_call_a_stub_is_its_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

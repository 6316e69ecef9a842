/* SPDX-License-Identifier: Apache-2.0 */
/* What a box is told by CPUID. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/cpuid.h>
#include <runtime/cpuid.h>

enum where {
	ONE_C,
	ONE_D,
	SEVEN_B,
	SEVEN_C,
	MORE_C,
	MORE_D,
	WORDS,
};

/* The ABI's list of what each level adds, by the vendors' numbers; and the time
 * stamp counter. */
static const struct {
	const char *name;
	uint32_t level;
	enum where where;
	uint32_t bit;
} features[] = {
	{ "fpu", 1, ONE_D, 0 },
	{ "tsc", 1, ONE_D, 4 },
	{ "cx8", 1, ONE_D, 8 },
	{ "cmov", 1, ONE_D, 15 },
	{ "mmx", 1, ONE_D, 23 },
	{ "fxsr", 1, ONE_D, 24 },
	{ "sse", 1, ONE_D, 25 },
	{ "sse2", 1, ONE_D, 26 },
	{ "syscall", 1, MORE_D, 11 },
	{ "lm", 1, MORE_D, 29 },
	{ "sse3", 2, ONE_C, 0 },
	{ "ssse3", 2, ONE_C, 9 },
	{ "cx16", 2, ONE_C, 13 },
	{ "sse4.1", 2, ONE_C, 19 },
	{ "sse4.2", 2, ONE_C, 20 },
	{ "popcnt", 2, ONE_C, 23 },
	{ "lahf", 2, MORE_C, 0 },
	{ "fma", 3, ONE_C, 12 },
	{ "movbe", 3, ONE_C, 22 },
	{ "xsave", 3, ONE_C, 26 },
	{ "osxsave", 3, ONE_C, 27 },
	{ "avx", 3, ONE_C, 28 },
	{ "f16c", 3, ONE_C, 29 },
	{ "bmi1", 3, SEVEN_B, 3 },
	{ "avx2", 3, SEVEN_B, 5 },
	{ "bmi2", 3, SEVEN_B, 8 },
	{ "lzcnt", 3, MORE_C, 5 },
	{ "avx512f", 4, SEVEN_B, 16 },
	{ "avx512dq", 4, SEVEN_B, 17 },
	{ "avx512cd", 4, SEVEN_B, 28 },
	{ "avx512bw", 4, SEVEN_B, 30 },
	{ "avx512vl", 4, SEVEN_B, 31 },
};

static void told_features(uint32_t level, uint32_t word[WORDS])
{
	struct cbx_cpuid one = cbx_cpuid_told(level, 1, 0);
	struct cbx_cpuid seven = cbx_cpuid_told(level, 7, 0);
	struct cbx_cpuid more = cbx_cpuid_told(level, 0x80000001u, 0);

	word[ONE_C] = one.c;
	word[ONE_D] = one.d;
	word[SEVEN_B] = seven.b;
	word[SEVEN_C] = seven.c | seven.d | seven.a;
	word[MORE_C] = more.c;
	word[MORE_D] = more.d;
}

static void a_level_has_what_the_abi_lists_and_nothing_else(void **state)
{
	(void)state;
	for (uint32_t level = 1; level <= CBX_CPUID_LEVELS; level++) {
		uint32_t wanted[WORDS] = { 0 };
		uint32_t word[WORDS];

		for (size_t i = 0; i < sizeof(features) / sizeof(features[0]);
			i++) {
			wanted[features[i].where] |=
				(uint32_t)(features[i].level <= level)
				<< features[i].bit;
		}
		told_features(level, word);
		assert_memory_equal(word, wanted, sizeof(word));
	}
}

static void names_are_the_level_s(void **state)
{
	(void)state;
	for (uint32_t level = 1; level <= CBX_CPUID_LEVELS; level++) {
		char name[49] = { 0 };
		char wanted[] = "x86-64-v0";
		struct cbx_cpuid r = cbx_cpuid_told(level, 0, 0);
		uint32_t vendor[3] = { r.b, r.d, r.c };

		wanted[8] = (char)('0' + level);
		assert_int_equal(r.a, 0xd);
		assert_memory_equal(vendor, "GenuineIntel", 12);
		assert_int_equal(
			cbx_cpuid_told(level, 0x80000000u, 0).a, 0x80000008u);
		for (uint32_t i = 0; i < 3; i++) {
			r = cbx_cpuid_told(level, 0x80000002u + i, 0);
			memcpy(name + i * sizeof(r), &r, sizeof(r));
		}
		assert_string_equal(name, wanted);
	}
}

/* Bytes of a cache, as the vendor says to compute them. */
static uint64_t bytes_of(struct cbx_cpuid r)
{
	return ((uint64_t)(r.b >> 22) + 1) * ((r.b >> 12 & 1023) + 1) *
	       ((r.b & 4095) + 1) * ((uint64_t)r.c + 1);
}

static void caches_have_the_sizes_of_a_usual_machine(void **state)
{
	static const struct {
		uint32_t type, level;
		uint64_t bytes;
	} wanted[] = { { 1, 1, 32 << 10 }, { 2, 1, 32 << 10 },
		{ 3, 2, 1 << 20 }, { 3, 3, 16 << 20 } };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct cbx_cpuid r = cbx_cpuid_told(3, 4, i);

		assert_int_equal(r.a & 31, wanted[i].type);
		assert_int_equal(r.a >> 5 & 7, wanted[i].level);
		assert_int_equal(bytes_of(r), wanted[i].bytes);
	}
	assert_int_equal(cbx_cpuid_told(3, 4, 4).a, 0);
	assert_int_equal(cbx_cpuid_told(3, 4, UINT32_MAX).a, 0);
	assert_int_equal(cbx_cpuid_told(3, 2, 0).a, 0xff01);
}

static void xsave_has_room_on_every_machine_or_is_not_there(void **state)
{
	(void)state;
	for (uint32_t level = 1; level <= CBX_CPUID_LEVELS; level++) {
		struct cbx_cpuid r = cbx_cpuid_told(level, 0xd, 0);
		struct cbx_cpuid avx = cbx_cpuid_told(level, 0xd, 2);

		assert_int_equal(r.a, level < 3 ? 0 : 7);
		assert_int_equal(r.b, level < 3 ? 0 : 2816 + 8192);
		assert_int_equal(r.c, r.b);
		assert_int_equal(cbx_cpuid_told(level, 0xd, 1).a, 0);
		assert_int_equal(avx.a, level < 3 ? 0 : 256);
		assert_int_equal(avx.b, level < 3 ? 0 : 576);
	}
}

static void the_counter_is_steady_where_all_processors_have_that(void **state)
{
	(void)state;
	for (uint32_t level = 1; level <= CBX_CPUID_LEVELS; level++) {
		assert_int_equal(cbx_cpuid_told(level, 0x80000007u, 0).d,
			level < 2 ? 0 : 0x100);
	}
}

static void what_is_not_known_is_zero(void **state)
{
	static const uint32_t leaves[] = { 3, 5, 6, 9, 0xa, 0xb, 0xe, 0xf, 0x10,
		0x14, 0x15, 0x16, 0x19, 0x1d, 0x1f, 0x24, 0x40000000,
		0x40000001, 0x80000005, 0x80000006, 0x80000009, 0x8000001f,
		0xc0000000, UINT32_MAX };
	const struct cbx_cpuid zero = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		struct cbx_cpuid r = cbx_cpuid_told(4, leaves[i], 0);

		assert_memory_equal(&r, &zero, sizeof(r));
	}
	assert_int_equal(cbx_cpuid_told(4, 7, 1).b, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_level_has_what_the_abi_lists_and_nothing_else),
		cmocka_unit_test(names_are_the_level_s),
		cmocka_unit_test(caches_have_the_sizes_of_a_usual_machine),
		cmocka_unit_test(
			xsave_has_room_on_every_machine_or_is_not_there),
		cmocka_unit_test(
			the_counter_is_steady_where_all_processors_have_that),
		cmocka_unit_test(what_is_not_known_is_zero),
	};

	return cmocka_run_group_tests_name("runtime cpuid", tests, NULL, NULL);
}

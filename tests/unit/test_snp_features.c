/* SPDX-License-Identifier: Apache-2.0 */
/* Machines the monitor starts on, and why it does not on others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch/x86_64/sev/features.h>

#define GOOD 0x27ull /* SEV, SEV-ES, SEV-SNP, restricted injection */

/* Bits that change nothing for the monitor, by hand from the specification. */
static const uint8_t harmless[] = { 7, 8, 9, 10, 11, 17, 23 };

static void what_is_needed_is_named(void **state)
{
	static const struct {
		uint64_t status;
		const char *word;
	} lacks[] = {
		{ 0, "SEV-ES" },
		{ GOOD & ~1ull, "SEV-ES" },
		{ GOOD & ~2ull, "SEV-ES" },
		{ GOOD & ~4ull, "SEV-SNP" },
		{ GOOD & ~0x20ull, "Restricted injection" },
	};

	(void)state;
	assert_null(cbx_snp_refusal(GOOD));
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		const char *why = cbx_snp_refusal(lacks[i].status);

		assert_non_null(why);
		assert_non_null(strstr(why, lacks[i].word));
	}
}

static void what_undoes_the_monitor_is_named(void **state)
{
	static const struct {
		uint8_t bit;
		const char *word;
	} has[] = {
		{ 3, "TOM" },
		{ 4, "reflected" },
		{ 6, "Alternate" },
		{ 12, "parameter" },
		{ 14, "sampling" },
		{ 16, "tweaked" },
		{ 18, "AVIC" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++) {
		const char *why = cbx_snp_refusal(GOOD | 1ull << has[i].bit);

		assert_non_null(why);
		assert_non_null(strstr(why, has[i].word));
	}
}

/* Each of 64 bits is either needed, or harmless, or a reason. */
static void a_bit_nobody_knows_is_a_reason(void **state)
{
	(void)state;
	for (uint8_t bit = 0; bit < 64; bit++) {
		uint64_t status = GOOD | 1ull << bit;
		bool fine = status == GOOD ||
			    memchr(harmless, bit, sizeof(harmless)) != NULL;

		assert_int_equal(cbx_snp_refusal(status) == NULL, fine);
	}
	assert_non_null(
		strstr(cbx_snp_refusal(GOOD | 1ull << 63), "does not know"));
}

static void a_reason_is_one_sentence(void **state)
{
	(void)state;
	for (uint32_t status = 0; status < 0x80; status++) {
		const char *why = cbx_snp_refusal(status);

		if (why != NULL) {
			assert_ptr_equal(
				strchr(why, '.'), why + strlen(why) - 1);
			assert_null(strchr(why, '\n'));
		}
	}
}

static void the_host_is_interrupted_as_it_expects(void **state)
{
	(void)state;
	assert_int_equal(cbx_snp_own_features(GOOD), 9);
	assert_int_equal(cbx_snp_host_features(GOOD), 1);
	assert_int_equal(cbx_snp_host_features(GOOD | 1ull << 11), 0x201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_is_named),
		cmocka_unit_test(what_undoes_the_monitor_is_named),
		cmocka_unit_test(a_bit_nobody_knows_is_a_reason),
		cmocka_unit_test(a_reason_is_one_sentence),
		cmocka_unit_test(the_host_is_interrupted_as_it_expects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

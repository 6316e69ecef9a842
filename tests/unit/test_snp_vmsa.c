/* SPDX-License-Identifier: Apache-2.0 */
/* Registers a host hands over, and why a level left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arch/x86_64/sev/vmsa.h>

#define FEATURES 0x21ull

static struct cbx_vmsa good(void)
{
	return (struct cbx_vmsa){
		.vmpl = 1, .efer = 0x1d00, .features = FEATURES
	};
}

static void registers_of_the_hosts_level_will_do(void **state)
{
	const struct cbx_vmsa vmsa = good();

	(void)state;
	assert_true(cbx_vmsa_sound(&vmsa, 1, FEATURES));
}

static void no_other_level_is_the_hosts(void **state)
{
	struct cbx_vmsa vmsa = good();

	(void)state;
	for (uint32_t vmpl = 0; vmpl < 256; vmpl++) {
		vmsa.vmpl = (uint8_t)vmpl;
		assert_int_equal(cbx_vmsa_sound(&vmsa, 1, FEATURES), vmpl == 1);
	}
}

static void no_feature_is_the_hosts_choice(void **state)
{
	struct cbx_vmsa vmsa = good();

	(void)state;
	for (uint32_t bit = 0; bit < 64; bit++) {
		vmsa.features = FEATURES ^ 1ull << bit;
		assert_false(cbx_vmsa_sound(&vmsa, 1, FEATURES));
	}
}

static void what_cannot_run_or_runs_is_refused(void **state)
{
	struct cbx_vmsa vmsa = good();

	(void)state;
	vmsa.efer &= ~CBX_VMSA_SVME;
	assert_false(cbx_vmsa_sound(&vmsa, 1, FEATURES));
	vmsa = good();
	vmsa.virtual_interrupt = CBX_VMSA_BUSY;
	assert_false(cbx_vmsa_sound(&vmsa, 1, FEATURES));
}

static void the_right_that_was_wanted(void **state)
{
	static const struct {
		uint64_t info1;
		uint8_t cpl;
		uint8_t bits;
	} rows[] = {
		{ 0x1000000000ull, 0, CBX_VIEW_R },
		{ 0x1080000005ull, 3, CBX_VIEW_R },
		{ 0x1080000007ull, 0, CBX_VIEW_W },
		{ 0x1080000014ull, 0, CBX_VIEW_SX },
		{ 0x1080000014ull, 3, CBX_VIEW_UX },
		{ 0x0080000007ull, 0, CBX_VIEW_NONE }, /* not of levels */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbx_vmsa vmsa = { .cpl = rows[i].cpl,
			.exit_code = CBX_VMSA_NPF,
			.exit_info1 = rows[i].info1 };

		assert_int_equal(cbx_vmsa_wanted(&vmsa).bits, rows[i].bits);
		vmsa.exit_code = CBX_VMSA_VMGEXIT;
		assert_int_equal(cbx_vmsa_wanted(&vmsa).bits, CBX_VIEW_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_of_the_hosts_level_will_do),
		cmocka_unit_test(no_other_level_is_the_hosts),
		cmocka_unit_test(no_feature_is_the_hosts_choice),
		cmocka_unit_test(what_cannot_run_or_runs_is_refused),
		cmocka_unit_test(the_right_that_was_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a stock kernel's CPUs: what may become some, who runs from them, and
 * when they are a page again. */
#include "snp/asker.h"

static uint32_t create(void)
{
	return ask(CBX_SVSM_CREATE_VCPU, page(VMSA), page(AREA), 1);
}

static void registers_are_nobodys_but_the_processors(void **state)
{
	(void)state;
	*vmsa = sound();
	assert_int_equal(create(), CBX_SVSM_OK);
	assert_true(machine_is_vmsa(VMSA));
	assert_int_equal(machine_rights(VMSA, 1), CBX_VIEW_R);
	assert_int_equal(vmsa->efer & CBX_VMSA_SVME, 0);
	assert_int_equal(vmsa->cpu, 0);
	assert_int_equal(view(VMSA, ALL), CBX_E_HARDWARE);
	assert_int_equal(view(VMSA, NONE), CBX_E_HARDWARE);
	assert_int_equal(view(AREA, NONE), CBX_E_HARDWARE);
	assert_true(machine_is_vmsa(VMSA));
	assert_null(cbx_hal_host_map(PFN(VMSA)));
	assert_int_equal(ask(0, page(VMSA), 0, 0), CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(ask(0, page(AREA), 0, 0), CBX_SVSM_BAD_ADDRESS);
}

static void another_cpu_runs_from_what_it_was_given(void **state)
{
	(void)state;
	machine.cpu = 1;
	assert_int_equal(cbx_snp_serve_run(1, &host, &left), CBX_E_STATE);
	machine.cpu = 0;
	*vmsa = sound();
	assert_int_equal(create(), CBX_SVSM_OK);
	machine.cpu = 1;
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(machine.vmsa, VMSA);
	assert_true(machine.had_svme);
	assert_int_equal(vmsa->efer & CBX_VMSA_SVME, 0);
	assert_int_equal(vmsa->rcx, 1ull << 32 | 1);
}

static void registers_are_the_hosts_own_page(void **state)
{
	static const uint64_t bad[][2] = { { SHARED, AREA }, { CLOSED, AREA },
		{ MACHINE_VMSA, AREA }, { MACHINE_AREA, AREA }, { 500, AREA },
		{ VMSA, SHARED }, { VMSA, CLOSED }, { VMSA, MACHINE_AREA },
		{ VMSA, 500 } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		*(struct cbx_vmsa *)machine_memory[bad[i][0]] = sound();
		assert_int_equal(ask(2, page(bad[i][0]), page(bad[i][1]), 1),
			CBX_SVSM_BAD_ADDRESS);
		assert_int_equal(cbx_snp_vcpus[1].vmsa.n, 0);
	}
	assert_int_equal(machine_rights(VMSA, 1), CBX_VIEW_ALL);
	assert_int_equal(ask(2, page(VMSA), page(AREA), MACHINE_CPUS),
		CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(
		ask(2, page(512), page(AREA), 1), CBX_SVSM_BAD_PARAMETER);
}

static void registers_that_will_not_do_the_host_has_back(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		*vmsa = sound();
		vmsa->vmpl = i == 0 ? 0 : vmsa->vmpl;
		vmsa->features |= i == 1 ? 8 : 0;
		vmsa->efer &= i == 2 ? ~CBX_VMSA_SVME : ~0ull;
		vmsa->virtual_interrupt = i == 3 ? CBX_VMSA_BUSY : 0;
		assert_int_equal(create(), CBX_SVSM_BAD_PARAMETER);
		assert_false(machine_is_vmsa(VMSA));
		assert_int_equal(view(VMSA, ALL), CBX_OK); /* at its touch */
	}
	*vmsa = sound();
	assert_int_equal(create(), CBX_SVSM_OK);
}

static void registers_wait_until_nobody_can_write_to_them(void **state)
{
	uint64_t token = cbx_flush_begin(1, true);

	(void)state;
	cbx_flush_end(1, true, token);
	*vmsa = sound();
	assert_int_equal(create(), CBX_SVSM_INCOMPLETE);
	assert_int_equal(machine_rights(VMSA, 1), CBX_VIEW_R);
	assert_false(machine_is_vmsa(VMSA));
	assert_int_equal(create(), CBX_SVSM_INCOMPLETE);
	cbx_flush_end(1, false, 0);
	assert_int_equal(create(), CBX_SVSM_OK);
	assert_true(machine_is_vmsa(VMSA));
}

static void a_page_donated_meanwhile_is_no_registers(void **state)
{
	uint64_t token = cbx_flush_begin(1, true);

	(void)state;
	cbx_flush_end(1, true, token);
	*vmsa = sound();
	assert_int_equal(create(), CBX_SVSM_INCOMPLETE);
	assert_int_equal(view(VMSA, NONE), CBX_OK);
	cbx_flush_end(1, false, 0);
	assert_int_equal(create(), CBX_SVSM_BAD_ADDRESS);
	assert_false(machine_is_vmsa(VMSA));
}

static void registers_are_replaced_and_then_given_up(void **state)
{
	(void)state;
	*vmsa = sound();
	assert_int_equal(create(), CBX_SVSM_OK);
	machine.cpu = 1;
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	machine.cpu = 0;
	*(struct cbx_vmsa *)machine_memory[OTHER] = sound();
	assert_int_equal(ask(2, page(OTHER), page(AREA), 1), CBX_SVSM_OK);
	*(struct cbx_vmsa *)machine_memory[THIRD] = sound();
	assert_int_equal(ask(2, page(THIRD), page(AREA), 1),
		CBX_SVSM_BAD_PARAMETER); /* two are enough */
	assert_int_equal(ask(3, page(VMSA), 0, 0), CBX_SVSM_BUSY);
	assert_true(machine_is_vmsa(VMSA));
	machine.cpu = 1;
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(machine.vmsa, OTHER);
	machine.cpu = 0;
	assert_int_equal(ask(3, page(VMSA), 0, 0), CBX_SVSM_OK);
	assert_false(machine_is_vmsa(VMSA));
	assert_int_equal(view(VMSA, ALL), CBX_OK);
	assert_int_equal(ask(3, page(VMSA), 0, 0), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(ask(3, 0, 0, 0), CBX_SVSM_BAD_PARAMETER);
}

static void a_cpu_whose_registers_go_runs_no_more(void **state)
{
	(void)state;
	*vmsa = sound();
	assert_int_equal(create(), CBX_SVSM_OK);
	assert_int_equal(ask(3, page(VMSA), 0, 0), CBX_SVSM_OK);
	assert_false(machine_is_vmsa(VMSA));
	machine.cpu = 1;
	assert_int_equal(cbx_snp_serve_run(1, &host, &left), CBX_E_STATE);
}

static void replace(uint64_t pfn, uint64_t area, uint64_t apic)
{
	*(struct cbx_vmsa *)machine_memory[pfn] = sound();
	assert_int_equal(ask(2, page(pfn), page(area), apic), CBX_SVSM_OK);
}

/* It may be about to write to it, having left. */
static void an_area_is_used_until_its_cpu_takes_another(void **state)
{
	(void)state;
	replace(VMSA, AREA, 1);
	machine.cpu = 1;
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	machine.cpu = 0;
	replace(OTHER, THIRD, 1);
	assert_int_equal(view(AREA, NONE), CBX_E_HARDWARE);
	assert_int_equal(view(THIRD, NONE), CBX_E_HARDWARE);
	assert_int_equal(ask(0, page(AREA), 0, 0), CBX_SVSM_BAD_ADDRESS);
	machine.cpu = 1;
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(machine.vmsa, OTHER);
	assert_int_equal(view(AREA, NONE), CBX_OK);
	assert_int_equal(view(THIRD, NONE), CBX_E_HARDWARE);
}

static void stay(void)
{
	vmsa->virtual_interrupt = CBX_VMSA_BUSY;
}

/* Else nobody would wait for what they may still touch. */
static void registers_that_run_elsewhere_are_not_replaced(void **state)
{
	uint64_t token;

	(void)state;
	replace(VMSA, AREA, 1);
	machine.cpu = 1;
	machine.vmsa = VMSA;
	machine.level = stay;
	assert_int_equal(cbx_snp_serve_run(1, &host, &left), CBX_E_BUSY);
	machine.cpu = 0;
	token = cbx_hal_view_flush();
	*(struct cbx_vmsa *)machine_memory[OTHER] = sound();
	assert_int_equal(
		ask(2, page(OTHER), page(THIRD), 1), CBX_SVSM_INCOMPLETE);
	assert_int_equal(ask(3, page(VMSA), 0, 0), CBX_SVSM_BUSY);
	machine.cpu = 1;
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(
			cbx_snp_serve_run(1, &host, &left), CBX_E_BUSY);
		assert_false(cbx_hal_view_flushed(token));
	}
	assert_true(machine_is_vmsa(VMSA));
	vmsa->virtual_interrupt = 0;
	assert_int_equal(cbx_snp_serve_run(1, &host, &left), CBX_OK);
	assert_true(cbx_hal_view_flushed(token));
	assert_int_equal(cbx_snp_serve_run(1, &host, &left), CBX_E_STATE);
}

/* Those the monitor made were never the host's to read. */
static void registers_of_the_monitors_stay_the_monitors(void **state)
{
	(void)state;
	replace(VMSA, AREA, 1);
	machine.cpu = 1;
	replace(OTHER, THIRD, 0);
	machine.cpu = 0;
	assert_int_equal(ask(6, 1, 0, 0), CBX_SVSM_OK);
	machine.cpu = 1;
	assert_int_equal(ask(3, page(MACHINE_VMSA), 0, 0), CBX_SVSM_OK);
	assert_false(machine_is_vmsa(MACHINE_VMSA));
	assert_int_equal(machine_rights(MACHINE_VMSA, CBX_SNP_HOST), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_are_nobodys_but_the_processors),
		TEST(another_cpu_runs_from_what_it_was_given),
		TEST(registers_are_the_hosts_own_page),
		TEST(registers_that_will_not_do_the_host_has_back),
		TEST(registers_wait_until_nobody_can_write_to_them),
		TEST(a_page_donated_meanwhile_is_no_registers),
		TEST(registers_are_replaced_and_then_given_up),
		TEST(a_cpu_whose_registers_go_runs_no_more),
		TEST(an_area_is_used_until_its_cpu_takes_another),
		TEST(registers_that_run_elsewhere_are_not_replaced),
		TEST(registers_of_the_monitors_stay_the_monitors),
	};

	return cmocka_run_group_tests_name("snp_vcpu", tests, NULL, NULL);
}

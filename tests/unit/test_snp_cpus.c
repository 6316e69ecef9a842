/* SPDX-License-Identifier: Apache-2.0 */
/* Several CPUs of the snp backend's: whose translations are waited for, and what
 * #HV is about. */
#include "snp/machine.h"

#define FEATURES 9ull
#define FIRST	 0u
#define OTHER	 1u

static struct cbx_vmsa *const vmsa = (void *)machine_memory[MACHINE_VMSA];
static _Atomic uint8_t *const area = (void *)machine_memory[MACHINE_AREA];
static uint8_t *const bell = machine_memory[MACHINE_BELL];
static struct cbx_snp_host host;
static struct cbx_snp_left left;
static uint64_t token;

static const struct cbx_snp_two_ways two = {
	.pfn = { MACHINE_GHCB },
	.hidden = machine_memory[MACHINE_GHCB],
	.shared = machine_memory[MACHINE_GHCB],
};

static int boot(void **state)
{
	machine_boot(state);
	assert_null(cbx_snp_ghcb_start(&two, MACHINE_C));
	*vmsa = (struct cbx_vmsa){
		.vmpl = CBX_SNP_HOST, .efer = 0x1500, .features = FEATURES
	};
	host = (struct cbx_snp_host){ vmsa, area, MACHINE_VMSA << 12, 0, 0,
		NULL };
	left = (struct cbx_snp_left){ .pfn = { 777 } };
	return 0;
}

/* The host is CPU OTHER's; the test is CPU FIRST but while that runs. */
static int boot_host(void **state)
{
	boot(state);
	assert_null(machine_bell());
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_OK);
	return 0;
}

static enum cbx_status run(void (*level)(void))
{
	enum cbx_status status;

	machine.level = level;
	machine.cpu = OTHER;
	status = cbx_snp_host_run(&host, &left);
	machine.cpu = FIRST;
	return status;
}

static void nothing(void)
{
}

static void flush(void)
{
	machine.cpu = FIRST;
	token = cbx_hal_view_flush();
	assert_false(cbx_hal_view_flushed(token));
	machine.cpu = OTHER;
}

static void keep_running(void)
{
	vmsa->virtual_interrupt = CBX_VMSA_BUSY;
}

static void who_runs_no_host_is_not_waited_for(void **state)
{
	(void)state;
	assert_true(cbx_hal_view_flushed(cbx_hal_view_flush()));
	assert_int_equal(run(nothing), CBX_OK);
	assert_true(cbx_hal_view_flushed(cbx_hal_view_flush()));
	assert_int_equal(machine.ipis[OTHER], 0);
}

/* It is asked to leave, and nobody else is; again at each look. */
static void who_runs_the_host_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(run(flush), CBX_OK);
	assert_int_equal(machine.ipis[OTHER], 2);
	assert_int_equal(machine.ipis[FIRST] + machine.ipis[2], 0);
	assert_true(cbx_hal_view_flushed(token));
	assert_int_equal(machine.ipis[OTHER], 2);
}

static void a_kick_that_is_lost_grants_nothing(void **state)
{
	(void)state;
	machine.no_ipi = true;
	assert_int_equal(run(flush), CBX_OK);
	assert_int_equal(machine.ipis[OTHER], 0);
	assert_true(cbx_hal_view_flushed(token));
}

static void translations_are_dropped_after_a_flush_and_once(void **state)
{
	(void)state;
	assert_int_equal(run(nothing), CBX_OK);
	assert_true(machine.flushed);
	assert_int_equal(run(nothing), CBX_OK);
	assert_false(machine.flushed);
	assert_int_equal(run(flush), CBX_OK);
	assert_false(machine.flushed);
	assert_int_equal(run(nothing), CBX_OK);
	assert_true(machine.flushed);
	assert_int_equal(run(nothing), CBX_OK);
	assert_false(machine.flushed);
}

/* The wish stands until the processor has done it. */
static void a_hypervisor_that_runs_nobody_drops_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(flush), CBX_OK);
	machine.no_run = true;
	assert_int_equal(run(nothing), CBX_OK);
	machine.no_run = false;
	machine.flushed = false;
	assert_int_equal(run(nothing), CBX_OK);
	assert_true(machine.flushed);
}

/* A host chose a number for its registers that some processor has. */
static void new_registers_drop_what_the_old_ones_had(void **state)
{
	(void)state;
	assert_int_equal(run(nothing), CBX_OK);
	vmsa->efer |= CBX_VMSA_SVME;
	vmsa->cpu = 5;
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_OK);
	assert_int_equal(run(nothing), CBX_OK);
	assert_true(machine.flushed);
}

/* Elsewhere: it holds what it held, however often this CPU comes back. */
static void a_host_that_never_left_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(run(keep_running), CBX_E_BUSY);
	token = cbx_hal_view_flush();
	assert_false(cbx_hal_view_flushed(token));
	for (uint32_t i = 0; i < 3; i++) {
		machine.had_svme = false;
		assert_int_equal(run(nothing), CBX_E_BUSY);
		assert_false(machine.had_svme);
		assert_false(cbx_hal_view_flushed(token));
	}
	vmsa->virtual_interrupt = 0;
	assert_int_equal(run(nothing), CBX_OK);
	assert_true(machine.flushed);
	assert_true(cbx_hal_view_flushed(token));
}

/* A processor that leaves late writes all registers, as it had them. */
static void a_host_that_left_late_cannot_run_again(void **state)
{
	(void)state;
	assert_int_equal(run(keep_running), CBX_E_BUSY);
	vmsa->efer |= CBX_VMSA_SVME;
	assert_int_equal(run(nothing), CBX_E_BUSY);
	assert_int_equal(vmsa->efer & CBX_VMSA_SVME, 0);
}

/* Heard of before, and on the way in. */
static void the_host_does_not_run_when_it_rang(void **state)
{
	(void)state;
	assert_int_equal(run(nothing), CBX_OK);
	machine.had_svme = false;
	vmsa->exit_code = CBX_VMSA_VMGEXIT;
	*area = 1;
	machine.rings = true;
	assert_int_equal(run(nothing), CBX_OK);
	assert_false(machine.had_svme);
	assert_int_equal(left.why, CBX_SNP_NOTHING);
	assert_int_equal(*area, 1);
	assert_int_equal(vmsa->efer, 0x500);
	assert_int_equal(run(nothing), CBX_OK);
	assert_true(machine.had_svme);
}

static void what_rang_may_ring_again(void **state)
{
	static const uint8_t none[4] = { 0 };
	static const uint8_t all[4] = { 65, 0x81, 1, 2 };

	(void)state;
	memcpy(bell, all, sizeof(all));
	cbx_snp_bell_take(); /* nothing rang: the hypervisor is writing */
	assert_memory_equal(bell, all, sizeof(all));
	machine.rings = true;
	(void)cbx_hal_cpu();
	cbx_snp_bell_take();
	assert_memory_equal(bell, none, sizeof(none));
}

static void a_doorbell_is_shared_and_no_more_the_vms(void **state)
{
	(void)state;
	memset(bell, 0x55, CBX_PAGE_SIZE);
	assert_null(machine_bell());
	assert_false(machine_is_private(MACHINE_BELL));
	assert_ptr_equal((uintptr_t)cbx_snp_ghcb()->bell, bell);
	assert_int_equal(*cbx_snp_ghcb()->bell, 0);
}

static void a_hypervisor_that_takes_no_doorbell(void **state)
{
	(void)state;
	machine.no_bell = true;
	assert_non_null(machine_bell());
	boot(state);
	machine.refuse = MACHINE_BELL;
	assert_non_null(machine_bell());
}

static void the_monitor_begins_elsewhere_by_its_own_registers(void **state)
{
	(void)state;
	assert_int_equal(cbx_snp_own_create(&host, FEATURES), CBX_E_INVALID);
	vmsa->vmpl = 0;
	assert_int_equal(cbx_snp_own_create(&host, FEATURES), CBX_OK);
	assert_int_equal(machine.created_vmpl, 0);
	assert_true(machine.created_svme);
	assert_true(machine_is_vmsa(MACHINE_VMSA));
	assert_int_equal(vmsa->efer, 0x1500);
	for (uint8_t vmpl = 1; vmpl < 4; vmpl++) {
		assert_int_equal(machine_rights(MACHINE_VMSA, vmpl), 0);
	}
}

static void a_cpu_that_is_not_there_can_be_asked_for_again(void **state)
{
	(void)state;
	vmsa->vmpl = 0;
	machine.no_ap = true;
	assert_int_equal(cbx_snp_own_create(&host, FEATURES), CBX_E_HARDWARE);
	assert_false(machine_is_vmsa(MACHINE_VMSA));
	machine.no_ap = false;
	vmsa->efer |= CBX_VMSA_SVME;
	assert_int_equal(cbx_snp_own_create(&host, FEATURES), CBX_OK);
}

static void everybody_else_is_told_to_stop(void **state)
{
	(void)state;
	machine.cpu = OTHER;
	cbx_snp_stop_others();
	assert_int_equal(machine.ipis[FIRST], 1);
	assert_int_equal(machine.ipis[OTHER], 0);
	assert_int_equal(machine.ipis[2], 1);
}

#define HOST(name) cmocka_unit_test_setup(name, boot_host)
#define OWN(name)  cmocka_unit_test_setup(name, boot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOST(who_runs_no_host_is_not_waited_for),
		HOST(who_runs_the_host_is_waited_for),
		HOST(a_kick_that_is_lost_grants_nothing),
		HOST(translations_are_dropped_after_a_flush_and_once),
		HOST(a_hypervisor_that_runs_nobody_drops_nothing),
		HOST(new_registers_drop_what_the_old_ones_had),
		HOST(a_host_that_never_left_is_waited_for),
		HOST(a_host_that_left_late_cannot_run_again),
		HOST(the_host_does_not_run_when_it_rang),
		HOST(what_rang_may_ring_again),
		OWN(a_doorbell_is_shared_and_no_more_the_vms),
		OWN(a_hypervisor_that_takes_no_doorbell),
		OWN(the_monitor_begins_elsewhere_by_its_own_registers),
		OWN(a_cpu_that_is_not_there_can_be_asked_for_again),
		HOST(everybody_else_is_told_to_stop), /* for good: the last */
	};

	return cmocka_run_group_tests_name("snp_cpus", tests, NULL, NULL);
}

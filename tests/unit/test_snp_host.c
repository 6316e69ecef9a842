/* SPDX-License-Identifier: Apache-2.0 */
/* A CPU's GHCB and its host, with a hypervisor that refuses and lies. */
#include "snp/machine.h"

#define FEATURES 1ull
#define INFO	 (2ull << 48 | 1ull << 32 | (uint64_t)MACHINE_C << 24 | 1)

static struct cbx_vmsa *const vmsa = (void *)machine_memory[MACHINE_VMSA];
static _Atomic uint8_t *const area = (void *)machine_memory[MACHINE_AREA];
static struct cbx_snp_host host;
static struct cbx_snp_left left;

static const struct cbx_snp_two_ways two = {
	.pfn = { MACHINE_GHCB },
	.hidden = machine_memory[MACHINE_GHCB],
	.shared = machine_memory[MACHINE_GHCB],
};

static const char *start(void)
{
	return cbx_snp_ghcb_start(&two, MACHINE_C);
}

static int boot(void **state)
{
	machine_boot(state);
	*vmsa = (struct cbx_vmsa){
		.vmpl = CBX_SNP_HOST, .efer = 0x1500, .features = FEATURES
	};
	host = (struct cbx_snp_host){ vmsa, area, MACHINE_VMSA << 12, 0, 0,
		NULL };
	left = (struct cbx_snp_left){ .pfn = { 777 } };
	return 0;
}

static int boot_host(void **state)
{
	boot(state);
	assert_null(start());
	assert_null(machine_bell());
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_OK);
	return 0;
}

static void a_ghcb_is_shared_and_no_more_the_vms(void **state)
{
	(void)state;
	assert_null(start());
	assert_false(machine_is_private(MACHINE_GHCB));
	assert_ptr_equal(cbx_snp_ghcb()->page, two.shared);
	assert_int_equal(cbx_snp_ghcb()->pfn.n, MACHINE_GHCB);
}

/* Each thing a hypervisor must say before anything is shared. */
static void a_hypervisor_that_will_not_do(void **state)
{
	static const uint64_t infos[] = {
		0,
		3ull << 48 | 3ull << 32 | (uint64_t)MACHINE_C << 24 | 1,
		2ull << 48 | 1ull << 32 | 47ull << 24 | 1,
	};
	static const uint64_t features[] = { 0x081, 0x3081, 0x21081, 0x22081,
		0x23080 };

	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		boot(state);
		machine.info = infos[i];
		assert_non_null(strstr(start(), i < 2 ? "version" : "C bit"));
		assert_true(machine_is_valid(MACHINE_GHCB));
		assert_null((const void *)(uintptr_t)cbx_snp_ghcb()->page);
	}
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		boot(state);
		machine.features = features[i];
		assert_non_null(strstr(start(), "levels"));
		assert_true(machine_is_valid(MACHINE_GHCB));
	}
	boot(state);
	machine.info = INFO;
	machine.features = 0x23081;
	assert_null(start());
}

static void a_page_that_is_not_taken_is_no_ghcb(void **state)
{
	boot(state);
	machine.refuse = MACHINE_GHCB;
	assert_non_null(start());
	assert_null((const void *)(uintptr_t)cbx_snp_ghcb()->page);
	boot(state);
	machine.at = MACHINE_GHCB;
	machine.pvalidate = 3;
	machine.states = 0;
	assert_non_null(start());
	assert_int_equal(machine.states, 0);
}

/* Refused, another page's, and none. */
static void an_address_that_is_not_echoed_is_no_ghcb(void **state)
{
	static const uint64_t echoes[] = { ~0xfffull | 0x013, 0x5013, 0x012 };

	for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
		boot(state);
		machine.echo = echoes[i];
		assert_non_null(start());
		assert_false(machine_is_private(MACHINE_GHCB));
		assert_null((const void *)(uintptr_t)cbx_snp_ghcb()->page);
	}
}

static void registers_are_nobodys_but_the_processors(void **state)
{
	(void)state;
	assert_null(start());
	machine_set_rights(MACHINE_VMSA, CBX_SNP_HOST, 0xf);
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_OK);
	assert_true(machine_is_vmsa(MACHINE_VMSA));
	assert_int_equal(machine_rights(MACHINE_VMSA, CBX_SNP_HOST), 0);
	assert_false(machine.created_svme); /* not even before it is asked to */
	assert_int_equal(vmsa->efer, 0x500);
}

static void registers_that_are_not_sound_are_not_made(void **state)
{
	(void)state;
	assert_null(start());
	vmsa->vmpl = 0;
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_E_INVALID);
	assert_false(machine_is_vmsa(MACHINE_VMSA));
	assert_int_equal(vmsa->efer, 0x1500);
	vmsa->vmpl = CBX_SNP_HOST;
	host.vmsa_address = 0x600000;
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_E_INVALID);
	assert_false(machine_is_vmsa(MACHINE_VMSA));
}

static void registers_nobody_takes_are_a_page_again(void **state)
{
	(void)state;
	assert_null(start());
	machine.no_ap = true;
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_E_HARDWARE);
	assert_false(machine_is_vmsa(MACHINE_VMSA));
	assert_int_equal(vmsa->efer, 0x500);
	machine.no_ap = false;
	machine.at = MACHINE_VMSA;
	machine.rmpadjust = 6;
	vmsa->efer = 0x1500;
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_E_HARDWARE);
	assert_false(machine_is_vmsa(MACHINE_VMSA));
}

/* What a level does when it runs. */
static void make_call(void)
{
	assert_int_equal(vmsa->exit_code, CBX_VMSA_NONE);
	vmsa->rax = 0x100000001;
	vmsa->rcx = 2;
	vmsa->rdx = 3;
	vmsa->r8_15[0] = 4;
	vmsa->exit_code = CBX_VMSA_VMGEXIT;
	*area = 1;
}

static void be_refused(void)
{
	vmsa->exit_code = CBX_VMSA_NPF;
	vmsa->exit_info1 = CBX_VMSA_NPF_VMPL | CBX_VMSA_NPF_WRITE;
	vmsa->exit_info2 = 0x123456;
}

static void be_interrupted(void)
{
	vmsa->exit_code = 0x60;
}

static void keep_running(void)
{
	make_call();
	vmsa->virtual_interrupt = CBX_VMSA_BUSY;
}

static enum cbx_status run(void (*level)(void))
{
	machine.level = level;
	return cbx_snp_host_run(&host, &left);
}

static void a_call_is_taken_once(void **state)
{
	(void)state;
	assert_int_equal(run(make_call), CBX_OK);
	assert_int_equal(left.why, CBX_SNP_CALL);
	assert_true(left.registers.rax == 0x100000001 &&
		    left.registers.rcx == 2 && left.registers.rdx == 3 &&
		    left.registers.r8 == 4);
	assert_int_equal(*area, 0);
	assert_int_equal(run(be_interrupted), CBX_OK);
	assert_int_equal(left.why, CBX_SNP_NOTHING);
}

static void a_fault_names_page_and_right(void **state)
{
	(void)state;
	assert_int_equal(run(be_refused), CBX_OK);
	assert_int_equal(left.why, CBX_SNP_FAULT);
	assert_int_equal(left.pfn.n, 0x123);
	assert_int_equal(left.access.bits, CBX_VIEW_W);
}

static void it_can_run_only_meanwhile(void **state)
{
	(void)state;
	assert_int_equal(run(be_interrupted), CBX_OK);
	assert_true(machine.had_svme);
	assert_int_equal(vmsa->efer, 0x500);
	machine.answer = 0x100000017;
	assert_int_equal(run(be_interrupted), CBX_E_HARDWARE);
	assert_int_equal(vmsa->efer, 0x500);
}

/* The reason of the last time is none. */
static void a_level_that_did_not_run_asked_for_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(be_refused), CBX_OK);
	machine.no_run = true;
	assert_int_equal(run(NULL), CBX_OK);
	assert_int_equal(left.why, CBX_SNP_NOTHING);
	vmsa->exit_code = CBX_VMSA_VMGEXIT;
	*area = 1;
	assert_int_equal(run(NULL), CBX_OK);
	assert_int_equal(left.why, CBX_SNP_NOTHING);
	assert_int_equal(*area, 1);
}

/* Each value of the byte but 1. */
static void leave_with_area(void)
{
	vmsa->exit_code = CBX_VMSA_VMGEXIT;
}

static void only_one_is_a_call(void **state)
{
	(void)state;
	for (uint32_t value = 0; value < 256; value++) {
		*area = (uint8_t)value;
		assert_int_equal(run(leave_with_area), CBX_OK);
		assert_int_equal(
			left.why, value == 1 ? CBX_SNP_CALL : CBX_SNP_NOTHING);
	}
}

/* The host then finds its call pending, and knows that nobody took it. */
static void an_answer_that_is_none_takes_no_call(void **state)
{
	static const struct {
		uint64_t answer;
		enum cbx_status status;
	} rows[] = {
		{ 0x100000017, CBX_E_HARDWARE },
		{ 0x016, CBX_E_INVALID },
		{ 0, CBX_E_INVALID },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		boot_host(state);
		machine.answer = rows[i].answer;
		assert_int_equal(run(make_call), rows[i].status);
		assert_int_equal(*area, 1);
		assert_int_equal(left.pfn.n, 777);
	}
}

static void registers_another_cpu_has_are_not_read(void **state)
{
	(void)state;
	assert_int_equal(run(keep_running), CBX_E_BUSY);
	assert_int_equal(*area, 1);
	assert_int_equal(left.pfn.n, 777);
}

#define HOST(name) cmocka_unit_test_setup(name, boot_host)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_ghcb_is_shared_and_no_more_the_vms, boot),
		cmocka_unit_test(a_hypervisor_that_will_not_do),
		cmocka_unit_test(a_page_that_is_not_taken_is_no_ghcb),
		cmocka_unit_test(an_address_that_is_not_echoed_is_no_ghcb),
		cmocka_unit_test_setup(
			registers_are_nobodys_but_the_processors, boot),
		cmocka_unit_test_setup(
			registers_that_are_not_sound_are_not_made, boot),
		cmocka_unit_test_setup(
			registers_nobody_takes_are_a_page_again, boot),
		HOST(a_call_is_taken_once),
		HOST(a_fault_names_page_and_right),
		HOST(it_can_run_only_meanwhile),
		HOST(a_level_that_did_not_run_asked_for_nothing),
		HOST(only_one_is_a_call),
		cmocka_unit_test(an_answer_that_is_none_takes_no_call),
		HOST(registers_another_cpu_has_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

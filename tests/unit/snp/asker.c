/* SPDX-License-Identifier: Apache-2.0 */
#include "asker.h"

struct cbx_vmsa *const own = (void *)machine_memory[MACHINE_VMSA];
struct cbx_vmsa *const vmsa = (void *)machine_memory[VMSA];
struct cbx_snp_host host;
struct cbx_snp_left left;
struct cbx_event event;

enum cbx_status view(uint64_t pfn, struct cbx_view view)
{
	uint64_t done;

	return cbx_hal_view_set(PFN(pfn), 1, view, &done);
}

struct cbx_vmsa sound(void)
{
	return (struct cbx_vmsa){ .vmpl = CBX_SNP_HOST,
		.efer = CBX_VMSA_SVME,
		.features = FEATURES,
		.cpu = 7 };
}

int asker_boot(void **state)
{
	static const struct cbx_snp_two_ways two = {
		.pfn = { MACHINE_GHCB },
		.hidden = machine_memory[MACHINE_GHCB],
		.shared = machine_memory[MACHINE_GHCB],
	};

	machine_boot(state);
	assert_null(cbx_snp_ghcb_start(&two, MACHINE_C));
	assert_null(machine_bell());
	for (uint64_t pfn = HOSTS; pfn < SHARED; pfn++) {
		assert_int_equal(view(pfn, ALL), CBX_OK);
	}
	assert_int_equal(view(SHARED, DATA), CBX_OK);
	*own = sound();
	host = (struct cbx_snp_host){ own, NULL, MACHINE_VMSA << 12, 0, 0,
		NULL };
	assert_int_equal(cbx_snp_host_create(&host, FEATURES), CBX_OK);
	cbx_snp_serve_start(0, PFN(MACHINE_VMSA), PFN(MACHINE_AREA), FEATURES);
	machine.maps = 0;
	return 0;
}

static struct cbx_svsm_registers to_do;

/* The level's turn: it asks. */
static void level(void)
{
	struct cbx_vmsa *registers = (void *)machine_memory[machine.vmsa];

	registers->exit_code = CBX_VMSA_VMGEXIT;
	registers->rax = to_do.rax;
	registers->rcx = to_do.rcx;
	registers->rdx = to_do.rdx;
	registers->r8_15[0] = to_do.r8;
	machine_memory[cbx_snp_vcpus[machine.cpu].area.n][0] = 1;
}

/* @return whether the core is asked */
bool begin(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	to_do = (struct cbx_svsm_registers){ rax, rcx, rdx, r8 };
	machine.level = level;
	machine.vmsa = cbx_snp_vcpus[machine.cpu].vmsa.n;
	event = (struct cbx_event){ 0 };
	assert_int_equal(cbx_snp_serve_run(machine.cpu, &host, &left), CBX_OK);
	assert_int_equal(left.why, CBX_SNP_CALL);
	return cbx_snp_serve(machine.cpu, &left.registers, &event);
}

uint32_t result(void)
{
	const struct cbx_vmsa *registers =
		(const void *)machine_memory[machine.vmsa];

	assert_int_equal(machine.maps, 0);
	assert_int_equal(registers->rax >> 32, 0);
	return (uint32_t)registers->rax;
}

uint32_t ask(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	assert_false(begin(rax, rcx, rdx, r8));
	return result();
}

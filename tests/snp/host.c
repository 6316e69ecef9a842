/* SPDX-License-Identifier: Apache-2.0 */
/* The host at VMPL1, as VMPL0 makes and runs it. */
#include <hal/snp/insn.h>
#include <arch/x86_64/sev/features.h>

#include "snp.h"

#define EFER 0x1500ull /* SVME LMA LME */
#define CR0  0x80010033ull
#define CR4  0x620ull

extern uint8_t host_code[], host_data[], host_pml4[], host_area[],
	host_data_end[];

static struct cbx_vmsa vmsa __attribute__((aligned(4096)));
struct cbx_snp_host snp_host;

/* "ret" */
static uint8_t target[CBX_PAGE_SIZE] __attribute__((aligned(4096))) = { 0xc3 };

static uint64_t pfn_of(const void *p)
{
	return (uint64_t)p >> CBX_PAGE_SHIFT;
}

static bool grant(const void *from, const void *to, uint8_t bits)
{
	const struct cbx_pfn first = { pfn_of(from) };
	uint64_t count = pfn_of(to) - first.n;
	uint64_t done;

	return cbx_hal_view_set(first, count, (struct cbx_view){ bits },
		       &done) == CBX_OK &&
	       done == count;
}

void snp_host_registers(struct cbx_vmsa *to)
{
	*to = (struct cbx_vmsa){
		.cs = { 8, 0xa9b, 0xffffffff, 0 },
		.tr = { 0, 0x8b, 0x67, 0 },
		.vmpl = CBX_SNP_HOST,
		.efer = EFER,
		.cr4 = CR4,
		.cr3 = (uint64_t)host_pml4 | 1ull << snp_c_bit(),
		.cr0 = CR0,
		.dr7 = 0x400,
		.dr6 = 0xffff0ff0,
		.rflags = 2,
		.rip = (uint64_t)host_code,
		.pat = 0x0007040600070406,
		.features = cbx_snp_host_features(snp_status()),
		.xcr0 = 1,
		.mxcsr = 0x1f80,
		.x87_ftw = 0x5555,
		.x87_fcw = 0x40,
	};
}

static void make_registers(void)
{
	snp_host_registers(&vmsa);
	snp_host = (struct cbx_snp_host){ &vmsa, (_Atomic uint8_t *)host_area,
		(uint64_t)&vmsa, 0, 0, NULL };
}

enum cbx_status snp_order(
	enum snp_order order, uint64_t address, struct cbx_snp_left *left)
{
	vmsa.rip = (uint64_t)host_code;
	vmsa.rdi = order;
	vmsa.rsi = address;
	vmsa.r8_15[4] = 0;
	return cbx_snp_host_run(&snp_host, left);
}

static enum cbx_status create(void)
{
	return cbx_snp_host_create(
		&snp_host, cbx_snp_host_features(snp_status()));
}

static bool grant_all(void)
{
	return grant(host_code, host_code + CBX_PAGE_SIZE,
		       CBX_VIEW_R | CBX_VIEW_SX) &&
	       grant(host_data, host_data_end, CBX_VIEW_R | CBX_VIEW_W);
}

bool snp_host_make(void)
{
	make_registers();
	return grant_all() && create() == CBX_OK;
}

bool no_registers_do_not_run(void)
{
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };

	make_registers();
	return grant_all() &&
	       snp_order(SNP_NOTHING, 0, &left) == CBX_E_HARDWARE &&
	       left.why == CBX_SNP_FAULT;
}

bool registers_of_another_level_are_refused(void)
{
	make_registers();
	vmsa.vmpl = 2;
	if (create() != CBX_E_INVALID) {
		return false;
	}
	make_registers();
	vmsa.features |= 0x20;
	return create() == CBX_E_INVALID;
}

/* A CPU that is not there; then the one that is. */
bool what_the_hypervisor_does_not_take_can_be_repeated(void)
{
	make_registers();
	snp_host.apic = 77;
	if (create() != CBX_E_HARDWARE) {
		return false;
	}
	make_registers();
	return create() == CBX_OK && (vmsa.efer & CBX_VMSA_SVME) == 0;
}

bool the_host_runs_and_leaves(void)
{
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };

	return snp_order(SNP_NOTHING, 0, &left) == CBX_OK &&
	       left.why == CBX_SNP_NOTHING &&
	       vmsa.exit_code == CBX_VMSA_VMGEXIT &&
	       vmsa.rip > (uint64_t)host_code;
}

static bool is_fault(enum snp_order order, uint8_t wanted)
{
	struct cbx_snp_left left = { .why = CBX_SNP_NOTHING };

	return snp_order(order, (uint64_t)target, &left) == CBX_OK &&
	       left.why == CBX_SNP_FAULT && left.pfn.n == pfn_of(target) &&
	       left.access.bits == wanted && vmsa.r8_15[4] == 0;
}

static bool is_done(enum snp_order order)
{
	struct cbx_snp_left left = { .why = CBX_SNP_FAULT };

	return snp_order(order, (uint64_t)target, &left) == CBX_OK &&
	       left.why == CBX_SNP_NOTHING && vmsa.r8_15[4] != 0;
}

static bool view(uint8_t bits)
{
	return grant(target, target + CBX_PAGE_SIZE, bits);
}

bool the_host_is_kept_out_of_pages(void)
{
	return view(CBX_VIEW_NONE) && is_fault(SNP_READ, CBX_VIEW_R) &&
	       is_fault(SNP_WRITE, CBX_VIEW_W) &&
	       is_fault(SNP_EXECUTE, CBX_VIEW_SX) && view(CBX_VIEW_W) &&
	       is_fault(SNP_WRITE, CBX_VIEW_W) && view(CBX_VIEW_R) &&
	       is_fault(SNP_WRITE, CBX_VIEW_W) &&
	       is_fault(SNP_EXECUTE, CBX_VIEW_SX) && target[0] == 0xc3;
}

bool the_host_has_the_rights_it_was_given(void)
{
	if (!view(CBX_VIEW_R) || !is_done(SNP_READ) ||
		vmsa.r8_15[4] != *(const uint64_t *)(const void *)target ||
		!view(CBX_VIEW_R | CBX_VIEW_SX) || !is_done(SNP_EXECUTE) ||
		!is_fault(SNP_WRITE, CBX_VIEW_W)) {
		return false;
	}
	if (!view(CBX_VIEW_R | CBX_VIEW_W) || !is_done(SNP_WRITE) ||
		*(const uint64_t *)(const void *)target != (uint64_t)target) {
		return false;
	}
	return view(CBX_VIEW_NONE) && is_fault(SNP_READ, CBX_VIEW_R);
}

/* The host asks which versions of protocol 0 there are. */
bool a_call_is_decoded_and_answered(void)
{
	struct cbx_svsm_request request = { 0 };
	struct cbx_snp_left left = { 0 };

	vmsa.rbx = (uint64_t)host_area;
	vmsa.r8_15[6] = 6; /* QUERY_PROTOCOL */
	vmsa.r8_15[7] = 1; /* protocol 0, version 1 */
	if (snp_order(SNP_CALL, 0, &left) != CBX_OK ||
		left.why != CBX_SNP_CALL || host_area[0] != 0 ||
		cbx_svsm_decode(&left.registers, 0x10000, &request) !=
			CBX_SVSM_OK ||
		request.call != CBX_SVSM_QUERY_PROTOCOL) {
		return false;
	}
	vmsa.rax = CBX_SVSM_OK;
	vmsa.rcx = request.answer;
	vmsa.r8_15[4] = 77;
	vmsa.r8_15[5] = 77;
	return cbx_snp_host_run(&snp_host, &left) == CBX_OK &&
	       left.why == CBX_SNP_NOTHING && vmsa.r8_15[4] == CBX_SVSM_OK &&
	       vmsa.r8_15[5] == 0 && vmsa.r8_15[7] == (1ull << 32 | 1);
}

/* Whatever lies in the area but 1, and whatever is in the registers. */
bool what_is_not_pending_is_no_call(void)
{
	struct cbx_snp_left left = { 0 };

	host_area[0] = 2;
	vmsa.rax = 6;
	return snp_order(SNP_NOTHING, 0, &left) == CBX_OK &&
	       left.why == CBX_SNP_NOTHING && host_area[0] == 0;
}

/* The hypervisor is asked for the level without cbx_snp_host_run. */
bool the_host_does_not_run_by_itself(void)
{
	uint64_t rip = vmsa.rip;

	vmsa.exit_code = CBX_VMSA_NONE;
	return (vmsa.efer & CBX_VMSA_SVME) == 0 &&
	       cbx_ghcb_ran(cbx_snp_exchange(cbx_ghcb_ask_run(CBX_SNP_HOST))) ==
		       CBX_E_HARDWARE &&
	       vmsa.exit_code == CBX_VMSA_NONE && vmsa.rip == rip;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <hal/snp/host.h>
#include <hal/snp/insn.h>
#include <hal/snp/talk.h>

#define LARGE	  0x200000ull
#define NO_RIGHTS ((struct cbx_view){ CBX_VIEW_NONE })

static enum cbx_status set_vmsa(const struct cbx_snp_host *host, uint64_t vmsa)
{
	uint64_t rights = cbx_rmp_rights(CBX_SNP_HOST, NO_RIGHTS);

	return cbx_rmp_status(cbx_snp_rmpadjust(
		(const void *)(uintptr_t)host->vmsa, rights | vmsa));
}

static enum cbx_status tell(const struct cbx_snp_host *host, uint64_t features)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_AP,
		.info1 = cbx_ghcb_ap(host->apic, CBX_SNP_HOST),
		.info2 = host->vmsa_address,
		.field = { features },
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;

	return cbx_snp_ask(&call, 0, &answer);
}

enum cbx_status cbx_snp_host_create(
	const struct cbx_snp_host *host, uint64_t features)
{
	if (!cbx_vmsa_sound(host->vmsa, CBX_SNP_HOST, features) ||
		host->vmsa_address % LARGE == 0) {
		return CBX_E_INVALID;
	}
	if (set_vmsa(host, CBX_RMP_VMSA) != CBX_OK) {
		return CBX_E_HARDWARE;
	}
	if (tell(host, features) == CBX_OK) {
		host->vmsa->efer &= ~CBX_VMSA_SVME;
		return CBX_OK;
	}
	host->vmsa->efer &= ~CBX_VMSA_SVME;
	(void)set_vmsa(host, 0);
	return CBX_E_HARDWARE;
}

/* What is in the registers is the host's, and read once. */
static void look(const struct cbx_snp_host *host, struct cbx_snp_left *left)
{
	const volatile struct cbx_vmsa *vmsa = host->vmsa;

	*left = (struct cbx_snp_left){ .access = cbx_vmsa_wanted(vmsa) };
	if (left->access.bits != CBX_VIEW_NONE) {
		left->why = CBX_SNP_FAULT;
		left->pfn.n = vmsa->exit_info2 >> CBX_PAGE_SHIFT;
	} else if (vmsa->exit_code == CBX_VMSA_VMGEXIT &&
		   atomic_exchange(host->area, 0) == 1) {
		left->why = CBX_SNP_CALL;
		left->registers = (struct cbx_svsm_registers){ vmsa->rax,
			vmsa->rcx, vmsa->rdx, vmsa->r8_15[0] };
	}
}

enum cbx_status cbx_snp_host_run(
	const struct cbx_snp_host *host, struct cbx_snp_left *left)
{
	volatile struct cbx_vmsa *vmsa = host->vmsa;
	enum cbx_status status;

	vmsa->exit_code = CBX_VMSA_NONE;
	vmsa->efer |= CBX_VMSA_SVME;
	status = cbx_ghcb_ran(cbx_snp_exchange(cbx_ghcb_ask_run(CBX_SNP_HOST)));
	vmsa->efer &= ~CBX_VMSA_SVME;
	/* Who entered before that is seen now, and nobody enters after it. */
	atomic_thread_fence(memory_order_seq_cst);
	if ((vmsa->virtual_interrupt & CBX_VMSA_BUSY) != 0) {
		return CBX_E_BUSY;
	}
	if (status == CBX_OK) {
		look(host, left);
	}
	return status;
}

void cbx_snp_host_answer(const struct cbx_snp_host *host,
	const struct cbx_svsm_registers *registers)
{
	host->vmsa->rax = registers->rax;
	host->vmsa->rcx = registers->rcx;
	host->vmsa->rdx = registers->rdx;
	host->vmsa->r8_15[0] = registers->r8;
}

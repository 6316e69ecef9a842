/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <arch/x86_64/flush.h>
#include <hal/hal.h>
#include <hal/snp/host.h>
#include <hal/snp/insn.h>
#include <hal/snp/talk.h>

#define LARGE 0x200000ull

/* What a host wrote as the CPU's number would keep old translations. */
enum cbx_status cbx_snp_make_registers(volatile struct cbx_vmsa *vmsa,
	uint8_t vmpl, uint64_t features, struct cbx_view view)
{
	if (!cbx_vmsa_sound(vmsa, vmpl, features)) {
		return CBX_E_INVALID;
	}
	vmsa->cpu = 0;
	if (vmpl != 0) {
		vmsa->efer &= ~CBX_VMSA_SVME;
	}
	return cbx_snp_adjust(vmsa, CBX_SNP_HOST, view, CBX_RMP_VMSA) == CBX_OK
		       ? CBX_OK
		       : CBX_E_HARDWARE;
}

static enum cbx_status tell(
	const struct cbx_snp_host *host, uint8_t vmpl, uint64_t features)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_AP,
		.info1 = cbx_ghcb_ap(host->apic, vmpl),
		.info2 = host->vmsa_address,
		.field = { features },
		.fields = CBX_GHCB_RAX,
	};
	struct cbx_ghcb_answer answer;

	return cbx_snp_ask(&call, 0, &answer);
}

static enum cbx_status create(
	const struct cbx_snp_host *host, uint8_t vmpl, uint64_t features)
{
	enum cbx_status status = CBX_E_INVALID;

	if (host->vmsa_address % LARGE != 0) {
		status = cbx_snp_make_registers(
			host->vmsa, vmpl, features, CBX_SNP_NO_VIEW);
	}
	if (status == CBX_OK && tell(host, vmpl, features) != CBX_OK) {
		host->vmsa->efer &= ~CBX_VMSA_SVME;
		(void)!cbx_snp_adjust(
			host->vmsa, CBX_SNP_HOST, CBX_SNP_NO_VIEW, 0);
		status = CBX_E_HARDWARE;
	}
	return status;
}

enum cbx_status cbx_snp_host_create(
	const struct cbx_snp_host *host, uint64_t features)
{
	return create(host, CBX_SNP_HOST, features);
}

enum cbx_status cbx_snp_own_create(
	const struct cbx_snp_host *own, uint64_t features)
{
	return create(own, 0, features);
}

/* Whether there is a call, which there is not any more. */
static bool take(_Atomic uint8_t *pending)
{
	return pending != NULL && atomic_exchange(pending, 0) == 1;
}

/* What is in the registers is the host's, and read once. */
static void look(const struct cbx_snp_host *host, struct cbx_snp_left *left)
{
	const volatile struct cbx_vmsa *vmsa = host->vmsa;

	*left = (struct cbx_snp_left){ .access = cbx_vmsa_wanted(vmsa) };
	if (left->access.bits != CBX_VIEW_NONE) {
		left->why = CBX_SNP_FAULT;
		left->pfn.n = vmsa->exit_info2 >> CBX_PAGE_SHIFT;
	} else if (vmsa->exit_code != CBX_VMSA_VMGEXIT) {
		return;
	} else if (take((_Atomic uint8_t *)host->gates)) {
		left->why = CBX_SNP_GATE;
	} else if (take(host->area)) {
		left->why = CBX_SNP_CALL;
		left->registers = (struct cbx_svsm_registers){ vmsa->rax,
			vmsa->rcx, vmsa->rdx, vmsa->r8_15[0] };
	}
}

/* Without a CPU's number in its registers the processor drops all translations
 * of the level when it enters (doc/snp.md). */
static void flush(struct cbx_snp_host *host, uint32_t cpu)
{
	uint64_t token = cbx_flush_begin(cpu, true);

	if (token != host->flushed) {
		host->vmsa->cpu = 0;
		host->flushed = token;
	}
	cbx_flush_end(cpu, true, token);
}

/* Nobody enters it from here on. @return whether nobody has it */
static bool stop(volatile struct cbx_vmsa *vmsa)
{
	vmsa->efer &= ~CBX_VMSA_SVME;
	/* Who entered before that is seen now. */
	atomic_thread_fence(memory_order_seq_cst);
	return (vmsa->virtual_interrupt & CBX_VMSA_BUSY) == 0;
}

/* Registers that another CPU never gave back hold translations from before any
 * flush: nothing is said of this one's until they are back. */
enum cbx_status cbx_snp_host_run(
	struct cbx_snp_host *host, struct cbx_snp_left *left)
{
	volatile struct cbx_vmsa *vmsa = host->vmsa;
	enum cbx_status status;

	cbx_snp_bell_take();
	if (!stop(vmsa)) {
		return CBX_E_BUSY;
	}
	vmsa->exit_code = CBX_VMSA_NONE;
	flush(host, cbx_hal_cpu());
	vmsa->efer |= CBX_VMSA_SVME;
	status = cbx_ghcb_ran(cbx_snp_enter(cbx_snp_ghcb()->rung));
	cbx_snp_quiet();
	if (!stop(vmsa)) {
		return CBX_E_BUSY;
	}
	cbx_flush_end(cbx_hal_cpu(), false, 0);
	if (status == CBX_OK) {
		look(host, left);
	}
	return status;
}

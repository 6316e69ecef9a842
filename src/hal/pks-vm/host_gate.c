/* SPDX-License-Identifier: Apache-2.0 */
/* Backend gates: what the host may no longer do by itself. */
#include <arch/x86_64/cpu.h>
#include <hal/pks-vm/cpus.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/irq.h>
#include <hal/pks-vm/own.h>
#include <hal/pks-vm/pci.h>
#include <hal/pks-vm/pure/table.h>

#define CONSOLE_BYTES 40u
#define BATCH_MAX     512u

static enum cbx_status memory(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	struct cbx_hal_region region;

	if (call->arg[0] > UINT32_MAX ||
		!cbx_hal_memory((uint32_t)call->arg[0], &region)) {
		return CBX_E_INVALID;
	}
	reply->ret[0] = region.first.n;
	reply->ret[1] = region.count;
	reply->ret[2] = region.kind;
	reply->ret[3] = cbx_hal_page_count();
	return CBX_OK;
}

/* Canonical, and not the monitor's: nothing else matters to anybody else. */
static bool is_hosts(uint64_t va)
{
	return cbx_x86_canonical(va) &&
	       (va < CBX_MONITOR_VA || va >= CBX_MONITOR_END);
}

static enum cbx_status trap_entry(const struct cbx_call *call)
{
	struct cbx_pks_host *host = cbx_pks_host();

	if (!is_hosts(call->arg[0]) || !is_hosts(call->arg[1])) {
		return CBX_E_INVALID;
	}
	host->trap_entry = call->arg[0];
	host->trap_stack = call->arg[1];
	host->user_ssp = host->ssp;
	return CBX_OK;
}

static enum cbx_status cpu_start(const struct cbx_call *call)
{
	if (call->arg[0] >= cbx_hal_cpu_count() || !is_hosts(call->arg[1])) {
		return CBX_E_INVALID;
	}
	return cbx_pks_cpu_start(
		(uint32_t)call->arg[0], call->arg[1], call->arg[2]);
}

/* Printable, so that a host cannot write what the monitor says. */
static enum cbx_status console(const struct cbx_call *call)
{
	char text[6 + CONSOLE_BYTES + 1] = "host: ";

	if (call->arg[0] > CONSOLE_BYTES) {
		return CBX_E_INVALID;
	}
	for (uint64_t i = 0; i < call->arg[0]; i++) {
		uint8_t byte = (uint8_t)(call->arg[1 + i / 8] >> 8 * (i % 8));

		text[6 + i] = '?';
		if (byte >= ' ' && byte <= '~') {
			text[6 + i] = (char)byte;
		}
	}
	cbx_hal_log(text);
	return CBX_OK;
}

/* The entries lie in a page the host may read; each is read once. */
static enum cbx_status batch(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	const uint64_t *arg = call->arg;
	struct cbx_pfn source = { arg[3] };
	struct cbx_view view = { 0 };
	enum cbx_status status;
	const uint64_t *entries;

	if (arg[2] > BATCH_MAX || arg[4] % 8 != 0 ||
		!cbx_range_fits(arg[4] / 8, arg[2], BATCH_MAX)) {
		return CBX_E_INVALID;
	}
	if (!cbx_table_seen(source, &view)) {
		return CBX_E_INVALID;
	}
	if ((view.bits & CBX_VIEW_R) == 0) {
		return CBX_E_FAULT;
	}
	entries = cbx_hal_page_map(source);
	status = cbx_table_batch((struct cbx_pfn){ arg[0] }, arg[1],
		entries + arg[4] / 8, arg[2], &reply->ret[0]);
	cbx_hal_page_unmap(entries);
	return status;
}

static enum cbx_status root_load(const struct cbx_call *call)
{
	enum cbx_status status =
		cbx_pks_root_take((struct cbx_pfn){ call->arg[0] });

	if (status == CBX_OK) {
		cbx_pks_flush();
	}
	return status;
}

/* An address of the monitor's, or of nobody's, is flushed as well as any. */
static enum cbx_status flush(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	switch (call->arg[0]) {
	case CBX_PKS_FLUSH_OWN:
		cbx_pks_flush();
		return CBX_OK;
	case CBX_PKS_FLUSH_ADDRESS:
		cbx_x86_invlpg(call->arg[1]);
		return CBX_OK;
	case CBX_PKS_FLUSH_ALL:
		reply->ret[0] = cbx_hal_view_flush();
		return CBX_OK;
	case CBX_PKS_FLUSH_DONE:
		return cbx_hal_view_flushed(call->arg[1]) ? CBX_OK : CBX_E_BUSY;
	default:
		return CBX_E_INVALID;
	}
}

static enum cbx_status tables(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	const uint64_t *arg = call->arg;
	struct cbx_pfn page = { arg[0] };

	switch (call->id) {
	case CBX_PKS_TABLE_DECLARE:
		return cbx_table_declare(page, arg[1]);
	case CBX_PKS_TABLE_REMOVE:
		return cbx_table_remove(page);
	case CBX_PKS_TABLE_UPDATE:
		return cbx_table_update(page, arg[1], arg[2]);
	case CBX_PKS_TABLE_SPLIT:
		return cbx_table_split(
			page, arg[1], (struct cbx_pfn){ arg[2] });
	case CBX_PKS_TABLE_BATCH:
		return batch(call, reply);
	case CBX_PKS_ROOT_LOAD:
		return root_load(call);
	case CBX_PKS_CODE_LOAD:
	case CBX_PKS_CODE_UNLOAD:
		return cbx_pks_code(call);
	default:
		return CBX_E_UNKNOWN_CALL;
	}
}

static enum cbx_status dispatch(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	const uint64_t *arg = call->arg;
	enum cbx_status status;

	switch (call->id) {
	case CBX_PKS_MEMORY:
		return memory(call, reply);
	case CBX_PKS_TRAP_ENTRY:
		return trap_entry(call);
	case CBX_PKS_CONSOLE:
		return console(call);
	case CBX_PKS_CPU_START:
		return cpu_start(call);
	case CBX_PKS_TIMER:
		return cbx_pks_irq_timer(arg[0], arg[1]);
	case CBX_PKS_IPI:
		return cbx_pks_irq_send(arg[0], arg[1]);
	case CBX_PKS_IRQ:
		return cbx_pks_irq_line(arg[0], arg[1], arg[2], arg[3]);
	case CBX_PKS_CR:
		return cbx_pks_cr_write(arg[0], arg[1]);
	case CBX_PKS_MSR:
		return cbx_pks_msr_write(arg[0], arg[1]);
	case CBX_PKS_PCI_READ:
		return cbx_pks_pci_read(arg[0], arg[1], &reply->ret[0]);
	case CBX_PKS_PCI_COMMAND:
		return cbx_pks_pci_command(arg[0], arg[1]);
	case CBX_PKS_REFUSED:
		return cbx_pks_iommu_refused(reply->ret);
	default:
		cbx_pks_table_take();
		status = tables(call, reply);
		cbx_pks_table_drop();
		return status;
	}
}

/* Whether cbx_hal_host_run has something to do before the host goes on.  A flush
 * that is due has an NMI on its way, for which gate.S looks. */
static bool is_wanted(const struct cbx_pks_host *host)
{
	const uint64_t *kept = host->pending;

	return cbx_x86_cr3() != host->root ||
	       (kept[0] | kept[1] | kept[2] | kept[3]) != 0;
}

uint32_t cbx_pks_own_call(const struct cbx_call *call)
{
	struct cbx_reply *reply = cbx_pks_scratch(CBX_PKS_REPLY);

	*reply = (struct cbx_reply){ 0 };
	if (call->id == CBX_PKS_FLUSH) {
		reply->status = (uint64_t)flush(call, reply);
	} else if (call->id == CBX_PKS_STOP || call->id > CBX_PKS_LAST) {
		return CBX_PKS_OWN_NONE;
	} else {
		reply->status = (uint64_t)dispatch(call, reply);
	}
	return is_wanted(cbx_pks_host()) ? CBX_PKS_OWN_LATER : CBX_PKS_OWN_DONE;
}

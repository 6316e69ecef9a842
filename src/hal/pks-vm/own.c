/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/pks-vm/own.h>

#include <arch/x86_64/cpu.h>
#include <hal/pks-vm/host.h>

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
	struct cbx_reply *reply =
		(struct cbx_reply *)(CBX_CPU_SCRATCH_VA + CBX_PKS_REPLY);

	*reply = (struct cbx_reply){ 0 };
	if (call->id == CBX_PKS_FLUSH) {
		reply->status = (uint64_t)cbx_pks_flush_call(call, reply);
	} else if (call->id == CBX_PKS_STOP ||
		   !cbx_pks_gate_call(call, reply)) {
		return CBX_PKS_OWN_NONE;
	}
	return is_wanted(cbx_pks_host()) ? CBX_PKS_OWN_LATER : CBX_PKS_OWN_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <arch/x86_64/cpu.h>
#include <arch/x86_64/flush.h>
#include <hal/hal.h>
#include <hal/snp/talk.h>

#define TO  32 /* an interrupt command's: a local APIC's number, the CPU's */
#define NMI 0x400u

static atomic_bool stopped;

uint64_t cbx_hal_view_flush(void)
{
	uint64_t token = cbx_flush_next();

	(void)cbx_hal_view_flushed(token);
	return token;
}

bool cbx_hal_view_flushed(uint64_t token)
{
	bool flushed = true;

	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		if (cbx_flush_stale(i, token)) {
			cbx_hal_cpu_kick(i);
			flushed = false;
		}
	}
	return flushed;
}

/* An NMI, which needs no end; again each time, as the hypervisor may have lost the
 * one before. */
void cbx_hal_cpu_kick(uint32_t cpu)
{
	const struct cbx_ghcb_call call = {
		.event = CBX_GHCB_IPI,
		.info1 = (uint64_t)cpu << TO | NMI,
	};
	struct cbx_ghcb_answer answer;

	if (cpu != cbx_hal_cpu()) {
		(void)!cbx_snp_ask(&call, 0, &answer);
	}
}

void cbx_snp_stop_others(void)
{
	atomic_store(&stopped, true);
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		cbx_hal_cpu_kick(i);
	}
}

/* The count first: what rings after that is heard of later.  All there is to do is
 * to let the hypervisor ring again: interrupts are the host's, which takes them
 * when it runs. */
void cbx_snp_bell_take(void)
{
	const struct cbx_snp_ghcb *ghcb = cbx_snp_ghcb();

	if (atomic_load(&stopped)) {
		cbx_x86_stop();
	}
	if (ghcb->rung[0] != ghcb->rung[1]) {
		ghcb->rung[1] = ghcb->rung[0];
		(void)atomic_exchange(ghcb->bell, 0);
	}
}

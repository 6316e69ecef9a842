/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <arch/x86_64/machine.h>
#include <hal/pks-vm/cpus.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/irq.h>

#define VECTORS 256u
#define NS_MAX	(1ull << 62)

/* Sent to a CPU's host, and not yet collected there. */
static _Atomic uint64_t sent[CBX_X86_CPUS_MAX][VECTORS / 64];

void cbx_pks_irq_keep(uint64_t vector)
{
	cbx_pks_host()->pending[vector / 64] |= 1ull << vector % 64;
}

void cbx_pks_irq_collect(void)
{
	_Atomic uint64_t *mine = sent[cbx_hal_cpu()];

	for (uint32_t i = 0; i < VECTORS / 64; i++) {
		cbx_pks_host()->pending[i] |= atomic_exchange(&mine[i], 0);
	}
}

/* An early one is set again: the rate is measured, the time is not. */
static void timer_taken(void)
{
	struct cbx_pks_host *host = cbx_pks_host();
	uint64_t now = cbx_x86_clock_ns();

	if (host->timer_at == 0) {
		return;
	}
	if (now < host->timer_at) {
		cbx_pks_apic_timer(host->timer_at - now);
		return;
	}
	host->timer_at = 0;
	cbx_pks_irq_keep(host->timer_vector);
}

/* A host that says so by INT gets what it asks for, or nothing. */
void cbx_pks_irq_taken(uint64_t vector)
{
	switch (vector) {
	case CBX_APIC_TIMER:
		timer_taken();
		break;
	case CBX_APIC_ERROR:
		cbx_pks_apic_forgive();
		break;
	case CBX_APIC_AGAIN:
	case CBX_APIC_SPURIOUS: /* a device may send it: then it is in service */
		break;
	default:
		cbx_pks_lines_taken(vector);
		cbx_pks_irq_keep(vector);
		break;
	}
	cbx_pks_apic_done();
}

void cbx_pks_irq_again(bool enabled)
{
	const uint64_t *kept = cbx_pks_host()->pending;
	const uint64_t low = (1ull << CBX_IRQ_FIRST) - 1;

	if (!enabled && ((kept[0] & ~low) | kept[1] | kept[2] | kept[3]) != 0) {
		cbx_pks_apic_again();
	}
}

static bool is_interrupt(uint64_t vector)
{
	return vector >= CBX_IRQ_FIRST && vector < VECTORS;
}

enum cbx_status cbx_pks_irq_timer(uint64_t ns, uint64_t vector)
{
	struct cbx_pks_host *host = cbx_pks_host();

	if (!is_interrupt(vector) || ns > NS_MAX) {
		return CBX_E_INVALID;
	}
	host->timer_vector = vector;
	host->timer_at = ns != 0 ? cbx_x86_clock_ns() + ns : 0;
	cbx_pks_apic_timer(ns);
	return CBX_OK;
}

enum cbx_status cbx_pks_irq_send(uint64_t cpu, uint64_t vector)
{
	if (cpu >= cbx_hal_cpu_count() || !is_interrupt(vector)) {
		return CBX_E_INVALID;
	}
	if (cpu == cbx_hal_cpu()) {
		cbx_pks_irq_keep(vector);
		return CBX_OK;
	}
	atomic_fetch_or(&sent[cpu][vector / 64], 1ull << vector % 64);
	return cbx_pks_kick((uint32_t)cpu) ? CBX_OK : CBX_E_BUSY;
}

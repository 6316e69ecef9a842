/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include <arch/x86_64/cpu.h>
#include <arch/x86_64/flush.h>
#include <arch/x86_64/machine.h>
#include <base/string.h>
#include <hal/pks-vm/cpus.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/irq.h>

#define VECTOR_NMI 2u

enum start {
	START_NOT,
	START_CLAIMED, /* somebody writes entry and argument */
	START_ASKED,
	START_DONE,
};

struct cpu {
	uint64_t entry;
	uint64_t argument;
	_Atomic uint32_t start;
	atomic_bool kicked; /* an NMI of ours will come, or came */
};

static struct cpu cpus[CBX_X86_CPUS_MAX];
static atomic_bool stopped;

_Static_assert(CBX_X86_CPUS_MAX <= CBX_FLUSH_CPUS, "CPUs");

static struct cpu *mine(void)
{
	return &cpus[cbx_hal_cpu()];
}

uint64_t cbx_hal_view_flush(void)
{
	uint64_t token = cbx_flush_next();

	cbx_pks_iommu_flush(token);
	(void)cbx_hal_view_flushed(token);
	return token;
}

bool cbx_hal_view_flushed(uint64_t token)
{
	bool flushed = cbx_pks_iommu_flushed(token);

	if (cbx_flush_stale(cbx_hal_cpu(), token)) {
		cbx_pks_flush();
	}
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		if (cbx_flush_stale(i, token)) {
			cbx_hal_cpu_kick(i);
			flushed = false;
		}
	}
	return flushed;
}

/* One NMI at a time: it is on its way until its target has heard of it, and
 * then looks at everything it may have been for. */
bool cbx_pks_kick(uint32_t cpu)
{
	if (cpu == cbx_hal_cpu() || atomic_exchange(&cpus[cpu].kicked, true) ||
		cbx_pks_apic_nmi(cpu)) {
		return true;
	}
	atomic_store(&cpus[cpu].kicked, false);
	return false;
}

void cbx_hal_cpu_kick(uint32_t cpu)
{
	(void)cbx_pks_kick(cpu);
}

/* One that holds still in the monitor does so for ever: the lock it waits for is
 * not given back. */
void cbx_pks_stop_others(void)
{
	atomic_store(&stopped, true);
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		(void)cbx_pks_kick(i);
	}
}

/* What the NMI stub left on its stack may have been a box's. */
void cbx_pks_nmis_hear(void)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint64_t count = __atomic_load_n(&cpu->nmis, __ATOMIC_SEQ_CST);
	uint64_t more = count - cpu->nmis_seen;

	if (atomic_load(&stopped)) {
		cbx_x86_stop();
	}
	cpu->nmis_seen = count;
	memset((void *)(CBX_IST_TOP(CBX_IST_NMI) - CBX_FRAME_BYTES), 0,
		CBX_FRAME_BYTES);
	if (atomic_exchange(&mine()->kicked, false)) {
		cbx_pks_irq_collect();
		more--;
	}
	if (more != 0) {
		cbx_pks_irq_keep(VECTOR_NMI);
	}
}

enum cbx_status cbx_pks_cpu_start(
	uint32_t cpu, uint64_t entry, uint64_t argument)
{
	struct cpu *to = &cpus[cpu];
	uint32_t not = START_NOT;

	if (cpu == 0) { /* it began by itself */
		return CBX_OK;
	}
	if (atomic_compare_exchange_strong(&to->start, &not, START_CLAIMED)) {
		to->entry = entry;
		to->argument = argument;
		atomic_store(&to->start, START_ASKED);
	}
	if (atomic_load(&to->start) == START_DONE) {
		return CBX_OK;
	}
	cbx_hal_cpu_kick(cpu);
	return CBX_E_BUSY;
}

void cbx_pks_cpu_wait(uint64_t *entry, uint64_t *argument)
{
	struct cpu *cpu = mine();

	while (atomic_load(&cpu->start) != START_ASKED) {
		cbx_pks_nmis_take();
		if (atomic_load(&cpu->start) != START_ASKED) {
			cbx_x86_halt();
		}
	}
	*entry = cpu->entry;
	*argument = cpu->argument;
	atomic_store(&cpu->start, START_DONE);
}

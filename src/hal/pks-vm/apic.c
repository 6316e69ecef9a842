/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This CPU's local interrupt controller, which is out of the host's reach: its
 * page is in nobody's direct map.  The old controllers' line is masked, and
 * so is everything local but the timer and the operator's NMI; a message a device sends cannot have
 * the number of an exception.
 */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>
#include <hal/pks-vm/apic.h>
#include <hal/pks-vm/device.h>

#define APIC_PA	 0xfee00000ull
#define MSR_BASE 0x1bu
#define X2_MODE	 0x400ull

#define ID		 0x20u
#define PRIORITY	 0x80u
#define DONE		 0xb0u
#define SPURIOUS	 0xf0u
#define ERRORS		 0x280u
#define LINE_TIMER	 0x320u
#define LINE_NMI	 0x360u
#define LINE_ERROR	 0x370u
#define TIMER_FROM	 0x380u
#define TIMER_AT	 0x390u
#define TIMER_DIVIDE	 0x3e0u
#define DIVIDE_16	 3u
#define DELIVER_NMI	 0x400u
#define COMMAND		 0x300u
#define COMMAND_TO	 0x310u
#define MASKED		 0x10000u
#define ENABLED		 0x100u
#define COMMAND_NMI	 0x4400u
#define COMMAND_SELF	 0x44000u
#define COMMAND_PENDING	 0x1000u
#define COMMAND_PATIENCE 1000u

#define SAMPLE_NS 200000ull
#define GAP_NS	  20000ull
#define TRIES	  20u

static uint8_t ids[CBX_X86_CPUS_MAX];
static uint64_t rate; /* of the timer: counts in one ns, times 2^32 */

static volatile uint32_t *word(uint32_t offset)
{
	return (volatile uint32_t *)(CBX_CPU_AT((uint64_t)CBX_CPU_APIC_PAGE) +
				     offset);
}

/* In x2APIC mode a WRMSR would send interrupts (doc/pks-vm.md). */
void cbx_pks_apic_start(void)
{
	static const uint16_t local[] = { 0x330, 0x340, 0x350 };
	uint64_t base = cbx_x86_msr(MSR_BASE);

	if ((base & CBX_PTE_ADDRESS) != APIC_PA || (base & X2_MODE) != 0) {
		cbx_hal_panic("interrupt controller", __FILE__, __LINE__);
	}
	(void)cbx_pks_device_map(CBX_CPU_APIC_PAGE, APIC_PA);
	for (uint32_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		*word(local[i]) = MASKED;
	}
	*word(PRIORITY) = 0x10;
	*word(SPURIOUS) = ENABLED | CBX_APIC_SPURIOUS;
	*word(LINE_NMI) = DELIVER_NMI;
	*word(LINE_ERROR) = CBX_APIC_ERROR;
	*word(TIMER_DIVIDE) = DIVIDE_16;
	*word(LINE_TIMER) = CBX_APIC_TIMER;
	*word(TIMER_FROM) = 0;
	ids[cbx_hal_cpu()] = (uint8_t)(*word(ID) >> 24);
}

uint8_t cbx_pks_apic_id(uint32_t cpu)
{
	return ids[cpu];
}

void cbx_pks_apic_done(void)
{
	*word(DONE) = 0;
}

void cbx_pks_apic_forgive(void)
{
	*word(ERRORS) = 0;
}

/* The count, at a time: both read as close together as can be had. */
static uint64_t sample(uint32_t *count)
{
	uint64_t before = 0;
	uint64_t after = UINT64_MAX;

	for (uint32_t i = 0; i < TRIES && after - before > GAP_NS; i++) {
		before = cbx_x86_clock_ns();
		*count = *word(TIMER_AT);
		after = cbx_x86_clock_ns();
	}
	return after;
}

void cbx_pks_apic_timer_start(void)
{
	uint32_t from;
	uint32_t to;
	uint64_t begin;
	uint64_t end;

	*word(LINE_TIMER) = CBX_APIC_TIMER | MASKED;
	*word(TIMER_FROM) = UINT32_MAX;
	begin = sample(&from);
	while (cbx_x86_clock_ns() - begin < SAMPLE_NS) {
	}
	end = sample(&to);
	cbx_pks_apic_timer(0);
	*word(LINE_TIMER) = CBX_APIC_TIMER;
	if (from == to) {
		cbx_hal_panic("the timer stands still", __FILE__, __LINE__);
	}
	rate = ((uint64_t)(from - to) << 32) / (end - begin);
}

void cbx_pks_apic_timer(uint64_t ns)
{
	unsigned __int128 counts = ((unsigned __int128)ns * rate >> 32) + 1;

	if (counts > UINT32_MAX) {
		counts = UINT32_MAX;
	}
	*word(TIMER_FROM) = ns == 0 ? 0 : (uint32_t)counts;
}

static bool is_idle(void)
{
	for (uint32_t i = 0; i < COMMAND_PATIENCE; i++) {
		if ((*word(COMMAND) & COMMAND_PENDING) == 0) {
			return true;
		}
		cbx_hal_cpu_relax();
	}
	return false;
}

void cbx_pks_apic_again(void)
{
	if (is_idle()) {
		*word(COMMAND) = COMMAND_SELF | CBX_APIC_AGAIN;
	}
}

/* Before it is mapped there is nobody to send to. */
bool cbx_pks_apic_nmi(uint32_t cpu)
{
	const uint64_t *table = (uint64_t *)CBX_CPU_AT(CBX_CPU_TABLE_PAGE);

	if (table[CBX_CPU_APIC_PAGE] == 0 || !is_idle()) {
		return false;
	}
	*word(COMMAND_TO) = (uint32_t)ids[cpu] << 24;
	*word(COMMAND) = COMMAND_NMI;
	return true;
}

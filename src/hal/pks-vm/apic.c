/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This CPU's local interrupt controller, which is out of the host's reach: its
 * page is in nobody's direct map.  The old controllers' line is masked, and
 * so is everything local; a message a device sends cannot have the number of
 * an exception.
 */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/layout.h>
#include <hal/hal.h>
#include <hal/pks-vm/apic.h>
#include <hal/pks-vm/pure/table.h>

#define APIC_PA	 0xfee00000ull
#define MSR_BASE 0x1bu
#define X2_MODE	 0x400ull

#define ID		 0x20u
#define PRIORITY	 0x80u
#define SPURIOUS	 0xf0u
#define COMMAND		 0x300u
#define COMMAND_TO	 0x310u
#define MASKED		 0x10000u
#define ENABLED		 0x1ffu /* and the spurious vector */
#define COMMAND_NMI	 0x4400u
#define COMMAND_PENDING	 0x1000u
#define COMMAND_PATIENCE 1000u

static uint32_t ids[CBX_X86_CPUS_MAX];

static uint64_t read_base(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_BASE));
	return (uint64_t)high << 32 | low;
}

static uint32_t read_word(uint32_t offset)
{
	return *(volatile uint32_t *)(CBX_CPU_AT((uint64_t)CBX_CPU_APIC_PAGE) +
				      offset);
}

static void write_word(uint32_t offset, uint32_t value)
{
	volatile uint32_t *word =
		(volatile uint32_t *)(CBX_CPU_AT((uint64_t)CBX_CPU_APIC_PAGE) +
				      offset);

	*word = value;
}

/* In x2APIC mode a WRMSR would send interrupts (doc/pks-vm.md). */
void cbx_pks_apic_start(void)
{
	static const uint16_t local[] = { 0x320, 0x330, 0x340, 0x350, 0x370 };
	uint64_t *table = (uint64_t *)CBX_CPU_AT(CBX_CPU_TABLE_PAGE);
	uint64_t base = read_base();

	if ((base & CBX_PTE_ADDRESS) != APIC_PA || (base & X2_MODE) != 0) {
		cbx_hal_panic("interrupt controller", __FILE__, __LINE__);
	}
	table[CBX_CPU_APIC_PAGE] = APIC_PA | CBX_PTE_P | CBX_PTE_W |
				   CBX_PTE_PWT | CBX_PTE_PCD | CBX_PTE_NX |
				   (uint64_t)CBX_KEY_MONITOR << 59;
	for (uint32_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		write_word(local[i], MASKED);
	}
	write_word(PRIORITY, 0x10);
	write_word(SPURIOUS, ENABLED);
	ids[cbx_hal_cpu()] = read_word(ID) >> 24;
}

static bool is_idle(void)
{
	for (uint32_t i = 0; i < COMMAND_PATIENCE; i++) {
		if ((read_word(COMMAND) & COMMAND_PENDING) == 0) {
			return true;
		}
		cbx_hal_cpu_relax();
	}
	return false;
}

bool cbx_pks_apic_nmi(uint32_t cpu)
{
	if (!is_idle()) {
		return false;
	}
	write_word(COMMAND_TO, ids[cpu] << 24);
	write_word(COMMAND, COMMAND_NMI);
	return true;
}

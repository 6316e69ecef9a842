/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller of the machine's interrupt lines, and the old pair before it.
 * What is written here are fixed vectors of 32 and above only: no line can
 * send an NMI, an INIT or the number of an exception.
 */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/layout.h>
#include <hal/pks-vm/device.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/irq.h>

#define LINES_PA  0xfec00000ull
#define LINES_MAX 240u

#define VERSION 1u
#define ENTRY	0x10u
#define LOW	0x2000ull
#define LEVEL	0x8000ull
#define MASKED	0x10000ull

#define FLAGS (CBX_PKS_IRQ_MASKED | CBX_PKS_IRQ_LEVEL | CBX_PKS_IRQ_LOW)

static uint32_t count;
static uint64_t entries[LINES_MAX];
static bool locked;

static volatile uint32_t *window(uint32_t index)
{
	volatile uint32_t *page =
		(volatile uint32_t *)CBX_CPU_AT((uint64_t)CBX_CPU_IOAPIC_PAGE);

	page[0] = index;
	return &page[4];
}

/* Masked while it is half written. */
static void write_entry(uint32_t line, uint64_t entry)
{
	entry = cbx_pks_iommu_line(line, entry);
	*window(ENTRY + 2 * line) = MASKED;
	*window(ENTRY + 2 * line + 1) = (uint32_t)(entry >> 32);
	*window(ENTRY + 2 * line) = (uint32_t)entry;
}

void cbx_pks_lines_map(void)
{
	(void)cbx_pks_device_map(CBX_CPU_IOAPIC_PAGE, LINES_PA);
}

/* Both masked, at 32 and 40; what they say is not heard anyway (apic.c). */
static void silence_old(void)
{
	static const struct {
		uint8_t port, value;
	} words[] = { { 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 },
		{ 0xa0, 0x11 }, { 0xa1, 0x28 }, { 0xa1, 2 }, { 0xa1, 1 },
		{ 0x21, 0xff }, { 0xa1, 0xff } };

	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		cbx_x86_out8(words[i].port, words[i].value);
	}
}

/* A machine without one reads as ones. */
void cbx_pks_lines_start(void)
{
	uint32_t version = *window(VERSION);

	silence_old();
	count = version == UINT32_MAX ? 0 : (version >> 16 & 0xff) + 1;
	count = count < LINES_MAX ? count : LINES_MAX;
	for (uint32_t i = 0; i < count; i++) {
		entries[i] = MASKED;
		write_entry(i, MASKED);
	}
}

enum cbx_status cbx_pks_irq_line(
	uint64_t line, uint64_t vector, uint64_t cpu, uint64_t flags)
{
	uint64_t entry = vector;

	if (line >= count || vector < CBX_IRQ_FIRST ||
		vector >= CBX_APIC_AGAIN || cpu >= cbx_hal_cpu_count() ||
		(flags & ~(uint64_t)FLAGS) != 0) {
		return CBX_E_INVALID;
	}
	entry |= (uint64_t)cbx_pks_apic_id((uint32_t)cpu) << 56;
	entry |= (flags & CBX_PKS_IRQ_MASKED) != 0 ? MASKED : 0;
	entry |= (flags & CBX_PKS_IRQ_LEVEL) != 0 ? LEVEL : 0;
	entry |= (flags & CBX_PKS_IRQ_LOW) != 0 ? LOW : 0;
	cbx_pks_lock_take(&locked);
	entries[line] = entry;
	write_entry((uint32_t)line, entry);
	cbx_pks_lock_drop(&locked);
	return CBX_OK;
}

/* Its device goes on until the host has asked it; then the host unmasks. */
void cbx_pks_lines_taken(uint64_t vector)
{
	cbx_pks_lock_take(&locked);
	for (uint32_t i = 0; i < count; i++) {
		if ((entries[i] & 0xff) == vector &&
			(entries[i] & (LEVEL | MASKED)) == LEVEL) {
			entries[i] |= MASKED;
			*window(ENTRY + 2 * i) = (uint32_t)entries[i];
		}
	}
	cbx_pks_lock_drop(&locked);
}

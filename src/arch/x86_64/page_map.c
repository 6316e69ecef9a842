/* SPDX-License-Identifier: Apache-2.0 */
/* A few pages at a time, in slots of this CPU's window: there is no direct map
 * of memory.  A slot keeps its page until it is needed for another one. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/state.h>
#include <hal/hal.h>

/* Present, writable, no execution, the monitor's key. */
#define ENTRY                                                      \
	(0x8000000000000003ull | (uint64_t)CBX_KEY_MONITOR << 59 | \
		CBX_X86_PRIVATE)

_Static_assert(CBX_HAL_MAPS <= CBX_CPU_SLOTS && CBX_CPU_SLOTS == 32, "slots");

/* The window's page table, from the first slot on. */
static uint64_t *slots(void)
{
	return (uint64_t *)CBX_CPU_HERE(CBX_CPU_TABLE_PAGE) + CBX_CPU_SLOT_PAGE;
}

static uint64_t slot_va(uint64_t slot)
{
	return (uint64_t)CBX_CPU_HERE(CBX_CPU_SLOT_PAGE + slot);
}

/* The rare ways are out of line, so that the usual one saves no registers. */
static __attribute__((noinline)) void *replace(
	uint64_t slot, struct cbx_pfn pfn)
{
	CBX_ASSERT(pfn.n < cbx_hal_page_count());
	slots()[slot] = pfn.n << CBX_PAGE_SHIFT | ENTRY;
	cbx_x86_invlpg(slot_va(slot));
	return (void *)slot_va(slot);
}

static void *use(struct cbx_x86_cpu *cpu, uint64_t slot, struct cbx_pfn pfn)
{
	cpu->slots |= 1u << slot;
	/* The accessed and dirty bits are the CPU's; they are shifted out. */
	return (slots()[slot] ^ ENTRY) >> CBX_PAGE_SHIFT == pfn.n
		       ? (void *)slot_va(slot)
		       : replace(slot, pfn);
}

static __attribute__((noinline)) void *use_another(
	struct cbx_x86_cpu *cpu, struct cbx_pfn pfn)
{
	CBX_ASSERT(cpu->slots != UINT32_MAX);
	return use(cpu, (uint32_t)__builtin_ctz(~cpu->slots), pfn);
}

void *cbx_hal_page_map(struct cbx_pfn pfn)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint64_t slot = pfn.n % CBX_CPU_SLOTS;

	return (cpu->slots >> slot & 1) != 0 ? use_another(cpu, pfn)
					     : use(cpu, slot, pfn);
}

void cbx_hal_page_unmap(const void *page)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint64_t slot = ((uint64_t)page - slot_va(0)) >> CBX_PAGE_SHIFT;

	CBX_ASSERT(slot < CBX_CPU_SLOTS && (cpu->slots >> slot & 1) != 0);
	cpu->slots &= ~(1u << slot);
}

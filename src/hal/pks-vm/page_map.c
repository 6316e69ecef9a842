/* SPDX-License-Identifier: Apache-2.0 */
/* A few pages at a time, in slots of this CPU's window: there is no direct map
 * of memory. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/state.h>
#include <base/string.h>
#include <hal/hal.h>

/* Present, writable, no execution, the monitor's key. */
#define ENTRY (0x8000000000000003ull | (uint64_t)CBX_KEY_MONITOR << 59)

_Static_assert(CBX_HAL_MAPS <= CBX_CPU_SLOTS, "slots");

static uint64_t *entry_of(uint32_t slot)
{
	uint64_t *table = (uint64_t *)CBX_CPU_AT(CBX_CPU_TABLE_PAGE);

	return &table[CBX_CPU_SLOT_PAGE + slot];
}

void *cbx_hal_page_map(struct cbx_pfn pfn)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint32_t slot = (uint32_t)__builtin_ctz(~cpu->slots);

	if (pfn.n >= cbx_hal_page_count() || slot >= CBX_CPU_SLOTS) {
		cbx_hal_panic("page map", __FILE__, __LINE__);
	}
	cpu->slots |= 1u << slot;
	*entry_of(slot) = pfn.n << CBX_PAGE_SHIFT | ENTRY;
	return (void *)CBX_CPU_AT(CBX_CPU_SLOT_PAGE + (uint64_t)slot);
}

void cbx_hal_page_unmap(const void *page)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint64_t va = (uint64_t)page & ~(CBX_PAGE_SIZE - 1ull);
	uint64_t slot = (va - CBX_CPU_AT(CBX_CPU_SLOT_PAGE)) >> CBX_PAGE_SHIFT;

	if (slot >= CBX_CPU_SLOTS || (cpu->slots & 1u << slot) == 0) {
		cbx_hal_panic("page unmap", __FILE__, __LINE__);
	}
	*entry_of((uint32_t)slot) = 0;
	cbx_x86_invlpg(va);
	cpu->slots &= ~(1u << slot);
}

void cbx_hal_page_scrub(struct cbx_pfn pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		void *page = cbx_hal_page_map(cbx_pfn_add(pfn, i));

		memset(page, 0, CBX_PAGE_SIZE);
		cbx_hal_page_unmap(page);
	}
}

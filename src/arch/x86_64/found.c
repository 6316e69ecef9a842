/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as start-up found it: memory, CPUs, time. */
#include <arch/x86_64/boot.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

struct cbx_x86_boot cbx_x86_found;
static const struct cbx_x86_boot *const machine = &cbx_x86_found;

uint32_t cbx_hal_cpu_count(void)
{
	return machine->cpu_count;
}

uint32_t cbx_hal_cpu(void)
{
	return cbx_x86_cpu()->number;
}

uint32_t *cbx_hal_cpu_rank(void)
{
	return &cbx_x86_cpu()->rank;
}

uint64_t cbx_hal_page_count(void)
{
	return machine->page_count;
}

static enum cbx_hal_kind kind_of(enum cbx_x86_kind kind)
{
	return kind == CBX_X86_MONITOR ? CBX_HAL_MONITOR : CBX_HAL_RAM;
}

static bool is_listed(const struct cbx_x86_region *r, bool module)
{
	return r->count != 0 && r->kind != CBX_X86_RESERVED &&
	       (r->kind == CBX_X86_MODULE) == module;
}

/* The host's image first: whoever takes memory takes it from the last region
 * that serves. */
bool cbx_hal_memory(uint32_t index, struct cbx_hal_region *region)
{
	for (uint32_t i = 0; i < 2 * machine->region_count; i++) {
		const struct cbx_x86_region *r =
			&machine->region[i % machine->region_count];

		if (is_listed(r, i < machine->region_count) && index-- == 0) {
			*region = (struct cbx_hal_region){ { r->first },
				r->count, kind_of(r->kind) };
			return true;
		}
	}
	return false;
}

uint64_t cbx_hal_ticks(void)
{
	struct cbx_x86_cpu *cpu = cbx_x86_cpu();
	uint64_t now = cbx_x86_clock_ns();

	if (now > cpu->last_ticks) {
		cpu->last_ticks = now;
	}
	return cpu->last_ticks;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Control-flow enforcement in ring 0, where the CPU has it. */
#include <arch/x86_64/cet.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#define MSR_U_CET 0x6a0u
#define MSR_S_CET 0x6a2u

#define ENDBR_EN 4ull

#define CR4_CET 0x800000ull

static bool has_tracking(void)
{
	return (cbx_x86_cpuid(7, 0).edx & 1u << 20) != 0;
}

void cbx_x86_cet_init(void)
{
	uint64_t cr4;

	if (!has_tracking()) {
		return;
	}
	cbx_x86_msr_write(MSR_U_CET, 0);
	cbx_x86_msr_write(MSR_S_CET, ENDBR_EN);
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	cbx_x86_cr4_write(cr4 | CR4_CET);
	if (cbx_x86_cpu()->number == 0) {
		cbx_hal_log("CET: indirect branches");
	}
}

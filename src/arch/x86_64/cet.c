/* SPDX-License-Identifier: Apache-2.0 */
/* Control-flow enforcement in ring 0, where the CPU has it. */
#include <arch/x86_64/cet.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#define MSR_U_CET     0x6a0u
#define MSR_SSP_TABLE 0x6a8u
#define CR4_CET	      0x800000ull

bool cbx_x86_cet_has_tracking(void)
{
	return (cbx_x86_cpuid(7, 0).edx & 1u << 20) != 0;
}

/* A hypervisor may lose a token in the middle of a stack switch, unless the CPU
 * says that none does. */
bool cbx_x86_cet_has_shadow(void)
{
	bool whole = (cbx_x86_cpuid(7, 1).edx & 1u << 18) != 0;
	bool virtual = (cbx_x86_cpuid(1, 0).ecx & 1u << 31) != 0;

	return (cbx_x86_cpuid(7, 0).ecx & 1u << 7) != 0 && (whole || !virtual);
}

void cbx_x86_cet_table(uint64_t *table)
{
	for (uint64_t i = CBX_IST_TRAP; i <= CBX_IST_DOUBLE; i++) {
		table[i] = CBX_CPU_TOP(CBX_CPU_SHADOW_PAGE + 2 * (i - 1)) - 8;
	}
}

void cbx_x86_cet_init(uint64_t table)
{
	bool shadow = cbx_x86_cet_has_shadow();

	if (!shadow && !cbx_x86_cet_has_tracking()) {
		return;
	}
	cbx_x86_msr_write(MSR_U_CET, 0);
	cbx_x86_msr_write(
		CBX_MSR_S_CET, cbx_x86_cet_has_tracking() ? CBX_CET_ENDBR : 0);
	if (shadow) {
		cbx_x86_msr_write(MSR_SSP_TABLE, table);
	}
	cbx_x86_cr4_write(cbx_x86_cr4() | CR4_CET);
	if (cbx_x86_cpu()->number == 0) {
		cbx_hal_log(shadow ? "CET on, with shadow stacks" : "CET on");
	}
}

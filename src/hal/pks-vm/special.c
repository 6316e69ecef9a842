/* SPDX-License-Identifier: Apache-2.0 */
/* Control and model-specific registers: the few the host may write.  Why not
 * the others is in doc/pks-vm.md. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/host.h>

#define CR4_HOSTS 0x4ull /* TSD: may its users read the time stamp counter */

#define MSR_KERNEL_GS 0xc0000102u
#define MSR_TSC_AUX   0xc0000103u

#define LEAF_MORE  0x80000001u
#define HAS_RDTSCP (1u << 27)

void cbx_pks_cr4_switch(bool host)
{
	uint64_t now = cbx_x86_cr4() & ~CR4_HOSTS;

	cbx_x86_cr4_write(host ? now | cbx_pks_host()->cr4 : now);
}

static enum cbx_status cr4_write(uint64_t value)
{
	uint64_t now = cbx_x86_cr4();

	if (((value ^ now) & ~CR4_HOSTS) != 0) {
		return CBX_E_DENIED;
	}
	cbx_pks_host()->cr4 = value & CR4_HOSTS;
	cbx_x86_cr4_write(value);
	return CBX_OK;
}

enum cbx_status cbx_pks_cr_write(uint64_t cr, uint64_t value)
{
	switch (cr) {
	case 0:
		return value == cbx_x86_cr0() ? CBX_OK : CBX_E_DENIED;
	case 4:
		return cr4_write(value);
	default:
		return CBX_E_INVALID;
	}
}

/* What the CPU refuses would be a fault of the monitor's. */
enum cbx_status cbx_pks_msr_write(uint64_t msr, uint64_t value)
{
	bool good;

	switch (msr) {
	case MSR_KERNEL_GS:
		good = cbx_x86_canonical(value);
		break;
	case MSR_TSC_AUX:
		good = value <= UINT32_MAX &&
		       (cbx_x86_cpuid(LEAF_MORE, 0).edx & HAS_RDTSCP) != 0;
		break;
	default:
		return CBX_E_DENIED;
	}
	if (!good) {
		return CBX_E_INVALID;
	}
	cbx_x86_msr_write((uint32_t)msr, value);
	return CBX_OK;
}

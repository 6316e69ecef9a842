/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor on the other CPUs: they begin in it, with registers of its own. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>
#include <arch/x86_64/sev/features.h>
#include <monitor/bare/bare.h>
#include <monitor/snp/snp.h>

#define LARGE 0x200000ull
#define PAGES 2ull /* a CPU has: one of them is no multiple of 2 MiB */

static uint64_t registers;

/* Long mode on its home root, as flat as can be. */
static const struct cbx_vmsa first = {
	.cs = { CBX_SELECTOR_CODE, 0xa9b, 0xffffffff, 0 },
	.ss = { CBX_SELECTOR_DATA, 0xc93, 0xffffffff, 0 },
	.tr = { 0, 0x8b, 0x67, 0 },
	.efer = 0x1d00, /* SVME NXE LMA LME */
	.cr4 = 0x20,	/* PAE */
	.cr0 = 0x80010033,
	.dr7 = CBX_X86_WATCH_NOTHING,
	.dr6 = 0xffff0ff0,
	.rflags = 2,
	.rip = (uint64_t)cbx_bare_run_other,
	.rsp = CBX_CPU_STACK_TOP - 8, /* as if it had been called */
	.pat = 0x0007040600070406,
	.xcr0 = 1,
	.mxcsr = 0x1f80,
	.x87_ftw = 0x5555,
	.x87_fcw = 0x40,
};

void cbx_snp_others_carve(uint32_t cpus)
{
	registers = cbx_bare_carve(PAGES * cpus);
}

static void start(uint32_t cpu, uint64_t home)
{
	uint64_t features =
		cbx_snp_own_features(cbx_x86_msr(CBX_MSR_SEV_STATUS));
	uint64_t address = registers + PAGES * CBX_PAGE_SIZE * cpu;
	struct cbx_snp_host own = { .apic = cpu };
	struct cbx_vmsa *vmsa;

	address += address % LARGE == 0 ? CBX_PAGE_SIZE : 0;
	vmsa = cbx_hal_page_map((struct cbx_pfn){ address >> CBX_PAGE_SHIFT });
	*vmsa = first;
	vmsa->cr3 = home;
	vmsa->features = features;
	own.vmsa = vmsa;
	own.vmsa_address = address;
	if (cbx_snp_own_create(&own, features) != CBX_OK) {
		cbx_bare_fail("The hypervisor does not start a CPU.");
	}
	cbx_hal_page_unmap(vmsa);
}

void cbx_snp_others_start(const struct cbx_x86_boot *boot)
{
	for (uint32_t i = 1; i < boot->cpu_count; i++) {
		start(i, boot->homes[i]);
	}
}

_Noreturn void cbx_bare_run_other(void)
{
	cbx_snp_talk_start();
	cbx_x86_cpu_init();
	cbx_snp_bell_start_here();
	cbx_snp_gates_start();
	cbx_x86_main_other(cbx_x86_cpu()->number);
}

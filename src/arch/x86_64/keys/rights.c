/* SPDX-License-Identifier: Apache-2.0 */
/* Rights by protection key, and what would look into boxes beside them. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#define MSR_DEBUG_CONTROL 0x1d9u
#define MSR_COUNTERS	  0x38fu /* which of them count */
#define LEAF_COUNTERS	  10u
#define HAS_KEYS	  (1u << 31)

struct cbx_x86_cpuid cbx_x86_cpuid(uint32_t leaf, uint32_t sub)
{
	struct cbx_x86_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(sub));
	return r;
}

/* No breakpoint, no branch record, no counter of events: what a loader left on
 * would watch boxes. */
static void watch_nothing(void)
{
	cbx_x86_watch_write(0, CBX_X86_WATCH_NOTHING);
	cbx_x86_msr_write(MSR_DEBUG_CONTROL, 0);
	if ((cbx_x86_cpuid(LEAF_COUNTERS, 0).eax & 0xff) >= 2) {
		cbx_x86_msr_write(MSR_COUNTERS, 0);
	}
}

void cbx_x86_rights_init(void)
{
	if ((cbx_x86_cpuid(7, 0).ecx & HAS_KEYS) == 0) {
		cbx_hal_panic("no supervisor keys", __FILE__, __LINE__);
	}
	cbx_x86_msr_write(CBX_MSR_PKRS, CBX_PKRS_MONITOR);
	watch_nothing();
}

_Noreturn void cbx_x86_own_misuse(void)
{
	cbx_hal_panic("the monitor's WRMSR was misused", __FILE__, __LINE__);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The host's shadow stack. */
#include <arch/x86_64/cet.h>
#include <arch/x86_64/cpu.h>
#include <hal/pks-vm/host.h>

#define HOST_FIRST CBX_CPU_AT(CBX_CPU_SHADOW_HOST)
#define HOST_BASE  (CBX_CPU_TOP(CBX_CPU_SHADOW_HOST) - 8)
#define ALIAS	   CBX_PAGE_SIZE
#define MSR_PL3	   0x6a7u

/* What IRETQ pops, from the lowest address on. */
struct popped {
	uint64_t ssp, rip, cs;
};

static void put(uint64_t at, uint64_t ssp, uint64_t rip)
{
	*(struct popped *)(at + ALIAS) =
		(struct popped){ ssp, rip, CBX_SELECTOR_CODE };
}

void cbx_pks_shadow_go(const struct cbx_pks_host *host)
{
	put(CBX_SHADOW_EXIT_VA + 8, host->ssp != 0 ? host->ssp : HOST_BASE,
		host->regs.rip);
}

/* IRETQ to user mode compares nothing. */
bool cbx_pks_shadow_push(struct cbx_pks_host *host)
{
	uint64_t at = host->ssp - sizeof(struct popped);

	if (cbx_x86_cpu()->shadow == 0 || (host->cs & 3) != 0) {
		host->ssp = host->user_ssp;
		return true;
	}
	if (at < HOST_FIRST || at > HOST_BASE - sizeof(struct popped)) {
		return false;
	}
	put(at, host->ssp, host->regs.rip);
	host->ssp = at;
	return true;
}

/* SYSCALL in ring 0 has left it in an MSR.  On the way into the host, the host
 * goes on with what it was to go on with. */
void cbx_pks_shadow_note(struct cbx_pks_host *host)
{
	if (host->vector == CBX_VECTOR_SYSCALL) {
		host->came = cbx_x86_msr(MSR_PL3);
	}
	if (host->came != CBX_SHADOW_EXIT_VA + 8) {
		host->ssp = host->came;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The host is a level below the monitor, with registers of its own. */
#include <stdatomic.h>
#include <string.h>

#include <arch/x86_64/console.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/space.h>
#include <core/page.h>
#include <hal/snp/cpu.h>
#include <hal/snp/insn.h>
#include <arch/x86_64/sev/features.h>
#include <hal/snp/serve.h>
#include <hal/snp/use.h>
#include <monitor/snp/snp.h>

#include "support/ask.h"
#include "support/bare/bare.h"
#include "support/bare/puppet.h"
#include "support/bare/side.h"
#include "support/bare/snp.h"
#include "support/check.h"

#define EXIT_PORT 0xf4
#define EXIT_GOOD 0x2a
#define EXIT_BAD  0x2b
#define SERIAL	  0x3f8
#define LARGE	  0x200000ull
#define VMSA_PAGE (CBX_CPU_HAL_PAGE + 3) /* or the next */
#define AREA_PAGE (CBX_CPU_HAL_PAGE + 7) /* by which nobody calls */

static atomic_bool ready[BARE_CPUS]; /* the monitor has started there */
static atomic_bool told[BARE_CPUS];

void cbx_x86_console_put(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			bare_port_out(SERIAL, 1, '\r');
		}
		bare_port_out(SERIAL, 1, (uint8_t)*text);
	}
}

_Noreturn void side_exit(bool good)
{
	bare_port_out(EXIT_PORT, 4, good ? EXIT_GOOD : EXIT_BAD);
	cbx_x86_stop();
}

void *side_registers(void)
{
	return bare_page(cbx_snp_vcpus[cbx_hal_cpu()].vmsa.n);
}

/* Of the CPU's window, behind what the monitor has there. */
static uint64_t address_of(uint32_t page)
{
	const uint64_t *table = CBX_CPU_HERE(CBX_CPU_TABLE_PAGE);

	return table[page] & 0x000ffffffffff000ull & ~cbx_x86_private;
}

/* The first CPU's, but for its number and its root. */
static void fill(struct cbx_vmsa *vmsa, uint32_t cpu, uint64_t features)
{
	*vmsa = *(const struct cbx_vmsa *)bare_page(
		cbx_snp_told.registers >> CBX_PAGE_SHIFT);
	vmsa->vmpl = CBX_SNP_HOST;
	vmsa->features = features;
	vmsa->efer |= CBX_VMSA_SVME;
	vmsa->rdi = cpu;
	vmsa->cr3 += cpu * CBX_PAGE_SIZE;
}

void side_host_begin(void)
{
	uint64_t features =
		cbx_snp_host_features(cbx_x86_msr(CBX_MSR_SEV_STATUS));
	uint32_t page = VMSA_PAGE + (address_of(VMSA_PAGE) % LARGE == 0);
	const struct cbx_snp_host host = {
		.vmsa = CBX_CPU_HERE(page),
		.vmsa_address = address_of(page),
		.apic = cbx_hal_cpu(),
	};

	if (host.apic == 0) { /* the monitor's start made it */
		return;
	}
	atomic_store(&ready[host.apic], true);
	while (!atomic_load(&told[host.apic])) {
		cbx_hal_cpu_relax();
	}
	fill(CBX_CPU_HERE(page), host.apic, features);
	assert_int_equal(cbx_snp_host_create(&host, features), CBX_OK);
	cbx_snp_serve_start(host.apic,
		(struct cbx_pfn){ host.vmsa_address >> CBX_PAGE_SHIFT },
		(struct cbx_pfn){ address_of(AREA_PAGE) >> CBX_PAGE_SHIFT },
		features);
}

static void say_memory(uint64_t index, struct cbx_reply *reply)
{
	struct cbx_hal_region region;

	if (cbx_hal_memory((uint32_t)index, &region)) {
		reply->status = CBX_OK;
		reply->ret[0] = region.first.n;
		reply->ret[1] = region.count;
		reply->ret[2] = region.kind;
	}
}

static void begin_other(uint32_t cpu, struct cbx_reply *reply)
{
	atomic_store(&told[cpu], true);
	reply->status = atomic_load(&ready[cpu]) ? CBX_OK : CBX_E_BUSY;
}

bool side_call(const struct cbx_call *call, struct cbx_reply *reply)
{
	*reply = (struct cbx_reply){ .status = CBX_E_INVALID };
	switch (call->id) {
	case CBX_PKS_MEMORY:
		say_memory(call->arg[0], reply);
		return true;
	case CBX_PKS_TRAP_ENTRY: /* it has one */
		reply->status = CBX_OK;
		return true;
	case CBX_PKS_CPU_START:
		if (call->arg[0] < BARE_CPUS) {
			begin_other((uint32_t)call->arg[0], reply);
		}
		return true;
	default:
		return false;
	}
}

/* The host holds nothing while it does not run; a box's space may be loaded. */
void puppet_rest(void)
{
	cbx_x86_space_rest();
}

/* By RMPQUERY: a view is the level's rights, rounded. */
void side_assert_view(uint64_t pfn, const struct cbx_view *view, bool is_asked)
{
	uint64_t told_rights = CBX_SNP_HOST;
	uint64_t size = 0;
	uint32_t code;

	if (view == NULL || !is_asked) {
		return;
	}
	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfd"
			 : "=a"(code), "+d"(told_rights), "+c"(size)
			 : "a"(ask_place(pfn))
			 : "memory", "cc");
	assert_int_equal(code, 0);
	assert_int_equal(told_rights >> 8 & CBX_VIEW_ALL, view->bits);
}

/* A touch of a page that is shared, as some of the monitor's are, or nobody's, is
 * the hypervisor's business, and the host's end. */
bool side_can_probe(enum cbx_hal_kind kind)
{
	return kind == CBX_HAL_RAM;
}

/* It knows of no SEV, so all its addresses are private. */
bool side_has_shared(void)
{
	return false;
}

/* What nobody told of is devices, the loader's or the firmware's; what is open is
 * the hypervisor's, too.  A program without a core opens nothing when it asks. */
bool side_is_memory(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	switch (cbx_boot_kind(&cbx_snp_told, (struct cbx_pfn){ pfn }, 1)) {
	case CBX_BOOT_RAM:
	case CBX_BOOT_BARE:
	case CBX_BOOT_MONITOR:
		return page == NULL || page->state != CBX_PAGE_OPEN;
	default:
		return false;
	}
}

/* A page that is the machine's, and validated, is validated again without a
 * change; no other is. */
bool side_hypervisor_may(uint64_t pfn)
{
	return !side_is_memory(pfn) ||
	       cbx_rmp_status(cbx_snp_pvalidate(ask_place(pfn), true)) !=
		       CBX_E_STATE;
}

uint64_t side_fault_vector(void)
{
	return 13;
}

/* The module with this program, behind the monitor's memory. */
void side_clean(void)
{
	struct cbx_hal_region region;

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		if (region.kind == CBX_HAL_RAM &&
			region.first.n >= BARE_ASKED_END >> CBX_PAGE_SHIFT) {
			memset(ask_place(region.first.n), 0,
				region.count << CBX_PAGE_SHIFT);
		}
	}
}

void side_break_traps(void)
{
	((struct cbx_vmsa *)side_registers())->idtr.limit = 0;
}

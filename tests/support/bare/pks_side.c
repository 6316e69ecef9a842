/* SPDX-License-Identifier: Apache-2.0 */
/* The host is beside the monitor, in tables the HAL writes. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/pure/table.h>

#include "support/ask.h"
#include "support/bare/puppet.h"
#include "support/bare/side.h"
#include "support/check.h"

#define EXIT_PORT 0xf4
#define EXIT_GOOD 0x2a
#define EXIT_BAD  0x2b

_Noreturn void side_exit(bool good)
{
	cbx_x86_out32(EXIT_PORT, good ? EXIT_GOOD : EXIT_BAD);
	cbx_x86_stop();
}

void side_host_begin(void)
{
}

bool side_call(const struct cbx_call *call, struct cbx_reply *reply)
{
	(void)call;
	(void)reply;
	return false;
}

/* A CPU on the host's root is waited for by every flush. */
void puppet_rest(void)
{
	uint64_t root;

	__asm__ volatile("mov %%cr3, %0" : "=r"(root));
	if (root != cbx_x86_cpu()->home) {
		cbx_x86_space_leave();
		cbx_x86_root_load(cbx_x86_cpu()->home);
	}
}

/* The entry of the host's direct map, as the CPU would find it. */
static uint64_t direct_entry(uint64_t pfn)
{
	const uint64_t va = CBX_DIRECT_VA + (pfn << CBX_PAGE_SHIFT);
	uint64_t entry = cbx_pks_host()->root;

	for (int shift = 39; shift >= 12 && entry != 0; shift -= 9) {
		const uint64_t *page =
			ask_place((entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT);

		entry = page[va >> shift & 511];
		assert_true(shift == 12 || entry == 0 ||
			    (entry & CBX_PTE_LARGE) == 0);
	}
	return entry;
}

/* A table of the host's, or its text: read-only whatever the view. */
static bool is_special(uint64_t pfn)
{
	const struct cbx_frame *frames = (struct cbx_frame *)CBX_FRAMES_VA;

	return frames[pfn].type != CBX_FRAME_PAGE;
}

void side_assert_view(uint64_t pfn, const struct cbx_view *view, bool is_asked)
{
	uint64_t entry = direct_entry(pfn);

	(void)is_asked;
	if (view != NULL) {
		assert_int_equal((entry & CBX_PTE_P) != 0,
			(view->bits & CBX_VIEW_R) != 0);
		assert_int_equal((entry & CBX_PTE_W) != 0,
			(view->bits & CBX_VIEW_W) != 0 && !is_special(pfn));
	}
	if (entry != 0) {
		assert_int_equal(
			(entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT, pfn);
		assert_int_equal(entry & (CBX_PTE_U | CBX_PTE_NX), CBX_PTE_NX);
	}
}

bool side_can_probe(enum cbx_hal_kind kind)
{
	(void)kind;
	return true;
}

bool side_has_shared(void)
{
	return true;
}

bool side_is_memory(uint64_t pfn)
{
	(void)pfn;
	return true;
}

bool side_hypervisor_may(uint64_t pfn)
{
	(void)pfn;
	return false;
}

uint64_t side_fault_vector(void)
{
	return 14;
}

void side_clean(void)
{
}

void side_break_traps(void)
{
	(void)puppet_gate(CBX_PKS_TRAP_ENTRY, (uint64_t[CBX_CALL_ARGS]){ 0 });
}

/* SPDX-License-Identifier: Apache-2.0 */
/* VMGEXIT, as a guest at VMPL0 uses it. */
#include "../asm.h"
#include "ghcb.h"
#include "guest.h"

static struct lab_ghcb ghcb __attribute__((aligned(4096)));
static bool is_shared;

uint64_t guest_exchange(uint64_t request)
{
	lab_wrmsr(LAB_MSR_GHCB, request);
	__asm__ volatile("rep; vmmcall" : : : "memory");
	return lab_rdmsr(LAB_MSR_GHCB);
}

bool guest_share(uint64_t gpa)
{
	return guest_pvalidate(gpa, false, false).code == 0 &&
	       guest_exchange((uint64_t)LAB_GHCB_SHARED << 52 | gpa |
			      LAB_GHCB_PAGE_STATE) == LAB_GHCB_PAGE_STATE + 1;
}

/* The page to the host, and its address told. */
static bool share(uint64_t gpa)
{
	return guest_share(gpa) && guest_exchange(gpa | LAB_GHCB_REGISTER) ==
					   (gpa | (LAB_GHCB_REGISTER + 1));
}

volatile struct lab_ghcb *guest_page(void)
{
	volatile struct lab_ghcb *page =
		(volatile struct lab_ghcb *)((uint64_t)&ghcb + GUEST_SHARED);

	if (!is_shared && !share((uint64_t)&ghcb)) {
		return NULL;
	}
	is_shared = true;
	page->version = LAB_GHCB_VERSION;
	page->usage = 0;
	page->valid[0] = 0;
	page->valid[1] = 0;
	return page;
}

uint64_t guest_event(enum lab_nae event, uint64_t info1, uint64_t info2)
{
	volatile struct lab_ghcb *page =
		(volatile struct lab_ghcb *)((uint64_t)&ghcb + GUEST_SHARED);

	page->exit_code = event;
	page->exit_info1 = info1;
	page->exit_info2 = info2;
	page->valid[0] |= 1ull << LAB_GHCB_BIT(rax);
	page->valid[1] |= 7ull << LAB_GHCB_BIT(exit_code) % 64;
	guest_exchange((uint64_t)&ghcb);
	if (page->exit_info1 == 0) {
		return 0;
	}
	page->valid[0] = page->valid[1] = 0;
	return page->exit_info2;
}

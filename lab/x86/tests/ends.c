/* SPDX-License-Identifier: Apache-2.0 */
/* What no guest comes back from, a machine each. */
#include "../host.h"
#include "ghcb.h"
#include "../say.h"
#include "guest.h"

extern uint8_t guest_lower_tss[];

static uint8_t page[4096] __attribute__((aligned(4096)));

static void touch(uint64_t va)
{
	*(volatile uint8_t *)va = 1;
}

void guest_end(uint64_t choice)
{
	uint64_t gpa = (uint64_t)page;

	switch (choice) {
	case 1: /* #VC with no table of exceptions */
		__asm__ volatile("lidt %0; cpuid"
				 :
				 : "m"(page)
				 : "rax", "rbx", "rcx", "rdx");
		break;
	case 2: /* the lab */
		touch(GUEST_LAB);
		break;
	case 3: /* the lab, as shared memory */
		touch(GUEST_LAB + GUEST_SHARED);
		break;
	case 4: /* a private page as a shared one */
		touch(gpa + GUEST_SHARED);
		break;
	case 5: /* a shared page as a private one */
		guest_exchange((uint64_t)LAB_GHCB_SHARED << 52 | gpa |
			       LAB_GHCB_PAGE_STATE);
		touch(gpa + GUEST_SHARED);
		touch(gpa);
		break;
	case 6: /* #VC on a stack that is VMPL0's no more */
		guest_exchange((uint64_t)LAB_GHCB_SHARED << 52 | gpa |
			       LAB_GHCB_PAGE_STATE);
		__asm__ volatile("mov %0, %%rsp; cpuid" : : "r"(gpa + 4096));
		break;
	case 7: /* to accept a page of the lab */
		guest_pvalidate(GUEST_LAB, false, true);
		break;
	case 8: /* the end it asks for */
		guest_exchange(3u << 12 | 7u << 16 | LAB_GHCB_TERMINATE);
		break;
	case 9: /* a request there is not */
		guest_exchange(0xf0e);
		break;
	case 10: /* an exception with no table of them */
		__asm__ volatile("lidt %0; ud2" : : "m"(page));
		break;
	case 11: /* a GHCB that is private */
		guest_exchange(gpa);
		break;
	case 12: /* a frame of VMPL1's in a page of VMPL0's */
		if (guest_make_lower()) {
			uint64_t stack = gpa + sizeof(page);

			memcpy(guest_lower_tss + 0x24, &stack, sizeof(stack));
			guest_order(GUEST_CPUID, 0);
		}
		break;
	case GUEST_TAKEN: /* a page that the host took */
		guest_ask_host(LAB_ACT_TAKE, 1, gpa);
		touch(gpa);
		break;
	default:
		break;
	}
}

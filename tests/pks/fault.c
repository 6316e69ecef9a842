/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the monitor's own: each image makes one, and must end in a panic
 * with its registers.  FAULT chooses. */
#include <arch/x86_64/boot.h>
#include <arch/x86_64/console.h>
#include <arch/x86_64/layout.h>

#include "gates.h"

extern const uint8_t cbx_image[];

static void touch(uint64_t va)
{
	*(volatile uint8_t *)va = 0;
}

static void execute(uint64_t va)
{
	__asm__ volatile("" : "+r"(va)); /* by a pointer, whatever it is */
	((void (*)(void))va)();
}

/* Deeper than the stack is. */
static uint64_t __attribute__((noinline)) dig(uint64_t depth)
{
	volatile uint8_t room[512] = { 0 };

	return depth == 0 ? room[0] : dig(depth - 1) + room[depth % 512];
}

/* Return somewhere else, as a bug that overwrites the stack would have it. */
static void __attribute__((noinline)) return_to(uint64_t va)
{
	volatile uint64_t *frame = __builtin_frame_address(0);

	frame[1] = va;
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	(void)boot;
	switch (FAULT) {
	case 0: /* text is not writable */
		touch((uint64_t)cbx_image);
		break;
	case 1: /* what the CPU reads by itself is not */
		touch(CBX_CPU_AT(CBX_CPU_GDT_PAGE));
		break;
	case 2:
		touch(CBX_CPU_AT(CBX_CPU_IDT_PAGE));
		break;
	case 3: /* below the stack is nothing */
		test_say_number("dug", dig(CBX_CPU_STACK_PAGES * 8));
		break;
	case 4: /* there is no lower half */
		touch(0x100000);
		break;
	case 5: /* data does not run */
		execute(CBX_CPU_STATE_VA);
		break;
	case 6: /* nor does a box's memory, or what it is lent */
		execute(CBX_CPU_AT(CBX_CPU_REPLY_PAGE));
		break;
	case 8: /* from here on with CET: a return address is not data */
		return_to((uint64_t)test_pass);
		break;
	case 9: /* nor is the shadow stack */
		touch(CBX_CPU_AT(CBX_CPU_SHADOW_MAIN));
		break;
	case 10: /* and no function is called by a pointer */
		execute((uint64_t)test_pass);
		break;
	default: /* a CPU that lacks something is found before */
		break;
	}
	test_fail("no fault", __LINE__);
}

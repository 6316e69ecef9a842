/* SPDX-License-Identifier: Apache-2.0 */
/*
 * H11: a device's message carries INIT, which emulators before QEMU 9 let
 * through.  The host has chosen where the firmware goes on, as far as it can;
 * it must not be there.
 */
#include "nic.h"

#define MESSAGES 0xfee00000ull
#define INIT	 0x4500u

#define CLOCK_INDEX  0x70
#define CLOCK_DATA   0x71
#define HOW_TO_GO_ON 0x8f
#define BY_VECTOR    0x05 /* of low memory */

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}

/* Or the IOMMU holds it back. */
static const char *init_ends_the_machine(void)
{
	uint64_t page = host_page();
	volatile uint32_t *words = (volatile uint32_t *)DIRECT(page);

	WANT(nic_find() && nic_start());
	for (uint32_t i = 0; i < 1024; i++) {
		words[i] = INIT;
	}
	out8(CLOCK_INDEX, HOW_TO_GO_ON);
	out8(CLOCK_DATA, BY_VECTOR);
	WANT(probe_write(DIRECT(0) + 0x460, 0x1000000010000000) == 1);
	host_say("sends INIT");
	nic_aim(page << CBX_PAGE_SHIFT, MESSAGES);
	nic_go();
	for (uint32_t i = 0; i < 1000; i++) {
		(void)CALL(CBX_CALL_VERSION, 0);
	}
	host_say("it was held back");
	return NULL;
}

const struct host_case host_cases[] = {
	{ "INIT ends the machine", init_ends_the_machine },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);

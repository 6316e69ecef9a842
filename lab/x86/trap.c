/* SPDX-License-Identifier: Apache-2.0 */
#include "trap.h"

#define VECTORS	       32
#define CODE_SELECTOR  8u
#define INTERRUPT_GATE 0x8e00u

struct gate {
	uint16_t offset0, selector, type, offset16;
	uint32_t offset32, reserved;
};

extern const uint64_t lab_trap_entries[VECTORS];

static struct gate gates[VECTORS];

void lab_trap_start(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed))
	pointer = { sizeof(gates) - 1, (uint64_t)gates };

	for (int i = 0; i < VECTORS; i++) {
		uint64_t entry = lab_trap_entries[i];

		gates[i] = (struct gate){ (uint16_t)entry, CODE_SELECTOR,
			INTERRUPT_GATE, (uint16_t)(entry >> 16),
			(uint32_t)(entry >> 32), 0 };
	}
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a processor at VMPL0 whose code does not stay at CPL 0. */
#include "../say.h"
#include "guest.h"

#define TSS	  0x30
#define TSS_BYTES 0x68
#define RSP0	  4
#define IST1	  0x24
#define VECTOR_VC 29
#define GATE_IST  4

uint64_t guest_tables_gdt[8]
	__attribute__((aligned(4096))) = { 0, 0x00af9b000000ffff, /* 08: code */
		0x00afbb000000ffff, 0x00cfb3000000ffff, /* 11, 19: of CPL 1 */
		0x00affb000000ffff, 0x00cff3000000ffff, /* 23, 2b: of CPL 3 */
		0, 0 };
static uint8_t tss[TSS_BYTES] __attribute__((aligned(8)));
static uint8_t stacks[2][4096] __attribute__((aligned(16)));

static void put_stack(uint64_t at, const uint8_t *stack)
{
	uint64_t top = (uint64_t)stack + sizeof(stacks[0]);

	memcpy(tss + at, &top, sizeof(top));
}

static void load_task(void)
{
	uint64_t base = (uint64_t)tss;
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed))
	pointer = { sizeof(guest_tables_gdt) - 1, (uint64_t)guest_tables_gdt };

	guest_tables_gdt[6] = (TSS_BYTES - 1) | (base & 0xffffff) << 16 |
			      0x89ull << 40 | (base >> 24 & 0xff) << 56;
	guest_tables_gdt[7] = base >> 32;
	__asm__ volatile("lgdt %0" : : "m"(pointer));
	__asm__ volatile("ltr %w0" : : "r"(TSS));
}

void guest_make_tables(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idt;

	put_stack(RSP0, stacks[0]);
	put_stack(IST1, stacks[1]);
	load_task();
	__asm__ volatile("sidt %0" : "=m"(idt));
	*(uint8_t *)(idt.base + 16 * VECTOR_VC + GATE_IST) = 1;
}

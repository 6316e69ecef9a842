/* SPDX-License-Identifier: Apache-2.0 */
/* #VC at VMPL0: a library asks CPUID, and is answered from the firmware's page. */
#include <hal/snp/talk.h>

#include "snp.h"

#define VECTOR	29
#define VECTORS 32
#define GATE	0x8e00ull /* present, an interrupt's; and its IST */
#define CODE	8ull

/* What vc_entry leaves on the stack. */
struct frame {
	uint64_t r11, r10, r9, r8, rdi, rsi, rbx, rdx, rcx, rax;
	uint64_t error, rip;
};

void snp_vc(struct frame *frame);
void vc_entry(void);

uint64_t snp_idt[2 * VECTORS];

void snp_vc(struct frame *frame)
{
	const struct cbx_cpuid_question how = { .xcr0 = 1 };
	struct cbx_cpuid_registers r = { frame->rax, frame->rbx, frame->rcx,
		frame->rdx, frame->rip };

	if (frame->error != CBX_CPUID_VC ||
		!cbx_cpuid_execute(
			&snp_cpuid, (const uint8_t *)frame->rip, how, &r)) {
		cbx_snp_refuse("a #VC nobody takes");
	}
	frame->rax = r.rax;
	frame->rbx = r.rbx;
	frame->rcx = r.rcx;
	frame->rdx = r.rdx;
	frame->rip = r.rip;
}

void snp_gate(uint32_t vector, uint64_t entry, uint8_t ist)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} idtr = { sizeof(snp_idt) - 1, (uint64_t)snp_idt };

	snp_idt[2 * vector] = (entry & 0xffff) | CODE << 16 |
			      (GATE | ist) << 32 | (entry >> 16 & 0xffff) << 48;
	snp_idt[2 * vector + 1] = entry >> 32;
	__asm__ volatile("lidt %0" : : "m"(idtr));
}

void snp_vc_start(void)
{
	CBX_ASSERT(cbx_cpuid_sound(&snp_cpuid));
	snp_gate(VECTOR, (uint64_t)vc_entry, 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a processor, or a level, begins with, and the host's word on it. */
#include "../asm.h"
#include "ghcb.h"
#include "guest.h"

extern uint8_t guest_pml4[];
extern const uint64_t guest_gdt[2];

void guest_make_registers(struct lab_save *save)
{
	save->cs = (struct lab_segment){ 8, 0xa9b, 0xffffffff, 0 };
	save->tr = (struct lab_segment){ 0, 0x8b, 0x67, 0 };
	save->gdtr = (struct lab_segment){ 0, 0, 15, (uint64_t)guest_gdt };
	save->efer = LAB_EFER_SVME | LAB_EFER_LME | LAB_EFER_LMA;
	save->cr0 = 0x80010033;
	save->cr3 = (uint64_t)guest_pml4 | GUEST_C;
	save->cr4 = 0x20;
	save->dr6 = 0xffff0ff0;
	save->dr7 = 0x400;
	save->rflags = 2;
	save->pat = 0x0007040600070406;
	save->features = LAB_FEATURES;
	save->xcr0 = 1;
	save->mxcsr = 0x1f80;
}

uint64_t guest_create_processor(
	uint64_t where, struct guest_vmsa *vmsa, uint64_t features)
{
	volatile struct lab_ghcb *page = guest_page();

	page->rax = features;
	return guest_event(LAB_NAE_AP_CREATION, where, (uint64_t)vmsa);
}

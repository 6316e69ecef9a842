/* SPDX-License-Identifier: Apache-2.0 */
/* VMPL1, as VMPL0 makes and runs it. */
#include "../asm.h"
#include "ghcb.h"
#include "../say.h"
#include "guest.h"

#define RIGHTS(read_write_user_super) ((uint64_t)(read_write_user_super) << 8)
#define VMSA			      (1ull << 16)
#define VECTOR_GP		      13
#define VECTOR_VC		      29
#define INTERRUPT_GATE		      0x8e00u

extern uint8_t guest_lower[], guest_lower_exit[], guest_lower_gp[],
	guest_lower_vc[], guest_lower_tss[];
extern uint8_t guest_lower_pml4[], guest_lower_data_end[];
extern const uint64_t guest_gdt[2];

struct guest_vmsa guest_vmsa __attribute__((aligned(4096)));
static uint64_t idt[512] __attribute__((aligned(4096)));

bool guest_order(enum guest_order order, uint64_t address)
{
	struct lab_save *save = &guest_vmsa.save;

	save->rip = (uint64_t)guest_lower;
	save->rdi = order;
	save->rsi = address;
	save->r8_15[0] = 0;
	save->exit_code = 0;
	return guest_exchange(1ull << 32 | LAB_GHCB_RUN) == LAB_GHCB_RUN + 1;
}

static bool grant(const void *from, const void *to, uint64_t rights)
{
	for (uint64_t at = (uint64_t)from; at < (uint64_t)to; at += LAB_PAGE) {
		if (guest_rmpadjust(at, RIGHTS(rights) | 1) != 0) {
			return false;
		}
	}
	return true;
}

void guest_lower_gate(uint64_t vector, uint64_t handler, uint64_t stack)
{
	idt[2 * vector] = (handler & 0xffff) | 8ull << 16 | stack << 32 |
			  (uint64_t)INTERRUPT_GATE << 32 |
			  (handler >> 16 & 0xffff) << 48;
	idt[2 * vector + 1] = handler >> 32;
}

static void make_registers(struct lab_save *save)
{
	guest_make_registers(save);
	save->tr.base = (uint64_t)guest_lower_tss;
	save->idtr =
		(struct lab_segment){ 0, 0, sizeof(idt) - 1, (uint64_t)idt };
	save->vmpl = 1;
	save->cr3 = (uint64_t)guest_lower_pml4 | GUEST_C;
	save->cr4 = 0x620; /* PAE, vectors */
	save->xcr0 = 3;
	save->x87_ftw = 0x5555;
	save->x87_fcw = 0x40;
	save->rip = (uint64_t)guest_lower;
}

/* The host's word on VMPL1: why not, or 0. */
static uint64_t create(uint64_t vmpl)
{
	return guest_create_processor(
		vmpl << 16 | LAB_AP_ON_INIT, &guest_vmsa, LAB_FEATURES);
}

bool guest_make_lower(void)
{
	uint64_t page = (uint64_t)&guest_vmsa.save;

	guest_lower_gate(VECTOR_GP, (uint64_t)guest_lower_gp, 0);
	guest_lower_gate(VECTOR_VC, (uint64_t)guest_lower_vc, 1);
	make_registers(&guest_vmsa.save);
	if (guest_page() == NULL || guest_order(GUEST_READ, 0) ||
		!grant(guest_lower, guest_lower + LAB_PAGE, 0x9) ||
		!grant(guest_lower_pml4, guest_lower_data_end, 0x3) ||
		!grant(guest_gdt, guest_gdt + 1, 0x1) ||
		!grant(idt, idt + 512, 0x1)) {
		return false;
	}
	/* no VMSA yet; then it is one, but of another level; then it is good */
	return create(1) == LAB_NAE_INVALID &&
	       guest_rmpadjust(page, VMSA | 1) == 0 &&
	       create(2) == LAB_NAE_INVALID && create(1) == 0;
}

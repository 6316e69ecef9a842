/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/space.h>
#include <arch/x86_64/vcpu.h>
#include <base/string.h>
#include <hal/hal.h>

#define RED_ZONE 128u

#define UC_XSTATE 1u

#define SELECTORS \
	(CBX_SELECTOR_USER_CODE | (uint64_t)CBX_SELECTOR_USER_DATA << 48)

/* Linux's, after the extended state. */
#define MAGIC2 0x46505845u

/* struct ucontext of Linux x86-64. */
struct frame {
	uint64_t flags;
	uint64_t link;
	uint64_t stack_base;
	uint64_t stack_flags;
	uint64_t stack_bytes;
	struct cbx_regs regs;
	uint64_t selectors; /* cs, gs, fs, ss */
	uint64_t error;
	uint64_t trap;
	uint64_t oldmask;
	uint64_t cr2;
	uint64_t state; /* address of the extended state */
	uint64_t reserved[8];
	uint64_t sigmask;
	struct cbx_upcall upcall; /* ours */
};
CBX_AT(0x28, 0x90, frame, regs);
CBX_AT(0xe0, 8, frame, state);
CBX_AT(0x130, 0x10, frame, upcall);

/* Where the next frame goes, downwards. */
static uint64_t top_of(const struct cbx_x86_vcpu *v)
{
	uint64_t rsp = v->trap.regs.rsp;

	if (rsp <= v->stack && v->stack - rsp < CBX_UPCALL_STACK_BYTES) {
		return rsp - RED_ZONE;
	}
	return v->stack;
}

/* Where the extended state begins, with the frame below it and all of it in
 * one page: one look at the box's tables tells whether it can be written. */
static uint64_t place(uint64_t top)
{
	uint64_t room = cbx_x86_xstate_bytes + sizeof(uint32_t);
	uint64_t state = (top - room) & ~(uint64_t)(CBX_XSTATE_ALIGN - 1);

	if ((state - sizeof(struct frame)) / CBX_PAGE_SIZE ==
		(top - 1) / CBX_PAGE_SIZE) {
		return state;
	}
	top &= ~(uint64_t)(CBX_PAGE_SIZE - 1);
	return (top - room) & ~(uint64_t)(CBX_XSTATE_ALIGN - 1);
}
_Static_assert(sizeof(struct frame) % CBX_XSTATE_ALIGN == 0 &&
		       sizeof(struct frame) + CBX_XSTATE_BYTES_MAX +
				       2 * CBX_XSTATE_ALIGN <=
			       CBX_PAGE_SIZE,
	"a frame fits in a page");

/* Nothing of it is read back: the box may write it meanwhile. */
static void build(struct frame *f, struct cbx_x86_vcpu *v,
	const struct cbx_upcall *upcall, const struct cbx_x86_trap *trap)
{
	uint8_t *state = (uint8_t *)(f + 1);

	f->flags = UC_XSTATE;
	f->link = 0;
	f->stack_base = 0;
	f->stack_flags = 0;
	f->stack_bytes = 0;
	f->regs = v->trap.regs;
	f->selectors = SELECTORS;
	f->error = trap->error;
	f->trap = trap->vector;
	f->oldmask = 0;
	f->cr2 = trap->cr2;
	for (uint32_t i = 0; i < 8; i++) {
		f->reserved[i] = 0;
	}
	f->sigmask = 0;
	f->upcall = *upcall;
	memcpy(state, cbx_x86_xstate(v), cbx_x86_xstate_bytes);
	*(uint32_t *)(void *)(state + cbx_x86_xstate_bytes) = MAGIC2;
}

bool cbx_x86_upcall(struct cbx_x86_vcpu *v, const struct cbx_upcall *upcall,
	const struct cbx_x86_trap *trap)
{
	uint64_t top = top_of(v);
	uint64_t state = place(top);
	uint64_t at = state - sizeof(struct frame);
	struct frame *frame;
	uint8_t *page;

	if (top < 2 * CBX_PAGE_SIZE) {
		return false;
	}
	page = cbx_x86_space_page(v->root, at);
	if (page == NULL) {
		return false;
	}
	frame = (struct frame *)(void *)(page + at % CBX_PAGE_SIZE);
	build(frame, v, upcall, trap);
	frame->state = state;
	cbx_hal_page_unmap(page);
	v->trap.regs = (struct cbx_regs){
		.rip = v->entry,
		.rsp = at,
		.rdi = at + offsetof(struct frame, upcall),
		.rsi = at + offsetof(struct frame, regs),
		.rdx = at,
	};
	return true;
}

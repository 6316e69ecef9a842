/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/space.h>
#include <arch/x86_64/vcpu.h>
#include <base/string.h>

#define RED_ZONE 128u

/* Linux's words in the reserved bytes of the legacy area, and after the
 * state. */
#define WORDS_AT  464u
#define MAGIC1	  0x46505853u
#define MAGIC2	  0x46505845u
#define UC_XSTATE 1u

/* struct ucontext of Linux x86-64. */
struct frame {
	uint64_t flags;
	uint64_t link;
	uint64_t stack_base;
	uint64_t stack_flags;
	uint64_t stack_bytes;
	struct cbx_regs regs;
	uint16_t cs, gs, fs, ss;
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

struct words {
	uint32_t magic;
	uint32_t extended_bytes;
	uint64_t features;
	uint32_t state_bytes;
	uint32_t pad[7];
};

/* Where the next frame goes, downwards. */
static uint64_t top_of(const struct cbx_x86_vcpu *v)
{
	uint64_t rsp = v->regs.rsp;

	if (rsp <= v->stack && v->stack - rsp < CBX_UPCALL_STACK_BYTES) {
		return rsp - RED_ZONE;
	}
	return v->stack;
}

static bool write_state(
	struct cbx_x86_vcpu *v, struct cbx_x86_place *place, uint64_t at)
{
	const uint32_t magic2 = MAGIC2;
	uint64_t bytes = cbx_x86_xstate_bytes();
	uint8_t *state = cbx_x86_xstate(v);
	const struct words words = {
		.magic = MAGIC1,
		.extended_bytes = (uint32_t)(bytes + sizeof(magic2)),
		.features = cbx_x86_xstate_features(),
		.state_bytes = (uint32_t)bytes,
	};

	memcpy(state + WORDS_AT, &words, sizeof(words));
	return cbx_x86_space_write(place, at, state, bytes) &&
	       cbx_x86_space_write(place, at + bytes, &magic2, sizeof(magic2));
}

static struct frame frame_of(const struct cbx_x86_vcpu *v,
	const struct cbx_upcall *upcall, const struct cbx_x86_trap *trap,
	uint64_t state)
{
	return (struct frame){
		.flags = UC_XSTATE,
		.regs = v->regs,
		.cs = CBX_SELECTOR_USER_CODE,
		.ss = CBX_SELECTOR_USER_DATA,
		.error = trap->error,
		.trap = trap->vector,
		.cr2 = trap->cr2,
		.state = state,
		.upcall = *upcall,
	};
}

bool cbx_x86_upcall(struct cbx_x86_vcpu *v, const struct cbx_upcall *upcall,
	const struct cbx_x86_trap *trap)
{
	const uint64_t align = CBX_XSTATE_ALIGN;
	uint64_t room = cbx_x86_xstate_bytes() + sizeof(uint32_t);
	uint64_t top = top_of(v);
	uint64_t state = (top - room) & ~(align - 1);
	uint64_t at = (state - sizeof(struct frame)) & ~(align - 1);
	const struct frame frame = frame_of(v, upcall, trap, state);
	struct cbx_x86_place place = { .root = v->root };

	if (top < room + 2 * align + sizeof(struct frame) ||
		!write_state(v, &place, state) ||
		!cbx_x86_space_write(&place, at, &frame, sizeof(frame))) {
		return false;
	}
	v->regs = (struct cbx_regs){
		.rip = v->entry,
		.rsp = at,
		.rdi = at + offsetof(struct frame, upcall),
		.rsi = at + offsetof(struct frame, regs),
		.rdx = at,
	};
	return true;
}

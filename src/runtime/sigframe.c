/* SPDX-License-Identifier: Apache-2.0 */
#include "sigframe.h"

#include "frame.h"
#include "lib.h"
#include "task.h"
#include "user.h"

#define RED_ZONE      128u
#define BELOW_STACK   32u /* what leaving an up-call writes below it */
#define UC_FP_XSTATE  1u
#define RFLAGS_CLEAR  0x10500u		    /* resume, direction, trap */
#define USER_SEGMENTS 0x002b000000000033ull /* ss, cs */

/* struct rt_sigframe of Linux x86-64. */
struct sigframe {
	uint64_t restorer;
	uint64_t uc_flags;
	uint64_t uc_link;
	struct lx_stack stack;
	struct cbx_regs regs;
	uint64_t segments;
	uint64_t error, trap, old_mask, address;
	uint64_t state; /* extended state */
	uint64_t reserved[8];
	uint64_t mask;
	struct lx_siginfo info;
};
CBX_AT(48, 144, sigframe, regs);
CBX_AT(232, 8, sigframe, state);
CBX_AT(304, 8, sigframe, mask);
CBX_AT(312, 128, sigframe, info);

/* entry_linux.S */
extern const uint8_t cbx_signal_restorer[];

static bool on_stack(const struct lx_stack *stack, uint64_t sp)
{
	return stack->flags != LX_SS_DISABLE && sp > stack->sp &&
	       sp - stack->sp <= stack->size;
}

/* Below what the frame goes. */
static uint64_t top_for(const struct lx_sigaction *action, uint64_t rsp)
{
	const struct lx_stack *stack = &cbx_task_self()->signal.stack;

	if ((action->flags & LX_SA_ONSTACK) != 0 &&
		stack->flags != LX_SS_DISABLE && !on_stack(stack, rsp)) {
		return stack->sp + stack->size;
	}
	return rsp - RED_ZONE;
}

static void fill(struct sigframe *f, const struct lx_siginfo *info,
	const struct cbx_regs *regs)
{
	*f = (struct sigframe){
		.restorer = (uint64_t)cbx_signal_restorer,
		.uc_flags = UC_FP_XSTATE,
		.stack = cbx_task_self()->signal.stack,
		.regs = *regs,
		.segments = USER_SEGMENTS,
		.address = info->code > 0 ? info->value : 0,
		.mask = cbx_task_self()->signal.mask_swapped
				? cbx_task_self()->signal.mask_after
				: cbx_task_self()->signal.mask,
		.info = *info,
	};
	f->stack.flags &= LX_SS_DISABLE;
	if (on_stack(&cbx_task_self()->signal.stack, regs->rsp)) {
		f->stack.flags |= LX_SS_ONSTACK;
	}
}

bool cbx_sigframe_push(const struct lx_sigaction *action,
	const struct lx_siginfo *info, struct cbx_regs *regs, void *frame)
{
	struct sigframe f;
	uint64_t state_bytes;
	const void *state = cbx_frame_state(frame, &state_bytes);
	uint64_t top = top_for(action, regs->rsp);
	uint64_t state_at = (top - state_bytes) & ~63ull;
	uint64_t at = ((state_at - sizeof(f)) & ~15ull) - 8;

	fill(&f, info, regs);
	f.state = state_at;
	if (cbx_user_put(state_at, state, state_bytes) != 0 ||
		cbx_user_put(at, &f, sizeof(f)) != 0 ||
		cbx_user_zero((void *)(at - RED_ZONE - BELOW_STACK),
			RED_ZONE + BELOW_STACK) != 0) {
		return false;
	}
	regs->rsp = at;
	regs->rip = action->handler;
	regs->rdi = (uint64_t)info->signo;
	regs->rsi = at + offsetof(struct sigframe, info);
	regs->rdx = at + offsetof(struct sigframe, uc_flags);
	regs->rax = 0;
	regs->rflags &= ~(uint64_t)RFLAGS_CLEAR;
	return true;
}

bool cbx_sigframe_pop(struct cbx_regs *regs, void *frame)
{
	struct sigframe f;
	uint64_t state_bytes;
	void *state = cbx_frame_state(frame, &state_bytes);

	/* the handler's return took the restorer's address off */
	if (cbx_user_get(&f, regs->rsp - 8, sizeof(f)) != 0) {
		return false;
	}
	if (f.state != 0 && cbx_user_get(state, f.state, state_bytes) != 0) {
		return false;
	}
	*regs = f.regs;
	cbx_task_self()->signal.mask =
		f.mask &
		~(cbx_signal_bit(LX_SIGKILL) | cbx_signal_bit(LX_SIGSTOP));
	return true;
}

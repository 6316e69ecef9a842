/* SPDX-License-Identifier: Apache-2.0 */
#include "sigframe.h"

#include "frame.h"
#include "lib.h"
#include "task.h"
#include "user.h"

#define RED_ZONE      128u
#define UC_FP_XSTATE  1u
#define RFLAGS_CLEAR  0x10500u		    /* resume, direction, trap */
#define RFLAGS_USER   0x50dd5u		    /* what a handler may change */
#define USER_SEGMENTS 0x002b000000000033ull /* ss, cs */
#define PROGRAM_END   0x800000000000ull

/* struct rt_sigframe of Linux x86-64. */
struct sigframe {
	uint64_t restorer;
	uint64_t uc_flags;
	uint64_t uc_link;
	struct lx_stack stack;
	struct cbx_regs regs;
	uint64_t segments;
	struct cbx_frame_trap trap;
	uint64_t state; /* extended state */
	uint64_t reserved[8];
	uint64_t mask;
	struct lx_siginfo info;
};
CBX_AT(48, 144, sigframe, regs);
CBX_AT(200, 32, sigframe, trap);
CBX_AT(232, 8, sigframe, state);
CBX_AT(304, 8, sigframe, mask);
CBX_AT(312, 128, sigframe, info);

/* entry_linux.S */
extern const uint8_t cbx_signal_restorer[];

static bool within(const struct lx_stack *stack, uint64_t sp)
{
	return (stack->flags & LX_SS_DISABLE) == 0 && sp > stack->sp &&
	       sp - stack->sp <= stack->size;
}

bool cbx_sigframe_on_stack(const struct lx_stack *stack, uint64_t sp)
{
	return (stack->flags & LX_SS_AUTODISARM) == 0 && within(stack, sp);
}

/* Whether the handler begins on the alternate stack. */
static bool enters(const struct lx_sigaction *action, uint64_t rsp)
{
	const struct lx_stack *stack = &cbx_task_self()->signal.stack;

	return (action->flags & LX_SA_ONSTACK) != 0 &&
	       (stack->flags & LX_SS_DISABLE) == 0 &&
	       !cbx_sigframe_on_stack(stack, rsp);
}

/* Below what the frame goes. */
static uint64_t top_for(const struct lx_sigaction *action, uint64_t rsp)
{
	const struct lx_stack *stack = &cbx_task_self()->signal.stack;

	return enters(action, rsp) ? stack->sp + stack->size : rsp - RED_ZONE;
}

static void fill(struct sigframe *f, const struct lx_sigaction *action,
	const struct lx_siginfo *info, const struct cbx_regs *regs)
{
	const struct cbx_task *self = cbx_task_self();
	const struct cbx_context *context = &self->context;

	*f = (struct sigframe){
		.restorer = (action->flags & LX_SA_RESTORER) != 0
				    ? action->restorer
				    : (uint64_t)cbx_signal_restorer,
		.uc_flags = UC_FP_XSTATE,
		.stack = self->signal.stack,
		.regs = *regs,
		.segments = USER_SEGMENTS,
		.mask = self->signal.mask_swapped ? self->signal.mask_after
						  : self->signal.mask,
		.info = *info,
	};
	if (info->code > 0 && context->upcall != NULL &&
		context->upcall->kind == CBX_UPCALL_FAULT) {
		f->trap = cbx_frame_trap(context->frame);
	}
}

/* A frame on the alternate stack must not run off its end. */
static bool overflows(
	const struct lx_sigaction *action, uint64_t rsp, uint64_t at)
{
	const struct lx_stack *stack = &cbx_task_self()->signal.stack;

	return (enters(action, rsp) || cbx_sigframe_on_stack(stack, rsp)) &&
	       !within(stack, at);
}

bool cbx_sigframe_push(const struct lx_sigaction *action,
	const struct lx_siginfo *info, struct cbx_regs *regs, void *frame)
{
	struct cbx_task_signals *signal = &cbx_task_self()->signal;
	struct sigframe f;
	uint64_t state_bytes;
	const void *state = cbx_frame_state(frame, &state_bytes);
	uint64_t top = top_for(action, regs->rsp);
	uint64_t state_at = (top - state_bytes) & ~63ull;
	uint64_t at = ((state_at - sizeof(f)) & ~15ull) - 8;

	fill(&f, action, info, regs);
	f.state = state_at;
	if (overflows(action, regs->rsp, at) ||
		cbx_user_put(state_at, state, state_bytes) != 0 ||
		cbx_user_put(at, &f, sizeof(f)) != 0) {
		return false;
	}
	if ((signal->stack.flags & LX_SS_AUTODISARM) != 0) {
		signal->stack = (struct lx_stack){ .flags = LX_SS_DISABLE };
	}
	cbx_frame_reset(frame);
	regs->rsp = at;
	regs->rip = action->handler;
	regs->rdi = (uint64_t)info->signo;
	regs->rsi = at + offsetof(struct sigframe, info);
	regs->rdx = at + offsetof(struct sigframe, uc_flags);
	regs->rax = 0;
	regs->rflags &= ~(uint64_t)RFLAGS_CLEAR;
	return true;
}

/* The alternate stack as the frame has it, unless that is in use. */
static void put_stack_back(const struct lx_stack *stack, uint64_t rsp)
{
	struct cbx_task_signals *signal = &cbx_task_self()->signal;

	if (!cbx_sigframe_on_stack(&signal->stack, rsp)) {
		(void)cbx_signal_set_stack(stack);
	}
}

bool cbx_sigframe_pop(struct cbx_regs *regs, void *frame)
{
	struct sigframe f;
	uint64_t flags = regs->rflags & ~(uint64_t)RFLAGS_USER;

	/* the handler's return took the restorer's address off */
	if (cbx_user_get(&f, regs->rsp - 8, sizeof(f)) != 0 ||
		f.regs.rip >= PROGRAM_END) {
		return false;
	}
	if (f.state == 0) {
		cbx_frame_reset(frame);
	} else if (!cbx_frame_load(frame, f.state)) {
		return false;
	}
	*regs = f.regs;
	regs->rflags = flags | (f.regs.rflags & RFLAGS_USER);
	cbx_signal_set_mask(f.mask);
	put_stack_back(&f.stack, regs->rsp);
	return true;
}

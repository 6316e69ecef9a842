/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame a signal handler runs on, laid out as Linux does.
 */
#ifndef CBX_RUNTIME_SIGFRAME_H
#define CBX_RUNTIME_SIGFRAME_H

#include "signal.h"

/** Save the program's state on its stack and point its registers at the
 * handler; false when the stack is not mapped, or ends. */
CBX_MUST_CHECK bool cbx_sigframe_push(const struct lx_sigaction *action,
	const struct lx_siginfo *info, struct cbx_regs *regs, void *frame);

/** Restore what push saved, and the handler may have changed; false when the
 * frame is not mapped, or leads nowhere. */
CBX_MUST_CHECK bool cbx_sigframe_pop(struct cbx_regs *regs, void *frame);

/** Whether a program with that stack pointer is on its alternate stack. */
bool cbx_sigframe_on_stack(const struct lx_stack *stack, uint64_t sp);

/** Make it the running task's alternate stack.
 * @retval -EINVAL, -ENOMEM  as sigaltstack(2) */
int64_t cbx_signal_set_stack(const struct lx_stack *stack);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame a signal handler runs on, laid out as Linux does.
 */
#ifndef CBX_RUNTIME_SIGFRAME_H
#define CBX_RUNTIME_SIGFRAME_H

#include "signal.h"

/** Save the program's state on its stack and point its registers at the
 * handler; false when the stack is not mapped. */
CBX_MUST_CHECK bool cbx_sigframe_push(const struct lx_sigaction *action,
	const struct lx_siginfo *info, struct cbx_regs *regs, void *frame);

/** Restore what push saved; false when the frame is not mapped. */
CBX_MUST_CHECK bool cbx_sigframe_pop(struct cbx_regs *regs, void *frame);

#endif

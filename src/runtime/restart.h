/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that a signal interrupted: which are made again (signal(7)).
 */
#ifndef CBX_RUNTIME_RESTART_H
#define CBX_RUNTIME_RESTART_H

#include <base/types.h>
#include <base/upcall.h>

#include "linux_signal.h"

/**
 * Whether an interrupted call is to be made again.
 *
 * @param regs    rax is its result, other registers are its arguments
 * @param action  of the handler that runs first; NULL when none does
 */
bool cbx_restart_after(uint32_t call, const struct cbx_regs *regs,
	const struct lx_sigaction *action);

#endif

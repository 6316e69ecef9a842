/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger beside the box: gdb's remote protocol, packets going by the
 * forwarded call DEBUG as long as the policy allows it and the box is not
 * confined.
 *
 * One task at a time stops, at a signal or after a step, and serves the
 * debugger; every other one of the box's first process waits where it would go
 * back to its program.  All of it is called with the runtime's lock held.
 */
#ifndef CBX_RUNTIME_DEBUG_H
#define CBX_RUNTIME_DEBUG_H

#include <base/types.h>
#include <base/upcall.h>

#include "linux_signal.h"

struct cbx_task;

#define CBX_DEBUG_TRAP_FLAG 0x100u

/** Debug the process that runs, if the box was made for that. */
void cbx_debug_init(void);

/** A system call begins: it is no instruction that traps after it. */
void cbx_debug_call(struct cbx_regs *regs);

/** A task is about to go back to its program; it waits while another one
 * serves the debugger.  @param call  it made one */
void cbx_debug_look(struct cbx_task *self, bool call);

/** A task ends: nobody waits for what it was to do. */
void cbx_debug_forget(const struct cbx_task *task);

/** The running task is to be told of a signal.
 * @return whether it still is; its number may have changed */
bool cbx_debug_signal(struct lx_siginfo *info);

/** The box ends with this status, as of wait. */
void cbx_debug_end(uint32_t status);

#endif

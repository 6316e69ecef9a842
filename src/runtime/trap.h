/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Up-calls: the program's system calls and faults.
 */
#ifndef CBX_RUNTIME_TRAP_H
#define CBX_RUNTIME_TRAP_H

#include <base/types.h>
#include <base/upcall.h>

struct cbx_task;

/** Serve an up-call and return to what it interrupted. */
_Noreturn void cbx_runtime_upcall(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame);

/** The same, on the stack it goes on on: rdi, rsi, rdx of cbx_upcall_on. */
_Noreturn void cbx_upcall_serve(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame);

/** Go on with what the registers say: a program by memory of its task's only,
 * as what lies below its stack is its own. */
_Noreturn void cbx_trap_return(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame);

/**
 * Leave the runtime: whoever wants the task to look again interrupts it.  With
 * the lock held.
 *
 * @retval true   the lock is dropped; an interruption meanwhile has set rang
 * @retval false  it was interrupted already, and is to look
 */
bool cbx_trap_let_go(struct cbx_task *self);

/** The first thing of a new task: what it would look after on its way from a
 * call to its program. */
void cbx_trap_begin(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Linux tells of an instruction that could not be executed.
 */
#ifndef CBX_RUNTIME_FAULT_INFO_H
#define CBX_RUNTIME_FAULT_INFO_H

#include <base/upcall.h>

#include "linux_signal.h"
#include "memory.h"

/** The signal of a fault that is not an access to memory.
 * @param frame  the up-call's */
struct lx_siginfo cbx_fault_info(const struct cbx_upcall *upcall,
	const struct cbx_regs *regs, void *frame);

/** The signal of an access to memory that could not be served. */
struct lx_siginfo cbx_fault_describe(
	const struct cbx_upcall *upcall, enum cbx_memory_fault served);

/** Say so when a program without a handler read its own execute-only text: one
 * that keeps constants there should not have asked for that. */
void cbx_fault_explain(
	const struct cbx_upcall *upcall, const struct lx_siginfo *info);

#endif

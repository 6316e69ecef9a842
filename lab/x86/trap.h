/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions of the lab, and of the guests of its tests. */
#ifndef LAB_TRAP_H
#define LAB_TRAP_H

#include <stdint.h>

/** What trap.S leaves on the stack. */
struct lab_trap {
	uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi, r8_15[8];
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/** Take exceptions on this CPU from now on. */
void lab_trap_start(void);

/** What to do with one; it returns to where @p trap then says. */
void lab_trap(struct lab_trap *trap);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How code in a box of the linux backend calls the monitor, and how its
 * runtime leaves an up-call.
 *
 * A gate is a `syscall` instruction with
 *
 *   rax                      CBX_LINUX_GATE_BASE + the call's number
 *   rdi rsi rdx r10 r8 r9    arguments 0 to 5
 *
 * and comes back with rax = the address of this thread's struct cbx_reply,
 * which only the monitor writes and which holds until this thread's next gate.
 * rcx and r11 are lost, everything else is kept; no stack is used.
 *
 * An up-call may come between the instruction and the reading of the reply.
 * One that interrupted the runtime must therefore return before it makes a
 * gate of its own.
 */
#ifndef CBX_BASE_GATECALL_LINUX_H
#define CBX_BASE_GATECALL_LINUX_H

#include <base/upcall.h>

#define CBX_LINUX_GATE_BASE  0x0cbf0000u
#define CBX_LINUX_GATE_COUNT 0x1000u

/** Make the gate call @p call; its reserved field is not passed on. */
static inline void cbx_gatecall(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	uint64_t rax = CBX_LINUX_GATE_BASE + call->id;
	register uint64_t r10 __asm__("r10") = call->arg[3];
	register uint64_t r8 __asm__("r8") = call->arg[4];
	register uint64_t r9 __asm__("r9") = call->arg[5];

	if (call->id >= CBX_LINUX_GATE_COUNT) {
		*reply = (struct cbx_reply){ .status = CBX_E_UNKNOWN_CALL };
		return;
	}
	__asm__ volatile("syscall"
			 : "+a"(rax)
			 : "D"(call->arg[0]), "S"(call->arg[1]),
			 "d"(call->arg[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	*reply = *(const struct cbx_reply *)rax;
}

/**
 * Leave an up-call: the program continues with @p regs and with the extended
 * state @p frame holds.  src/base/upcall_return_linux.S; no system call.
 *
 * The three pointers are those the up-call entry received in rdi, rsi and rdx;
 * of *regs everything takes effect.  The runtime stays on the stack it was
 * entered on until then: a signal that comes while rsp is elsewhere begins at
 * the top of that stack again.
 *
 * @pre regs->rcx equals regs->rip, as after a system call, or the 152 bytes
 *      below regs->rsp can be written: those past the red zone are lost
 */
_Noreturn void cbx_upcall_return(
	struct cbx_upcall *upcall, struct cbx_regs *regs, void *frame);

/** Load the extended state a frame holds, every component it names. */
void cbx_upcall_load(const void *frame);

/** As cbx_upcall_return by IRETQ, for a program that is to trap after one instruction: the
 * trap flag of regs->rflags strikes there and no sooner. */
_Noreturn void cbx_upcall_step(struct cbx_regs *regs, void *frame);

#endif

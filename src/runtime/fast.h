/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls without a trap: a rewritten site (rewrite.h) jumps here.
 *
 * Such a call is served on the task's runtime stack like one that trapped, but
 * without a frame: the vector registers stay where they are, because nothing
 * here uses them.  What needs a frame leaves by a trap of its own: calls that
 * replace the program's state, and signals to be delivered.
 *
 * Known to fast.S, too.
 */
#ifndef CBX_RUNTIME_FAST_H
#define CBX_RUNTIME_FAST_H

/** The system call with which a call goes on as a trap.  Only the runtime's
 * own instruction makes it. */
#define CBX_FAST_TRAP 998

/** Offsets from GS base. */
#define CBX_FAST_ENTRY	8
#define CBX_FAST_STACK	16
#define CBX_FAST_CLOCK	24
#define CBX_FAST_DUE	32
#define CBX_FAST_FLAGS	36
#define CBX_FAST_REGS	40
#define CBX_FAST_RFLAGS (CBX_FAST_REGS + 0x88)

#ifndef __ASSEMBLER__

#include <base/types.h>
#include <base/upcall.h>

struct cbx_clock;
struct cbx_task;

/** A task's part of it; the second member of struct cbx_task. */
struct cbx_fast {
	uint64_t entry; /* where stubs jump to; 0: no thread runs it yet */
	uint64_t stack; /* where its last up-call began; 0: none yet */
	const struct cbx_clock *clock; /* for the vDSO */
	uint32_t due;	   /* not 0: leave by a trap, a signal may wait */
	uint32_t no_flags; /* not 0: regs.rflags are those of the trap */
	struct cbx_regs regs;
	uint32_t number; /* of the call */
	bool served;	 /* regs.rax is its result */
};

/** fast.S: where stubs jump to, rcx being where to return to. */
void cbx_fast_entry(void);

/** Serve the call in the task's fast.regs.
 * @return whether it goes on as a trap */
bool cbx_fast_serve(struct cbx_task *self);

/** Whether a trap is a call going on as one; then *regs are the program's.
 * @param[in,out] upcall  becomes what a trap of the program would have been
 * @param[out] served     the call is; else it is to be served now */
bool cbx_fast_trapped(
	struct cbx_upcall *upcall, struct cbx_regs *regs, bool *served);

/** fast.S: go back to the program with all of the task's fast.regs; nothing of
 * its memory is touched. */
_Noreturn void cbx_fast_return(void);

/** Who was interrupted on that way has gone it.
 * @param[in,out] regs  what was interrupted; then the program's */
void cbx_fast_returning(struct cbx_regs *regs);

/** The runtime was interrupted because a signal may wait: the call that is
 * being served, or is about to return, looks again. */
void cbx_fast_interrupted(struct cbx_regs *regs);

#endif
#endif

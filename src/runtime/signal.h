/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals: raised by the program itself, by its faults and by its alarm,
 * delivered when it returns from an up-call.
 */
#ifndef CBX_RUNTIME_SIGNAL_H
#define CBX_RUNTIME_SIGNAL_H

#include <base/types.h>
#include <base/upcall.h>

#define LX_SIGHUP   1
#define LX_SIGINT   2
#define LX_SIGILL   4
#define LX_SIGTRAP  5
#define LX_SIGABRT  6
#define LX_SIGBUS   7
#define LX_SIGFPE   8
#define LX_SIGKILL  9
#define LX_SIGSEGV  11
#define LX_SIGPIPE  13
#define LX_SIGALRM  14
#define LX_SIGCHLD  17
#define LX_SIGCONT  18
#define LX_SIGSTOP  19
#define LX_SIGTSTP  20
#define LX_SIGTTIN  21
#define LX_SIGTTOU  22
#define LX_SIGURG   23
#define LX_SIGWINCH 28
#define LX_SIGNALS  64 /* 1 to 64 */

#define LX_SI_TKILL (-6)

#define LX_SIG_DFL 0u
#define LX_SIG_IGN 1u

#define LX_SA_SIGINFO	 0x4u
#define LX_SA_ONSTACK	 0x08000000u
#define LX_SA_NODEFER	 0x40000000u
#define LX_SA_RESETHAND	 0x80000000u
#define LX_SS_ONSTACK	 1u
#define LX_SS_DISABLE	 2u
#define LX_SS_AUTODISARM 0x80000000u

struct lx_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct lx_stack {
	uint64_t sp;
	uint32_t flags;
	uint32_t pad;
	uint64_t size;
};

/** siginfo_t, as far as it is filled. */
struct lx_siginfo {
	int32_t signo, error, code, pad;
	uint64_t value; /* address of a fault; pid and uid of a sender */
	uint64_t unused[13];
};
CBX_SIZE(128, lx_siginfo);

/** A process's: actions, and what any of its tasks may take. */
struct cbx_process_signals {
	struct lx_sigaction action[LX_SIGNALS + 1];
	uint64_t pending;
	struct lx_siginfo info[LX_SIGNALS + 1]; /* of what is pending */
};

/** A task's own. */
struct cbx_task_signals {
	uint64_t mask;
	uint64_t mask_after; /* to put back after the next delivery, */
	bool mask_swapped;   /* if there is one */
	uint64_t pending;
	struct lx_siginfo info; /* of the fault that is pending */
	struct lx_stack stack;
};

static inline uint64_t cbx_signal_bit(int signal)
{
	return 1ull << (signal - 1);
}

/** Make a signal pending, as the program's own doing: for its process, for
 * the running task.  @pre 1 to 64 */
void cbx_signal_raise(int signal);
void cbx_signal_raise_self(int signal);

/** Make a fault's signal pending for the running task; it cannot be ignored or blocked.
 * @param info  copied */
void cbx_signal_fault(const struct lx_siginfo *info);

/** Whether a signal waits that the running task does not block. */
bool cbx_signal_waiting(void);

/**
 * Change the program's registers so that it runs the handlers of what is
 * pending, or end the box when a signal's action is death.
 *
 * @param regs   where the program was; changed
 * @param frame  the backend's; holds the extended state
 */
void cbx_signal_deliver(struct cbx_regs *regs, void *frame);

/** Return from a handler: registers, extended state and mask of the frame on
 * the program's stack.  A broken frame is death by SIGSEGV. */
void cbx_signal_return(struct cbx_regs *regs, void *frame);

/** What execve does: handlers become default, the stack is forgotten. */
void cbx_signal_reset(void);

/** Die of a signal. */
_Noreturn void cbx_signal_die(int signal);

#endif

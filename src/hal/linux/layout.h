/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor and the stub in a box's process agree on: where things lie
 * above CBX_VA_MAX, and what the pages there hold.
 *
 *   CBX_STUB_TEXT  code that stays: the pager's loop, the signal handler
 *   CBX_STUB_INIT  code that sets the process up; unmapped before a box runs
 *   CBX_COMM_VA    the pager's next command; the box can only read it
 *   CBX_SLOT_VA    one slot per thread: a page it can only read, a gap, and
 *                  the stack its signal frames and its up-calls use
 *
 * Nothing here is secret.  The pager's one instruction that makes its orders has
 * the right to map, and only in the pager: every other thread has a filter that
 * ends the process there.  For the rest the monitor decides by thread, by what
 * it asked for and by the address of the system call instruction.
 *
 * Included by assembly, too.
 */
#ifndef CBX_HAL_LINUX_LAYOUT_H
#define CBX_HAL_LINUX_LAYOUT_H

#define CBX_STUB_TEXT	    0x7e8000000000
#define CBX_STUB_TEXT_BYTES 0x1000
#define CBX_STUB_ORDERED    (CBX_STUB_TEXT + 2) /* after the pager's order */
#define CBX_STUB_INIT	    0x7e8000100000
#define CBX_STUB_INIT_BYTES 0x2000
#define CBX_COMM_VA	    0x7e8000200000
#define CBX_SLOT_VA	    0x7e8100000000
#define CBX_SLOT_BYTES	    0x40000
#define CBX_SLOT_STACK	    0x4000 /* offset of the stack in its slot */
#define CBX_SLOTS	    1024
#define CBX_TASK_TOP	    0x7ffffffff000

/** Offsets in the comm file: one page, then from CBX_SLOT_BYTES on slots. */
#define CBX_COMM_FILE_BYTES ((CBX_SLOTS + 1) * CBX_SLOT_BYTES)

/** Descriptors of a box's process.  The last one is closed before it runs. */
#define CBX_STUB_FD_PRIVATE  0
#define CBX_STUB_FD_HOST     1
#define CBX_STUB_FD_COMM     2
#define CBX_STUB_FD_MONITOR  3
#define CBX_STUB_FD_LISTENER 4

/** System call numbers with which the stub talks to the monitor. */
#define CBX_STUB_NEXT 0x0cbf1000 /* pager: last result; answer: go on */
#define CBX_STUB_STOP \
	0x0cbf1001 /* thread: struct below; answer: where the
				  * registers to continue with are, 0: exit */

/** ARCH_SET_CPUID of arch_prctl: 0, and CPUID is a SIGSEGV. */
#define CBX_STUB_SET_CPUID 0x1012

/** The signal that stops a thread. */
#define CBX_STUB_KICK 34

/** Offsets the assembly needs. */
#define CBX_COMM_NR  0x00
#define CBX_COMM_ARG 0x08

#ifndef __ASSEMBLER__

#include <base/gatecall_linux.h>

/** First page of the comm file. */
struct cbx_linux_comm {
	uint64_t nr; /* the system call the pager is to make */
	uint64_t arg[6];
	uint64_t flags;	      /* CBX_SPACE_TRACE, CBX_SPACE_CPUID */
	uint64_t monitor_pid; /* whose child the process must be */
};

/** The kernel's struct ucontext on x86-64. */
struct cbx_linux_ucontext {
	uint64_t flags;
	uint64_t link;
	uint64_t stack_base;
	uint64_t stack_flags;
	uint64_t stack_bytes;
	struct cbx_regs regs;
	uint16_t cs, gs, fs, ss;
	uint64_t error; /* of the CPU, with trap */
	uint64_t trap;
	uint64_t oldmask;
	uint64_t cr2;
	uint64_t fpstate; /* address, or 0 */
	uint64_t reserved[8];
	uint64_t sigmask;
};

/** First page of a slot. */
struct cbx_linux_info {
	struct cbx_reply reply; /* of the thread's last gate */
	uint64_t entry;		/* of the runtime; 0: stop instead */
	uint64_t reserved[6];
	uint64_t pretcode;		  /* frame, as rt_sigreturn wants it */
	struct cbx_linux_ucontext resume; /* registers to continue with */
};

/** Arguments of CBX_STUB_STOP. */
enum cbx_stub_stop_arg {
	CBX_STUB_ARG_SIGNAL,  /* 0 when the thread is new */
	CBX_STUB_ARG_CODE,    /* si_code */
	CBX_STUB_ARG_ADDRESS, /* si_addr */
	CBX_STUB_ARG_TRAP,    /* the CPU's trap number */
	CBX_STUB_ARG_ERROR,   /* the CPU's error code */
	CBX_STUB_ARG_CONTEXT, /* of struct cbx_linux_ucontext */
};

CBX_AT(CBX_COMM_NR, 8, cbx_linux_comm, nr);
CBX_AT(CBX_COMM_ARG, 48, cbx_linux_comm, arg);
CBX_AT(0x28, 0x90, cbx_linux_ucontext, regs);
CBX_AT(0xc0, 8, cbx_linux_ucontext, error);
CBX_AT(0xe0, 8, cbx_linux_ucontext, fpstate);
CBX_AT(0x128, 8, cbx_linux_ucontext, sigmask);
CBX_SIZE(0x130, cbx_linux_ucontext);
CBX_AT(0x80, 0x130, cbx_linux_info, resume);

/* Kernel signal numbers and codes, so that the stub needs no libc header. */
enum cbx_linux_signal {
	CBX_SIGNAL_ILL = 4,
	CBX_SIGNAL_TRAP = 5,
	CBX_SIGNAL_BUS = 7,
	CBX_SIGNAL_FPE = 8,
	CBX_SIGNAL_KILL = 9,
	CBX_SIGNAL_SEGV = 11,
	CBX_SIGNAL_SYS = 31,
};

/** What a thread that got a fault signal wanted. */
static inline uint32_t cbx_linux_fault(
	uint64_t signal, uint64_t trap, uint64_t error)
{
	enum {
		PAGE_FAULT = 14,
		WRITE = 2,
		FETCH = 16
	};

	if (signal == CBX_SIGNAL_FPE) {
		return 4; /* CBX_FAULT_ARITHMETIC */
	}
	if (signal == CBX_SIGNAL_TRAP) {
		return 5; /* CBX_FAULT_BREAKPOINT */
	}
	if (signal == CBX_SIGNAL_ILL || signal == CBX_SIGNAL_SYS ||
		trap != PAGE_FAULT) {
		return 3; /* CBX_FAULT_INSTRUCTION */
	}
	if ((error & FETCH) != 0) {
		return 2; /* CBX_FAULT_EXECUTE */
	}
	return (error & WRITE) != 0 ? 1 : 0;
}

#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of the Linux x86-64 system call interface.
 */
#ifndef CBX_RUNTIME_LINUX_SIGNAL_H
#define CBX_RUNTIME_LINUX_SIGNAL_H

#include <confbox/abi.h>

#define LX_SIGHUP    1
#define LX_SIGINT    2
#define LX_SIGILL    4
#define LX_SIGTRAP   5
#define LX_SIGABRT   6
#define LX_SIGBUS    7
#define LX_SIGFPE    8
#define LX_SIGKILL   9
#define LX_SIGSEGV   11
#define LX_SIGPIPE   13
#define LX_SIGALRM   14
#define LX_SIGCHLD   17
#define LX_SIGCONT   18
#define LX_SIGSTOP   19
#define LX_SIGTSTP   20
#define LX_SIGTTIN   21
#define LX_SIGTTOU   22
#define LX_SIGURG    23
#define LX_SIGXFSZ   25
#define LX_SIGVTALRM 26
#define LX_SIGPROF   27
#define LX_SIGWINCH  28
#define LX_SIGIO     29
#define LX_SIGSYS    31
#define LX_SIGRTMIN  32 /* from here on all of them are kept, in order */
#define LX_SIGNALS   64 /* 1 to 64 */

/* What a siginfo's code says of where it comes from. */
#define LX_SI_USER   0
#define LX_SI_KERNEL 0x80
#define LX_SI_QUEUE  (-1)
#define LX_SI_TIMER  (-2)
#define LX_SI_TKILL  (-6)

#define LX_ILL_ILLOPN  2
#define LX_FPE_INTDIV  1
#define LX_FPE_FLTDIV  3
#define LX_FPE_FLTOVF  4
#define LX_FPE_FLTUND  5
#define LX_FPE_FLTRES  6
#define LX_FPE_FLTINV  7
#define LX_SEGV_MAPERR 1
#define LX_SEGV_ACCERR 2
#define LX_BUS_ADRERR  2
#define LX_TRAP_BRKPT  1
#define LX_TRAP_TRACE  2

#define LX_SIG_DFL 0u
#define LX_SIG_IGN 1u

#define LX_SA_NOCLDSTOP	 0x1u
#define LX_SA_NOCLDWAIT	 0x2u
#define LX_SA_SIGINFO	 0x4u
#define LX_SA_RESTORER	 0x04000000u
#define LX_SA_ONSTACK	 0x08000000u
#define LX_SA_RESTART	 0x10000000u
#define LX_SA_NODEFER	 0x40000000u
#define LX_SA_RESETHAND	 0x80000000u
#define LX_SA_KNOWN	 0xdc000007u
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

/** siginfo_t: which of the forms it has, signal and code tell. */
struct lx_siginfo {
	int32_t signo, error, code, pad;
	union {
		struct {
			uint32_t pid, uid;
			uint64_t value;
		} from; /* a program: kill, sigqueue */
		struct {
			int32_t id, overrun;
			uint64_t value;
		} timer;
		struct {
			uint32_t pid, uid;
			int32_t status, pad;
			int64_t user, system; /* clock ticks */
		} child;
		uint64_t address; /* of a fault */
		uint64_t word[14];
	};
};
CBX_SIZE(128, lx_siginfo);
CBX_AT(16, 4, lx_siginfo, from.pid);
CBX_AT(24, 8, lx_siginfo, from.value);
CBX_AT(24, 4, lx_siginfo, child.status);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stub: the program every box's process executes.  It sets the process up
 * so that nothing but the monitor can make a system call happen in it, and
 * becomes the pager.
 */
#ifndef CBX_HAL_LINUX_STUB_STUB_H
#define CBX_HAL_LINUX_STUB_STUB_H

#include <linux/filter.h>
#include <linux/uio.h>
#include <stdbool.h>
#include <stddef.h>

#include <hal/linux/layout.h>

#define CBX_STUB_SETUP __attribute__((section(".init.text")))
/** Constants that stay when the init goes. */
#define CBX_STUB_STAYS(name) __attribute__((section(".stays." name)))

/** What the kernel hands a signal handler. */
struct cbx_stub_siginfo {
	int32_t signal;
	int32_t error;
	int32_t code;
	int32_t pad;
	uint64_t address; /* SIGSYS: of the system call */
	int32_t nr;	  /* SIGSYS: its number */
};

/** The kernel's struct user_msghdr. */
struct cbx_stub_msghdr {
	const void *name;
	uint64_t name_bytes;
	const struct iovec *iov;
	uint64_t iov_count;
	const void *control;
	uint64_t control_bytes;
	uint64_t flags;
};

/* One object: addresses are relative, no table of them. */
#pragma GCC visibility push(hidden)

/** Everything but gates and the stub's own calls comes back as SIGSYS; with
 * trace, it goes to the monitor. */
extern const struct sock_fprog cbx_stub_filter;
extern const struct sock_fprog cbx_stub_filter_trace;

/** What every thread but the pager has besides. */
extern const struct sock_fprog cbx_stub_filter_thread;

/** Set the process up, from the kernel's first stack. */
_Noreturn void cbx_stub_init(void);

/** Give up the stack, install @p filter, send the listener as @p message says,
 * become the pager. */
_Noreturn void cbx_stub_seal(
	const struct sock_fprog *filter, const struct cbx_stub_msghdr *message);

/** The signal handler: enter the runtime or stop. */
_Noreturn void cbx_stub_handle(int signal, const struct cbx_stub_siginfo *info,
	struct cbx_linux_ucontext *context);

/** Jump to the runtime's @p entry with the other three as its arguments. */
_Noreturn void cbx_stub_enter(uint64_t entry, struct cbx_upcall *upcall,
	struct cbx_regs *regs, struct cbx_linux_ucontext *context);

/** Stop; the arguments are enum cbx_stub_stop_arg. */
_Noreturn void cbx_stub_report(uint64_t signal, uint64_t code, uint64_t address,
	uint64_t trap, uint64_t error,
	const struct cbx_linux_ucontext *context);

/** Never called. */
void cbx_stub_restorer(void);

#pragma GCC visibility pop

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who decides about a system call, by the address of its instruction:
 *
 *   the pager's       nobody, if it maps, unmaps or protects memory; any other
 *   order             thread that gets there ends its process
 *   the stub's text   the monitor, whatever the call is
 *   the stub's init   nobody; it is unmapped before a box runs
 *   a box             gates: the monitor; the rest: SIGSYS, or, when traced,
 *                     the monitor
 *
 * No call of a box ever gets from here into the kernel.
 */
#include <hal/linux/stub/stub.h>

#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#define LOW(address)  ((uint32_t)((address)&0xffffffff))
#define HIGH(address) ((uint32_t)((address) >> 32))

_Static_assert(HIGH(CBX_STUB_TEXT) == HIGH(CBX_STUB_INIT), "one high half");
_Static_assert(__NR_mmap + 1 == __NR_mprotect && __NR_mmap + 2 == __NR_munmap,
	"a pager's orders are a range");

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_HIGH(field)                   \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		offsetof(struct seccomp_data, field) + 4)
#define IF(op, value, yes, no) BPF_JUMP(BPF_JMP | BPF_K | (op), value, yes, no)
#define RETURN(action)	       BPF_STMT(BPF_RET | BPF_K, action)

/* Addresses are those after the instruction: a range begins one too late and
 * includes its end.  Numbers beside the lines are their indices. */
/* clang-format off */
#define FILTER(rest)                                                         \
	{                                                                    \
		/*  0 */ LOAD(arch),                                         \
		/*  1 */ IF(BPF_JEQ, AUDIT_ARCH_X86_64, 0, 16),              \
		/*  2 */ LOAD_HIGH(instruction_pointer),                     \
		/*  3 */ IF(BPF_JEQ, HIGH(CBX_STUB_TEXT), 0, 9),             \
		/*  4 */ LOAD(instruction_pointer),                          \
		/*  5 */ IF(BPF_JEQ, LOW(CBX_STUB_ORDERED), 0, 3),           \
		/*  6 */ LOAD(nr),                                           \
		/*  7 */ IF(BPF_JGE, __NR_mmap, 0, 8),                       \
		/*  8 */ IF(BPF_JGT, __NR_munmap, 7, 3),                     \
		/*  9 */ IF(BPF_JGT,                                         \
			LOW(CBX_STUB_TEXT) + CBX_STUB_TEXT_BYTES, 0, 6),     \
		/* 10 */ IF(BPF_JGT, LOW(CBX_STUB_INIT), 0, 7),              \
		/* 11 */ IF(BPF_JGT,                                         \
			LOW(CBX_STUB_INIT) + CBX_STUB_INIT_BYTES, 6, 0),     \
		/* 12 */ RETURN(SECCOMP_RET_ALLOW),                          \
		/* 13 */ LOAD(nr),                                           \
		/* 14 */ IF(BPF_JGE, CBX_LINUX_GATE_BASE, 0, 2),             \
		/* 15 */ IF(BPF_JGE,                                         \
			CBX_LINUX_GATE_BASE + CBX_LINUX_GATE_COUNT, 1, 0),   \
		/* 16 */ RETURN(SECCOMP_RET_USER_NOTIF),                     \
		/* 17 */ RETURN(rest),                                       \
		/* 18 */ RETURN(SECCOMP_RET_KILL_PROCESS),                   \
	}
/* clang-format on */

static const struct sock_filter quick[] = FILTER(SECCOMP_RET_TRAP);
static const struct sock_filter trace[] = FILTER(SECCOMP_RET_USER_NOTIF);

/* A new thread installs it, when the init is not there any more. */
CBX_STUB_STAYS("filter")
static const struct sock_filter thread[] = {
	/* 0 */ LOAD_HIGH(instruction_pointer),
	/* 1 */ IF(BPF_JEQ, HIGH(CBX_STUB_TEXT), 0, 2),
	/* 2 */ LOAD(instruction_pointer),
	/* 3 */ IF(BPF_JEQ, LOW(CBX_STUB_ORDERED), 1, 0),
	/* 4 */ RETURN(SECCOMP_RET_ALLOW),
	/* 5 */ RETURN(SECCOMP_RET_KILL_PROCESS),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The kernel only reads it. */
#define PROGRAM(array)                                              \
	{                                                           \
		.len = COUNT(array),                                \
		.filter = (struct sock_filter *)(uintptr_t)(array), \
	}

const struct sock_fprog cbx_stub_filter = PROGRAM(quick);
const struct sock_fprog cbx_stub_filter_trace = PROGRAM(trace);
CBX_STUB_STAYS("program")
const struct sock_fprog cbx_stub_filter_thread = PROGRAM(thread);

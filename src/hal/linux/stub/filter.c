/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who decides about a system call, by the address of its instruction:
 *
 *   the stub's text   the monitor, whatever the call is
 *   the stub's init   nobody; it is unmapped before a box runs
 *   a box             gates: the monitor; the rest: SIGSYS, or, when traced,
 *                     the monitor
 *
 * No call of a box ever gets from here into the kernel.
 */
#include <hal/linux/stub/stub.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#define LOW(address)  ((uint32_t)((address)&0xffffffff))
#define HIGH(address) ((uint32_t)((address) >> 32))

_Static_assert(HIGH(CBX_STUB_TEXT) == HIGH(CBX_STUB_INIT), "one high half");

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
		/*  1 */ IF(BPF_JEQ, AUDIT_ARCH_X86_64, 0, 12),              \
		/*  2 */ LOAD_HIGH(instruction_pointer),                     \
		/*  3 */ IF(BPF_JEQ, HIGH(CBX_STUB_TEXT), 0, 5),             \
		/*  4 */ LOAD(instruction_pointer),                          \
		/*  5 */ IF(BPF_JGT,                                         \
			LOW(CBX_STUB_TEXT) + CBX_STUB_TEXT_BYTES, 0, 6),     \
		/*  6 */ IF(BPF_JGT, LOW(CBX_STUB_INIT), 0, 7),              \
		/*  7 */ IF(BPF_JGT,                                         \
			LOW(CBX_STUB_INIT) + CBX_STUB_INIT_BYTES, 6, 0),     \
		/*  8 */ RETURN(SECCOMP_RET_ALLOW),                          \
		/*  9 */ LOAD(nr),                                           \
		/* 10 */ IF(BPF_JGE, CBX_LINUX_GATE_BASE, 0, 2),             \
		/* 11 */ IF(BPF_JGE,                                         \
			CBX_LINUX_GATE_BASE + CBX_LINUX_GATE_COUNT, 1, 0),   \
		/* 12 */ RETURN(SECCOMP_RET_USER_NOTIF),                     \
		/* 13 */ RETURN(rest),                                       \
		/* 14 */ RETURN(SECCOMP_RET_KILL_PROCESS),                   \
	}
/* clang-format on */

static const struct sock_filter quick[] = FILTER(SECCOMP_RET_TRAP);
static const struct sock_filter trace[] = FILTER(SECCOMP_RET_USER_NOTIF);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The kernel only reads it. */
#define PROGRAM(array)                                              \
	{                                                           \
		.len = COUNT(array),                                \
		.filter = (struct sock_filter *)(uintptr_t)(array), \
	}

const struct sock_fprog cbx_stub_filter = PROGRAM(quick);
const struct sock_fprog cbx_stub_filter_trace = PROGRAM(trace);

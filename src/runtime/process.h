/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one process of a box: what it was started with, and its identity.
 */
#ifndef CBX_RUNTIME_PROCESS_H
#define CBX_RUNTIME_PROCESS_H

#include <base/upcall.h>

#include "node.h"

#define CBX_PROCESS_ID 1u

/** Arguments and environment, packed: strings one after the other. */
struct cbx_arguments {
	const char *path; /* of the program, as it was named */
	const char *argv; /* argc strings in argv_bytes bytes */
	uint64_t argc;
	uint64_t argv_bytes;
	const char *envp; /* envc strings in envp_bytes bytes */
	uint64_t envc;
	uint64_t envp_bytes;
};

struct cbx_process {
	struct cbx_arguments arguments;
	struct cbx_node *program; /* holds a reference */
	char name[16];
	uint32_t umask;
	uint32_t flags;	      /* CBX_START_* */
	uint64_t break_start; /* brk's first value */
	uint64_t stack_top;
	uint64_t fs_base;
};

extern struct cbx_process cbx_process;

/** What the running up-call interrupted.  Nested up-calls do not change
 * it. */
struct cbx_context {
	struct cbx_upcall *upcall;
	struct cbx_regs *regs;
	void *frame; /* the backend's */
};

extern struct cbx_context cbx_context;

/** Set the name programs see, from a path. */
void cbx_process_name(const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rewriting of system calls: a site that traps again and again becomes a jump
 * to a stub beside the text, which enters the runtime (fast.h).  The forms are
 * site.h's; doc/adr says when and why.
 *
 * All of it is called under the runtime's lock.
 */
#ifndef CBX_RUNTIME_REWRITE_H
#define CBX_RUNTIME_REWRITE_H

#include <base/upcall.h>

#include "site.h"

#define CBX_STUBS	   128u /* in a page */
#define CBX_STUB_POOLS_MAX 16u

struct cbx_map;

/** A page of stubs. */
struct cbx_stub_pool {
	uint64_t at;
	uint32_t used;
	struct cbx_site site[CBX_STUBS];
};

/** The stubs of an address space.  All zero: none. */
struct cbx_stubs {
	struct cbx_stub_pool *pool[CBX_STUB_POOLS_MAX];
	uint32_t pools;
	uint32_t tests; /* sites of the form TEST */
};

/** The program's syscall before rip has trapped. */
void cbx_rewrite_trapped(uint32_t number, const struct cbx_regs *regs);

/** Where a program goes on that made its call before the site was rewritten,
 * if it is inside of one. */
void cbx_rewrite_return(struct cbx_regs *regs);

/** A program interrupted in a stub: as it would have been in its own text. */
void cbx_rewrite_home(struct cbx_regs *regs);

/** The same, before the call it made. */
void cbx_rewrite_again(struct cbx_regs *regs);

/** A program that steps itself came into a stub: before its system call, which
 * traps, whatever it was rewritten to.
 * @return whether that was no step of the program's own text */
bool cbx_rewrite_step(struct cbx_regs *regs);

/** An address space that begins with a copy of the other's memory.
 * @return false when there is no memory; then it has no stubs, and its memory
 *         is not to be used */
CBX_MUST_CHECK bool cbx_rewrite_copy(
	struct cbx_map *to, const struct cbx_map *from);

/** The memory is gone, and the stubs with it. */
void cbx_rewrite_forget(struct cbx_map *map);

#endif

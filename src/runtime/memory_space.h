/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box's address spaces.
 *
 * The runtime's own memory belongs to the box's first space; every other space
 * has the same pages at the same addresses.  A space begins with the runtime's
 * image; the heap and the files come at the first touch.  A space whose
 * process ended is kept with all that for the next one.
 */
#ifndef CBX_RUNTIME_MEMORY_SPACE_H
#define CBX_RUNTIME_MEMORY_SPACE_H

#include <base/types.h>

/** Where every space but the first sees its own struct cbx_memory_space. */
#define CBX_SPACE_VA 0x641000000000ull
/** A few pages no space but the one that works on them has. */
#define CBX_SCRATCH_VA 0x642000000000ull

/** Pages of the first space that another one has. */
struct cbx_own {
	uint64_t start;
	uint32_t pages;
	uint32_t pinned; /* they stay */
};

#define CBX_SPACE_BYTES 0x4000u
#define CBX_OWN_MAX	1020u

struct cbx_memory_space {
	struct cbx_memory_space *next; /* of a list of them */
	uint64_t handle;
	uint64_t count;
	bool taken; /* somebody changes the record */
	struct cbx_own own[CBX_OWN_MAX];
};
_Static_assert(sizeof(struct cbx_memory_space) <= CBX_SPACE_BYTES, "fits");

/** Tell which space the box began in. */
void cbx_memory_space_first(uint64_t handle);

/** Whether there is, and was, only that one. */
bool cbx_memory_space_alone(void);

/** The handle of the space that has all of the runtime's memory. */
uint64_t cbx_memory_space_home(void);

/** A space without a program; NULL when there is none to have. */
struct cbx_memory_space *cbx_memory_space_take(void);

/** Give a space back that has no page of a program any more; threads may
 * still be leaving it. */
void cbx_memory_space_give(struct cbx_memory_space *space);

/** Have memory of the runtime in a space before a thread begins there, and as
 * long as the space has a process. */
CBX_MUST_CHECK bool cbx_memory_space_pin(
	struct cbx_memory_space *space, uint64_t start, uint64_t bytes);

/** Map the runtime's image. */
CBX_MUST_CHECK bool cbx_memory_space_furnish(struct cbx_memory_space *space);

/** Map a page of the runtime's memory, and what follows it.
 * @return false when it is no memory */
CBX_MUST_CHECK bool cbx_memory_space_bring(
	struct cbx_memory_space *space, uint64_t page);

/** Unmap what a space has of [start, end). */
void cbx_memory_space_strip(
	struct cbx_memory_space *space, uint64_t start, uint64_t end);

/** Serve a fault of the running space at an address of the runtime's own.
 * @return false when it is no memory */
CBX_MUST_CHECK bool cbx_memory_space_fault(uint64_t address, bool write);

/** Have memory of the runtime in the running space before a gate is given
 * it; nothing for a program's. */
void cbx_memory_space_reach(uint64_t address, uint64_t bytes);

/** Memory of the runtime is about to be unmapped: no space keeps it. */
void cbx_memory_space_forget(uint64_t start, uint64_t bytes);

#endif

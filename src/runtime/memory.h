/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running process's memory: which addresses it has, and the gates that
 * map them.
 *
 * Pages are mapped in large ranges and handed out without a gate: a small
 * range the program unmaps stays mapped as a cache, up to a share of the
 * budget, and is zeroed when it is handed out again.  So a stray access soon
 * after munmap may not fault.  Large ranges and files are mapped at the first
 * touch and unmapped at munmap.  Nothing is paid for before it is mapped.
 *
 * All of it is called under the runtime's lock.
 */
#ifndef CBX_RUNTIME_MEMORY_H
#define CBX_RUNTIME_MEMORY_H

#include "extent.h"

struct cbx_data;
struct cbx_map;

#define CBX_MEMORY_LOW	     0x10000ull
#define CBX_MEMORY_PIE	     0x200000000000ull /* base of a static-pie */
#define CBX_MEMORY_LOADER    0x2f0000000000ull /* base of an interpreter */
#define CBX_MEMORY_MAPS	     0x300000000000ull /* where mmap looks */
#define CBX_MEMORY_MAPS_END  0x5d0000000000ull
#define CBX_MEMORY_STACK_END 0x5e0000000000ull
#define CBX_MEMORY_TOP	     0x5e0000000000ull /* end of what it may map */
#define CBX_MEMORY_STACK     0x800000ull       /* bytes of address space */

/** A range from here on, in bytes, is mapped at the first touch. */
#define CBX_MEMORY_LAZY 0x100000ull

/** A request for [start, end), both whole pages in [LOW, TOP). */
struct cbx_place {
	uint64_t start;
	uint64_t end;
	uint8_t prot;	       /* LX_PROT_* */
	uint8_t kind;	       /* enum cbx_extent_kind */
	bool lazy;	       /* map at the first touch; files always are */
	bool shared;	       /* with a file: MAP_SHARED */
	bool sealed;	       /* shared, and never to be written */
	struct cbx_node *file; /* NULL: zeros */
	uint64_t offset;       /* of the file, at start; whole pages */
};

/** What came of a fault. */
enum cbx_memory_fault {
	CBX_FAULTED_SERVED,  /* try again */
	CBX_FAULTED_NOTHING, /* there is no memory: SEGV_MAPERR */
	CBX_FAULTED_ACCESS,  /* it is not allowed: SEGV_ACCERR */
	CBX_FAULTED_BEYOND,  /* past the end of a file: SIGBUS */
	CBX_FAULTED_FULL,    /* the box's memory is used up */
};

/** Whether [start, start + bytes) may be the program's; bytes is not 0. */
bool cbx_memory_valid(uint64_t start, uint64_t bytes);

/**
 * Make a range memory as requested; whatever was there is gone.
 *
 * @retval 0          done
 * @retval -ENOMEM    no memory; the range is free
 */
CBX_MUST_CHECK int64_t cbx_memory_place(const struct cbx_place *place);

/** Make a range free.  @retval -ENOMEM  no memory to record it */
CBX_MUST_CHECK int64_t cbx_memory_release(uint64_t start, uint64_t end);

/**
 * Change what the program may do with a range.
 *
 * @retval 0         done
 * @retval -ENOMEM   not all of it is the program's, or no memory
 * @retval -EACCES   a file's, which is not open for that
 */
CBX_MUST_CHECK int64_t cbx_memory_protect(
	uint64_t start, uint64_t end, uint8_t prot);

/** A free range for @p bytes whole pages, the first fit; 0 when there is
 * none.  @param lazy  it will be placed lazy */
uint64_t cbx_memory_find(uint64_t bytes, bool lazy);

/** The same below 2 GiB. */
uint64_t cbx_memory_find_low(uint64_t bytes);

/** Serve a fault at an address.  @param access  LX_PROT_* */
enum cbx_memory_fault cbx_memory_fault(uint64_t address, uint8_t access);

/** Say that there is no memory left, and whom that ends. */
void cbx_memory_tell_empty(void);

/** Map all of a range for @p access, before a gate is given it or because the
 * program asked; what the program may not touch so is left.
 * @return false when there is no memory for all of it */
CBX_MUST_CHECK bool cbx_memory_populate(
	uint64_t address, uint64_t bytes, uint8_t access);

/** Whether nothing in a range is the program's. */
bool cbx_memory_unused(uint64_t start, uint64_t end);

/** Whether all of a range is the program's. */
bool cbx_memory_owned(uint64_t start, uint64_t end);

/**
 * Move @p bytes bytes at @p from to a new place.
 *
 * @param place  lazy, apart from them, no smaller, and like them
 *
 * @return the place's start; -ENOMEM and nothing moved
 */
CBX_MUST_CHECK int64_t cbx_memory_move(
	const struct cbx_place *place, uint64_t from, uint64_t bytes);

/** Make what the program has in a range as it was before its first touch:
 * zeros, or the file.  @retval -ENOMEM  no memory to record it */
CBX_MUST_CHECK int64_t cbx_memory_discard(uint64_t start, uint64_t end);

/** What a child process is to get of a range.
 * @retval -ENOMEM  no memory to record it */
CBX_MUST_CHECK int64_t cbx_memory_on_fork(
	uint64_t start, uint64_t end, enum cbx_extent_fork what);

/** Take every address back from the program. */
void cbx_memory_reset(struct cbx_map *map);

/** No process maps bytes [from, to) of a file any more, until it touches them
 * again. */
void cbx_memory_withdraw(
	const struct cbx_data *data, uint64_t from, uint64_t to);

/** A file is to be cut to @p size bytes: what processes copied of its pages
 * past that is gone, as on Linux.
 * @return false when there is no memory to record it; nothing changed */
CBX_MUST_CHECK bool cbx_memory_cut(const struct cbx_data *data, uint64_t size);

/** A map of no memory, in a space of its own; NULL when there is none to have.
 * It has one user. */
struct cbx_map *cbx_memory_create(void);

/** A map like the running process's, its private memory shared until somebody
 * writes; NULL when there is no memory.  It has one user. */
struct cbx_map *cbx_memory_fork(void);

/** One process less uses a map; the last one's is gone. */
void cbx_memory_drop(struct cbx_map *map);

/** The map; valid until the next call that changes it. */
const struct cbx_extents *cbx_memory_extents(void);

#endif

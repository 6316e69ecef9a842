/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's memory: which addresses it has, and the gates that map them.
 *
 * Pages are mapped in large ranges and handed out without a gate: a small
 * range the program unmaps stays mapped as a cache, up to a share of the
 * budget, and is zeroed when it is handed out again.  So a stray access soon
 * after munmap may not fault.  Large ranges are mapped at the first touch and
 * unmapped at munmap.
 */
#ifndef CBX_RUNTIME_MEMORY_H
#define CBX_RUNTIME_MEMORY_H

#include "extent.h"

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
	uint8_t prot; /* LX_PROT_* */
	uint8_t kind; /* enum cbx_extent_kind */
	bool lazy;    /* map at the first touch */
	bool unpaid;  /* lazy: take from the budget at the first touch */
};

/** Whether [start, start + bytes) may be the program's; bytes is not 0. */
bool cbx_memory_valid(uint64_t start, uint64_t bytes);

/**
 * Make a range zeroed memory; whatever was there is gone.
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
 */
CBX_MUST_CHECK int64_t cbx_memory_protect(
	uint64_t start, uint64_t end, uint8_t prot);

/** A free range for @p bytes whole pages, the first fit; 0 when there is
 * none.  @param lazy  it will be placed lazy */
uint64_t cbx_memory_find(uint64_t bytes, bool lazy);

/** Whether a fault is the first touch of memory the program may use so.
 * @param access  LX_PROT_* */
bool cbx_memory_lazy(uint64_t address, uint8_t access);

/** Whether the program may access a byte so without a fault. */
bool cbx_memory_present(uint64_t address, uint8_t access);

/** Map what the first touch of @p address needs.  @pre cbx_memory_lazy
 * @return false when there is no memory */
CBX_MUST_CHECK bool cbx_memory_touch(uint64_t address);

/** Map everything lazy in a range, before a gate is given it.
 * @return false when there is no memory for all of it */
CBX_MUST_CHECK bool cbx_memory_populate(uint64_t address, uint64_t bytes);

/** Whether nothing in a range is the program's. */
bool cbx_memory_unused(uint64_t start, uint64_t end);

/** Whether all of a range is the program's. */
bool cbx_memory_owned(uint64_t start, uint64_t end);

/**
 * Move @p bytes bytes at @p from to a new place at @p to.
 *
 * @param place  like the new place, but at address 0
 *
 * @return @p to; -ENOMEM and nothing moved
 */
CBX_MUST_CHECK int64_t cbx_memory_move(const struct cbx_place *place,
	uint64_t to, uint64_t from, uint64_t bytes);

/** Make what the program has in a range read as zeros. */
void cbx_memory_zero(uint64_t start, uint64_t end);

/** Take every address back from the program. */
void cbx_memory_reset(void);

/** The map; valid until the next call that changes it. */
const struct cbx_extents *cbx_memory_extents(void);

#endif

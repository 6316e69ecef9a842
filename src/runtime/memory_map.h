/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state behind memory.h, and the steps its parts share.
 */
#ifndef CBX_RUNTIME_MEMORY_MAP_H
#define CBX_RUNTIME_MEMORY_MAP_H

#include "extent.h"
#include "rewrite.h"

#define CBX_MAP_RW (CBX_RIGHT_R | CBX_RIGHT_W)
/** Bytes one gate maps at most. */
#define CBX_MAP_CHUNK (CBX_RANGE_PAGES_MAX * (uint64_t)CBX_PAGE_SIZE)

struct cbx_map {
	struct cbx_extents extents;
	uint64_t cached_pages; /* of CACHED extents */
	struct cbx_stubs stubs;
};

static inline uint64_t cbx_extent_pages(const struct cbx_extent *e)
{
	return (e->end - e->start) >> CBX_PAGE_SHIFT;
}

/** What the CPU can express of a protection.  Memory with bytes in it that
 * the program closes keeps them, and stays readable.  Text of a box whose
 * policy hides it is asked for without the right to read it. */
uint8_t cbx_map_rights(uint8_t prot);

/** Make room for @p more extents; it may move all of them.
 * @return false when there is no memory */
CBX_MUST_CHECK bool cbx_map_room(uint64_t more);

/** Make room for everything one operation on a range can add. */
CBX_MUST_CHECK bool cbx_map_range_room(uint64_t start, uint64_t end);

/** Unmap an extent that has pages, and forget it. */
void cbx_map_drop(const struct cbx_extent *e);

/** The same for what is cached in a range. */
void cbx_map_drop_cache(uint64_t start, uint64_t end);

/** Take pages from the budget, from the cache when there is no other way. */
CBX_MUST_CHECK bool cbx_map_afford(uint64_t pages);

#endif

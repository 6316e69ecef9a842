/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state behind memory.h, and the steps its parts share.
 *
 * What is mapped belongs to one of three: pages of the process's own
 * (PRESENT), pages it shares with relatives until somebody writes (PRESENT
 * with a share), and the file's (BORROWED).  The budget pays for the first
 * once, for the second once for all, for the third as part of the file.
 */
#ifndef CBX_RUNTIME_MEMORY_MAP_H
#define CBX_RUNTIME_MEMORY_MAP_H

#include "extent.h"
#include "rewrite.h"

#define CBX_MAP_RW (CBX_RIGHT_R | CBX_RIGHT_W)
/** Bytes one gate maps at most. */
#define CBX_MAP_CHUNK (CBX_RANGE_PAGES_MAX * (uint64_t)CBX_PAGE_SIZE)
/** Bytes copied at once, to have pages of one's own. */
#define CBX_MAP_CLUSTER 0x10000u

struct cbx_memory_space;

/** The heap brk moves the end of. */
struct cbx_break {
	uint64_t start;
	uint64_t now;
	uint64_t end;	/* of the memory behind it */
	uint64_t dirty; /* highest the break ever was */
};

/** An address space's memory; processes between vfork and exec share one. */
struct cbx_map {
	struct cbx_map *next;		/* of all maps */
	struct cbx_memory_space *space; /* NULL: the box's first */
	struct cbx_extents extents;
	uint64_t cached_pages; /* of CACHED extents */
	struct cbx_stubs stubs;
	uint64_t refs; /* processes */
	struct cbx_break brk;
};

/** The map of the box's first space, and the list of all. */
extern struct cbx_map cbx_map_first;
extern struct cbx_map *cbx_maps;

static inline uint64_t cbx_extent_pages(const struct cbx_extent *e)
{
	return (e->end - e->start) >> CBX_PAGE_SHIFT;
}

/** The monitor's handle of a map's space. */
uint64_t cbx_map_space(const struct cbx_map *m);

/** What the CPU can express of a protection.  Memory with bytes in it that
 * the program closes keeps them, and stays readable.  Text of a box whose
 * policy hides it is asked for without the right to read it. */
uint8_t cbx_map_rights(uint8_t prot);

/** The rights an extent's pages may have now: what is shared is not
 * written. */
uint8_t cbx_map_extent_rights(const struct cbx_extent *e);

/** Make room for @p more extents; it may move all of them.
 * @return false when there is no memory */
CBX_MUST_CHECK bool cbx_map_room(struct cbx_map *m, uint64_t more);

/** Make room for everything one operation on a range can add. */
CBX_MUST_CHECK bool cbx_map_range_room(
	struct cbx_map *m, uint64_t start, uint64_t end);

/** Unmap an extent's pages, and pay back what nobody maps any more; it is to
 * be forgotten or changed next.  Nothing when it has none. */
void cbx_map_unmap(struct cbx_map *m, const struct cbx_extent *e);

/** The same, and forget it. */
void cbx_map_drop(struct cbx_map *m, const struct cbx_extent *e);

/** The same, and its next touch is its first. */
void cbx_map_reset(struct cbx_map *m, struct cbx_extent *e);

/** Drop what is cached in a range. */
void cbx_map_drop_cache(struct cbx_map *m, uint64_t start, uint64_t end);

/** Take pages from the budget, from the cache when there is no other way. */
CBX_MUST_CHECK bool cbx_map_afford(struct cbx_map *m, uint64_t pages);

/** Give [start, end), all of one extent, a state; the rights are what was
 * mapped.  @pre room */
void cbx_map_set(struct cbx_map *m, uint64_t start, uint64_t end,
	enum cbx_extent_state state, uint8_t rights);

/**
 * Map the pages of a file for the touch of an address.
 *
 * @pre room for three more, and the extent at @p address is LAZY and has a
 *      file
 * @retval 0         some are mapped
 * @retval -ENODEV   they cannot be: they are to be copied
 * @retval -ENOMEM
 */
CBX_MUST_CHECK int64_t cbx_map_borrow(struct cbx_map *m, uint64_t address);

/** How many bytes may become a process's own at once: of a file mapped in one
 * small piece, as a program's data is, all. */
uint64_t cbx_map_own_most(const struct cbx_map *m, const struct cbx_extent *e);

/** Make [start, end), of one extent that is not the process's own, pages of
 * its own with the content they have; at most cbx_map_own_most bytes.
 * @pre room for three more
 * @return false when there is no memory */
CBX_MUST_CHECK bool cbx_map_own(
	struct cbx_map *m, uint64_t start, uint64_t end);

#endif

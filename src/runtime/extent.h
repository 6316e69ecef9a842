/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map of a process's addresses: an ordered array of ranges that do not
 * overlap, each in one state.  What no extent covers is free and not mapped.
 *
 * Pure: it moves no page; it only counts which files are mapped.  Callers make
 * room first, so that nothing fails half way.
 */
#ifndef CBX_RUNTIME_EXTENT_H
#define CBX_RUNTIME_EXTENT_H

#include <base/types.h>

enum cbx_extent_state {
	CBX_EXTENT_PRESENT,  /* mapped: pages of the process */
	CBX_EXTENT_BORROWED, /* mapped: the file's own pages */
	CBX_EXTENT_LAZY,     /* the program's, mapped at the first touch */
	CBX_EXTENT_CACHED,   /* nobody's, mapped for reading and writing */
};

enum cbx_extent_kind {
	CBX_EXTENT_ANONYMOUS,
	CBX_EXTENT_PROGRAM,
	CBX_EXTENT_BREAK,
	CBX_EXTENT_STACK,
	CBX_EXTENT_FILE,
};

/** What a child process gets of an extent. */
enum cbx_extent_fork {
	CBX_FORK_COPY,
	CBX_FORK_WIPE, /* zeros */
	CBX_FORK_NONE,
};

struct cbx_node;
struct cbx_share;

struct cbx_extent {
	uint64_t start; /* addresses of whole pages */
	uint64_t end;
	struct cbx_node *file;	 /* what it maps; NULL: nothing but zeros */
	uint64_t origin;	 /* the address of the file's first byte */
	struct cbx_share *share; /* PRESENT: with whom; NULL: nobody */
	uint8_t state;		 /* enum cbx_extent_state */
	uint8_t kind;		 /* enum cbx_extent_kind */
	uint8_t prot;		 /* what the program asked for: LX_PROT_* */
	uint8_t rights;		 /* what the monitor was told: CBX_RIGHT_* */
	uint8_t fork;		 /* enum cbx_extent_fork */
	bool shared;		 /* MAP_SHARED: what is written is the file's */
	bool sealed;		 /* shared, of a file nobody may write by it */
	bool dirty;		 /* CACHED: not all zero */
};

/** Whether an extent has pages. */
static inline bool cbx_extent_mapped(const struct cbx_extent *e)
{
	return e->state != CBX_EXTENT_LAZY;
}

struct cbx_extents {
	struct cbx_extent *at; /* at[capacity], in order of address */
	uint64_t count;
	uint64_t capacity;
};

/** Index of the first extent that ends after @p address; count if none. */
uint64_t cbx_extent_find(const struct cbx_extents *map, uint64_t address);

/** The extent that covers @p address; NULL when none does. */
struct cbx_extent *cbx_extent_at(
	const struct cbx_extents *map, uint64_t address);

/** Make @p address a border: what spans it becomes two.
 * @pre room for one more */
void cbx_extent_cut(struct cbx_extents *map, uint64_t address);

/** Add an extent where nothing is; its file is held once more.
 * @pre room for one more */
void cbx_extent_insert(
	struct cbx_extents *map, const struct cbx_extent *extent);

/** Forget everything in [start, end) and drop its files.
 * @pre both are borders */
void cbx_extent_remove(struct cbx_extents *map, uint64_t start, uint64_t end);

/** Join neighbours that are alike, around [start, end). */
void cbx_extent_join(struct cbx_extents *map, uint64_t start, uint64_t end);

/** The lowest address in [low, high) with @p bytes free bytes; 0 if none. */
uint64_t cbx_extent_gap(const struct cbx_extents *map, uint64_t low,
	uint64_t high, uint64_t bytes);

#endif

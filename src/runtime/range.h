/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks on ranges of a file: who has which, for fcntl and flock.
 *
 * Pure but for the heap: it wakes nobody and waits for nothing.
 */
#ifndef CBX_RUNTIME_RANGE_H
#define CBX_RUNTIME_RANGE_H

#include <base/types.h>

#define CBX_RANGE_LAST UINT64_MAX /* the end, however far it is */

struct cbx_range {
	struct cbx_range *next; /* in order of start */
	uint64_t start;
	uint64_t last;	   /* the last byte, not the one after it */
	const void *owner; /* a process or an open file */
	uint32_t pid;	   /* 0: it is an open file's */
	bool exclusive;
};

/** The first lock somebody else has that keeps @p want from being had; NULL
 * when none does. */
const struct cbx_range *cbx_range_conflict(
	const struct cbx_range *list, const struct cbx_range *want);

/**
 * Make [start, last] of @p want its owner's, in its kind.  What the owner had
 * there before is gone.
 *
 * @pre nobody else's lock conflicts
 * @retval 0        done
 * @retval -ENOLCK  no memory, and nothing changed
 */
CBX_MUST_CHECK int64_t cbx_range_set(
	struct cbx_range **list, const struct cbx_range *want);

/** Take [start, last] of @p want away from its owner.  As cbx_range_set. */
CBX_MUST_CHECK int64_t cbx_range_clear(
	struct cbx_range **list, const struct cbx_range *want);

/** Take everything from an owner.  @return whether it had anything */
bool cbx_range_clear_all(struct cbx_range **list, const void *owner);

#endif

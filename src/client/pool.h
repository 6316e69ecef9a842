/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of the context are in use by no box: a list of extents, sorted
 * by number, no two adjacent ones alike.  What a box had may stay donated: the
 * next box need not donate it again.
 */
#ifndef CBX_CLIENT_POOL_H
#define CBX_CLIENT_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Pages pfn, pfn + 1, ... */
struct cbx_extent {
	uint64_t pfn;
	uint64_t count;
};

/** Free ones. */
struct cbx_free {
	struct cbx_extent extent;
	bool donated; /* the monitor's, in its pool; else the host's */
};

struct cbx_pool {
	pthread_mutex_t lock;
	struct cbx_free *free; /* guarded by lock, as is all below */
	size_t count;
	size_t room;	     /* of free: for those there are and those taken */
	size_t taken;	     /* extents that will come back */
	uint64_t free_pages; /* in all of them */
};

/** Begin with nothing free.  @return false when out of memory */
bool cbx_pool_init(struct cbx_pool *pool);

/** Add all there is.  @pre nothing is free or taken yet */
void cbx_pool_add(struct cbx_pool *pool, struct cbx_extent all);

/** Free the list.  @pre every extent came back, or nobody wants it */
void cbx_pool_fini(struct cbx_pool *pool);

/**
 * Take pages of the host's.
 *
 * @param      count   at least 1
 * @param[out] extent  @p count pages; untouched on failure
 *
 * @return false when no @p count consecutive pages are free, or out of memory
 */
bool cbx_pool_take(
	struct cbx_pool *pool, uint64_t count, struct cbx_extent *extent);

/** Take pages for a box, donated ones first; as cbx_pool_take. */
bool cbx_pool_take_box(
	struct cbx_pool *pool, uint64_t count, struct cbx_free *taken);

/** The same of the largest extent there is, when none has @p most pages. */
bool cbx_pool_take_some(
	struct cbx_pool *pool, uint64_t most, struct cbx_free *taken);

/** Take a donated extent, to return it.  @return false when there is none, or
 * out of memory */
bool cbx_pool_take_donated(struct cbx_pool *pool, struct cbx_extent *extent);

/** Give back what was taken, whole.  Cannot fail: take made room.  What never
 * comes back is just not given. */
void cbx_pool_give(struct cbx_pool *pool, struct cbx_extent extent);

/** The same of pages that are still donated. */
void cbx_pool_give_donated(struct cbx_pool *pool, struct cbx_extent extent);

/** Pages nobody took. */
uint64_t cbx_pool_free_pages(struct cbx_pool *pool);

#endif

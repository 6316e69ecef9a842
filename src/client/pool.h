/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of the context are in use by no box: a list of extents, sorted
 * by number, no two adjacent.
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

struct cbx_pool {
	pthread_mutex_t lock;
	struct cbx_extent *free; /* guarded by lock, as is all below */
	size_t count;
	size_t room;	     /* entries of free; more than the taken extents */
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
 * Take pages.
 *
 * @param      count   at least 1
 * @param[out] extent  @p count pages; untouched on failure
 *
 * @return false when no @p count consecutive pages are free, or out of memory
 */
bool cbx_pool_take(
	struct cbx_pool *pool, uint64_t count, struct cbx_extent *extent);

/** Take the largest extent there is, cut to @p most pages; as
 * cbx_pool_take. */
bool cbx_pool_take_some(
	struct cbx_pool *pool, uint64_t most, struct cbx_extent *extent);

/** Give back what was taken, whole.  Cannot fail: take made room.  What never
 * comes back is just not given. */
void cbx_pool_give(struct cbx_pool *pool, struct cbx_extent extent);

/** Pages nobody took. */
uint64_t cbx_pool_free_pages(struct cbx_pool *pool);

#endif

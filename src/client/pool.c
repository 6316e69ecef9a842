/* SPDX-License-Identifier: Apache-2.0 */
#include <client/pool.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16u

bool cbx_pool_init(struct cbx_pool *pool)
{
	*pool = (struct cbx_pool){ 0 };
	pool->free = calloc(ROOM_FIRST, sizeof(*pool->free));
	if (pool->free == NULL) {
		return false;
	}
	if (pthread_mutex_init(&pool->lock, NULL) != 0) {
		free(pool->free);
		pool->free = NULL;
		return false;
	}
	pool->room = ROOM_FIRST;
	return true;
}

void cbx_pool_fini(struct cbx_pool *pool)
{
	pthread_mutex_destroy(&pool->lock);
	free(pool->free);
	pool->free = NULL;
}

/* Free extents never outnumber taken ones by more than one, so room for
 * taken + 2 lets every give succeed. */
static bool make_room(struct cbx_pool *pool)
{
	if (pool->taken + 2 < pool->room) {
		return true;
	}

	size_t room = pool->room * 2;
	struct cbx_extent *grown =
		reallocarray(pool->free, room, sizeof(*grown));

	if (grown == NULL) {
		return false;
	}
	pool->free = grown;
	pool->room = room;
	return true;
}

static void remove_entry(struct cbx_pool *pool, size_t index)
{
	memmove(&pool->free[index], &pool->free[index + 1],
		(pool->count - index - 1) * sizeof(*pool->free));
	pool->count--;
}

static void cut(struct cbx_pool *pool, size_t index, uint64_t count,
	struct cbx_extent *extent)
{
	struct cbx_extent *from = &pool->free[index];

	*extent = (struct cbx_extent){ from->pfn, count };
	from->pfn += count;
	from->count -= count;
	if (from->count == 0) {
		remove_entry(pool, index);
	}
	pool->taken++;
	pool->free_pages -= count;
}

static size_t find_fit(const struct cbx_pool *pool, uint64_t count)
{
	size_t i = 0;

	while (i < pool->count && pool->free[i].count < count) {
		i++;
	}
	return i;
}

static size_t find_largest(const struct cbx_pool *pool)
{
	size_t best = 0;

	for (size_t i = 1; i < pool->count; i++) {
		if (pool->free[i].count > pool->free[best].count) {
			best = i;
		}
	}
	return best;
}

bool cbx_pool_take(
	struct cbx_pool *pool, uint64_t count, struct cbx_extent *extent)
{
	pthread_mutex_lock(&pool->lock);

	size_t index = find_fit(pool, count);
	bool found = index < pool->count && make_room(pool);

	if (found) {
		cut(pool, index, count, extent);
	}
	pthread_mutex_unlock(&pool->lock);
	return found;
}

bool cbx_pool_take_some(
	struct cbx_pool *pool, uint64_t most, struct cbx_extent *extent)
{
	pthread_mutex_lock(&pool->lock);

	size_t index = find_fit(pool, most);

	if (index == pool->count) {
		index = find_largest(pool);
	}

	bool found = pool->count != 0 && make_room(pool);

	if (found) {
		uint64_t have = pool->free[index].count;

		cut(pool, index, have < most ? have : most, extent);
	}
	pthread_mutex_unlock(&pool->lock);
	return found;
}

static bool adjacent(struct cbx_extent low, struct cbx_extent high)
{
	return low.pfn + low.count == high.pfn;
}

static void insert_entry(
	struct cbx_pool *pool, size_t index, struct cbx_extent extent)
{
	assert(pool->count < pool->room);
	memmove(&pool->free[index + 1], &pool->free[index],
		(pool->count - index) * sizeof(*pool->free));
	pool->free[index] = extent;
	pool->count++;
}

static void merge_in(struct cbx_pool *pool, struct cbx_extent extent)
{
	size_t i = 0;

	while (i < pool->count && pool->free[i].pfn < extent.pfn) {
		i++;
	}

	bool below = i > 0 && adjacent(pool->free[i - 1], extent);
	bool above = i < pool->count && adjacent(extent, pool->free[i]);

	if (below && above) {
		pool->free[i - 1].count += extent.count + pool->free[i].count;
		remove_entry(pool, i);
	} else if (below) {
		pool->free[i - 1].count += extent.count;
	} else if (above) {
		pool->free[i].pfn = extent.pfn;
		pool->free[i].count += extent.count;
	} else {
		insert_entry(pool, i, extent);
	}
}

void cbx_pool_give(struct cbx_pool *pool, struct cbx_extent extent)
{
	pthread_mutex_lock(&pool->lock);
	assert(pool->taken > 0);
	merge_in(pool, extent);
	pool->taken--;
	pool->free_pages += extent.count;
	pthread_mutex_unlock(&pool->lock);
}

void cbx_pool_add(struct cbx_pool *pool, struct cbx_extent all)
{
	pthread_mutex_lock(&pool->lock);
	assert(pool->count == 0 && pool->taken == 0);
	merge_in(pool, all);
	pool->free_pages = all.count;
	pthread_mutex_unlock(&pool->lock);
}

uint64_t cbx_pool_free_pages(struct cbx_pool *pool)
{
	pthread_mutex_lock(&pool->lock);

	uint64_t pages = pool->free_pages;

	pthread_mutex_unlock(&pool->lock);
	return pages;
}

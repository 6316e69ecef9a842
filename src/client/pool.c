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

/* Were all taken extents given back, and none merged, they had room: so every
 * give succeeds. */
static bool make_room(struct cbx_pool *pool)
{
	if (pool->count + pool->taken + 2 < pool->room) {
		return true;
	}

	size_t room = pool->room * 2;
	struct cbx_free *grown = reallocarray(pool->free, room, sizeof(*grown));

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
	struct cbx_free *taken)
{
	struct cbx_free *from = &pool->free[index];

	*taken =
		(struct cbx_free){ { from->extent.pfn, count }, from->donated };
	from->extent.pfn += count;
	from->extent.count -= count;
	if (from->extent.count == 0) {
		remove_entry(pool, index);
	}
	pool->taken++;
	pool->free_pages -= count;
}

static size_t find_fit(
	const struct cbx_pool *pool, uint64_t count, bool donated)
{
	size_t i = 0;

	while (i < pool->count && (pool->free[i].donated != donated ||
					  pool->free[i].extent.count < count)) {
		i++;
	}
	return i;
}

/* For a box. */
static size_t find_any(const struct cbx_pool *pool, uint64_t count)
{
	size_t i = find_fit(pool, count, true);

	return i < pool->count ? i : find_fit(pool, count, false);
}

static size_t find_largest(const struct cbx_pool *pool)
{
	size_t best = 0;

	for (size_t i = 1; i < pool->count; i++) {
		if (pool->free[i].extent.count >
			pool->free[best].extent.count) {
			best = i;
		}
	}
	return best;
}

/* With the lock held: at most @p most pages of an entry, if it is one. */
static bool take_at(struct cbx_pool *pool, size_t index, uint64_t most,
	struct cbx_free *taken)
{
	uint64_t have;

	if (index >= pool->count || !make_room(pool)) {
		return false;
	}
	have = pool->free[index].extent.count;
	cut(pool, index, have < most ? have : most, taken);
	return true;
}

bool cbx_pool_take(
	struct cbx_pool *pool, uint64_t count, struct cbx_extent *extent)
{
	struct cbx_free taken;
	bool found;

	pthread_mutex_lock(&pool->lock);
	found = take_at(pool, find_fit(pool, count, false), count, &taken);
	pthread_mutex_unlock(&pool->lock);
	if (found) {
		*extent = taken.extent;
	}
	return found;
}

bool cbx_pool_take_box(
	struct cbx_pool *pool, uint64_t count, struct cbx_free *taken)
{
	bool found;

	pthread_mutex_lock(&pool->lock);
	found = take_at(pool, find_any(pool, count), count, taken);
	pthread_mutex_unlock(&pool->lock);
	return found;
}

bool cbx_pool_take_some(
	struct cbx_pool *pool, uint64_t most, struct cbx_free *taken)
{
	size_t index;
	bool found;

	pthread_mutex_lock(&pool->lock);
	index = find_any(pool, most);
	if (index == pool->count) {
		index = find_largest(pool);
	}
	found = take_at(pool, index, most, taken);
	pthread_mutex_unlock(&pool->lock);
	return found;
}

bool cbx_pool_take_donated(struct cbx_pool *pool, struct cbx_extent *extent)
{
	struct cbx_free taken;
	bool found;

	pthread_mutex_lock(&pool->lock);
	found = take_at(pool, find_fit(pool, 1, true), UINT64_MAX, &taken);
	pthread_mutex_unlock(&pool->lock);
	if (found) {
		*extent = taken.extent;
	}
	return found;
}

static bool adjacent(const struct cbx_free *low, const struct cbx_free *high)
{
	return low->extent.pfn + low->extent.count == high->extent.pfn &&
	       low->donated == high->donated;
}

static void insert_entry(
	struct cbx_pool *pool, size_t index, struct cbx_free free)
{
	assert(pool->count < pool->room);
	memmove(&pool->free[index + 1], &pool->free[index],
		(pool->count - index) * sizeof(*pool->free));
	pool->free[index] = free;
	pool->count++;
}

static void merge_in(struct cbx_pool *pool, struct cbx_free free)
{
	struct cbx_free *at = pool->free;
	size_t i = 0;

	while (i < pool->count && at[i].extent.pfn < free.extent.pfn) {
		i++;
	}

	bool below = i > 0 && adjacent(&at[i - 1], &free);
	bool above = i < pool->count && adjacent(&free, &at[i]);

	if (below && above) {
		at[i - 1].extent.count +=
			free.extent.count + at[i].extent.count;
		remove_entry(pool, i);
	} else if (below) {
		at[i - 1].extent.count += free.extent.count;
	} else if (above) {
		at[i].extent.pfn = free.extent.pfn;
		at[i].extent.count += free.extent.count;
	} else {
		insert_entry(pool, i, free);
	}
}

static void give(struct cbx_pool *pool, struct cbx_free free)
{
	pthread_mutex_lock(&pool->lock);
	assert(pool->taken > 0);
	merge_in(pool, free);
	pool->taken--;
	pool->free_pages += free.extent.count;
	pthread_mutex_unlock(&pool->lock);
}

void cbx_pool_give(struct cbx_pool *pool, struct cbx_extent extent)
{
	give(pool, (struct cbx_free){ extent, false });
}

void cbx_pool_give_donated(struct cbx_pool *pool, struct cbx_extent extent)
{
	give(pool, (struct cbx_free){ extent, true });
}

void cbx_pool_add(struct cbx_pool *pool, struct cbx_extent all)
{
	pthread_mutex_lock(&pool->lock);
	assert(pool->count == 0 && pool->taken == 0);
	merge_in(pool, (struct cbx_free){ all, false });
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

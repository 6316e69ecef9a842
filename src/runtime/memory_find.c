/* SPDX-License-Identifier: Apache-2.0 */
/* What a map covers, and where there is room in it. */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "memory_map.h"
#include "task.h"

#define LOW_START 0x40000000ull /* where MAP_32BIT looks */
#define LOW_END	  0x80000000ull

bool cbx_memory_owned(uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct cbx_extent *e =
			cbx_extent_at(&cbx_map_self()->extents, start);

		if (e == NULL || e->state == CBX_EXTENT_CACHED) {
			return false;
		}
		start = e->end;
	}
	return true;
}

bool cbx_memory_unused(uint64_t start, uint64_t end)
{
	const struct cbx_extents *map = &cbx_map_self()->extents;
	uint64_t i = cbx_extent_find(map, start);

	while (i < map->count && map->at[i].start < end) {
		if (map->at[i++].state != CBX_EXTENT_CACHED) {
			return false;
		}
	}
	return true;
}

static uint64_t find_cached(const struct cbx_map *m, uint64_t bytes)
{
	for (uint64_t i = cbx_extent_find(&m->extents, CBX_MEMORY_MAPS);
		m->cached_pages != 0 && i < m->extents.count; i++) {
		const struct cbx_extent *e = &m->extents.at[i];

		if (e->state == CBX_EXTENT_CACHED &&
			e->end - e->start >= bytes) {
			return e->start;
		}
	}
	return 0;
}

/* Map a stock to hand out from. */
static void stock(struct cbx_map *m, uint64_t at)
{
	const struct cbx_extent e = {
		.start = at,
		.end = at + CBX_MAP_CHUNK,
		.state = CBX_EXTENT_CACHED,
		.rights = CBX_MAP_RW,
	};

	if (CBX_RANGE_PAGES_MAX > cbx_budget_free() / 4 ||
		!cbx_map_room(m, 1) || !cbx_budget_take(CBX_RANGE_PAGES_MAX)) {
		return;
	}
	if (!cbx_gate_map(
		    cbx_map_space(m), at, CBX_RANGE_PAGES_MAX, CBX_MAP_RW)) {
		cbx_budget_give(CBX_RANGE_PAGES_MAX);
		return;
	}
	m->cached_pages += CBX_RANGE_PAGES_MAX;
	cbx_extent_insert(&m->extents, &e);
	cbx_extent_join(&m->extents, e.start, e.end);
}

uint64_t cbx_memory_find(uint64_t bytes, bool lazy)
{
	struct cbx_map *m = cbx_map_self();
	uint64_t at = lazy ? 0 : find_cached(m, bytes);

	if (at != 0) {
		return at;
	}
	if (lazy || bytes > CBX_MAP_CHUNK / 2) {
		return cbx_extent_gap(&m->extents, CBX_MEMORY_MAPS,
			CBX_MEMORY_MAPS_END, bytes);
	}
	at = cbx_extent_gap(&m->extents, CBX_MEMORY_MAPS, CBX_MEMORY_MAPS_END,
		CBX_MAP_CHUNK);
	if (at != 0) {
		stock(m, at);
	}
	return at;
}

uint64_t cbx_memory_find_low(uint64_t bytes)
{
	return cbx_extent_gap(
		&cbx_map_self()->extents, LOW_START, LOW_END, bytes);
}

const struct cbx_extents *cbx_memory_extents(void)
{
	return &cbx_map_self()->extents;
}

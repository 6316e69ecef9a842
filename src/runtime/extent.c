/* SPDX-License-Identifier: Apache-2.0 */
#include "extent.h"

#include "lib.h"
#include "node.h"

uint64_t cbx_extent_find(const struct cbx_extents *map, uint64_t address)
{
	uint64_t low = 0;
	uint64_t high = map->count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (map->at[middle].end > address) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return low;
}

struct cbx_extent *cbx_extent_at(
	const struct cbx_extents *map, uint64_t address)
{
	uint64_t i = cbx_extent_find(map, address);

	if (i == map->count || map->at[i].start > address) {
		return NULL;
	}
	return &map->at[i];
}

/* Open a slot at index i. */
static void shift_up(struct cbx_extents *map, uint64_t i)
{
	memmove(&map->at[i + 1], &map->at[i],
		(map->count - i) * sizeof(map->at[0]));
	map->count++;
}

/* Close the slots [i, i + slots). */
static void shift_down(struct cbx_extents *map, uint64_t i, uint64_t slots)
{
	memmove(&map->at[i], &map->at[i + slots],
		(map->count - i - slots) * sizeof(map->at[0]));
	map->count -= slots;
}

/* Every extent counts as one user of the file it maps. */
static void hold_file(const struct cbx_extent *e)
{
	if (e->file != NULL) {
		cbx_node_hold(e->file);
	}
}

static void drop_file(const struct cbx_extent *e)
{
	if (e->file != NULL) {
		cbx_node_drop(e->file);
	}
}

void cbx_extent_cut(struct cbx_extents *map, uint64_t address)
{
	uint64_t i = cbx_extent_find(map, address);

	if (i == map->count || map->at[i].start >= address) {
		return;
	}
	shift_up(map, i);
	map->at[i].end = address;
	map->at[i + 1].start = address;
	hold_file(&map->at[i]);
}

void cbx_extent_insert(struct cbx_extents *map, const struct cbx_extent *extent)
{
	uint64_t i = cbx_extent_find(map, extent->start);

	shift_up(map, i);
	map->at[i] = *extent;
	hold_file(extent);
}

void cbx_extent_remove(struct cbx_extents *map, uint64_t start, uint64_t end)
{
	uint64_t first = cbx_extent_find(map, start);
	uint64_t last = first;

	while (last < map->count && map->at[last].end <= end) {
		drop_file(&map->at[last++]);
	}
	shift_down(map, first, last - first);
}

static bool alike(const struct cbx_extent *a, const struct cbx_extent *b)
{
	return a->end == b->start && a->state == b->state &&
	       a->kind == b->kind && a->prot == b->prot &&
	       a->rights == b->rights && a->dirty == b->dirty &&
	       a->share == b->share && a->fork == b->fork &&
	       a->shared == b->shared && a->sealed == b->sealed &&
	       a->file == b->file && a->origin == b->origin;
}

void cbx_extent_join(struct cbx_extents *map, uint64_t start, uint64_t end)
{
	uint64_t i = cbx_extent_find(map, start == 0 ? 0 : start - 1);

	while (i + 1 < map->count && map->at[i].start <= end) {
		if (alike(&map->at[i], &map->at[i + 1])) {
			map->at[i].end = map->at[i + 1].end;
			drop_file(&map->at[i + 1]);
			shift_down(map, i + 1, 1);
		} else {
			i++;
		}
	}
}

uint64_t cbx_extent_gap(const struct cbx_extents *map, uint64_t low,
	uint64_t high, uint64_t bytes)
{
	for (uint64_t i = cbx_extent_find(map, low); i < map->count; i++) {
		if (low > high || bytes > high - low) {
			return 0;
		}
		if (map->at[i].start > low && map->at[i].start - low >= bytes) {
			return low;
		}
		low = cbx_max(low, map->at[i].end);
	}
	return low <= high && bytes <= high - low ? low : 0;
}

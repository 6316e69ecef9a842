/* SPDX-License-Identifier: Apache-2.0 */
/* Moving and discarding the program's memory. */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "task.h"

#define SMALL 0x10000u /* bytes zeroed rather than unmapped */

/* Make everything in a range the process's own that several have. */
static bool own_range(struct cbx_map *m, uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct cbx_extent *e = cbx_extent_at(&m->extents, start);
		uint64_t stop = cbx_min(e->end, end);

		if (e->share != NULL) {
			stop = cbx_min(stop, start + CBX_MAP_CLUSTER);
			if (!cbx_map_room(m, 3) ||
				!cbx_map_own(m, start, stop)) {
				return false;
			}
		}
		start = stop;
	}
	return true;
}

/* Pages of the process's own in [from, end), to be at @p to as well; how far
 * it got. */
static uint64_t alias_range(
	struct cbx_map *m, uint64_t to, uint64_t from, uint64_t end)
{
	uint64_t at = from;

	while (at < end) {
		const struct cbx_extent *e = cbx_extent_at(&m->extents, at);
		uint64_t stop = cbx_min(e->end, end);
		const struct cbx_alias alias = {
			.space = cbx_map_space(m),
			.va = to + (at - from),
			.pages = (stop - at) >> CBX_PAGE_SHIFT,
			.rights = e->rights,
			.from_space = cbx_map_space(m),
			.from = at,
		};

		if (e->state == CBX_EXTENT_PRESENT) {
			uint64_t done = cbx_gate_alias(&alias);

			if (done != alias.pages) {
				return at + done * CBX_PAGE_SIZE;
			}
		}
		at = stop;
	}
	return end;
}

/* The pages of [from, end) are @p to's: without a gate, as the gates are
 * done.  @pre room for two for each extent */
static void hand_over(
	struct cbx_map *m, uint64_t to, uint64_t from, uint64_t end)
{
	uint64_t at = from;

	while (at < end) {
		const struct cbx_extent *e = cbx_extent_at(&m->extents, at);
		uint64_t stop = cbx_min(e->end, end);
		uint8_t rights = e->rights;

		if (e->state == CBX_EXTENT_PRESENT) {
			cbx_map_set(m, to + (at - from), to + (stop - from),
				CBX_EXTENT_PRESENT, rights);
			cbx_map_set(m, at, stop, CBX_EXTENT_LAZY, 0);
			cbx_gate_unmap(cbx_map_space(m), at,
				(stop - at) >> CBX_PAGE_SHIFT);
		}
		at = stop;
	}
}

/* Undo what alias_range did, [from, end) of it. */
static void undo_alias(
	struct cbx_map *m, uint64_t to, uint64_t from, uint64_t end)
{
	for (uint64_t at = from; at < end;) {
		const struct cbx_extent *e = cbx_extent_at(&m->extents, at);
		uint64_t stop = cbx_min(e->end, end);

		if (e->state == CBX_EXTENT_PRESENT) {
			cbx_gate_unmap(cbx_map_space(m), to + (at - from),
				(stop - at) >> CBX_PAGE_SHIFT);
		}
		at = stop;
	}
}

/* Room for the pieces of a range at both places. */
static bool move_room(struct cbx_map *m, uint64_t from, uint64_t end)
{
	uint64_t pieces = cbx_extent_find(&m->extents, end) -
			  cbx_extent_find(&m->extents, from) + 2;

	return cbx_map_room(m, 4 * pieces);
}

int64_t cbx_memory_move(
	const struct cbx_place *place, uint64_t from, uint64_t bytes)
{
	struct cbx_map *m = cbx_map_self();
	uint64_t to = place->start;
	uint64_t reached;

	if (!own_range(m, from, from + bytes) || cbx_memory_place(place) != 0) {
		return -LX_ENOMEM;
	}
	reached = from;
	if (move_room(m, from, from + bytes)) {
		reached = alias_range(m, to, from, from + bytes);
	}
	if (reached != from + bytes) {
		undo_alias(m, to, from, reached);
		return cbx_memory_release(place->start, place->end) != 0
			       ? -LX_EFAULT
			       : -LX_ENOMEM;
	}
	hand_over(m, to, from, from + bytes);
	/* room was made: nothing is left but to forget */
	return cbx_memory_release(from, from + bytes) != 0 ? -LX_ENOMEM
							   : (int64_t)to;
}

/* Zeros where zeros are cheap, no pages elsewhere. */
static void discard(struct cbx_map *m, struct cbx_extent *e)
{
	if (e->state != CBX_EXTENT_PRESENT) {
		return;
	}
	if (e->share == NULL && e->file == NULL && e->rights == CBX_MAP_RW &&
		e->end - e->start < SMALL) {
		memset((void *)e->start, 0, e->end - e->start);
	} else {
		cbx_map_reset(m, e);
	}
}

int64_t cbx_memory_discard(uint64_t start, uint64_t end)
{
	struct cbx_map *m = cbx_map_self();
	uint64_t i;

	if (!cbx_map_range_room(m, start, end)) {
		return -LX_ENOMEM;
	}
	cbx_extent_cut(&m->extents, start);
	cbx_extent_cut(&m->extents, end);
	for (i = cbx_extent_find(&m->extents, start);
		i < m->extents.count && m->extents.at[i].start < end; i++) {
		discard(m, &m->extents.at[i]);
	}
	cbx_extent_join(&m->extents, start, end);
	return 0;
}

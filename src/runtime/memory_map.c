/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_map.h"

#include <base/start.h>

#include "budget.h"
#include "gate.h"
#include "heap.h"
#include "linux.h"
#include "memory.h"
#include "memory_space.h"
#include "share.h"
#include "task.h"

struct cbx_map cbx_map_first = { .refs = 1 };
struct cbx_map *cbx_maps = &cbx_map_first;

uint64_t cbx_map_space(const struct cbx_map *m)
{
	return m->space == NULL ? cbx_memory_space_home() : m->space->handle;
}

uint8_t cbx_map_rights(uint8_t prot)
{
	uint8_t rights = CBX_RIGHT_R;

	if (prot == LX_PROT_EXEC ||
		(prot == (LX_PROT_READ | LX_PROT_EXEC) &&
			(cbx_box_flags & CBX_START_EXECUTE_ONLY) != 0)) {
		return CBX_RIGHT_X;
	}
	if ((prot & LX_PROT_WRITE) != 0) {
		rights |= CBX_RIGHT_W;
	}
	if ((prot & LX_PROT_EXEC) != 0) {
		rights |= CBX_RIGHT_X;
	}
	return rights;
}

uint8_t cbx_map_extent_rights(const struct cbx_extent *e)
{
	uint8_t rights = cbx_map_rights(e->prot);
	bool others = e->share != NULL ||
		      (e->state == CBX_EXTENT_BORROWED && !e->shared);

	return others ? (uint8_t)(rights & ~CBX_RIGHT_W) : rights;
}

bool cbx_map_room(struct cbx_map *m, uint64_t more)
{
	struct cbx_extents *x = &m->extents;

	return x->capacity - x->count >= more ||
	       cbx_heap_grow((void **)&x->at, &x->capacity, x->count + more,
		       sizeof(x->at[0]));
}

bool cbx_map_range_room(struct cbx_map *m, uint64_t start, uint64_t end)
{
	return cbx_map_room(m, cbx_extent_find(&m->extents, end) -
				       cbx_extent_find(&m->extents, start) + 4);
}

void cbx_map_unmap(struct cbx_map *m, const struct cbx_extent *e)
{
	uint64_t pages = cbx_extent_pages(e);

	if (!cbx_extent_mapped(e)) {
		return;
	}
	cbx_gate_unmap(cbx_map_space(m), e->start, pages);
	if (e->share != NULL) {
		pages = cbx_share_less(e->share, e->start, e->end);
	}
	if (e->state != CBX_EXTENT_BORROWED) {
		cbx_budget_give(pages);
	}
	if (e->state == CBX_EXTENT_CACHED) {
		m->cached_pages -= pages;
	}
}

void cbx_map_drop(struct cbx_map *m, const struct cbx_extent *e)
{
	cbx_map_unmap(m, e);
	cbx_extent_remove(&m->extents, e->start, e->end);
}

void cbx_map_reset(struct cbx_map *m, struct cbx_extent *e)
{
	cbx_map_unmap(m, e);
	e->state = CBX_EXTENT_LAZY;
	e->rights = 0;
	e->share = NULL;
}

void cbx_map_drop_cache(struct cbx_map *m, uint64_t start, uint64_t end)
{
	uint64_t i = cbx_extent_find(&m->extents, start);

	while (i < m->extents.count && m->extents.at[i].start < end) {
		if (m->extents.at[i].state == CBX_EXTENT_CACHED) {
			cbx_map_drop(m, &m->extents.at[i]);
		} else {
			i++;
		}
	}
}

bool cbx_map_afford(struct cbx_map *m, uint64_t pages)
{
	struct cbx_map *other;

	if (cbx_budget_take(pages)) {
		return true;
	}
	cbx_map_drop_cache(m, 0, CBX_MEMORY_TOP);
	for (other = cbx_maps; other != NULL && cbx_budget_free() < pages;
		other = other->next) {
		cbx_map_drop_cache(other, 0, CBX_MEMORY_TOP);
	}
	return cbx_budget_take(pages);
}

void cbx_map_set(struct cbx_map *m, uint64_t start, uint64_t end,
	enum cbx_extent_state state, uint8_t rights)
{
	struct cbx_extent *e;

	cbx_extent_cut(&m->extents, start);
	cbx_extent_cut(&m->extents, end);
	e = cbx_extent_at(&m->extents, start);
	e->state = (uint8_t)state;
	e->rights = rights;
	e->share = NULL;
	cbx_extent_join(&m->extents, start, end);
}

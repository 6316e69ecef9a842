/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of processes: made, copied at fork, given back. */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "memory_space.h"
#include "rewrite.h"
#include "share.h"
#include "task.h"

struct cbx_map *cbx_memory_create(void)
{
	struct cbx_map *m = cbx_heap_take_zero(sizeof(*m));

	if (m == NULL) {
		return NULL;
	}
	m->space = cbx_memory_space_take();
	if (m->space == NULL) {
		cbx_heap_give(m, sizeof(*m));
		return NULL;
	}
	m->refs = 1;
	m->next = cbx_maps;
	cbx_maps = m;
	return m;
}

/* Unmap all of an extent and what follows it without a gap. */
static uint64_t unmap_run(struct cbx_map *m, uint64_t i)
{
	const struct cbx_extent *at = m->extents.at;
	uint64_t start = at[i].start;
	uint64_t end = start;

	while (i < m->extents.count && cbx_extent_mapped(&at[i]) &&
		at[i].start == end) {
		end = at[i++].end;
	}
	cbx_gate_unmap(
		cbx_map_space(m), start, (end - start) >> CBX_PAGE_SHIFT);
	return i;
}

/* Give back what an extent stood for, unmapped by now. */
static void pay_back(struct cbx_map *m, const struct cbx_extent *e)
{
	uint64_t pages = cbx_extent_pages(e);

	if (e->share != NULL) {
		pages = cbx_share_less(e->share, e->start, e->end);
	}
	if (cbx_extent_mapped(e) && e->state != CBX_EXTENT_BORROWED) {
		cbx_budget_give(pages);
	}
	if (e->state == CBX_EXTENT_CACHED) {
		m->cached_pages -= pages;
	}
}

void cbx_memory_reset(struct cbx_map *m)
{
	uint64_t i = 0;

	cbx_rewrite_forget(m);
	while (i < m->extents.count) {
		if (cbx_extent_mapped(&m->extents.at[i])) {
			i = unmap_run(m, i);
		} else {
			i++;
		}
	}
	for (i = 0; i < m->extents.count; i++) {
		pay_back(m, &m->extents.at[i]);
	}
	cbx_extent_remove(&m->extents, 0, CBX_MEMORY_TOP);
}

void cbx_memory_drop(struct cbx_map *m)
{
	struct cbx_map **link = &cbx_maps;

	if (--m->refs != 0) {
		return;
	}
	cbx_memory_reset(m);
	while (*link != m) {
		link = &(*link)->next;
	}
	*link = m->next;
	if (m->space != NULL) {
		cbx_memory_space_give(m->space);
	}
	cbx_heap_give(
		m->extents.at, m->extents.capacity * sizeof(m->extents.at[0]));
	cbx_heap_give(m, sizeof(*m));
}

/* Make the pages of an extent of both; false when there is no memory. */
static bool share(struct cbx_map *m, struct cbx_extent *e,
	const struct cbx_map *child, struct cbx_extent *copy)
{
	struct cbx_alias alias = {
		.space = cbx_map_space(child),
		.va = e->start,
		.pages = cbx_extent_pages(e),
		.from_space = cbx_map_space(m),
		.from = e->start,
	};
	uint8_t rights;

	if (e->share == NULL) {
		e->share = cbx_share_create(e->start, e->end);
	}
	if (e->share == NULL) {
		return false;
	}
	rights = cbx_map_extent_rights(e);
	if (rights != e->rights && !cbx_gate_protect(alias.from_space, e->start,
					   alias.pages, rights)) {
		return false;
	}
	e->rights = rights;
	alias.rights = rights;
	alias.pages = cbx_gate_alias(&alias);
	copy->end = copy->start + alias.pages * CBX_PAGE_SIZE;
	copy->rights = rights;
	copy->share = e->share;
	cbx_share_more(e->share, copy->start, copy->end);
	return copy->end == e->end;
}

/* What a child gets of an extent: false when there is no memory for it. */
static bool pass_on(
	struct cbx_map *m, struct cbx_extent *e, struct cbx_map *child)
{
	struct cbx_extent copy = *e;
	bool done = true;

	if (e->state == CBX_EXTENT_CACHED || e->fork == CBX_FORK_NONE) {
		return true;
	}
	if (e->state == CBX_EXTENT_PRESENT && e->fork == CBX_FORK_COPY) {
		done = share(m, e, child, &copy);
	} else {
		copy.state = CBX_EXTENT_LAZY;
		copy.rights = 0;
		copy.share = NULL;
	}
	if (copy.start < copy.end) {
		cbx_extent_insert(&child->extents, &copy);
	}
	return done;
}

struct cbx_map *cbx_memory_fork(void)
{
	struct cbx_map *m = cbx_map_self();
	struct cbx_map *child = cbx_memory_create();
	bool done;

	if (child == NULL) {
		return NULL;
	}
	child->brk = m->brk;
	done = cbx_map_room(child, m->extents.count + 4) &&
	       cbx_rewrite_copy(child, m);
	for (uint64_t i = 0; done && i < m->extents.count; i++) {
		done = pass_on(m, &m->extents.at[i], child);
	}
	if (!done) {
		cbx_memory_drop(child);
		return NULL;
	}
	return child;
}

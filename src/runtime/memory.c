/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "share.h"
#include "task.h"

bool cbx_memory_valid(uint64_t start, uint64_t bytes)
{
	return start % CBX_PAGE_SIZE == 0 && start >= CBX_MEMORY_LOW &&
	       start < CBX_MEMORY_TOP && bytes != 0 &&
	       bytes <= CBX_MEMORY_TOP - start;
}

/* Whether what the program gives back is kept mapped. */
static bool worth_keeping(const struct cbx_map *m, const struct cbx_extent *e)
{
	return e->state == CBX_EXTENT_PRESENT && e->share == NULL &&
	       e->file == NULL && e->rights == CBX_MAP_RW &&
	       e->start >= CBX_MEMORY_MAPS && e->end <= CBX_MEMORY_MAPS_END &&
	       m->cached_pages + cbx_extent_pages(e) <= cbx_budget_total() / 8;
}

static void keep(struct cbx_map *m, struct cbx_extent *e)
{
	m->cached_pages += cbx_extent_pages(e);
	e->state = CBX_EXTENT_CACHED;
	e->kind = CBX_EXTENT_ANONYMOUS;
	e->prot = 0;
	e->fork = CBX_FORK_COPY;
	e->dirty = true;
}

/* Take one extent away from the program; true when it is still in the map. */
static bool give_up(struct cbx_map *m, struct cbx_extent *e, bool keep_it)
{
	if (e->state == CBX_EXTENT_CACHED) {
		return true;
	}
	if (keep_it && worth_keeping(m, e)) {
		keep(m, e);
		return true;
	}
	cbx_map_drop(m, e);
	return false;
}

int64_t cbx_memory_release(uint64_t start, uint64_t end)
{
	struct cbx_map *m = cbx_map_self();
	bool small = end - start < CBX_MEMORY_LAZY;
	uint64_t i;

	if (!cbx_map_range_room(m, start, end)) {
		return -LX_ENOMEM;
	}
	cbx_extent_cut(&m->extents, start);
	cbx_extent_cut(&m->extents, end);
	i = cbx_extent_find(&m->extents, start);
	while (i < m->extents.count && m->extents.at[i].start < end) {
		if (give_up(m, &m->extents.at[i], small)) {
			i++;
		}
	}
	cbx_extent_join(&m->extents, start, end);
	return 0;
}

static void use_cached(
	struct cbx_map *m, struct cbx_extent *e, const struct cbx_place *place)
{
	if (e->dirty) {
		memset((void *)e->start, 0, e->end - e->start);
	}
	m->cached_pages -= cbx_extent_pages(e);
	e->state = CBX_EXTENT_PRESENT;
	e->kind = place->kind;
	e->prot = place->prot;
	e->dirty = false;
}

static bool is_lazy(const struct cbx_place *place)
{
	return place->lazy || place->file != NULL;
}

/* Cover the free addresses [start, end) as the place wants. */
static bool fill(struct cbx_map *m, const struct cbx_place *place,
	uint64_t start, uint64_t end)
{
	bool lazy = is_lazy(place);
	const struct cbx_extent e = {
		.start = start,
		.end = end,
		.file = place->file,
		.origin =
			place->file == NULL ? 0 : place->start - place->offset,
		.state = lazy ? CBX_EXTENT_LAZY : CBX_EXTENT_PRESENT,
		.kind = place->kind,
		.prot = place->prot,
		.rights = lazy ? 0 : CBX_MAP_RW,
		.shared = place->shared,
		.sealed = place->sealed,
	};

	if (!lazy && !cbx_map_afford(m, cbx_extent_pages(&e))) {
		return false;
	}
	if (!lazy && !cbx_gate_map(cbx_map_space(m), start,
			     cbx_extent_pages(&e), CBX_MAP_RW)) {
		cbx_budget_give(cbx_extent_pages(&e));
		return false;
	}
	cbx_extent_insert(&m->extents, &e);
	return true;
}

static bool fill_range(struct cbx_map *m, const struct cbx_place *place)
{
	uint64_t at = place->start;

	while (at < place->end) {
		struct cbx_extent *e = cbx_extent_at(&m->extents, at);
		uint64_t i = cbx_extent_find(&m->extents, at);
		uint64_t stop = place->end;

		if (e != NULL) {
			use_cached(m, e, place);
			at = e->end;
			continue;
		}
		if (i < m->extents.count) {
			stop = cbx_min(stop, m->extents.at[i].start);
		}
		if (!fill(m, place, at, stop)) {
			return false;
		}
		at = stop;
	}
	return true;
}

static bool is_zero(const struct cbx_extent *e)
{
	const uint64_t *word = (const uint64_t *)e->start;
	const uint64_t *end = (const uint64_t *)e->end;

	while (word < end && *word == 0) {
		word++;
	}
	return word == end;
}

/* Memory nobody wrote that is closed, such as a guard, has no pages. */
static bool is_guard(const struct cbx_extent *e, uint8_t prot)
{
	return prot == 0 && e->state == CBX_EXTENT_PRESENT && e->file == NULL &&
	       (e->rights & CBX_RIGHT_R) != 0 && is_zero(e);
}

/* Whether a file's pages were mapped as nobody may write them. */
static bool is_sealed(const struct cbx_extent *e, uint8_t prot)
{
	return e->state == CBX_EXTENT_BORROWED && e->shared &&
	       (prot & LX_PROT_WRITE) != 0 && (e->prot & LX_PROT_WRITE) == 0;
}

static bool set_rights(struct cbx_map *m, struct cbx_extent *e, uint8_t prot)
{
	uint8_t rights;

	if (is_guard(e, prot) || is_sealed(e, prot)) {
		cbx_map_reset(m, e);
	}
	e->prot = prot;
	rights = cbx_map_extent_rights(e);
	if (cbx_extent_mapped(e) && e->rights != rights) {
		if (!cbx_gate_protect(cbx_map_space(m), e->start,
			    cbx_extent_pages(e), rights)) {
			return false;
		}
		e->rights = rights;
	}
	return true;
}

static bool set_range_rights(
	struct cbx_map *m, uint64_t start, uint64_t end, uint8_t prot)
{
	uint64_t i = cbx_extent_find(&m->extents, start);
	bool all = true;

	while (all && i < m->extents.count && m->extents.at[i].start < end) {
		all = set_rights(m, &m->extents.at[i++], prot);
	}
	cbx_extent_join(&m->extents, start, end);
	return all;
}

int64_t cbx_memory_place(const struct cbx_place *place)
{
	struct cbx_map *m = cbx_map_self();

	if (cbx_memory_release(place->start, place->end) != 0 ||
		!cbx_map_range_room(m, place->start, place->end)) {
		return -LX_ENOMEM;
	}
	cbx_extent_cut(&m->extents, place->start);
	cbx_extent_cut(&m->extents, place->end);
	if (is_lazy(place)) {
		cbx_map_drop_cache(m, place->start, place->end);
	}
	if (!fill_range(m, place) ||
		!set_range_rights(m, place->start, place->end, place->prot)) {
		int64_t undone = cbx_memory_release(place->start, place->end);

		return undone != 0 ? undone : -LX_ENOMEM;
	}
	return 0;
}

static bool has_sealed(const struct cbx_map *m, uint64_t start, uint64_t end)
{
	uint64_t i = cbx_extent_find(&m->extents, start);

	while (i < m->extents.count && m->extents.at[i].start < end) {
		if (m->extents.at[i++].sealed) {
			return true;
		}
	}
	return false;
}

int64_t cbx_memory_protect(uint64_t start, uint64_t end, uint8_t prot)
{
	struct cbx_map *m = cbx_map_self();

	if ((prot & LX_PROT_WRITE) != 0 && has_sealed(m, start, end)) {
		return -LX_EACCES;
	}

	if (!cbx_memory_owned(start, end) ||
		!cbx_map_range_room(m, start, end)) {
		return -LX_ENOMEM;
	}
	cbx_extent_cut(&m->extents, start);
	cbx_extent_cut(&m->extents, end);
	return set_range_rights(m, start, end, prot) ? 0 : -LX_ENOMEM;
}

int64_t cbx_memory_on_fork(
	uint64_t start, uint64_t end, enum cbx_extent_fork what)
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
		m->extents.at[i].fork = (uint8_t)what;
	}
	cbx_extent_join(&m->extents, start, end);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "task.h"

bool cbx_memory_valid(uint64_t start, uint64_t bytes)
{
	return start % CBX_PAGE_SIZE == 0 && start >= CBX_MEMORY_LOW &&
	       start < CBX_MEMORY_TOP && bytes != 0 &&
	       bytes <= CBX_MEMORY_TOP - start;
}

/* Whether what the program gives back is kept mapped. */
static bool worth_keeping(const struct cbx_extent *e)
{
	return e->rights == CBX_MAP_RW && e->start >= CBX_MEMORY_MAPS &&
	       e->end <= CBX_MEMORY_MAPS_END &&
	       cbx_map_self()->cached_pages + cbx_extent_pages(e) <=
		       cbx_budget_total() / 8;
}

static void keep(struct cbx_extent *e)
{
	cbx_map_self()->cached_pages += cbx_extent_pages(e);
	e->state = CBX_EXTENT_CACHED;
	e->kind = CBX_EXTENT_ANONYMOUS;
	e->prot = 0;
	e->dirty = true;
}

/* Take one extent away from the program; true when it is still in the map. */
static bool give_up(struct cbx_extent *e, bool keep_it)
{
	if (e->state == CBX_EXTENT_LAZY) {
		if (e->counted) {
			cbx_budget_give(cbx_extent_pages(e));
		}
		cbx_extent_remove(&cbx_map_self()->extents, e->start, e->end);
		return false;
	}
	if (e->state == CBX_EXTENT_PRESENT) {
		if (!keep_it || !worth_keeping(e)) {
			cbx_map_drop(e);
			return false;
		}
		keep(e);
	}
	return true;
}

int64_t cbx_memory_release(uint64_t start, uint64_t end)
{
	bool small = end - start < CBX_MEMORY_LAZY;

	if (!cbx_map_range_room(start, end)) {
		return -LX_ENOMEM;
	}
	cbx_extent_cut(&cbx_map_self()->extents, start);
	cbx_extent_cut(&cbx_map_self()->extents, end);

	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, start);

	while (i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < end) {
		if (give_up(&cbx_map_self()->extents.at[i], small)) {
			i++;
		}
	}
	cbx_extent_join(&cbx_map_self()->extents, start, end);
	return 0;
}

static void use_cached(struct cbx_extent *e, const struct cbx_place *place)
{
	if (e->dirty) {
		memset((void *)e->start, 0, e->end - e->start);
	}
	cbx_map_self()->cached_pages -= cbx_extent_pages(e);
	e->state = CBX_EXTENT_PRESENT;
	e->kind = place->kind;
	e->prot = place->prot;
	e->dirty = false;
}

/* Cover the free addresses [start, end) as the place wants. */
static bool fill(const struct cbx_place *place, uint64_t start, uint64_t end)
{
	struct cbx_extent e = {
		.start = start,
		.end = end,
		.state = place->lazy ? CBX_EXTENT_LAZY : CBX_EXTENT_PRESENT,
		.kind = place->kind,
		.prot = place->prot,
		.rights = place->lazy ? 0 : CBX_MAP_RW,
		.counted = !(place->lazy && place->unpaid),
	};

	if (e.counted && !cbx_map_afford(cbx_extent_pages(&e))) {
		return false;
	}
	if (!place->lazy &&
		!cbx_gate_map(start, cbx_extent_pages(&e), CBX_MAP_RW)) {
		cbx_budget_give(cbx_extent_pages(&e));
		return false;
	}
	cbx_extent_insert(&cbx_map_self()->extents, &e);
	return true;
}

static bool fill_range(const struct cbx_place *place)
{
	uint64_t at = place->start;

	while (at < place->end) {
		struct cbx_extent *e =
			cbx_extent_at(&cbx_map_self()->extents, at);
		uint64_t i = cbx_extent_find(&cbx_map_self()->extents, at);

		if (e != NULL) {
			use_cached(e, place);
			at = e->end;
			continue;
		}

		uint64_t stop =
			i < cbx_map_self()->extents.count
				? cbx_min(place->end,
					  cbx_map_self()->extents.at[i].start)
				: place->end;

		if (!fill(place, at, stop)) {
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

/* Memory nobody wrote that is closed, such as a guard: it has no pages. */
static void close_empty(struct cbx_extent *e)
{
	cbx_gate_unmap(e->start, cbx_extent_pages(e));
	cbx_budget_give(cbx_extent_pages(e));
	e->state = CBX_EXTENT_LAZY;
	e->counted = false;
	e->rights = 0;
}

static bool set_rights(struct cbx_extent *e, uint8_t prot)
{
	uint8_t rights = cbx_map_rights(prot);

	if (prot == 0 && e->state == CBX_EXTENT_PRESENT &&
		(e->rights & CBX_RIGHT_R) != 0 && is_zero(e)) {
		close_empty(e);
	}
	if (e->state == CBX_EXTENT_PRESENT && e->rights != rights) {
		if (!cbx_gate_protect(e->start, cbx_extent_pages(e), rights)) {
			return false;
		}
		e->rights = rights;
	}
	e->prot = prot;
	return true;
}

static bool set_range_rights(uint64_t start, uint64_t end, uint8_t prot)
{
	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, start);
	bool all = true;

	while (all && i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < end) {
		all = set_rights(&cbx_map_self()->extents.at[i++], prot);
	}
	cbx_extent_join(&cbx_map_self()->extents, start, end);
	return all;
}

int64_t cbx_memory_place(const struct cbx_place *place)
{
	if (cbx_memory_release(place->start, place->end) != 0 ||
		!cbx_map_range_room(place->start, place->end)) {
		return -LX_ENOMEM;
	}
	cbx_extent_cut(&cbx_map_self()->extents, place->start);
	cbx_extent_cut(&cbx_map_self()->extents, place->end);
	if (place->lazy) {
		cbx_map_drop_cache(place->start, place->end);
	}
	if (!fill_range(place) ||
		!set_range_rights(place->start, place->end, place->prot)) {
		int64_t undone = cbx_memory_release(place->start, place->end);

		return undone != 0 ? undone : -LX_ENOMEM;
	}
	return 0;
}

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
	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, start);

	while (i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < end) {
		if (cbx_map_self()->extents.at[i++].state !=
			CBX_EXTENT_CACHED) {
			return false;
		}
	}
	return true;
}

/* Pay for what becomes writable and was free of charge so far. */
static bool pay(uint64_t start, uint64_t end)
{
	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, start);

	for (; i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < end;
		i++) {
		struct cbx_extent *e = &cbx_map_self()->extents.at[i];

		if (e->counted || e->kind == CBX_EXTENT_STACK) {
			continue;
		}
		if (!cbx_budget_take(cbx_extent_pages(e))) {
			return false;
		}
		e->counted = true;
	}
	return true;
}

int64_t cbx_memory_protect(uint64_t start, uint64_t end, uint8_t prot)
{
	if (!cbx_memory_owned(start, end) || !cbx_map_range_room(start, end)) {
		return -LX_ENOMEM;
	}
	cbx_extent_cut(&cbx_map_self()->extents, start);
	cbx_extent_cut(&cbx_map_self()->extents, end);
	if ((prot & LX_PROT_WRITE) != 0 && !pay(start, end)) {
		cbx_extent_join(&cbx_map_self()->extents, start, end);
		return -LX_ENOMEM;
	}
	return set_range_rights(start, end, prot) ? 0 : -LX_ENOMEM;
}

static uint64_t find_cached(uint64_t bytes)
{
	for (uint64_t i = cbx_extent_find(
		     &cbx_map_self()->extents, CBX_MEMORY_MAPS);
		cbx_map_self()->cached_pages != 0 &&
		i < cbx_map_self()->extents.count;
		i++) {
		const struct cbx_extent *e = &cbx_map_self()->extents.at[i];

		if (e->state == CBX_EXTENT_CACHED &&
			e->end - e->start >= bytes) {
			return e->start;
		}
	}
	return 0;
}

/* Map a stock to hand out from. */
static void stock(uint64_t at)
{
	struct cbx_extent e = {
		.start = at,
		.end = at + CBX_MAP_CHUNK,
		.state = CBX_EXTENT_CACHED,
		.rights = CBX_MAP_RW,
		.counted = true,
	};

	if (CBX_RANGE_PAGES_MAX > cbx_budget_free() / 4 || !cbx_map_room(1) ||
		!cbx_budget_take(CBX_RANGE_PAGES_MAX)) {
		return;
	}
	if (!cbx_gate_map(at, CBX_RANGE_PAGES_MAX, CBX_MAP_RW)) {
		cbx_budget_give(CBX_RANGE_PAGES_MAX);
		return;
	}
	cbx_map_self()->cached_pages += CBX_RANGE_PAGES_MAX;
	cbx_extent_insert(&cbx_map_self()->extents, &e);
	cbx_extent_join(&cbx_map_self()->extents, e.start, e.end);
}

uint64_t cbx_memory_find(uint64_t bytes, bool lazy)
{
	uint64_t at = lazy ? 0 : find_cached(bytes);

	if (at != 0) {
		return at;
	}
	if (lazy || bytes > CBX_MAP_CHUNK / 2) {
		return cbx_extent_gap(&cbx_map_self()->extents, CBX_MEMORY_MAPS,
			CBX_MEMORY_MAPS_END, bytes);
	}
	at = cbx_extent_gap(&cbx_map_self()->extents, CBX_MEMORY_MAPS,
		CBX_MEMORY_MAPS_END, CBX_MAP_CHUNK);
	if (at != 0) {
		stock(at);
	}
	return at;
}

const struct cbx_extents *cbx_memory_extents(void)
{
	return &cbx_map_self()->extents;
}

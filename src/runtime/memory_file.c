/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping the pages of files, and taking them back. */
#include "memory.h"

#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "memory_space.h"
#include "node.h"

/* The addresses around @p address that show the pages of @p pages. */
static void window(const struct cbx_extent *e, uint64_t address,
	const struct cbx_pages *pages, struct cbx_alias *alias)
{
	uint64_t chunk = address & ~(CBX_MAP_CHUNK - 1);
	uint64_t start = cbx_max(cbx_max(e->start, chunk),
		e->start - e->origin < pages->offset ? e->origin + pages->offset
						     : e->start);
	uint64_t end = cbx_min(cbx_min(e->end, chunk + CBX_MAP_CHUNK),
		e->origin + pages->offset + pages->bytes);

	alias->va = start;
	alias->pages = (end - start) >> CBX_PAGE_SHIFT;
	alias->from = pages->at + (start - e->origin - pages->offset);
}

int64_t cbx_map_borrow(struct cbx_map *m, uint64_t address)
{
	const struct cbx_extent *e = cbx_extent_at(&m->extents, address);
	struct cbx_alias alias = {
		.space = cbx_map_space(m),
		.from_space = cbx_memory_space_home(),
	};
	uint64_t offset = cbx_page_floor(address) - e->origin;
	struct cbx_pages pages;
	uint8_t rights = cbx_map_rights(e->prot);
	int64_t status;

	if (!e->shared) {
		rights &= (uint8_t)~CBX_RIGHT_W;
	}
	status = cbx_data_pages(&e->file->data, offset, e->shared, &pages);
	if (status != 0) {
		return status;
	}
	window(e, address, &pages, &alias);
	alias.rights = rights;
	alias.pages = cbx_gate_alias(&alias);
	if (alias.va + alias.pages * CBX_PAGE_SIZE <= address) {
		/* the monitor stopped before it got there */
		cbx_gate_unmap(alias.space, alias.va, alias.pages);
		return -LX_ENOMEM;
	}
	cbx_map_set(m, alias.va, alias.va + alias.pages * CBX_PAGE_SIZE,
		CBX_EXTENT_BORROWED, rights);
	return 0;
}

/* Whether an extent shows pages of [from, to) of a file. */
static bool shows(const struct cbx_extent *e, const struct cbx_data *data,
	uint64_t from, uint64_t to)
{
	return e->state == CBX_EXTENT_BORROWED && &e->file->data == data &&
	       e->start - e->origin < to && e->end - e->origin > from;
}

void cbx_memory_withdraw(
	const struct cbx_data *data, uint64_t from, uint64_t to)
{
	for (struct cbx_map *m = cbx_maps; m != NULL; m = m->next) {
		for (uint64_t i = 0; i < m->extents.count; i++) {
			if (shows(&m->extents.at[i], data, from, to)) {
				cbx_map_reset(m, &m->extents.at[i]);
			}
		}
	}
}

/* Whether an extent has a process's own copies of what lies past @p from. */
static bool has_copies(
	const struct cbx_extent *e, const struct cbx_data *data, uint64_t from)
{
	return e->state == CBX_EXTENT_PRESENT && e->file != NULL &&
	       &e->file->data == data && e->end - e->origin > from;
}

/* Make room for the borders; with none to be had, nothing changed. */
static bool make_borders(
	struct cbx_map *m, const struct cbx_data *data, uint64_t from)
{
	uint64_t borders = 0;

	for (uint64_t i = 0; i < m->extents.count; i++) {
		borders += has_copies(&m->extents.at[i], data, from) ? 1 : 0;
	}
	return borders == 0 || cbx_map_room(m, borders);
}

static void drop_copies(
	struct cbx_map *m, const struct cbx_data *data, uint64_t from)
{
	for (uint64_t i = 0; i < m->extents.count; i++) {
		const struct cbx_extent *e = &m->extents.at[i];

		if (!has_copies(e, data, from)) {
			continue;
		}
		if (e->start - e->origin < from) {
			cbx_extent_cut(&m->extents, e->origin + from);
		} else {
			cbx_map_reset(m, &m->extents.at[i]);
		}
	}
}

bool cbx_memory_cut(const struct cbx_data *data, uint64_t size)
{
	uint64_t from = cbx_page_ceil(size);

	for (struct cbx_map *m = cbx_maps; m != NULL; m = m->next) {
		if (!make_borders(m, data, from)) {
			return false;
		}
	}
	for (struct cbx_map *m = cbx_maps; m != NULL; m = m->next) {
		drop_copies(m, data, from);
	}
	return true;
}

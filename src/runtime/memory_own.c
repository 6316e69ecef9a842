/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of one's own, in the place of shared ones and of a file's. */
#include "memory.h"

#include <base/start.h>

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "memory_space.h"
#include "node.h"
#include "share.h"
#include "task.h"
#include "template.h"

/* The content on its way; used under the lock. */
static _Alignas(CBX_PAGE_SIZE) uint8_t bounce[CBX_MAP_CLUSTER];

/* Read what is at [start, end) now. */
static bool read_content(struct cbx_map *m, const struct cbx_extent *e,
	uint64_t start, uint64_t end)
{
	if (e->state == CBX_EXTENT_LAZY && e->file == NULL) {
		return false; /* it was lost for want of memory */
	}
	if (e->state == CBX_EXTENT_LAZY) {
		int64_t got = cbx_data_read(&e->file->data, start - e->origin,
			(uint64_t)bounce, end - start);

		memset(bounce + got, 0, end - start - (uint64_t)got);
		return true;
	}
	if ((e->rights & CBX_RIGHT_R) == 0 &&
		!cbx_gate_protect(cbx_map_space(m), start,
			(end - start) >> CBX_PAGE_SHIFT, CBX_RIGHT_R)) {
		return false;
	}
	memcpy(bounce, (const void *)start, end - start);
	return true;
}

/* Map new pages with the content, where other tasks may look meanwhile: they
 * see all of it or none. */
static bool install_aside(
	uint64_t space, uint64_t start, uint64_t pages, uint8_t rights)
{
	const struct cbx_alias alias = { space, start, pages, rights, space,
		CBX_SCRATCH_VA };
	bool done;

	if (!cbx_gate_map(space, CBX_SCRATCH_VA, pages, CBX_MAP_RW)) {
		return false;
	}
	memcpy((void *)CBX_SCRATCH_VA, bounce, pages * CBX_PAGE_SIZE);
	done = cbx_gate_alias(&alias) == pages;
	cbx_gate_unmap(space, CBX_SCRATCH_VA, pages);
	return done;
}

/* Whether other tasks may look meanwhile. */
static bool looked_at(const struct cbx_map *m)
{
	return m->refs > 1 || cbx_process_self()->task_count > 1;
}

static bool install(
	const struct cbx_map *m, uint64_t start, uint64_t pages, uint8_t rights)
{
	uint64_t space = cbx_map_space(m);

	if (looked_at(m)) {
		return install_aside(space, start, pages, rights);
	}
	if (!cbx_gate_map(space, start, pages, CBX_MAP_RW)) {
		return false;
	}
	memcpy((void *)start, bounce, pages * CBX_PAGE_SIZE);
	return rights == CBX_MAP_RW ||
	       cbx_gate_protect(space, start, pages, rights);
}

/* Whether the content is still in the file, and nobody else looks. */
static bool read_in_place(const struct cbx_map *m, const struct cbx_extent *e)
{
	return e->file != NULL && !looked_at(m) &&
	       (e->state == CBX_EXTENT_LAZY || e->state == CBX_EXTENT_BORROWED);
}

/* New pages, into which the file is read. */
static bool refill(const struct cbx_map *m, const struct cbx_extent *e,
	uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> CBX_PAGE_SHIFT;
	uint64_t space = cbx_map_space(m);
	uint8_t rights = cbx_map_rights(e->prot);

	if (cbx_extent_mapped(e)) {
		cbx_gate_unmap(space, start, pages);
	}
	if (!cbx_gate_map(space, start, pages, CBX_MAP_RW)) {
		return false;
	}
	(void)cbx_data_read(
		&e->file->data, start - e->origin, start, end - start);
	return rights == CBX_MAP_RW ||
	       cbx_gate_protect(space, start, pages, rights);
}

/* Whether pages at @p at are another box's. */
static bool is_lent(uint64_t at)
{
	return at >= CBX_FILES_VA && at < CBX_STACK_VA &&
	       (at >= CBX_SHARE_VA(0) || cbx_template_cloned() ||
		       (cbx_box_flags & CBX_START_FILES_LENT) != 0);
}

/* Where pages lie that another box lends and that hold what is at
 * [start, end); of a few, one gate more takes longer than to read them. */
static bool find_lent(
	const struct cbx_extent *e, uint64_t start, uint64_t end, uint64_t *at)
{
	uint64_t offset = start - e->origin;
	struct cbx_pages pages;

	if (e->file == NULL ||
		(e->state != CBX_EXTENT_BORROWED &&
			(e->state != CBX_EXTENT_LAZY ||
				end - start < CBX_MAP_CLUSTER)) ||
		cbx_data_pages(&e->file->data, offset, false, &pages) != 0 ||
		end - e->origin > pages.offset + pages.bytes) {
		return false;
	}
	*at = pages.at + (offset - pages.offset);
	return is_lent(*at);
}

/* The monitor copies what another box lends: in a third of the time it takes
 * to read it into new pages, all of which are touched by that. */
static bool copy_lent(const struct cbx_extent *e, const struct cbx_alias *lent)
{
	uint8_t rights = cbx_map_rights(e->prot);
	uint64_t pages = lent->pages;

	if (!cbx_extent_mapped(e)) {
		pages = cbx_gate_alias(lent);
	}
	if (pages != lent->pages ||
		!cbx_gate_protect(lent->space, lent->va, pages, CBX_MAP_RW)) {
		cbx_gate_unmap(lent->space, lent->va, pages);
		return false;
	}
	return rights == CBX_MAP_RW ||
	       cbx_gate_protect(lent->space, lent->va, pages, rights);
}

uint64_t cbx_map_own_most(const struct cbx_map *m, const struct cbx_extent *e)
{
	uint64_t bytes = e->end - e->start;

	return read_in_place(m, e) && bytes <= CBX_MAP_CHUNK &&
			       bytes >> CBX_PAGE_SHIFT <= cbx_budget_free() / 16
		       ? CBX_MAP_CHUNK
		       : CBX_MAP_CLUSTER;
}

/* Put the content in the place of what is mapped, if anything is. */
static bool replace(struct cbx_map *m, const struct cbx_extent *e,
	uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> CBX_PAGE_SHIFT;
	struct cbx_alias lent = { cbx_map_space(m), start, pages, CBX_RIGHT_R,
		cbx_memory_space_home(), 0 };

	if (find_lent(e, start, end, &lent.from)) {
		return copy_lent(e, &lent);
	}
	if (read_in_place(m, e)) {
		return refill(m, e, start, end);
	}
	if (!read_content(m, e, start, end)) {
		return false;
	}
	if (cbx_extent_mapped(e)) {
		cbx_gate_unmap(cbx_map_space(m), start, pages);
	}
	if (e->share != NULL) {
		cbx_budget_give(cbx_share_less(e->share, start, end));
	}
	return install(m, start, pages, cbx_map_rights(e->prot));
}

/* Copy [start, end), all of which somebody else has, too. */
static bool copy(struct cbx_map *m, uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> CBX_PAGE_SHIFT;
	const struct cbx_extent *e;

	if (!cbx_map_afford(m, pages)) {
		return false;
	}
	e = cbx_extent_at(&m->extents, start);
	if (!replace(m, e, start, end)) {
		/* what comes next ends the process */
		cbx_budget_give(pages);
		cbx_map_set(m, start, end, CBX_EXTENT_LAZY, 0);
		return false;
	}
	cbx_map_set(m, start, end, CBX_EXTENT_PRESENT, cbx_map_rights(e->prot));
	return true;
}

/* The others have left [start, end), or it is a template's: it is the
 * process's again. */
static bool keep(struct cbx_map *m, uint64_t start, uint64_t end)
{
	const struct cbx_extent *e = cbx_extent_at(&m->extents, start);
	uint8_t rights = cbx_map_rights(e->prot);

	if (!cbx_gate_protect(cbx_map_space(m), start,
		    (end - start) >> CBX_PAGE_SHIFT, rights)) {
		return false;
	}
	if (e->share != NULL) {
		(void)cbx_share_less(e->share, start, end);
	}
	cbx_map_set(m, start, end, CBX_EXTENT_PRESENT, rights);
	return true;
}

bool cbx_map_own(struct cbx_map *m, uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct cbx_extent *e = cbx_extent_at(&m->extents, start);
		uint64_t stop = end;
		bool alone = e->state == CBX_EXTENT_PRESENT;

		if (e->share != NULL) {
			stop = start +
			       (cbx_share_run(e->share, start, end, &alone)
				       << CBX_PAGE_SHIFT);
		}
		if (!cbx_map_room(m, 3) || !(alone ? keep(m, start, stop)
						   : copy(m, start, stop))) {
			return false;
		}
		start = stop;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping at the first touch. */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "task.h"

#define CHUNK_MIN 0x10000u

/* Map [start, end) of the lazy extent around it. */
static bool commit(uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> CBX_PAGE_SHIFT;
	struct cbx_extent *e = cbx_extent_at(&cbx_map_self()->extents, start);
	uint8_t rights = cbx_map_rights(e->prot);
	bool counted = e->counted;

	if (!cbx_map_room(3) || (!counted && !cbx_map_afford(pages))) {
		return false;
	}
	if (!cbx_gate_map(start, pages, rights)) {
		if (!counted) {
			cbx_budget_give(pages);
		}
		return false;
	}
	cbx_extent_cut(&cbx_map_self()->extents, start);
	cbx_extent_cut(&cbx_map_self()->extents, end);
	e = cbx_extent_at(&cbx_map_self()->extents, start);
	e->state = CBX_EXTENT_PRESENT;
	e->rights = rights;
	e->counted = true;
	cbx_extent_join(&cbx_map_self()->extents, start, end);
	return true;
}

/* Bytes present right below or above a lazy extent. */
static uint64_t present_beside(const struct cbx_extent *e)
{
	uint64_t i = (uint64_t)(e - cbx_map_self()->extents.at);
	uint64_t bytes = 0;

	if (i != 0 && e[-1].end == e->start &&
		e[-1].state == CBX_EXTENT_PRESENT) {
		bytes = e[-1].end - e[-1].start;
	}
	if (i + 1 < cbx_map_self()->extents.count && e[1].start == e->end &&
		e[1].state == CBX_EXTENT_PRESENT) {
		bytes = cbx_max(bytes, e[1].end - e[1].start);
	}
	return bytes;
}

/* How much to map at a touch: little at first and where there is little, as
 * much again as is there when the program goes on. */
static uint64_t chunk_bytes(const struct cbx_extent *e)
{
	uint64_t most = cbx_max(present_beside(e), CHUNK_MIN);
	uint64_t bytes = CBX_MAP_CHUNK;

	while (bytes > CHUNK_MIN &&
		(bytes > most ||
			bytes >> CBX_PAGE_SHIFT > cbx_budget_free() / 8)) {
		bytes /= 2;
	}
	return bytes;
}

static bool commit_around(const struct cbx_extent *e, uint64_t address)
{
	uint64_t bytes = chunk_bytes(e);
	uint64_t chunk = address & ~(bytes - 1);
	uint64_t page = cbx_page_floor(address);

	return commit(cbx_max(e->start, chunk),
		       cbx_min(e->end, chunk + bytes)) ||
	       commit(page, page + CBX_PAGE_SIZE);
}

bool cbx_memory_lazy(uint64_t address, uint8_t access)
{
	const struct cbx_extent *e =
		cbx_extent_at(&cbx_map_self()->extents, address);

	return e != NULL && e->state == CBX_EXTENT_LAZY && e->prot != 0 &&
	       (access == LX_PROT_READ || (e->prot & access) != 0);
}

bool cbx_memory_present(uint64_t address, uint8_t access)
{
	const struct cbx_extent *e =
		cbx_extent_at(&cbx_map_self()->extents, address);

	return e != NULL && e->state == CBX_EXTENT_PRESENT &&
	       (e->rights & access) != 0;
}

bool cbx_memory_touch(uint64_t address)
{
	return commit_around(
		cbx_extent_at(&cbx_map_self()->extents, address), address);
}

bool cbx_memory_populate(uint64_t address, uint64_t bytes)
{
	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, address);

	while (i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < address + bytes) {
		const struct cbx_extent *e = &cbx_map_self()->extents.at[i];

		if (e->state != CBX_EXTENT_LAZY || e->prot == 0) {
			i++;
			continue;
		}
		if (!commit_around(e, cbx_max(address, e->start))) {
			return false;
		}
		i = cbx_extent_find(&cbx_map_self()->extents, address);
	}
	return true;
}

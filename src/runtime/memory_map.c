/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_map.h"

#include <base/start.h>

#include "budget.h"
#include "gate.h"
#include "heap.h"
#include "linux.h"
#include "memory.h"
#include "task.h"

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

bool cbx_map_room(uint64_t more)
{
	return cbx_map_self()->extents.capacity -
			       cbx_map_self()->extents.count >=
		       more ||
	       cbx_heap_grow((void **)&cbx_map_self()->extents.at,
		       &cbx_map_self()->extents.capacity,
		       cbx_map_self()->extents.count + more,
		       sizeof(cbx_map_self()->extents.at[0]));
}

bool cbx_map_range_room(uint64_t start, uint64_t end)
{
	return cbx_map_room(cbx_extent_find(&cbx_map_self()->extents, end) -
			    cbx_extent_find(&cbx_map_self()->extents, start) +
			    4);
}

void cbx_map_drop(const struct cbx_extent *e)
{
	const struct cbx_extent gone = *e;

	cbx_gate_unmap(gone.start, cbx_extent_pages(&gone));
	cbx_budget_give(cbx_extent_pages(&gone));
	if (gone.state == CBX_EXTENT_CACHED) {
		cbx_map_self()->cached_pages -= cbx_extent_pages(&gone);
	}
	cbx_extent_remove(&cbx_map_self()->extents, gone.start, gone.end);
}

void cbx_map_drop_cache(uint64_t start, uint64_t end)
{
	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, start);

	while (i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < end) {
		if (cbx_map_self()->extents.at[i].state == CBX_EXTENT_CACHED) {
			cbx_map_drop(&cbx_map_self()->extents.at[i]);
		} else {
			i++;
		}
	}
}

bool cbx_map_afford(uint64_t pages)
{
	if (cbx_budget_take(pages)) {
		return true;
	}
	cbx_map_drop_cache(0, CBX_MEMORY_TOP);
	return cbx_budget_take(pages);
}

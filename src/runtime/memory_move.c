/* SPDX-License-Identifier: Apache-2.0 */
/* Moving, zeroing and forgetting the program's memory. */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "task.h"
#include "user.h"

/* Text nobody reads is read to be moved: what it leaves goes. */
static void open_text(struct cbx_extent *e)
{
	if (e->rights == CBX_RIGHT_X &&
		cbx_gate_protect(e->start, cbx_extent_pages(e), CBX_RIGHT_R)) {
		e->rights = CBX_RIGHT_R;
	}
}

/* Copy what is present; pages never touched stay so. */
static void copy(uint64_t to, uint64_t from, uint64_t bytes)
{
	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, from);

	for (; i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < from + bytes;
		i++) {
		uint64_t start =
			cbx_max(from, cbx_map_self()->extents.at[i].start);
		uint64_t end = cbx_min(
			from + bytes, cbx_map_self()->extents.at[i].end);

		if (cbx_map_self()->extents.at[i].state == CBX_EXTENT_PRESENT) {
			open_text(&cbx_map_self()->extents.at[i]);
			cbx_user_copy((void *)(to + (start - from)),
				(const void *)start, end - start);
			i = cbx_extent_find(&cbx_map_self()->extents, start);
		}
	}
}

int64_t cbx_memory_move(const struct cbx_place *place, uint64_t to,
	uint64_t from, uint64_t bytes)
{
	struct cbx_place writable = *place;
	int64_t status;

	writable.start += to;
	writable.end += to;
	writable.prot = LX_PROT_READ | LX_PROT_WRITE;
	status = cbx_memory_place(&writable);
	if (status != 0) {
		return status;
	}
	copy(to, from, bytes);
	if (place->prot != writable.prot) {
		status = cbx_memory_protect(
			writable.start, writable.end, place->prot);
	}
	if (status == 0) {
		status = cbx_memory_release(from, from + bytes);
	}
	return status != 0 ? status : (int64_t)to;
}

void cbx_memory_zero(uint64_t start, uint64_t end)
{
	uint64_t i = cbx_extent_find(&cbx_map_self()->extents, start);

	for (; i < cbx_map_self()->extents.count &&
		cbx_map_self()->extents.at[i].start < end;
		i++) {
		const struct cbx_extent *e = &cbx_map_self()->extents.at[i];
		uint64_t from = cbx_max(start, e->start);

		if (e->state == CBX_EXTENT_PRESENT && e->rights == CBX_MAP_RW) {
			memset((void *)from, 0, cbx_min(end, e->end) - from);
		}
	}
}

void cbx_memory_reset(void)
{
	cbx_rewrite_forget(cbx_map_self());
	while (cbx_map_self()->extents.count != 0) {
		const struct cbx_extent *e =
			&cbx_map_self()
				 ->extents
				 .at[cbx_map_self()->extents.count - 1];

		if (e->state != CBX_EXTENT_LAZY) {
			cbx_map_drop(e);
			continue;
		}
		if (e->counted) {
			cbx_budget_give(cbx_extent_pages(e));
		}
		cbx_map_self()->extents.count--;
	}
}

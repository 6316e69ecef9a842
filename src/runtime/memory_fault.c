/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping at the first touch, and copying at the first write. */
#include "memory.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "message.h"
#include "node.h"
#include "share.h"
#include "task.h"

#define CHUNK_MIN    0x10000u
#define LENT_CLUSTER 0x10000ull
#define LENT_FIRST   48u /* copies of that */
#define LENT_MORE    0x40000ull

/* Map zeros at [start, end) of the lazy extent around it. */
static bool commit(struct cbx_map *m, uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> CBX_PAGE_SHIFT;
	uint8_t rights =
		cbx_map_rights(cbx_extent_at(&m->extents, start)->prot);

	if (!cbx_map_afford(m, pages)) {
		return false;
	}
	if (!cbx_gate_map(cbx_map_space(m), start, pages, rights)) {
		cbx_budget_give(pages);
		return false;
	}
	cbx_map_set(m, start, end, CBX_EXTENT_PRESENT, rights);
	return true;
}

/* Bytes present right below or above a lazy extent. */
static uint64_t present_beside(
	const struct cbx_map *m, const struct cbx_extent *e)
{
	uint64_t i = (uint64_t)(e - m->extents.at);
	uint64_t bytes = 0;

	if (i != 0 && e[-1].end == e->start &&
		e[-1].state == CBX_EXTENT_PRESENT) {
		bytes = e[-1].end - e[-1].start;
	}
	if (i + 1 < m->extents.count && e[1].start == e->end &&
		e[1].state == CBX_EXTENT_PRESENT) {
		bytes = cbx_max(bytes, e[1].end - e[1].start);
	}
	return bytes;
}

/* How much to map at a touch: little at first and where there is little, as
 * much again as is there when the program goes on. */
static uint64_t chunk_bytes(const struct cbx_map *m, const struct cbx_extent *e)
{
	uint64_t most = cbx_max(present_beside(m, e), CHUNK_MIN);
	uint64_t bytes = CBX_MAP_CHUNK;

	while (bytes > CHUNK_MIN &&
		(bytes > most ||
			bytes >> CBX_PAGE_SHIFT > cbx_budget_free() / 8)) {
		bytes /= 2;
	}
	return bytes;
}

static bool commit_around(struct cbx_map *m, uint64_t address)
{
	const struct cbx_extent *e = cbx_extent_at(&m->extents, address);
	uint64_t bytes = chunk_bytes(m, e);
	uint64_t chunk = address & ~(bytes - 1);
	uint64_t page = cbx_page_floor(address);

	return commit(m, cbx_max(e->start, chunk),
		       cbx_min(e->end, chunk + bytes)) ||
	       commit(m, page, page + CBX_PAGE_SIZE);
}

/* Whether pages that are not written are to change with the file. */
static bool is_live(const struct cbx_extent *e)
{
	return e->file != NULL && e->state != CBX_EXTENT_PRESENT &&
	       e->file->data.chunks != 0;
}

/* Of a template's pages, which the monitor copies, all with one gate: little
 * at first, for a clone that answers and is gone, more when it goes on. */
static uint64_t lent_bytes(void)
{
	static uint32_t copies;

	if (copies == LENT_FIRST) {
		return LENT_MORE;
	}
	copies++;
	return LENT_CLUSTER;
}

/* Make pages around an address the process's own. */
static bool own_around(struct cbx_map *m, uint64_t address)
{
	const struct cbx_extent *e = cbx_extent_at(&m->extents, address);
	bool lent = e->state == CBX_EXTENT_PRESENT && e->share == NULL;
	uint64_t bytes = lent ? lent_bytes() : cbx_map_own_most(m, e);
	uint64_t page = cbx_page_floor(address);
	uint64_t cluster = address & ~(bytes - 1);
	uint64_t start = cbx_max(e->start, cluster);
	uint64_t end = cbx_min(e->end, cluster + bytes);

	if (e->file != NULL && e->state == CBX_EXTENT_LAZY) {
		/* not what lies past the file's end */
		end = cbx_min(
			end, e->origin + cbx_page_ceil(e->file->data.size));
	}
	if (is_live(e)) {
		start = page;
		end = page + CBX_PAGE_SIZE;
	}
	return cbx_map_own(m, start, end) ||
	       cbx_map_own(m, page, page + CBX_PAGE_SIZE);
}

static enum cbx_memory_fault touch_file(
	struct cbx_map *m, uint64_t address, uint8_t access)
{
	const struct cbx_extent *e = cbx_extent_at(&m->extents, address);
	int64_t status = -LX_ENODEV;

	if (cbx_page_floor(address) - e->origin >=
		cbx_page_ceil(e->file->data.size)) {
		return CBX_FAULTED_BEYOND;
	}
	if (e->shared || access != LX_PROT_WRITE) {
		status = cbx_map_borrow(m, address);
	}
	if (status == -LX_ENODEV) {
		status = own_around(m, address) ? 0 : -LX_ENOMEM;
	}
	return status == 0 ? CBX_FAULTED_SERVED : CBX_FAULTED_FULL;
}

static uint8_t right_for(uint8_t access)
{
	return access == LX_PROT_WRITE	? CBX_RIGHT_W
	       : access == LX_PROT_EXEC ? CBX_RIGHT_X
					: CBX_RIGHT_R;
}

static bool allowed(const struct cbx_extent *e, uint8_t access)
{
	return e->prot != 0 &&
	       (access == LX_PROT_READ || (e->prot & access) != 0);
}

/* The rights are there, but not in the space. */
static enum cbx_memory_fault serve_mapped(
	struct cbx_map *m, uint64_t address, uint8_t access)
{
	const struct cbx_extent *e = cbx_extent_at(&m->extents, address);

	if ((e->rights & right_for(access)) != 0) {
		return CBX_FAULTED_SERVED; /* another task did it */
	}
	if (access != LX_PROT_WRITE) {
		return CBX_FAULTED_ACCESS; /* text nobody reads */
	}
	return own_around(m, address) ? CBX_FAULTED_SERVED : CBX_FAULTED_FULL;
}

enum cbx_memory_fault cbx_memory_fault(uint64_t address, uint8_t access)
{
	struct cbx_map *m = cbx_map_self();
	const struct cbx_extent *e = cbx_extent_at(&m->extents, address);

	if (e == NULL || e->state == CBX_EXTENT_CACHED) {
		return CBX_FAULTED_NOTHING;
	}
	if (!allowed(e, access)) {
		return CBX_FAULTED_ACCESS;
	}
	if (!cbx_map_room(m, 3)) {
		return CBX_FAULTED_FULL;
	}
	e = cbx_extent_at(&m->extents, address);
	if (cbx_extent_mapped(e)) {
		return serve_mapped(m, address, access);
	}
	if (e->file != NULL) {
		return touch_file(m, address, access);
	}
	return commit_around(m, address) ? CBX_FAULTED_SERVED
					 : CBX_FAULTED_FULL;
}

/* Whether a range's extent is ready for an access, or never will be. */
static bool is_ready(const struct cbx_extent *e, uint8_t access)
{
	return !allowed(e, access) || e->state == CBX_EXTENT_CACHED ||
	       (e->rights & right_for(access)) != 0;
}

bool cbx_memory_populate(uint64_t address, uint64_t bytes, uint8_t access)
{
	struct cbx_map *m = cbx_map_self();
	uint64_t end = address + bytes;

	while (address < end) {
		uint64_t i = cbx_extent_find(&m->extents, address);
		const struct cbx_extent *e = &m->extents.at[i];
		enum cbx_memory_fault fault;

		if (i == m->extents.count || e->start >= end) {
			return true;
		}
		if (is_ready(e, access)) {
			address = e->end;
			continue;
		}
		address = cbx_max(address, e->start);
		fault = cbx_memory_fault(address, access);
		if (fault == CBX_FAULTED_FULL) {
			return false;
		}
		if (fault != CBX_FAULTED_SERVED) {
			address = cbx_page_floor(address) + CBX_PAGE_SIZE;
		}
	}
	return true;
}

void cbx_memory_tell_empty(void)
{
	const struct cbx_process *self = cbx_process_self();

	cbx_message_begin("out of memory: all ");
	cbx_message_number(cbx_budget_total() * CBX_PAGE_SIZE >> 20);
	cbx_message_put(" MiB of the box are used");
	if (self->parent != NULL) {
		cbx_message_put("; process ");
		cbx_message_number(self->pid);
		cbx_message_put(" (");
		cbx_message_put(cbx_task_self()->name);
		cbx_message_put(") is ended");
	}
	cbx_message_end();
}

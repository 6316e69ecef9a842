/* SPDX-License-Identifier: Apache-2.0 */
/* What a space has of the runtime's memory: its record. */
#include "memory_space.h"

#include <base/start.h>

#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory_map.h"
#include "own_image.h"
#include "template.h"

/* The rights of the image at an address; the end of the part that has them. */
static uint8_t image_rights(uint64_t address, uint64_t *end)
{
	const struct cbx_image_part *p = cbx_image_parts();

	for (uint16_t i = 0; i < cbx_image_header()->header_count; i++) {
		*end = cbx_page_ceil(p[i].va + p[i].memory_bytes);
		if (p[i].type == CBX_IMAGE_LOAD &&
			address >= cbx_page_floor(p[i].va) && address < *end) {
			return cbx_map_rights(
				(uint8_t)(((p[i].flags & 4u) >> 2) |
					  (p[i].flags & 2u) |
					  ((p[i].flags & 1u) << 2)));
		}
	}
	return 0;
}

/* What the runtime may do with an address of its own; 0: nothing is there. */
static uint8_t rights_at(uint64_t address, uint64_t *end)
{
	if (address >= CBX_RUNTIME_VA && address < CBX_START_VA) {
		return image_rights(address, end);
	}
	if (address >= CBX_START_VA && address < CBX_STACK_VA) {
		*end = address < CBX_FILES_VA ? CBX_FILES_VA : CBX_STACK_VA;
		return CBX_RIGHT_R;
	}
	if (address >= CBX_STACK_VA && address < CBX_WINDOW_VA) {
		*end = CBX_WINDOW_VA;
		return CBX_MAP_RW;
	}
	*end = CBX_VA_MAX;
	return address >= CBX_HEAP_VA && address < CBX_VA_MAX ? CBX_MAP_RW : 0;
}

/* Few instructions and gates; a fault cannot wait for the runtime's lock. */
static void take(struct cbx_memory_space *space)
{
	while (__atomic_exchange_n(&space->taken, true, __ATOMIC_ACQUIRE)) {
		__builtin_ia32_pause();
	}
}

static void drop(struct cbx_memory_space *space)
{
	__atomic_store_n(&space->taken, false, __ATOMIC_RELEASE);
}

static uint64_t end_of(const struct cbx_own *own)
{
	return own->start + (uint64_t)own->pages * CBX_PAGE_SIZE;
}

/* Unmap what a fault brings back. */
static void shed(struct cbx_memory_space *space)
{
	uint64_t kept = 0;

	for (uint64_t i = 0; i < space->count; i++) {
		const struct cbx_own *own = &space->own[i];

		if (own->pinned != 0) {
			space->own[kept++] = *own;
		} else {
			cbx_gate_unmap(space->handle, own->start, own->pages);
		}
	}
	space->count = kept;
}

/* Map from @p start on, up to @p end or to what is there already.
 * @return pages */
static uint64_t add(struct cbx_memory_space *space, uint64_t start,
	uint64_t end, bool pinned)
{
	struct cbx_alias alias = { .space = space->handle,
		.va = start,
		.from_space = cbx_memory_space_home(),
		.from = start };
	uint64_t part = end;
	uint64_t most;

	if (space->count == CBX_OWN_MAX) {
		shed(space);
	}
	if (space->count == CBX_OWN_MAX) {
		return 0;
	}
	alias.rights = rights_at(start, &part);
	end = cbx_min(end, part);
	for (uint64_t i = 0; i < space->count; i++) {
		if (space->own[i].start > start) {
			end = cbx_min(end, space->own[i].start);
		}
	}
	alias.pages = (end - start) >> CBX_PAGE_SHIFT;
	if (alias.rights == 0) {
		return 0;
	}
	if ((alias.rights & CBX_RIGHT_W) != 0) {
		alias.pages =
			cbx_template_own(start, alias.pages * CBX_PAGE_SIZE) >>
			CBX_PAGE_SHIFT;
	}
	most = alias.pages;
	alias.pages = cbx_gate_alias(&alias);
	if (alias.pages == 0) {
		/* no page for a table: what is not needed now has some */
		shed(space);
		alias.pages = most;
		alias.pages = cbx_gate_alias(&alias);
	}
	if (alias.pages != 0) {
		space->own[space->count++] = (struct cbx_own){ start,
			(uint32_t)alias.pages, pinned };
	}
	return alias.pages;
}

static struct cbx_own *own_at(struct cbx_memory_space *space, uint64_t address)
{
	for (uint64_t i = 0; i < space->count; i++) {
		if (space->own[i].start <= address &&
			address < end_of(&space->own[i])) {
			return &space->own[i];
		}
	}
	return NULL;
}

static bool pin(struct cbx_memory_space *space, uint64_t at, uint64_t end)
{
	while (at < end) {
		struct cbx_own *own = own_at(space, at);
		uint64_t pages;

		if (own != NULL) {
			own->pinned = true;
			at = end_of(own);
			continue;
		}
		pages = add(space, at, end, true);
		if (pages == 0) {
			return false;
		}
		at += pages * CBX_PAGE_SIZE;
	}
	return true;
}

bool cbx_memory_space_pin(
	struct cbx_memory_space *space, uint64_t start, uint64_t bytes)
{
	bool done;

	take(space);
	done = pin(space, cbx_page_floor(start), cbx_page_ceil(start + bytes));
	drop(space);
	return done;
}

bool cbx_memory_space_bring(struct cbx_memory_space *space, uint64_t page)
{
	bool there;

	take(space);
	there = own_at(space, page) != NULL || /* another task did it */
		add(space, page, (page | (CBX_MAP_CHUNK - 1)) + 1, false) != 0;
	drop(space);
	return there;
}

bool cbx_memory_space_furnish(struct cbx_memory_space *space)
{
	uint64_t at = CBX_RUNTIME_VA;
	uint64_t end;

	while (image_rights(at, &end) != 0) {
		if (!cbx_memory_space_pin(space, at, end - at)) {
			return false;
		}
		at = end;
	}
	return true;
}

/* Take [start, end) out of one record; what is above becomes another one. */
static void cut_out(struct cbx_memory_space *space, struct cbx_own *own,
	uint64_t start, uint64_t end)
{
	const struct cbx_own whole = *own;

	start = cbx_max(start, whole.start);
	end = cbx_min(end, end_of(&whole));
	if (end != end_of(&whole) && space->count == CBX_OWN_MAX) {
		end = end_of(&whole); /* it comes back at a touch */
	}
	cbx_gate_unmap(space->handle, start, (end - start) >> CBX_PAGE_SHIFT);
	own->pages = (uint32_t)((start - whole.start) >> CBX_PAGE_SHIFT);
	if (end != end_of(&whole)) {
		space->own[space->count++] = (struct cbx_own){ end,
			(uint32_t)((end_of(&whole) - end) >> CBX_PAGE_SHIFT),
			whole.pinned };
	}
	if (own->pages == 0) {
		*own = space->own[--space->count];
	}
}

void cbx_memory_space_strip(
	struct cbx_memory_space *space, uint64_t start, uint64_t end)
{
	take(space);
	for (uint64_t i = space->count; i-- > 0;) {
		struct cbx_own *own = &space->own[i];

		if (own->start < end && end_of(own) > start) {
			cut_out(space, own, start, end);
		}
	}
	drop(space);
}

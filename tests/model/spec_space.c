/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address spaces: what lies where, and what it costs.
 */
#include <model/judge.h>

#include <string.h>

/* ---- page tables: four levels of 512 entries, none of them empty ---- */

static bool prefix_seen(const uint64_t *va, uint32_t at, unsigned int shift)
{
	for (uint32_t i = 0; i < at; i++) {
		if (va[i] >> shift == va[at] >> shift) {
			return true;
		}
	}
	return false;
}

/* Tables below the root that it takes to map these addresses. */
static uint32_t trees_for(const uint64_t *va, uint32_t count)
{
	static const unsigned int shift[] = { 39, 30, 21 };
	uint32_t n = 0;

	for (unsigned int level = 0; level < 3; level++) {
		for (uint32_t i = 0; i < count; i++) {
			n += !prefix_seen(va, i, shift[level]);
		}
	}
	return n;
}

uint32_t trees_used(const struct spec_space *space)
{
	static uint64_t all[SPEC_SLOTS];

	for (uint32_t i = 0; i < space->slots; i++) {
		all[i] = space->slot[i].va;
	}
	return 1 + trees_for(all, space->slots);
}

uint32_t trees_more(const struct spec_space *space, uint64_t va, uint64_t count)
{
	static uint64_t all[SPEC_SLOTS + 4];
	uint32_t n = 0;

	for (; n < space->slots; n++) {
		all[n] = space->slot[n].va;
	}
	/* Further pages in the same lowest table add nothing. */
	for (uint64_t i = 0; i < count; i++) {
		uint64_t next = va + i * CBX_PAGE_SIZE;

		if (i == 0 || next % (512 * CBX_PAGE_SIZE) == 0) {
			all[n++] = next;
		}
	}

	uint32_t need = 1 + trees_for(all, n);

	return need > space->trees ? need - space->trees : 0;
}

void trees_take(struct spec_box *box, struct spec_space *space, uint64_t va,
	uint64_t count)
{
	uint32_t more = trees_more(space, va, count);

	space->trees += more;
	box->unseen += more;
}

/* ---- slots ---- */

struct spec_slot *slot_at(struct spec_space *space, uint64_t va)
{
	for (uint32_t i = 0; i < space->slots; i++) {
		if (space->slot[i].va == va) {
			return &space->slot[i];
		}
	}
	return NULL;
}

static bool span_is_empty(
	const struct spec_space *space, uint64_t va, uint64_t count)
{
	for (uint32_t i = 0; i < space->slots; i++) {
		if (space->slot[i].va >= va &&
			space->slot[i].va - va < count * CBX_PAGE_SIZE) {
			return false;
		}
	}
	return true;
}

void slot_put(
	struct spec_space *space, uint64_t va, uint32_t page, uint64_t rights)
{
	SPEC_CHECK(space->slots < SPEC_SLOTS && slot_at(space, va) == NULL);
	space->slot[space->slots++] = (struct spec_slot){
		.va = va,
		.page = page,
		.rights = (uint8_t)rights,
	};
	if (page != SPEC_UNSEEN) {
		spec.page[page].uses++;
	}
}

/* Page tables that hold nothing. */
static uint64_t spare_trees(const struct spec_box *box)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		const struct spec_space *space = &box->space[i];

		if (space->handle != 0 && !space->ending && space->trees != 0) {
			n += space->trees - trees_used(space);
		}
	}
	return n;
}

void room_for(struct spec_box *box, struct spec_space *space,
	const struct spec_span *span, uint64_t pages,
	struct spec_answer *answer)
{
	if (!span_named(span->va, span->count)) {
		refuse_if(answer, true, CBX_E_INVALID);
		return;
	}
	refuse_if(answer, space->ending, CBX_E_STATE);
	refuse_if(answer, !span_is_empty(space, span->va, span->count),
		CBX_E_STATE);
	if (!box->granted) {
		refuse_if(answer, true, CBX_E_NOMEM);
		return;
	}

	uint64_t need = pages + trees_more(space, span->va, span->count);
	uint64_t sure = reserve_of(box);
	/* What may come back first; empty tables, if all of them did, would
	 * have to be taken again. */
	uint64_t ripe = pages != 0 ? ripe_of(box) : 0;
	uint64_t spare = spare_trees(box);

	if (need > sure) {
		refuse_if(answer, true, CBX_E_NOMEM);
		refuse_if(answer,
			pages != 0 && (ripe + unripe_of(box) != 0 ||
					      space->stale != 0),
			CBX_E_BUSY);
		refuse_if(answer,
			need <= sure + ripe + spare && !space->ending &&
				span_is_empty(space, span->va, span->count),
			CBX_OK);
	}
}

/* ---- bytes ---- */

static struct spec_slot *slot_of(struct spec_space *space, uint64_t va)
{
	return slot_at(space, va - va % CBX_PAGE_SIZE);
}

static uint64_t to_page_end(uint64_t va, uint64_t bytes)
{
	uint64_t room = CBX_PAGE_SIZE - va % CBX_PAGE_SIZE;

	return bytes < room ? bytes : room;
}

bool may_use(
	struct spec_space *space, uint64_t va, uint64_t bytes, uint8_t rights)
{
	if (va < CBX_VA_MIN || va > CBX_VA_MAX || bytes > CBX_VA_MAX - va) {
		return false;
	}
	while (bytes != 0) {
		const struct spec_slot *slot = slot_of(space, va);
		uint64_t part = to_page_end(va, bytes);

		if (slot == NULL || (slot->rights & rights) != rights) {
			return false;
		}
		va += part;
		bytes -= part;
	}
	return true;
}

static uint8_t *byte_at(struct spec_space *space, uint64_t va)
{
	const struct spec_slot *slot = slot_of(space, va);

	SPEC_CHECK(slot != NULL && slot->page != SPEC_UNSEEN);
	return &spec.bytes[slot->page][va % CBX_PAGE_SIZE];
}

void box_load(
	struct spec_space *space, uint64_t va, uint8_t *to, uint64_t bytes)
{
	while (bytes != 0) {
		uint64_t part = to_page_end(va, bytes);

		memcpy(to, byte_at(space, va), part);
		to += part;
		va += part;
		bytes -= part;
	}
}

void box_store(struct spec_space *space, uint64_t va, const uint8_t *from,
	uint64_t bytes)
{
	while (bytes != 0) {
		uint64_t part = to_page_end(va, bytes);

		memcpy(byte_at(space, va), from, part);
		from += part;
		va += part;
		bytes -= part;
	}
}

/* ---- ending ---- */

void unuse(uint32_t page)
{
	struct spec_page *it = &spec.page[page];

	SPEC_CHECK(it->uses != 0);
	/* In a dying box everything waits for BOX_RECLAIM. */
	if (--it->uses != 0 || it->is == IS_PUBLIC ||
		box_of(it->box)->life == LIFE_ENDING) {
		return;
	}
	it->window = it->is == IS_WINDOW;
	it->lent = it->window;
	it->is = IS_GOING;
	if (!it->window && forgotten(page)) {
		become(page, IS_OWN, it->box);
		wipe(page);
	}
}

void space_drop(struct spec_box *box, struct spec_space *space)
{
	size_t index = (size_t)(space - box->space);

	for (uint32_t i = 0; i < spec.pages; i++) {
		if (spec.page[i].box == box->root) {
			spec.page[i].stale.space[index] = 0;
		}
	}
	for (uint32_t i = 0; i < space->slots; i++) {
		SPEC_CHECK(space->slot[i].page != SPEC_UNSEEN);
		unuse(space->slot[i].page);
	}
	*space = (struct spec_space){ 0 };
}

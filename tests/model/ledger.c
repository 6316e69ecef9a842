/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <model/digest.h>
#include <model/judge.h>

struct spec spec;

bool range_named(uint64_t first, uint64_t count)
{
	return count >= 1 && count <= CBX_RANGE_PAGES_MAX &&
	       first < spec.pages && count <= spec.pages - first;
}

bool span_named(uint64_t va, uint64_t count)
{
	return count >= 1 && count <= CBX_RANGE_PAGES_MAX &&
	       va % CBX_PAGE_SIZE == 0 && va >= CBX_VA_MIN && va < CBX_VA_MAX &&
	       count * CBX_PAGE_SIZE <= CBX_VA_MAX - va;
}

/* ---- finding ---- */

struct spec_box *box_of(uint64_t handle)
{
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		struct spec_box *box = &spec.box[i];

		if (box->life != LIFE_NONE && box->root == handle) {
			return box;
		}
	}
	return NULL;
}

struct spec_space *space_of(struct spec_box *box, uint64_t handle)
{
	for (unsigned int i = 0; handle != 0 && i < SPEC_SPACES; i++) {
		if (box->space[i].handle == handle) {
			return &box->space[i];
		}
	}
	return NULL;
}

struct spec_thread *thread_of(struct spec_box *box, uint64_t handle)
{
	for (unsigned int i = 0; handle != 0 && i < SPEC_THREADS; i++) {
		if (box->thread[i].handle == handle) {
			return &box->thread[i];
		}
	}
	return NULL;
}

struct spec_box *box_new(uint32_t root)
{
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		struct spec_box *box = &spec.box[i];

		if (box->life == LIFE_NONE) {
			*box = (struct spec_box){ .root = root };
			box->life = LIFE_MAKING;
			return box;
		}
	}
	spec_broken("room for a box", __FILE__, __LINE__);
}

struct spec_space *space_new(struct spec_box *box, uint32_t handle)
{
	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		struct spec_space *space = &box->space[i];

		if (space->handle == 0) {
			*space = (struct spec_space){ .handle = handle };
			return space;
		}
	}
	spec_broken("room for a space", __FILE__, __LINE__);
}

struct spec_thread *thread_new(struct spec_box *box, uint32_t handle)
{
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		struct spec_thread *thread = &box->thread[i];

		if (thread->handle == 0) {
			*thread = (struct spec_thread){ .handle = handle };
			return thread;
		}
	}
	spec_broken("room for a thread", __FILE__, __LINE__);
}

/* ---- counting ---- */

uint32_t spaces_of(const struct spec_box *box)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		n += box->space[i].handle != 0;
	}
	return n;
}

uint32_t threads_of(const struct spec_box *box)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		n += box->thread[i].handle != 0;
	}
	return n;
}

uint32_t threads_in(const struct spec_box *box, uint32_t space)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		n += box->thread[i].handle != 0 &&
		     box->thread[i].space == space;
	}
	return n;
}

uint32_t asking_of(const struct spec_box *box)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		n += box->thread[i].handle != 0 &&
		     (box->thread[i].doing == DOES_INPUT ||
			     box->thread[i].doing == DOES_FORWARD);
	}
	return n;
}

uint64_t pages_of(const struct spec_box *box)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < spec.pages; i++) {
		n += spec.page[i].box == box->root;
	}
	return n;
}

/* Mappings whose page is not known yet. */
static uint64_t unseen_slots(const struct spec_box *box)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		const struct spec_space *space = &box->space[i];

		for (uint32_t j = 0; space->handle != 0 && j < space->slots;
			j++) {
			n += space->slot[j].page == SPEC_UNSEEN;
		}
	}
	return n;
}

uint64_t reserve_of(const struct spec_box *box)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < spec.pages; i++) {
		n += spec.page[i].box == box->root &&
		     spec.page[i].is == IS_OWN && spec.page[i].uses == 0;
	}
	return n + box->trees_back - unseen_slots(box) - box->unseen;
}

bool forgotten(uint32_t page)
{
	const struct spec_memory *stale = &spec.page[page].stale;
	uint8_t all = stale->host;

	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		all |= stale->space[i];
	}
	return all == 0;
}

/* A window whose host side is still open has to be closed, and forgotten. */
static bool is_ripe(uint32_t page)
{
	return forgotten(page) && (!spec.page[page].lent || rememberers() == 0);
}

static uint64_t going_of(const struct spec_box *box, bool ripe)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < spec.pages; i++) {
		n += spec.page[i].box == box->root &&
		     spec.page[i].is == IS_GOING && is_ripe(i) == ripe;
	}
	return n;
}

uint64_t ripe_of(const struct spec_box *box)
{
	return going_of(box, true);
}

uint64_t unripe_of(const struct spec_box *box)
{
	return going_of(box, false);
}

uint32_t windows_of(const struct spec_box *box)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < spec.pages; i++) {
		n += spec.page[i].box == box->root &&
		     (spec.page[i].is == IS_WINDOW || spec.page[i].window);
	}
	return n;
}

uint32_t borrowers_of(const struct spec_box *box)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		for (uint32_t j = 0; j < spec.box[i].lenders; j++) {
			n += spec.box[i].lender[j] == box->root;
		}
	}
	return n;
}

/* ---- what CPUs remember ---- */

uint8_t rememberers(void)
{
	return spec.holding & (uint8_t) ~(1u << spec.cpu);
}

void flush_host(void)
{
	for (uint32_t i = 0; i < spec.pages; i++) {
		spec.page[i].stale.host &= rememberers();
	}
}

void flush_space(struct spec_box *box, const struct spec_space *space)
{
	size_t index = (size_t)(space - box->space);

	for (uint32_t i = 0; i < spec.pages; i++) {
		if (spec.page[i].box == box->root) {
			spec.page[i].stale.space[index] &= rememberers();
		}
	}
	box->space[index].stale &= rememberers();
}

static void forget(uint8_t cpu)
{
	for (uint32_t i = 0; i < spec.pages; i++) {
		struct spec_memory *stale = &spec.page[i].stale;

		stale->host &= (uint8_t)~cpu;
		for (unsigned int j = 0; j < SPEC_SPACES; j++) {
			stale->space[j] &= (uint8_t)~cpu;
		}
	}
}

void spec_acknowledge(uint32_t cpu)
{
	uint8_t bit = (uint8_t)(1u << cpu);

	spec.holding &= (uint8_t)~bit;
	forget(bit);
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		for (unsigned int j = 0; j < SPEC_SPACES; j++) {
			spec.box[i].space[j].stale &= (uint8_t)~bit;
		}
	}
}

/* ---- pages ---- */

void become(uint32_t page, enum spec_is is, uint32_t box)
{
	SPEC_CHECK(page < spec.pages && !spec.page[page].fixed);
	spec.page[page] = (struct spec_page){ .is = is, .box = box };
}

bool take_table(const struct spec_box *box, uint64_t page)
{
	if (page >= spec.pages || spec.page[page].box != box->root ||
		spec.page[page].is != IS_OWN || spec.page[page].uses != 0) {
		return false;
	}
	become((uint32_t)page, IS_TABLE, box->root);
	return true;
}

void wipe(uint32_t page)
{
	memset(spec.bytes[page], 0, CBX_PAGE_SIZE);
}

bool host_lends(uint64_t page)
{
	return page < spec.pages && spec.page[page].is == IS_HOST;
}

bool host_lends_range(uint64_t first, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (first > UINT64_MAX - i || !host_lends(first + i)) {
			return false;
		}
	}
	return true;
}

void digest_extend(
	struct spec_box *box, unsigned int which, const struct spec_entry *e)
{
	uint64_t head[5] = { 0, e->address, e->info, e->info2, e->bytes };

	memcpy(head, e->kind, strlen(e->kind));
	model_digest(box->digest[which], head, sizeof(head), e->data, e->bytes);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <model/pick.h>

#include <model/choose.h>
#include <model/judge.h>
#include <model/world.h>

static uint64_t some_page(void)
{
	return world_first() + choose(world_pages());
}

uint64_t pick_page(enum spec_is is)
{
	return pick_page_run(is, 1);
}

static bool is_run(uint64_t first, enum spec_is is, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (first + i >= spec.pages || spec.page[first + i].is != is) {
			return false;
		}
	}
	return true;
}

uint64_t pick_page_run(enum spec_is is, uint64_t count)
{
	uint64_t start = some_page();

	if (once_in(24)) {
		return once_in(2) ? choose(spec.pages + 4) : start;
	}
	for (uint32_t i = 0; i < world_pages(); i++) {
		uint64_t page = world_first() +
				(start - world_first() + i) % world_pages();

		if (is_run(page, is, count)) {
			return page;
		}
	}
	return start;
}

uint64_t pick_count(uint64_t first, enum spec_is is, uint32_t most)
{
	uint32_t wanted = 1 + choose(most);
	uint32_t n = 0;

	while (n < wanted && first + n < spec.pages &&
		spec.page[first + n].is == is) {
		n++;
	}
	return n == 0 || once_in(16) ? wanted : n;
}

uint64_t pick_page_of(const struct spec_box *box)
{
	uint32_t start = choose(spec.pages);

	for (uint32_t i = 0; i < spec.pages; i++) {
		uint32_t page = (start + i) % spec.pages;

		if (spec.page[page].box == box->root && page != box->root) {
			return page;
		}
	}
	return some_page();
}

uint64_t pick_lender(const struct spec_box *box)
{
	uint32_t start = choose(SPEC_BOXES);

	for (unsigned int i = 0; i < SPEC_BOXES && !once_in(8); i++) {
		const struct spec_box *one =
			&spec.box[(start + i) % SPEC_BOXES];

		if (one->life == LIFE_LENDING) {
			return one->root;
		}
	}
	return box->root;
}

struct spec_box *pick_box(void)
{
	uint32_t start = choose(SPEC_BOXES);

	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		struct spec_box *box = &spec.box[(start + i) % SPEC_BOXES];

		if (box->life != LIFE_NONE) {
			return box;
		}
	}
	return NULL;
}

uint64_t pick_thread(const struct spec_box *box)
{
	return box->thread[choose(SPEC_THREADS)].handle;
}

const struct spec_thread *pick_asking(const struct spec_box *box)
{
	uint32_t start = choose(SPEC_THREADS);

	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		const struct spec_thread *thread =
			&box->thread[(start + i) % SPEC_THREADS];
		bool asks = thread->doing == DOES_INPUT ||
			    thread->doing == DOES_CLIENT ||
			    thread->doing == DOES_FORWARD || thread->offered;

		if (thread->handle != 0 && asks) {
			return thread;
		}
	}
	return NULL;
}

uint64_t pick_space(const struct spec_box *box)
{
	return once_in(2) ? box->space[choose(SPEC_SPACES)].handle : 0;
}

uint64_t pick_va(void)
{
	static const uint64_t base[] = { WORLD_CODE(0), 0x600000, 0x40000000,
		0x8000000000, CBX_VA_MAX - 0x3000 };

	return base[choose(5)] + choose(4) * (uint64_t)CBX_PAGE_SIZE;
}

uint64_t pick_mapped(const struct spec_space *space)
{
	uint64_t va;

	if (space == NULL || space->slots == 0 || once_in(16)) {
		return pick_va();
	}
	va = space->slot[choose(space->slots)].va;
	/* Not often the code: the thread needs it. */
	return va < WORLD_CODE(WORLD_CODES) && va >= WORLD_CODE(0) &&
			       !once_in(8)
		       ? pick_va()
		       : va;
}

uint64_t pick_rights(void)
{
	static const uint64_t common[] = { 1, 3, 3, 3, 5, 7, 2, 4 };

	return once_in(24) ? choose(10) : common[choose(8)];
}

uint64_t pick_code_rights(const struct spec_box *box)
{
	return (box->policy.flags & 4) != 0 ? CBX_RIGHT_X
					    : CBX_RIGHT_R | CBX_RIGHT_X;
}

uint64_t pick_bytes(uint64_t room)
{
	switch (choose(6)) {
	case 0:
		return 0;
	case 1:
		return room;
	case 2:
		return room + choose(2);
	default:
		return room == 0 ? 0 : choose(6000) % room;
	}
}

uint64_t pick_wild(void)
{
	static const uint64_t edge[] = { 0, 1, 511, 512, 513, 64, 65, 4095,
		4096, 0x1000, CBX_VA_MIN, CBX_VA_MIN - 0x1000, CBX_VA_MAX,
		CBX_VA_MAX - 0x1000, UINT64_MAX, UINT64_MAX - 4095, 1ull << 32,
		1ull << 63, CBX_IO_BYTES_MAX, CBX_IO_BYTES_MAX + 1,
		UINT32_MAX };
	const uint32_t edges = (uint32_t)(sizeof(edge) / sizeof(edge[0]));

	switch (choose(4)) {
	case 0:
		return choose_any();
	case 1:
		return choose(spec.pages + 2);
	default:
		return edge[choose(edges)];
	}
}

void pick_entries(struct cbx_call *call)
{
	uint64_t code = WORLD_CODE(call->arg[1] % WORLD_CODES);

	if (call->arg[1] >= WORLD_CODE(0) &&
		call->arg[1] < WORLD_CODE(WORLD_CODES)) {
		code = call->arg[1] - call->arg[1] % CBX_PAGE_SIZE;
	}
	switch (call->id) {
	case CBX_CALL_BOX_THREAD:
	case CBX_CALL_THREAD_CREATE:
	case CBX_CALL_SPACE_SWITCH:
		call->arg[1] = code;
		break;
	case CBX_CALL_UPCALL_ENTRY:
		call->arg[0] = call->arg[0] != 0 ? WORLD_CODE(0) : 0;
		break;
	default:
		break;
	}
}

static bool spaces_fit(const struct spec_box *box, uint64_t more)
{
	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		if (box->space[i].slots + more > SPEC_SLOTS) {
			return false;
		}
	}
	return true;
}

bool pick_fits_box(const struct spec_box *box, const struct cbx_call *call)
{
	switch (call->id) {
	case CBX_CALL_BOX_THREAD:
	case CBX_CALL_THREAD_CREATE:
	case CBX_CALL_SPACE_SWITCH:
		return threads_of(box) < SPEC_THREADS;
	case CBX_CALL_SPACE_CREATE:
		return spaces_of(box) < SPEC_SPACES;
	case CBX_CALL_BOX_BORROW:
		return spaces_fit(box, SPEC_SLOTS / 3);
	case CBX_CALL_BOX_ADD:
		return call->arg[3] > SPEC_SLOTS ||
		       spaces_fit(box, call->arg[3]);
	case CBX_CALL_MAP_ALIAS:
		/* A range may be its own source, page by page. */
		return call->arg[2] > CBX_RANGE_PAGES_MAX ||
		       spaces_fit(box, call->arg[2]);
	case CBX_CALL_MAP:
		return call->arg[2] > SPEC_SLOTS ||
		       spaces_fit(box, call->arg[2]);
	case CBX_CALL_WINDOW_SHARE:
		return call->arg[1] > SPEC_SLOTS ||
		       spaces_fit(box, call->arg[1]);
	default:
		return true;
	}
}

bool pick_fits(const struct cbx_call *call)
{
	const struct spec_box *box = box_of(call->arg[0]);

	if (call->id == CBX_CALL_BOX_CREATE) {
		for (unsigned int i = 0; i < SPEC_BOXES; i++) {
			if (spec.box[i].life == LIFE_NONE) {
				return true;
			}
		}
		return false;
	}
	return box == NULL || pick_fits_box(box, call);
}

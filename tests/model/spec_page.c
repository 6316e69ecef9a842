/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages between the host, the monitor and the hypervisor.
 */
#include <model/judge.h>

static bool going_to_pool(uint32_t page)
{
	return spec.page[page].is == IS_GOING && spec.page[page].box == 0;
}

/* The host pages a donation finds in one piece leave together. */
static void take_run(uint32_t first, uint64_t count)
{
	for (uint32_t i = 0; i < count && spec.page[first + i].is == IS_HOST;
		i++) {
		become(first + i, IS_GOING, 0);
		spec.page[first + i].stale.host = rememberers();
	}
	flush_host();
}

static enum cbx_status donate_one(uint32_t page, uint64_t left)
{
	if (spec.page[page].is == IS_HOST) {
		take_run(page, left);
	}
	if (!going_to_pool(page)) {
		return CBX_E_STATE;
	}
	if (spec.page[page].half) {
		spec.page[page].half = false;
		spec.page[page].stale.host = rememberers();
		flush_host();
	}
	if (!forgotten(page)) {
		return CBX_E_BUSY;
	}
	become(page, IS_FREE, 0);
	wipe(page);
	return CBX_OK;
}

static enum cbx_status return_one(uint32_t page)
{
	if (spec.page[page].is != IS_FREE) {
		return CBX_E_STATE;
	}
	become(page, IS_HOST, 0);
	return CBX_OK;
}

static enum cbx_status open_one(uint32_t page, bool shared)
{
	if (spec.page[page].is != (shared ? IS_HOST : IS_OPEN)) {
		return CBX_E_STATE;
	}
	become(page, shared ? IS_OPEN : IS_HOST, 0);
	return CBX_OK;
}

enum move {
	DONATE,
	GIVE_BACK,
	OPEN,
	CLOSE
};

static enum cbx_status move_one(enum move move, uint32_t page, uint64_t left)
{
	switch (move) {
	case DONATE:
		return donate_one(page, left);
	case GIVE_BACK:
		return return_one(page);
	case OPEN:
	case CLOSE:
	default:
		return open_one(page, move == OPEN);
	}
}

/* A range call is a sequence of calls on one page; the first that fails is the
 * last. */
static void move_range(
	enum move move, const uint64_t *arg, struct spec_answer *answer)
{
	enum cbx_status status = CBX_OK;
	uint64_t done = 0;

	if (!range_named(arg[0], arg[1])) {
		status = CBX_E_INVALID;
	}
	while (status == CBX_OK && done < arg[1]) {
		status = move_one(
			move, (uint32_t)(arg[0] + done), arg[1] - done);
		done += status == CBX_OK;
	}
	must_be(answer, status);
	returns(answer, 0, done);
}

void spec_donate(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	move_range(DONATE, arg, answer);
}

void spec_return(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)box;
	move_range(GIVE_BACK, arg, answer);
}

void spec_page_open(
	const uint64_t *arg, bool shared, struct spec_answer *answer)
{
	move_range(shared ? OPEN : CLOSE, arg, answer);
}

/* The states' numbers on the wire. */
static uint64_t number_of(enum spec_is is)
{
	switch (is) {
	case IS_VOID:
		return 0;
	case IS_DEVICE:
		return 1;
	case IS_HOST:
		return 2;
	case IS_OPEN:
		return 3;
	case IS_GOING:
		return 4;
	case IS_FREE:
		return 5;
	case IS_TABLE:
		return 6;
	case IS_OWN:
		return 7;
	case IS_WINDOW:
		return 8;
	case IS_PUBLIC:
	default:
		return 9;
	}
}

static uint64_t view_of(enum spec_is is)
{
	switch (is) {
	case IS_HOST:
		return CBX_VIEW_ALL;
	case IS_DEVICE:
	case IS_OPEN:
	case IS_WINDOW:
		return CBX_VIEW_R | CBX_VIEW_W;
	case IS_VOID:
	case IS_GOING:
	case IS_FREE:
	case IS_TABLE:
	case IS_OWN:
	case IS_PUBLIC:
	default:
		return CBX_VIEW_NONE;
	}
}

/* What a box does with its own memory is not the host's to watch. */
static enum spec_is seen_as(const struct spec_page *page)
{
	return page->box == 0 || page->is == IS_WINDOW || page->is == IS_PUBLIC
		       ? page->is
		       : IS_OWN;
}

void spec_page_query(uint32_t page, uint64_t ret[3])
{
	const struct spec_page *it = &spec.page[page];

	ret[0] = number_of(seen_as(it));
	ret[1] = view_of(it->is);
	ret[2] = it->box;
}

void spec_query(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	uint64_t ret[3];

	(void)box;
	refuse_if(answer, arg[0] >= spec.pages, CBX_E_INVALID);
	if (allowed(answer)) {
		spec_page_query((uint32_t)arg[0], ret);
		for (unsigned int i = 0; i < 3; i++) {
			returns(answer, i, ret[i]);
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What can be observed, and what must not change when a step is refused. */
#include <stdlib.h>
#include <string.h>

#include "support/machine.h"

/* Of a page. */
struct page_facts {
	uint64_t state;
	uint64_t owner;
	uint64_t detail;
	uint64_t mappings;
	uint64_t view;
	uint64_t boxes;
	uint64_t zero;
};

struct machine_observed {
	uint64_t pages;
	uint64_t spaces;
	uint64_t vcpus;
	struct page_facts *page;
	struct cbx_reply *box; /* BOX_QUERY, by handle */
};

static struct page_facts page_facts(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);
	struct cbx_pfn at = { pfn };

	return (struct page_facts){
		.state = page->state,
		.owner = page->owner,
		.detail = page->detail,
		.mappings = page->mappings,
		.view = mock_view(at).bits,
		.boxes = mock_boxes_may(at),
		.zero = page->state == CBX_PAGE_HOST && mock_is_zero(at),
	};
}

struct machine_observed *machine_observe(void)
{
	struct machine_observed *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	o->pages = cbx_hal_page_count();
	o->spaces = mock_spaces();
	o->vcpus = mock_vcpus();
	o->page = calloc(o->pages, sizeof(*o->page));
	o->box = calloc(o->pages, sizeof(*o->box));
	assert_non_null(o->page);
	assert_non_null(o->box);
	for (uint64_t i = 0; i < o->pages; i++) {
		o->page[i] = page_facts(i);
		o->box[i] = gate(BOX_QUERY, i);
	}
	return o;
}

static void release(struct machine_observed *o)
{
	free(o->page);
	free(o->box);
	free(o);
}

/* The first page that differs; the count if none does. */
static uint64_t first_difference(
	const struct machine_observed *a, const struct machine_observed *b)
{
	uint64_t i = 0;

	while (i < a->pages &&
		memcmp(&a->page[i], &b->page[i], sizeof(a->page[i])) == 0 &&
		memcmp(&a->box[i], &b->box[i], sizeof(a->box[i])) == 0) {
		i++;
	}
	return i;
}

void machine_assert_unchanged(struct machine_observed *before)
{
	struct machine_observed *now = machine_observe();
	uint64_t at = first_difference(before, now);
	uint64_t pages = now->pages;

	if (at != pages) {
		print_message("page %ju: %ju owner %ju mapped %ju, was %ju "
			      "owner %ju mapped %ju\n",
			(uintmax_t)at, (uintmax_t)now->page[at].state,
			(uintmax_t)now->page[at].owner,
			(uintmax_t)now->page[at].mappings,
			(uintmax_t)before->page[at].state,
			(uintmax_t)before->page[at].owner,
			(uintmax_t)before->page[at].mappings);
	}
	assert_int_equal(now->spaces, before->spaces);
	assert_int_equal(now->vcpus, before->vcpus);
	release(now);
	release(before);
	assert_int_equal(at, pages);
}

/* Repeat from where the refused call got to. */
static void finish(struct machine_box *box, machine_act_fn *act, uint64_t done)
{
	for (int i = 0; i < 8; i++) {
		struct cbx_reply reply = act(box, done);

		if (reply.status == CBX_OK) {
			return;
		}
		assert_int_equal(reply.status, CBX_E_BUSY);
		done += reply.ret[0];
	}
	fail_msg("it does not finish");
}

/* @return whether there was an n-th step to refuse */
static bool sweep_one(
	machine_prepare_fn *prepare, machine_act_fn *act, uint64_t n)
{
	const struct mock_options options = { .pages = MACHINE_PAGES };
	struct machine_box box;
	struct machine_observed *before;
	struct cbx_reply reply;
	bool refused;

	machine_again(&options, true);
	prepare(&box);
	before = machine_observe();
	mock_refuse_nth(n);
	reply = act(&box, 0);
	refused = mock_refused();
	mock_refuse_nth(0);
	machine_assert_sound();
	if (reply.status != CBX_OK && reply.ret[0] == 0) {
		machine_assert_unchanged(before);
	} else {
		release(before);
	}
	if (reply.status != CBX_OK) {
		assert_true(refused);
		assert_int_equal(reply.status, CBX_E_HARDWARE);
		finish(&box, act, reply.ret[0]);
		machine_assert_sound();
	}
	return refused;
}

uint64_t machine_sweep(machine_prepare_fn *prepare, machine_act_fn *act)
{
	uint64_t n = 1;

	while (sweep_one(prepare, act, n)) {
		n++;
	}
	return n - 1;
}

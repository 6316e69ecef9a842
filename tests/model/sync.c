/* SPDX-License-Identifier: Apache-2.0 */
#include <model/sync.h>

#include <string.h>

#include <core/gate.h>
#include <hal/mock/mock.h>
#include <model/judge.h>
#include <model/world.h>
#include <support/machine.h>

static const char *name_of(enum spec_is is)
{
	static const char *const names[] = { "void", "device", "host", "open",
		"going", "free", "table", "own", "window", "public" };

	return names[is];
}

/* What the machine takes the page for. */
static enum spec_is truth_of(uint32_t page)
{
	switch ((enum cbx_page_state)cbx_page_at(page)->state) {
	case CBX_PAGE_DEVICE:
		return IS_DEVICE;
	case CBX_PAGE_HOST:
		return IS_HOST;
	case CBX_PAGE_OPEN:
		return IS_OPEN;
	case CBX_PAGE_LEAVING:
		return IS_GOING;
	case CBX_PAGE_POOL:
		return IS_FREE;
	case CBX_PAGE_META:
		return IS_TABLE;
	case CBX_PAGE_PRIVATE:
		return IS_OWN;
	case CBX_PAGE_SHARED:
		return IS_WINDOW;
	case CBX_PAGE_COMMON:
		return IS_PUBLIC;
	case CBX_PAGE_INVALID:
	case CBX_PAGE_STATES:
	default:
		return IS_VOID;
	}
}

/* A page on its way: it may arrive in the reserve once nobody remembers it. */
static bool may_arrive(uint32_t number)
{
	struct spec_page *page = &spec.page[number];

	if (page->is != IS_GOING) {
		return false;
	}
	if (page->lent) {
		page->lent = false;
		page->stale.host = rememberers();
		flush_host();
	}
	if (!forgotten(number)) {
		return false;
	}
	become(number, IS_OWN, page->box);
	wipe(number);
	return true;
}

/* A page table that was given back. */
static void table_arrives(struct spec_box *box, uint32_t number)
{
	if (spec.page[number].is == IS_TABLE && box->trees_back != 0) {
		box->trees_back--;
		become(number, IS_OWN, box->root);
		wipe(number);
	}
}

/* ---- translations ---- */

static bool is_reserve(const struct spec_box *box, uint64_t page)
{
	return page < spec.pages && spec.page[page].box == box->root &&
	       spec.page[page].is == IS_OWN && spec.page[page].uses == 0;
}

/* The machine took this page of the reserve for that address. */
static void found(struct spec_box *box, struct spec_slot *slot, uint64_t page)
{
	enum spec_is is = slot->window ? IS_WINDOW : IS_OWN;

	if (page < spec.pages && spec.page[page].box == box->root) {
		(void)may_arrive((uint32_t)page);
		table_arrives(box, (uint32_t)page);
	}
	if (!is_reserve(box, page) || truth_of((uint32_t)page) != is ||
		(slot->said != 0 && slot->said != page)) {
		world_fail("box %#x maps page %#jx at %#jx, which is %s",
			box->root, (uintmax_t)page, (uintmax_t)slot->va,
			page < spec.pages ? name_of(spec.page[page].is)
					  : "no page");
	}
	slot->page = (uint32_t)page;
	spec.page[page].is = is;
	spec.page[page].uses = 1;
	if (slot->copy_of != 0) {
		memcpy(spec.bytes[page], spec.bytes[slot->copy_of],
			CBX_PAGE_SIZE);
		slot->copy_of = 0;
	}
}

/* A public page that may have been copied was. */
static void may_be_copied(
	struct spec_slot *slot, const struct cbx_mapping *mapping)
{
	if (slot->other != 0 && slot->page != SPEC_UNSEEN &&
		spec.page[slot->page].is == IS_PUBLIC &&
		mapping->pfn.n != slot->page) {
		spec.page[slot->page].uses--;
		slot->copy_of = slot->page;
		slot->page = SPEC_UNSEEN;
	}
}

static void compare_slot(struct spec_box *box, struct spec_slot *slot,
	const struct cbx_mapping *mapping)
{
	may_be_copied(slot, mapping);
	if (slot->page == SPEC_UNSEEN) {
		found(box, slot, mapping->pfn.n);
	}
	if (slot->other != 0 && mapping->rights.bits == slot->other) {
		slot->rights = slot->other;
	}
	slot->other = 0;
	if (slot->page != mapping->pfn.n ||
		slot->rights != mapping->rights.bits) {
		world_fail("box %#x at %#jx: page %#jx rights %x, not %#x %x",
			box->root, (uintmax_t)slot->va,
			(uintmax_t)mapping->pfn.n, mapping->rights.bits,
			slot->page, slot->rights);
	}
}

/* A space that is being destroyed may lose translations by and by. */
static void drop_unmapped(
	struct spec_space *space, const struct cbx_arch_space *truth)
{
	struct cbx_mapping mapping;

	for (uint32_t i = 0; i < space->slots; i++) {
		const struct cbx_va va = { space->slot[i].va };

		if (!cbx_arch_space_lookup(truth, va, &mapping)) {
			unuse(space->slot[i].page);
			space->slot[i--] = space->slot[--space->slots];
		}
	}
}

static void compare_space(struct spec_box *box, struct spec_space *space)
{
	const struct cbx_arch_space *truth = machine_space(space->handle);
	struct cbx_mapping mapping;
	struct cbx_va va = { 0 };
	uint32_t n = 0;

	if (space->ending) {
		drop_unmapped(space, truth);
	}
	for (; cbx_arch_space_next(truth, &va, &mapping); n++) {
		struct spec_slot *slot = slot_at(space, va.a);

		if (slot == NULL) {
			world_fail("box %#x maps %#jx: it should not",
				box->root, (uintmax_t)va.a);
		}
		compare_slot(box, slot, &mapping);
		va.a += CBX_PAGE_SIZE;
	}
	if (n != space->slots) {
		world_fail("box %#x space %#x has %u mappings, not %u",
			box->root, space->handle, n, space->slots);
	}
}

/* Where no walk maps anything, so that no table is there. */
#define NOWHERE	      0x100000000000ull
#define NOWHERE_PAGES 8192u /* in this many tables of the lowest level */
#define NOWHERE_TREES (NOWHERE_PAGES / 512 + 2)

/* The monitor may give tables that hold nothing back to the reserve when it
 * likes, but has no others than the ledger says. */
static void compare_trees(struct spec_box *box, struct spec_space *space)
{
	const struct cbx_va va = { NOWHERE };
	uint64_t missing = cbx_arch_space_tables(
		machine_space(space->handle), va, NOWHERE_PAGES);
	uint32_t trees = trees_used(space) + NOWHERE_TREES - (uint32_t)missing;

	if (trees > space->trees) {
		world_fail("box %#x space %#x has %u tables, not %u", box->root,
			space->handle, trees, space->trees);
	}
	for (; space->trees > trees; space->trees--) {
		if (box->unseen != 0) {
			box->unseen--;
		} else {
			box->trees_back++;
		}
	}
}

static void compare_spaces(struct spec_box *box)
{
	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		if (box->space[i].handle != 0 && box->granted &&
			box->life != LIFE_ENDING) {
			if (!box->space[i].ending) {
				compare_trees(box, &box->space[i]);
			}
			compare_space(box, &box->space[i]);
		}
	}
}

/* ---- pages ---- */

/* Whether what the machine says follows from the ledger by a step it may take
 * when it likes; if so, it is taken. */
static bool may_be(uint32_t number, enum spec_is truth)
{
	struct spec_page *page = &spec.page[number];
	struct spec_box *box = page->box != 0 ? box_of(page->box) : NULL;

	if (box == NULL || (truth != IS_OWN && truth != IS_TABLE)) {
		return false;
	}
	(void)may_arrive(number);
	if (truth == IS_TABLE && is_reserve(box, number) && box->unseen != 0) {
		box->unseen--;
		become(number, IS_TABLE, box->root);
	}
	if (truth == IS_OWN) {
		table_arrives(box, number);
	}
	return page->is == truth;
}

/* The host's side of a window that is going closes when the machine likes. */
static void look_at_window(uint32_t number)
{
	struct spec_page *page = &spec.page[number];
	const struct cbx_pfn pfn = { number };

	if (page->lent && mock_view(pfn).bits == CBX_VIEW_NONE) {
		page->lent = false;
		page->stale.host = rememberers();
		flush_host();
	}
}

static void look_at_page(uint32_t number)
{
	const struct spec_page *page = &spec.page[number];
	enum spec_is truth = truth_of(number);

	if (page->fixed) {
		return;
	}
	look_at_window(number);
	if (page->is != truth && !may_be(number, truth)) {
		world_fail("page %#x of %#x is %s, not %s", number, page->box,
			name_of(truth), name_of(page->is));
	}
	if (page->box != cbx_page_at(number)->owner) {
		world_fail("page %#x is %#x's, not %#x's", number,
			cbx_page_at(number)->owner, page->box);
	}
}

static void nothing_is_unseen(const struct spec_box *box)
{
	if (box->unseen != 0 ||
		(box->trees_back != 0 && box->life != LIFE_ENDING)) {
		world_fail("box %#x: %u tables too few, %u too many", box->root,
			box->unseen, box->trees_back);
	}
}

void sync_look(struct spec_box *box)
{
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		struct spec_box *one = &spec.box[i];

		if (one->life != LIFE_NONE && (box == NULL || one == box)) {
			compare_spaces(one);
		}
	}
	for (uint32_t i = 0; i < spec.pages; i++) {
		look_at_page(i);
	}
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		nothing_is_unseen(&spec.box[i]);
	}
}

/* ---- answers ---- */

struct spec_answer sync_heard(const struct cbx_reply *reply)
{
	struct spec_answer answer = { .status =
					      (enum cbx_status)reply->status };

	memcpy(answer.got, reply->ret, sizeof(answer.got));
	return answer;
}

void sync_answer(const struct spec_answer *answer, const struct cbx_call *call)
{
	if ((uint64_t)answer->status >= 32 ||
		(answer->right & 1u << answer->status) == 0) {
		world_fail("call %#jx answers %d; right were %#x",
			(uintmax_t)call->id, answer->status, answer->right);
	}
	for (unsigned int i = 0; i < CBX_REPLY_RETS; i++) {
		if ((answer->known & 1u << i) != 0 &&
			answer->got[i] != answer->ret[i]) {
			world_fail("call %#jx ret[%u] is %#jx, not %#jx",
				(uintmax_t)call->id, i,
				(uintmax_t)answer->got[i],
				(uintmax_t)answer->ret[i]);
		}
	}
}

/* Ask the machine, and the ledger. */
static void ask(uint64_t id, uint64_t first, uint64_t second)
{
	const struct cbx_call call = { .id = id, .arg = { first, second } };
	struct cbx_reply reply;

	cbx_gate_host(&call, &reply);

	struct spec_answer answer = sync_heard(&reply);

	spec_host(&call, &answer);
	sync_answer(&answer, &call);
}

void sync_ask(uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		if (!spec.page[i].fixed) {
			ask(CBX_CALL_PAGE_QUERY, i, 0);
		}
	}
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		if (spec.box[i].life != LIFE_NONE) {
			uint32_t root = spec.box[i].root;

			ask(CBX_CALL_BOX_QUERY, root, 0);
			ask(CBX_CALL_BOX_DIGEST, root, CBX_DIGEST_MEASUREMENT);
			ask(CBX_CALL_BOX_DIGEST, root, CBX_DIGEST_INPUT);
		}
	}
}

/* ---- the machine's truth ---- */

static void insist(bool holds, uint32_t page, const char *what)
{
	if (!holds) {
		world_fail("page %#x (%s of %#x): %s", page,
			name_of(spec.page[page].is), spec.page[page].box, what);
	}
}

static void touch_page(uint32_t number)
{
	const struct spec_page *page = &spec.page[number];
	const struct cbx_view all = { CBX_VIEW_ALL };
	const struct cbx_pfn pfn = { number };
	bool host = mock_host_may(pfn, all);
	bool boxes = mock_boxes_may(pfn);
	bool reserve = page->is == IS_OWN && page->uses == 0;
	bool dying = page->box != 0 && box_of(page->box) != NULL &&
		     box_of(page->box)->life == LIFE_ENDING;

	insist(mock_hypervisor_may(pfn) == (page->is == IS_OPEN), number,
		"the hypervisor");
	switch (page->is) {
	case IS_FREE:
	case IS_TABLE:
		insist(!host && !boxes, number, "somebody may touch it");
		break;
	case IS_OWN:
	case IS_PUBLIC:
		insist(!host, number, "the host may touch it");
		insist(!reserve || dying || !boxes, number,
			"a box may touch it");
		break;
	case IS_HOST:
	case IS_OPEN:
	case IS_DEVICE:
	case IS_VOID:
		insist(!boxes, number, "a box may touch it");
		break;
	case IS_GOING:
		insist(!host || page->lent || page->half ||
				page->stale.host != 0,
			number, "the host may touch it");
		break;
	case IS_WINDOW:
	default:
		insist(host, number, "the host may not touch it");
		break;
	}
}

static void compare_bytes(uint32_t page)
{
	const struct cbx_pfn pfn = { page };
	enum spec_is is = spec.page[page].is;

	/* Going pages are nobody's; open ones the hypervisor's, too. */
	if (is != IS_TABLE && is != IS_OPEN && is != IS_GOING) {
		insist(memcmp(mock_page(pfn), spec.bytes[page],
			       CBX_PAGE_SIZE) == 0,
			page, "its bytes are wrong");
	}
}

void sync_touch(void)
{
	for (uint32_t i = 0; i < spec.pages; i++) {
		if (!spec.page[i].fixed) {
			touch_page(i);
			compare_bytes(i);
		}
	}
}

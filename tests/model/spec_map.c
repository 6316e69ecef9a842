/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a box does with its own address spaces.
 */
#include <model/judge.h>

static bool rights_named(uint64_t rights)
{
	return rights >= 1 && rights <= CBX_RIGHTS;
}

bool hides_text(const struct spec_box *box, uint64_t rights)
{
	return (box->policy.flags & 4) != 0 && rights > CBX_RIGHT_X &&
	       rights <= CBX_RIGHTS;
}

/* The space a call names; 0 is the thread's own. */
static struct spec_space *named(const struct spec_run *run, uint64_t handle)
{
	return space_of(run->box, handle != 0 ? handle : run->thread->space);
}

/* Range calls that do all or nothing. */
static void returns_all_or_nothing(struct spec_answer *answer, uint64_t count)
{
	returns(answer, 0, answer->status == CBX_OK ? count : 0);
}

void spec_map(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_span span = { arg[1], arg[2], arg[3] };
	struct spec_space *space = named(run, arg[0]);

	refuse_if(answer, !rights_named(span.rights), CBX_E_INVALID);
	refuse_if(answer, hides_text(run->box, span.rights), CBX_E_DENIED);
	refuse_if(answer, space == NULL, CBX_E_INVALID);
	if (space != NULL) {
		room_for(run->box, space, &span, span.count, answer);
	}
	returns_all_or_nothing(answer, span.count);
	if (!allowed(answer)) {
		return;
	}
	trees_take(run->box, space, span.va, span.count);
	for (uint64_t i = 0; i < span.count; i++) {
		slot_put(space, span.va + i * CBX_PAGE_SIZE, SPEC_UNSEEN,
			span.rights);
	}
}

void spec_share(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_span span = { arg[0], arg[1],
		CBX_RIGHT_R | CBX_RIGHT_W };
	struct spec_space *space = named(run, 0);

	room_for(run->box, space, &span, span.count, answer);
	returns_all_or_nothing(answer, span.count);
	if (!allowed(answer)) {
		return;
	}
	trees_take(run->box, space, span.va, span.count);
	for (uint64_t i = 0; i < span.count; i++) {
		slot_put(space, span.va + i * CBX_PAGE_SIZE, SPEC_UNSEEN,
			span.rights);
		space->slot[space->slots - 1].window = true;
	}
	returns(answer, 1, answer->got[1]);
	slot_at(space, span.va)->said = (uint32_t)answer->got[1];
	run->box->tainted = true;
}

/* Why a page of the source cannot be mapped once more. */
static enum cbx_status alias_one(
	struct spec_space *from, uint64_t va, uint64_t rights)
{
	const struct spec_slot *slot = slot_at(from, va);

	if (slot == NULL) {
		return CBX_E_STATE;
	}

	enum spec_is is = spec.page[slot->page].is;

	return is == IS_OWN || (is == IS_PUBLIC && (rights & CBX_RIGHT_W) == 0)
		       ? CBX_OK
		       : CBX_E_DENIED;
}

void spec_alias(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_span span = { arg[1], arg[2], arg[3] };
	struct spec_space *space = named(run, arg[0]);
	struct spec_space *from = named(run, arg[4]);
	enum cbx_status status = CBX_OK;
	uint64_t done = 0;

	refuse_if(answer, !rights_named(span.rights), CBX_E_INVALID);
	refuse_if(answer, hides_text(run->box, span.rights), CBX_E_DENIED);
	refuse_if(answer, !span_named(arg[5], span.count), CBX_E_INVALID);
	refuse_if(answer, space == NULL || from == NULL, CBX_E_INVALID);
	if (space != NULL) {
		room_for(run->box, space, &span, 0, answer);
	}
	returns(answer, 0, 0);
	if (answer->right != 0) {
		return;
	}
	trees_take(run->box, space, span.va, span.count);
	while (status == CBX_OK && done < span.count) {
		uint64_t at = arg[5] + done * CBX_PAGE_SIZE;

		status = alias_one(from, at, span.rights);
		if (status == CBX_OK) {
			slot_put(space, span.va + done * CBX_PAGE_SIZE,
				slot_at(from, at)->page, span.rights);
			done++;
		}
	}
	must_be(answer, status);
	returns(answer, 0, done);
}

/* A mapping is gone, though some CPU may still use it. */
static void slot_leave(
	struct spec_box *box, struct spec_space *space, struct spec_slot *slot)
{
	struct spec_page *page = &spec.page[slot->page];

	if (page->is == IS_PUBLIC) {
		page->uses--;
		*slot = space->slot[--space->slots];
		return;
	}
	page->stale.space[space - box->space] = rememberers();
	if (--page->uses == 0) {
		page->window = page->is == IS_WINDOW;
		page->lent = page->window;
		page->is = IS_GOING;
	}
	*slot = space->slot[--space->slots];
}

static enum cbx_status remove_one(struct spec_box *box,
	struct spec_space *space, uint64_t va, enum spec_is is)
{
	struct spec_slot *slot = slot_at(space, va);

	if (slot == NULL) {
		return CBX_E_STATE;
	}
	if ((spec.page[slot->page].is == IS_WINDOW) != (is == IS_WINDOW)) {
		return is == IS_OWN ? CBX_E_DENIED : CBX_E_STATE;
	}
	slot_leave(box, space, slot);
	flush_space(box, space);
	space->stale = rememberers();
	return CBX_OK;
}

static void remove_range(struct spec_run *run, struct spec_space *space,
	const struct spec_span *span, struct spec_answer *answer)
{
	enum spec_is is = span->rights != 0 ? IS_WINDOW : IS_OWN;
	enum cbx_status status = CBX_OK;
	uint64_t done = 0;

	if (space == NULL || !span_named(span->va, span->count)) {
		status = CBX_E_INVALID;
	} else if (space->ending) {
		status = CBX_E_STATE;
	}
	while (status == CBX_OK && done < span->count) {
		status = remove_one(
			run->box, space, span->va + done * CBX_PAGE_SIZE, is);
		done += status == CBX_OK;
	}
	must_be(answer, status);
	returns(answer, 0, done);
}

void spec_unmap(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_span span = { arg[1], arg[2], 0 };

	remove_range(run, named(run, arg[0]), &span, answer);
}

void spec_unshare(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_span span = { arg[0], arg[1], CBX_RIGHT_W };

	remove_range(run, named(run, 0), &span, answer);
}

/* A public page that is to be written becomes a page of the box's own. */
static enum cbx_status copy_one(
	const struct spec_box *box, struct spec_slot *slot)
{
	if (reserve_of(box) == 0) {
		return CBX_E_NOMEM;
	}
	spec.page[slot->page].uses--;
	slot->copy_of = slot->page;
	slot->page = SPEC_UNSEEN;
	return CBX_OK;
}

static enum cbx_status change_one(struct spec_run *run,
	struct spec_space *space, struct spec_slot *slot, uint8_t rights)
{
	bool takes = (slot->rights & ~rights) != 0;
	bool copies = spec.page[slot->page].is == IS_PUBLIC &&
		      (rights & CBX_RIGHT_W) != 0;
	enum cbx_status status = copies ? copy_one(run->box, slot) : CBX_OK;

	if (status != CBX_OK) {
		return status;
	}
	slot->rights = rights;
	flush_space(run->box, space);
	space->stale = rememberers();
	return (copies || takes) && space->stale != 0 ? CBX_E_BUSY : CBX_OK;
}

/* What is taken away counts when every CPU knows; the monitor may wait for
 * more. */
static enum cbx_status protect_one(struct spec_run *run,
	struct spec_space *space, const struct spec_span *span,
	const struct spec_answer *answer, uint64_t done)
{
	struct spec_slot *slot = slot_at(space, span->va);
	enum cbx_status status = CBX_OK;

	if (slot == NULL) {
		return CBX_E_STATE;
	}
	if (slot->page != SPEC_UNSEEN &&
		spec.page[slot->page].is == IS_WINDOW) {
		return CBX_E_DENIED;
	}
	if (slot->rights != span->rights) {
		status = change_one(run, space, slot, (uint8_t)span->rights);
	}
	if (status == CBX_OK && space->stale != 0 &&
		answer->status == CBX_E_BUSY && answer->got[0] == done) {
		status = CBX_E_BUSY;
	}
	return status;
}

/* A page that has to wait may have taken its neighbours' rights along. */
static void neighbours_may(
	struct spec_space *space, const struct spec_span *span, uint64_t done)
{
	for (uint64_t i = done + 1; i < span->count; i++) {
		struct spec_slot *slot =
			slot_at(space, span->va + i * CBX_PAGE_SIZE);

		if (slot == NULL) {
			return;
		}
		slot->other = (uint8_t)span->rights;
	}
}

void spec_protect(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	const struct spec_span span = { arg[1], arg[2], arg[3] };
	struct spec_space *space = named(run, arg[0]);
	enum cbx_status status = CBX_OK;
	uint64_t done = 0;

	if (space == NULL || !span_named(span.va, span.count) ||
		!rights_named(span.rights)) {
		status = CBX_E_INVALID;
	} else if (hides_text(run->box, span.rights)) {
		status = CBX_E_DENIED;
	} else if (space->ending) {
		status = CBX_E_STATE;
	}
	while (status == CBX_OK && done < span.count) {
		const struct spec_span one = { span.va + done * CBX_PAGE_SIZE,
			1, span.rights };

		status = protect_one(run, space, &one, answer, done);
		done += status == CBX_OK;
	}
	if (status == CBX_E_BUSY) {
		neighbours_may(space, &span, done);
	}
	must_be(answer, status);
	returns(answer, 0, done);
}

void spec_space_create(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_box *box = run->box;

	(void)arg;
	refuse_if(answer, reserve_of(box) < 2, CBX_E_NOMEM);
	refuse_if(
		answer, spaces_of(box) >= box->policy.threads_max, CBX_E_NOMEM);
	if (!allowed(answer)) {
		return;
	}
	returns(answer, 0,
		take_table(box, answer->got[0]) ? answer->got[0] : 0);
	box->unseen++;
	space_new(box, (uint32_t)answer->got[0])->trees = 1;
}

void spec_space_destroy(
	struct spec_run *run, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_box *box = run->box;
	struct spec_space *space = space_of(box, arg[0]);

	if (space == NULL) {
		must_be(answer, CBX_E_INVALID);
		return;
	}
	if (threads_in(box, space->handle) != 0) {
		must_be(answer, CBX_E_STATE);
		return;
	}
	if (!space->ending) {
		space->ending = true;
		flush_space(box, space);
		space->stale = rememberers();
	}
	if (space->stale != 0) {
		must_be(answer, CBX_E_BUSY);
		return;
	}
	/* Pages on their way back may hold it up. */
	refuse_if(answer, unripe_of(box) != 0, CBX_E_BUSY);
	refuse_if(answer, true, CBX_OK);
	if (allowed(answer)) {
		uint32_t handle = space->handle;

		box->trees_back += space->trees;
		space_drop(box, space);
		become(handle, IS_OWN, box->root);
		wipe(handle);
	}
}

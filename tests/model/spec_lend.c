/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes that never run again and lend their pages.
 */
#include <model/judge.h>

#include <string.h>

static void end_to_lend(struct spec_box *box)
{
	box->life = LIFE_LENDING;
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		if (box->thread[i].handle != 0) {
			thread_drop(box, &box->thread[i]);
		}
	}
}

/* Nothing runs in its space any more, once every CPU knows. */
static void end_space(struct spec_box *box)
{
	struct spec_space *space = &box->space[0];

	if (!space->ending) {
		space->ending = true;
		flush_space(box, space);
		space->stale = rememberers();
	}
}

static struct spec_space *only_space(struct spec_box *box)
{
	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		if (box->space[i].handle != 0) {
			return &box->space[i];
		}
	}
	return NULL;
}

static void lend_all(struct spec_space *space)
{
	for (uint32_t i = 0; i < space->slots; i++) {
		struct spec_page *page = &spec.page[space->slot[i].page];

		page->is = page->is == IS_OWN ? IS_PUBLIC : page->is;
	}
}

void spec_template(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	(void)arg;
	if (box->life == LIFE_READY) {
		refuse_if(answer, (box->policy.flags & 16) == 0, CBX_E_DENIED);
		refuse_if(answer,
			spaces_of(box) != 1 || windows_of(box) != 0 ||
				box->lenders != 0,
			CBX_E_STATE);
		if (answer->right != 0) {
			return;
		}
		end_to_lend(box);
	}
	if (box->lends) {
		(void)allowed(answer);
		return;
	}

	struct spec_space *space = only_space(box);

	SPEC_CHECK(space != NULL);
	end_space(box);
	if (space->stale != 0) {
		must_be(answer, CBX_E_BUSY);
		return;
	}
	lend_all(space);
	box->lends = true;
	(void)allowed(answer);
}

/* ---- borrowing ---- */

static bool borrows_of(const struct spec_box *box, uint32_t root)
{
	for (uint32_t i = 0; i < box->lenders; i++) {
		if (box->lender[i] == root) {
			return true;
		}
	}
	return false;
}

static void begin(struct spec_box *box, const struct spec_box *lender)
{
	uint8_t both[2 * CBX_DIGEST_BYTES];
	const struct spec_entry entry = {
		.kind = "template",
		.data = both,
		.bytes = sizeof(both),
	};

	memcpy(both, lender->digest, sizeof(both));
	digest_extend(box, 0, &entry);
	box->lender[box->lenders++] = lender->root;
	box->borrowing = true;
	box->tainted |= lender->tainted;
	box->cursor = 0;
}

/* The lender's next mapping. @return NULL when there is none */
static const struct spec_slot *next_slot(
	const struct spec_space *space, uint64_t from)
{
	const struct spec_slot *next = NULL;

	for (uint32_t i = 0; i < space->slots; i++) {
		const struct spec_slot *slot = &space->slot[i];

		if (slot->va >= from && (next == NULL || slot->va < next->va)) {
			next = slot;
		}
	}
	return next;
}

/* Mappings from @p first on that are consecutive and alike. */
static uint64_t run_of(struct spec_space *space, const struct spec_slot *first)
{
	uint64_t n = 1;

	for (;; n++) {
		const struct spec_slot *slot =
			slot_at(space, first->va + n * CBX_PAGE_SIZE);

		if (slot == NULL || slot->page != first->page + n ||
			slot->rights != first->rights) {
			return n;
		}
	}
}

static uint8_t lent(uint8_t rights)
{
	return (rights & CBX_RIGHT_W) != 0
		       ? (uint8_t)((rights & CBX_RIGHT_X) | CBX_RIGHT_R)
		       : rights;
}

/* @return whether the machine got further */
static bool borrow_run(struct spec_box *box, struct spec_space *from,
	const struct spec_slot *first, struct spec_answer *answer)
{
	const struct spec_span span = { first->va, run_of(from, first),
		lent(first->rights) };
	struct spec_space *space = &box->space[0];

	refuse_if(answer, hides_text(box, span.rights), CBX_E_DENIED);
	room_for(box, space, &span, 0, answer);
	if (answer->right != 0) {
		return false;
	}
	trees_take(box, space, span.va, span.count);
	for (uint64_t i = 0; i < span.count; i++) {
		slot_put(space, span.va + i * CBX_PAGE_SIZE,
			first->page + (uint32_t)i, span.rights);
	}
	box->cursor = span.va + span.count * CBX_PAGE_SIZE;
	return true;
}

static void borrow_rest(struct spec_box *box, struct spec_box *lender,
	struct spec_answer *answer)
{
	struct spec_space *from = only_space(lender);
	const struct spec_slot *slot;

	while ((slot = next_slot(from, box->cursor)) != NULL) {
		if (!borrow_run(box, from, slot, answer)) {
			return;
		}
	}
	box->borrowing = false;
	(void)allowed(answer);
}

void spec_borrow(
	struct spec_box *box, const uint64_t *arg, struct spec_answer *answer)
{
	struct spec_box *lender = box_of(arg[1]);

	if (lender == NULL) {
		must_be(answer,
			arg[1] == spec.keeper ? CBX_E_STATE : CBX_E_INVALID);
		return;
	}
	refuse_if(answer, lender->life != LIFE_LENDING || !lender->lends,
		CBX_E_STATE);
	if (box->borrowing) {
		refuse_if(answer, box->lender[box->lenders - 1] != lender->root,
			CBX_E_STATE);
	} else {
		refuse_if(answer, borrows_of(box, lender->root), CBX_E_STATE);
		refuse_if(answer, box->lenders == SPEC_LENDERS || !box->granted,
			CBX_E_NOMEM);
	}
	if (answer->right != 0) {
		return;
	}
	if (!box->borrowing) {
		begin(box, lender);
	}
	borrow_rest(box, lender, answer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of the ledger itself, whatever was called.
 */
#include <model/judge.h>

#include <string.h>

static uint32_t uses_of(uint32_t page)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		for (unsigned int j = 0; j < SPEC_SPACES; j++) {
			const struct spec_space *space = &spec.box[i].space[j];

			for (uint32_t k = 0; k < space->slots; k++) {
				n += space->slot[k].page == page;
			}
		}
	}
	return n;
}

static const char *page_broken(uint32_t number)
{
	const struct spec_page *page = &spec.page[number];
	bool boxed = page->is == IS_OWN || page->is == IS_WINDOW ||
		     page->is == IS_PUBLIC;

	if (page->fixed) {
		return NULL;
	}
	if (boxed && box_of(page->box) == NULL) {
		return "a page of a box that is none";
	}
	if (!boxed && page->uses != 0) {
		return "a mapping of a page that is no box's";
	}
	if (page->uses != uses_of(number)) {
		return "mappings are miscounted";
	}
	if (page->is == IS_FREE && !forgotten(number)) {
		return "a free page some CPU remembers";
	}
	return NULL;
}

/* A mapping leads to a page of its box's, or a public one it cannot write. */
static const char *slot_broken(
	const struct spec_box *box, const struct spec_slot *slot)
{
	const struct spec_page *page = &spec.page[slot->page];

	if (page->is == IS_PUBLIC) {
		bool runs =
			box->life != LIFE_LENDING && box->life != LIFE_ENDING;

		return runs && (slot->rights & CBX_RIGHT_W) != 0
			       ? "somebody may write a public page"
			       : NULL;
	}
	if (page->box != box->root) {
		return "a mapping of another box's page";
	}
	return page->is == IS_WINDOW && (slot->rights & CBX_RIGHT_X) != 0
		       ? "code in a window"
		       : NULL;
}

static const char *box_broken(const struct spec_box *box)
{
	if (box->life == LIFE_SEALED &&
		(windows_of(box) != 0 || asking_of(box) != 0)) {
		return "a sealed box has ties to the host";
	}
	if (threads_of(box) > box->policy.threads_max) {
		return "more threads than the policy allows";
	}
	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		const struct spec_space *space = &box->space[i];

		for (uint32_t j = 0; j < space->slots; j++) {
			const char *broken = slot_broken(box, &space->slot[j]);

			if (broken != NULL) {
				return broken;
			}
		}
	}
	return NULL;
}

const char *spec_invariant(void)
{
	const char *broken = NULL;

	for (uint32_t i = 0; i < spec.pages && broken == NULL; i++) {
		broken = page_broken(i);
	}
	for (unsigned int i = 0; i < SPEC_BOXES && broken == NULL; i++) {
		if (spec.box[i].life != LIFE_NONE) {
			broken = box_broken(&spec.box[i]);
		}
	}
	return broken;
}

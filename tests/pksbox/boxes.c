/* SPDX-License-Identifier: Apache-2.0 */
/* Every box of the set, one after the other. */
#include <host/host.h>
#include <pksbox/box.h>

static const char *live(const struct set_box *set, const struct set_part *parts)
{
	struct box box = { .set = set };
	const char *wrong = box_build(&box, parts);

	if (wrong == NULL) {
		wrong = box_run(&box);
	}
	return wrong == NULL ? box_destroy(&box) : wrong;
}

static const char *every_box_lives(void)
{
	const struct set_head *head =
		(const struct set_head *)DIRECT(SET_PA / CBX_PAGE_SIZE);
	const struct set_box *boxes = (const struct set_box *)(head + 1);
	const struct set_part *parts;

	WANT(head->magic == SET_MAGIC);
	WANT(head->pages <= STAGE_PFN - SET_PA / CBX_PAGE_SIZE);
	parts = (const struct set_part *)(boxes + head->box_count);
	for (uint64_t i = 0; i < head->box_count; i++) {
		const char *wrong;

		say_numbers("box", i, 0);
		wrong = live(&boxes[i], parts);
		if (wrong != NULL) {
			return wrong;
		}
	}
	return NULL;
}

const struct host_case host_cases[] = {
	{ "every box lives", every_box_lives },
};
const uint32_t host_case_count = 1;

/* SPDX-License-Identifier: Apache-2.0 */
#include "range.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"

static bool overlap(const struct cbx_range *a, const struct cbx_range *b)
{
	return a->start <= b->last && b->start <= a->last;
}

const struct cbx_range *cbx_range_conflict(
	const struct cbx_range *list, const struct cbx_range *want)
{
	while (list != NULL &&
		(list->owner == want->owner || !overlap(list, want) ||
			(!list->exclusive && !want->exclusive))) {
		list = list->next;
	}
	return list;
}

static void insert(struct cbx_range **list, struct cbx_range *range)
{
	while (*list != NULL && (*list)->start < range->start) {
		list = &(*list)->next;
	}
	range->next = *list;
	*list = range;
}

/* Cut [start, last] of @p cut out of what its owner has; what is left above
 * the cut of a range that spans it becomes @p spare.  Whether it did. */
static bool cut_out(struct cbx_range **list, const struct cbx_range *cut,
	struct cbx_range *spare)
{
	struct cbx_range **at = list;
	bool used = false;

	while (*at != NULL) {
		struct cbx_range *r = *at;

		if (r->owner != cut->owner || !overlap(r, cut)) {
			at = &r->next;
		} else if (r->start < cut->start && r->last > cut->last) {
			*spare = *r;
			spare->start = cut->last + 1;
			r->last = cut->start - 1;
			used = true;
			at = &r->next;
		} else if (r->start < cut->start) {
			r->last = cut->start - 1;
			at = &r->next;
		} else if (r->last > cut->last) {
			*at = r->next;
			r->start = cut->last + 1;
			insert(list, r);
			at = list;
		} else {
			*at = r->next;
			cbx_heap_give(r, sizeof(*r));
		}
	}
	if (used) {
		insert(list, spare);
	}
	return used;
}

/* Whether @p b begins right after @p a. */
static bool touches(const struct cbx_range *a, const struct cbx_range *b)
{
	return a->last < b->start && a->last + 1 == b->start;
}

/* Join a range with the owner's next ones of the same kind. */
static void join(struct cbx_range **list, struct cbx_range *range)
{
	struct cbx_range **at = list;

	while (*at != NULL) {
		struct cbx_range *r = *at;

		if (r == range || r->owner != range->owner ||
			r->exclusive != range->exclusive ||
			(!touches(r, range) && !touches(range, r))) {
			at = &r->next;
			continue;
		}
		range->start = cbx_min(range->start, r->start);
		range->last = cbx_max(range->last, r->last);
		*at = r->next;
		cbx_heap_give(r, sizeof(*r));
	}
}

int64_t cbx_range_set(struct cbx_range **list, const struct cbx_range *want)
{
	struct cbx_range *made = cbx_heap_take(sizeof(*made));
	struct cbx_range *spare = cbx_heap_take(sizeof(*spare));

	if (made == NULL || spare == NULL) {
		cbx_heap_give(made, sizeof(*made));
		cbx_heap_give(spare, sizeof(*spare));
		return -LX_ENOLCK;
	}
	if (!cut_out(list, want, spare)) {
		cbx_heap_give(spare, sizeof(*spare));
	}
	*made = *want;
	join(list, made);
	insert(list, made);
	return 0;
}

int64_t cbx_range_clear(struct cbx_range **list, const struct cbx_range *want)
{
	struct cbx_range *spare = cbx_heap_take(sizeof(*spare));

	if (spare == NULL) {
		return -LX_ENOLCK;
	}
	if (!cut_out(list, want, spare)) {
		cbx_heap_give(spare, sizeof(*spare));
	}
	return 0;
}

bool cbx_range_clear_all(struct cbx_range **list, const void *owner)
{
	bool any = false;

	while (*list != NULL) {
		struct cbx_range *r = *list;

		if (r->owner != owner) {
			list = &r->next;
			continue;
		}
		any = true;
		*list = r->next;
		cbx_heap_give(r, sizeof(*r));
	}
	return any;
}

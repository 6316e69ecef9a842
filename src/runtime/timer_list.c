/* SPDX-License-Identifier: Apache-2.0 */
#include "timer_list.h"

/* The last one that is due no later; NULL when there is none.  Most are due
 * after all others. */
static struct cbx_timer *before(const struct cbx_timer_list *list, int64_t at)
{
	struct cbx_timer *timer = list->first->previous;

	while (timer->at > at) {
		if (timer == list->first) {
			return NULL;
		}
		timer = timer->previous;
	}
	return timer;
}

static void put_first(struct cbx_timer_list *list, struct cbx_timer *timer)
{
	timer->next = list->first;
	timer->previous = timer;
	if (list->first != NULL) {
		timer->previous = list->first->previous;
		list->first->previous = timer;
	}
	list->first = timer;
}

void cbx_timer_add(struct cbx_timer_list *list, struct cbx_timer *timer)
{
	struct cbx_timer *after =
		list->first == NULL ? NULL : before(list, timer->at);

	timer->listed = true;
	if (after == NULL) {
		put_first(list, timer);
		return;
	}
	timer->previous = after;
	timer->next = after->next;
	if (after->next != NULL) {
		after->next->previous = timer;
	} else {
		list->first->previous = timer;
	}
	after->next = timer;
}

void cbx_timer_remove(struct cbx_timer_list *list, struct cbx_timer *timer)
{
	if (!timer->listed) {
		return;
	}
	timer->listed = false;
	if (timer->next != NULL) {
		timer->next->previous = timer->previous;
	} else {
		list->first->previous = timer->previous;
	}
	if (timer == list->first) {
		list->first = timer->next;
	} else {
		timer->previous->next = timer->next;
	}
}

struct cbx_timer *cbx_timer_due(struct cbx_timer_list *list, int64_t now)
{
	struct cbx_timer *timer = list->first;

	if (timer == NULL || timer->at > now) {
		return NULL;
	}
	cbx_timer_remove(list, timer);
	return timer;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers in the order in which they are due.  Pure.
 */
#ifndef CBX_RUNTIME_TIMER_LIST_H
#define CBX_RUNTIME_TIMER_LIST_H

#include <base/types.h>

/** Something to be done at a time; part of what it belongs to.  All zero: on
 * no list. */
struct cbx_timer {
	struct cbx_timer *next,
		*previous; /* previous: of the first, the last */
	int64_t at;	   /* nanoseconds */
	bool listed;
	void (*fire)(struct cbx_timer *timer);
};

/** All zero: empty. */
struct cbx_timer_list {
	struct cbx_timer *first;
};

/** Put a timer that is on no list behind those that are due no later. */
void cbx_timer_add(struct cbx_timer_list *list, struct cbx_timer *timer);

/** Take it off, if it is on the list. */
void cbx_timer_remove(struct cbx_timer_list *list, struct cbx_timer *timer);

/** Take the first one if it is due; NULL when it is not, or there is none. */
struct cbx_timer *cbx_timer_due(struct cbx_timer_list *list, int64_t now);

#endif

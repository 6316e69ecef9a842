/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the boxes of machine.h run: code that does what its thread's script
 * says and notes what came of it.  On mock a function, on linux machine code
 * with a page of its own for orders and reports.
 */
#ifndef CBX_TESTS_SUPPORT_ACTOR_H
#define CBX_TESTS_SUPPORT_ACTOR_H

#include "support/machine.h"

/** Wake step of a box that waits for orders without using up its CPU. */
extern const uint64_t actor_wake_step;

/** What a box's first two pages hold: its code, in box->io or as a function. */
void actor_code(struct machine_box *box);

/** The box has its code and data: add what its code needs to be told things. */
void actor_join(struct machine_box *box);

/** The thread's script is a new order. */
void actor_order(struct machine_box *box, uint32_t thread);

/** Bring all scripts of the box up to date. */
void actor_report(struct machine_box *box);

/** The box idles until @p ticks, because an order has not been seen yet.
 * @return false when that cannot be */
bool actor_wait(uint64_t ticks);

#endif

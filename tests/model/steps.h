/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens next, chosen (choose.h) with an eye on the ledger, so that a
 * good share of it succeeds.
 */
#ifndef CBX_TESTS_MODEL_STEPS_H
#define CBX_TESTS_MODEL_STEPS_H

#include <model/world.h>

/** Boxes' will: a few steps an entry. */
world_act_fn steps_act;

/** One step of the host, the machine or time. */
void steps_next(void);

#endif

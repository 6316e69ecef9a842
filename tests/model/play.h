/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BOX_ENTER: what the threads of a box do, step by step, on the machine and in
 * the ledger.  For world.c.
 */
#ifndef CBX_TESTS_MODEL_PLAY_H
#define CBX_TESTS_MODEL_PLAY_H

#include <model/world.h>

/** Register the boxes' programs; @p act decides. */
void play_begin(world_act_fn *act);

/** Enter the box that @p call names. */
void play_enter(const struct cbx_call *call, struct cbx_reply *reply);

/** A line of the trace. */
void world_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void world_note_call(
	const char *who, const struct cbx_call *call, uint64_t status);

#endif

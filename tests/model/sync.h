/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at the machine: what it chose, and whether it is what the ledger
 * says.
 */
#ifndef CBX_TESTS_MODEL_SYNC_H
#define CBX_TESTS_MODEL_SYNC_H

#include <model/spec.h>

/** Learn which pages of its reserve a box got and gave, and compare page
 * states, and the translations of @p box (NULL: of every box). */
void sync_look(struct spec_box *box);

/** Compare what gates say, with PAGE_QUERY on pages [first, first + count). */
void sync_ask(uint32_t first, uint32_t count);

/** Compare what the machine lets whom touch, and every byte. */
void sync_touch(void);

/** An answer is right. */
void sync_answer(const struct spec_answer *answer, const struct cbx_call *call);

/** An answer as the machine gave it. */
struct spec_answer sync_heard(const struct cbx_reply *reply);

#endif

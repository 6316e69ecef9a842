/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing arguments that may do.
 */
#ifndef CBX_TESTS_MODEL_PICK_H
#define CBX_TESTS_MODEL_PICK_H

#include <model/spec.h>

/** Numbers policies of a walk let boxes forward. */
#define PICK_FORWARD 41u

/** A page that is so, if there is one; at times any number. */
uint64_t pick_page(enum spec_is is);

/** The first of @p count such pages in a row, if there are. */
uint64_t pick_page_run(enum spec_is is, uint64_t count);

/** How many such pages to name from @p first on: up to @p most, mostly as many
 * as there are. */
uint64_t pick_count(uint64_t first, enum spec_is is, uint32_t most);

/** A page of the box's, not its root, if there is one. */
uint64_t pick_page_of(const struct spec_box *box);

/** A live box; NULL when there is none. */
struct spec_box *pick_box(void);

/** A thread's handle, or 0; a thread that waits for an answer, or NULL. */
uint64_t pick_thread(const struct spec_box *box);
const struct spec_thread *pick_asking(const struct spec_box *box);

/** A box, a template if there is one; now and then @p box. */
uint64_t pick_lender(const struct spec_box *box);

/** A space's handle, or 0, the thread's own. */
uint64_t pick_space(const struct spec_box *box);

/** One of a few addresses; one that @p space maps, if it maps any. */
uint64_t pick_va(void);
uint64_t pick_mapped(const struct spec_space *space);

/** Rights, now and then none. */
uint64_t pick_rights(void);

/** Rights of code of this box. */
uint64_t pick_code_rights(const struct spec_box *box);

/** A size near @p room, or small. */
uint64_t pick_bytes(uint64_t room);

/** A number somebody may have forgotten to check. */
uint64_t pick_wild(void);

/** Threads begin, and up-calls arrive, where there is a program. */
void pick_entries(struct cbx_call *call);

/** Whether the ledger has room for what the call may make. */
bool pick_fits(const struct cbx_call *call);
bool pick_fits_box(const struct spec_box *box, const struct cbx_call *call);

#endif

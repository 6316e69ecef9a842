/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warm starts.  A program that opens /dev/template has reached its point: a box
 * that is to become a template keeps the state and never goes on; boxes that
 * borrow its memory go on from there.  In any other box nothing happens.
 *
 * A clone begins with the template's memory, which it can read: the runtime's
 * own data become its own at once, everything else at the first write, by
 * asking the monitor for the right.
 */
#ifndef CBX_RUNTIME_TEMPLATE_H
#define CBX_RUNTIME_TEMPLATE_H

#include <base/types.h>

struct cbx_task;

/** Whether this box is a clone. */
bool cbx_template_cloned(void);

/** The point is reached with the call being served.  Nothing in a box that is
 * no template in the making. */
void cbx_template_want(void);

/** It is reached after so long, if not before; of the first task, before its
 * program begins.  @lock held */
void cbx_template_after(uint64_t ns);

/** Whether it is. */
bool cbx_template_wanted(void);

/** Keep the running task's state and sleep for good.  @lock held
 * @param call  its number, or CBX_NO_CALL; one that was interrupted for it is
 *              made again in clones */
_Noreturn void cbx_template_point(struct cbx_task *self, uint32_t call);

/** Make memory of the runtime the clone's own, around an address.
 * @return false when the fault has another reason */
CBX_MUST_CHECK bool cbx_template_fault(uint64_t address);

/** Have memory of the runtime that gates are to write, or other spaces to
 * share.  @return how much of it, from the start: all but in a clone */
uint64_t cbx_template_own(uint64_t start, uint64_t bytes);

/** A clone's first code, on a stack of its own. */
_Noreturn void cbx_template_clone(void);

#endif

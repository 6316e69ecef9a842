/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's one lock.
 *
 * An up-call takes it for as long as it serves; it is held across copies from
 * and to the program's memory, and dropped while a task sleeps (wait.h) or
 * waits for the host.  A fault of the task that holds it is served under it.
 */
#ifndef CBX_RUNTIME_LOCK_H
#define CBX_RUNTIME_LOCK_H

#include <base/types.h>

struct cbx_task;

/** @pre the task does not hold it */
void cbx_runtime_lock(void);
void cbx_runtime_unlock(void);

/** Whether the running task holds it. */
bool cbx_runtime_locked(void);

/** Unpark a task when the lock is dropped: it would only wait for it.
 * @lock held */
void cbx_runtime_unpark(const struct cbx_task *task);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks whose word holds their owner's tid (FUTEX_LOCK_PI and its like).
 * There are no priorities: who waited longest is next.
 */
#ifndef CBX_RUNTIME_FUTEX_LOCK_H
#define CBX_RUNTIME_FUTEX_LOCK_H

#include "futex.h"

/**
 * Take a lock.
 *
 * @param va  where this task sees its word
 *
 * @retval 0         it is this task's
 * @retval -EDEADLK  it was already
 * @retval -ESRCH    its owner does not exist
 * @retval -ETIMEDOUT, -EINTR, -EFAULT
 */
int64_t cbx_futex_lock(struct cbx_futex_key key, uint64_t va, int64_t deadline);

/** The same without waiting.  @retval -EAGAIN  somebody has it */
int64_t cbx_futex_try_lock(struct cbx_futex_key key, uint64_t va);

/** Give it to who waits.  @retval -EPERM  it is not this task's */
int64_t cbx_futex_unlock(struct cbx_futex_key key, uint64_t va);

#endif

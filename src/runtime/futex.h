/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes: who waits for a word of memory.
 *
 * Pure but for sleeping: it knows no word's value.  All of it is called under
 * the runtime's lock, which is what makes checking a word and waiting for it
 * one step.
 */
#ifndef CBX_RUNTIME_FUTEX_H
#define CBX_RUNTIME_FUTEX_H

#include "task.h"

#define CBX_FUTEX_ANY UINT32_MAX /* bits that match every waiter */

#define LX_FUTEX_WAITERS    0x80000000u
#define LX_FUTEX_OWNER_DIED 0x40000000u
#define LX_FUTEX_TID	    0x3fffffffu

/** Which word: of an address space, or of what several have mapped. */
struct cbx_futex_key {
	const void *object;
	uint64_t at; /* address in it */
};

/** The key of a word at a program's address. */
struct cbx_futex_key cbx_futex_key(uint64_t va, bool private);

/** Wait for a wake-up of the word with one of @p bits.
 * @retval 0, -ETIMEDOUT, -EINTR */
int64_t cbx_futex_wait(
	struct cbx_futex_key key, uint32_t bits, int64_t deadline);

/** Wake waiters of a word that have one of @p bits, the first ones first.
 * @return how many */
uint64_t cbx_futex_wake(
	struct cbx_futex_key key, uint64_t count, uint32_t bits);

/** Let waiters of a word wait for another one.  @return how many */
uint64_t cbx_futex_move(
	struct cbx_futex_key from, struct cbx_futex_key to, uint64_t count);

/** Wait to be given a lock whose word holds its owner's tid.
 * @retval 0  it is this task's
 * @retval -ETIMEDOUT, -EINTR */
int64_t cbx_futex_wait_owned(struct cbx_futex_key key, int64_t deadline);

/** The task that has waited longest to be given the lock, and whether it is
 * the only one; NULL when none does. */
struct cbx_task *cbx_futex_heir(struct cbx_futex_key key, bool *only);

/** Its waiting is over: the lock is its. @pre there is one */
void cbx_futex_give(struct cbx_futex_key key);

/** What a task's end does: give up its robust mutexes, clear its tid.
 * @p self is the running task */
void cbx_futex_end(struct cbx_task *self);

#endif

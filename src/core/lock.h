/* SPDX-License-Identifier: Apache-2.0 */
/* Locks that know their rank (doc/locking.md). */
#ifndef CBX_CORE_LOCK_H
#define CBX_CORE_LOCK_H

#include <stdatomic.h>

#include <core/assert.h>

/** Lock classes, in the only order one CPU may take them. */
enum cbx_rank {
	CBX_RANK_NONE,
	CBX_RANK_GATE, /* everything the core knows */
};

/** A lock; zero is untaken.  Who asks first has it first, so that no CPU keeps
 * another one waiting for ever.  Its rank is said by whoever takes it, so that
 * it needs no initialised data. */
struct cbx_lock {
	atomic_uint next;   /* ticket of the next one to ask */
	atomic_uint served; /* ticket of who has it, or of nobody yet */
};

/** Take the lock; waits for the CPUs that asked before.
 * @pre this CPU holds no lock of this rank or a later one */
static inline void cbx_lock_take(struct cbx_lock *lock, enum cbx_rank rank)
{
	uint32_t *held = cbx_hal_cpu_rank();

	CBX_ASSERT(*held < (uint32_t)rank);
	unsigned int ticket =
		atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

	while (atomic_load_explicit(&lock->served, memory_order_acquire) !=
		ticket) {
		cbx_hal_cpu_relax();
	}
	*held = (uint32_t)rank;
}

/** Drop the lock. @pre this CPU took it last, with this rank */
static inline void cbx_lock_drop(struct cbx_lock *lock, enum cbx_rank rank)
{
	uint32_t *held = cbx_hal_cpu_rank();

	CBX_ASSERT(*held == (uint32_t)rank);
	*held = CBX_RANK_NONE;
	/* Only its holder writes it. */
	atomic_store_explicit(&lock->served,
		atomic_load_explicit(&lock->served, memory_order_relaxed) + 1,
		memory_order_release);
}

#endif

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

/** A lock; zero is untaken.  Its rank is said by whoever takes it, so that it
 * needs no initialised data. */
struct cbx_lock {
	atomic_flag taken;
};

/** Take the lock; waits while another CPU holds it.
 * @pre this CPU holds no lock of this rank or a later one */
static inline void cbx_lock_take(struct cbx_lock *lock, enum cbx_rank rank)
{
	uint32_t *held = cbx_hal_cpu_rank();

	CBX_ASSERT(*held < (uint32_t)rank);
	while (atomic_flag_test_and_set_explicit(
		&lock->taken, memory_order_acquire)) {
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
	atomic_flag_clear_explicit(&lock->taken, memory_order_release);
}

#endif

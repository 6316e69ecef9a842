/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of a box: box CPU contexts, and which of them runs next. */
#ifndef CBX_CORE_THREAD_H
#define CBX_CORE_THREAD_H

#include <core/domain.h>

/**
 * Make a thread that will begin at @p start in @p space.
 *
 * @param[out] handle  its handle; untouched on failure
 *
 * @retval CBX_OK          it is RUNNABLE
 * @retval CBX_E_NOMEM     the reserve is empty, or the policy's number used up
 * @retval CBX_E_STATE     the space is being destroyed
 * @retval CBX_E_HARDWARE  refused
 */
CBX_MUST_CHECK enum cbx_status cbx_thread_create(struct cbx_domain *d,
	struct cbx_space *space, const struct cbx_vcpu_start *start,
	uint64_t *handle);

/** End a thread that runs on no CPU; @p thread is no longer held.  Its page
 * returns to the reserve while the box lives. */
void cbx_thread_destroy(struct cbx_domain *d, struct cbx_thread *thread);

/** End threads of the box, a bounded number; none of them runs.
 * @return whether none is left */
CBX_MUST_CHECK bool cbx_thread_end_all(struct cbx_domain *d);

/**
 * The next thread that can run, held; NULL when there is none.
 *
 * @param[out] wake  without one: ticks at which one can, or 0
 */
struct cbx_thread *cbx_thread_pick(struct cbx_domain *d, uint64_t *wake);

/** Whether a thread waits for its turn, or for a deadline that has passed: the box
 * would do something else if it were entered anew. */
bool cbx_thread_due(const struct cbx_domain *d);

/** @p ticks rounded up to the box's wake step; the step after now at the
 * earliest; UINT64_MAX when that is beyond time. */
uint64_t cbx_thread_wake(const struct cbx_domain *d, uint64_t ticks);

/** The time step at which the box's next frame may go: one each. */
uint64_t cbx_thread_frame_wake(struct cbx_domain *d);

#endif

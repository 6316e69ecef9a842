/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time.  The monitor's ticks are the only clock; for a tenth of a second a
 * reading is carried on by the CPU's counter, where that is steady.
 *
 * A box's clock may be fixed by its policy: then time passes only when a task
 * sleeps until a deadline, by as much as that.
 */
#ifndef CBX_RUNTIME_TIME_H
#define CBX_RUNTIME_TIME_H

#include <base/types.h>

struct cbx_clock;

/** @param epoch_ns  nanoseconds from 1970 to tick 0
 * @param flags  CBX_START_*: whether the box may read the CPU's counter, and
 *               whether its clock is fixed */
void cbx_time_init(uint64_t epoch_ns, uint32_t flags);

/** Nanoseconds since the machine started, or what they are fixed to. */
int64_t cbx_time_monotonic(void);

/** Nanoseconds since 1970. */
int64_t cbx_time_real(void);

/** The same, as far as it is known without a gate most of the time. */
int64_t cbx_time_coarse(void);

/** When the monitor is to wake a task that now begins to sleep until
 * @p deadline: in ticks, never 0. */
int64_t cbx_time_wake(int64_t deadline);

/** Whether a sleeper's @p deadline is over.
 * @param wake  of cbx_time_wake, when it began */
bool cbx_time_over(int64_t deadline, int64_t wake);

/** When a call ends that may take so long: a time of LX_NS as the program's
 * timeout, kept for the same call made again.
 * @param ns  CBX_WAIT_FOREVER has no end */
int64_t cbx_time_end(int64_t ns);

/** Tell a program what is left of such a time, as Linux does for select; where
 * that cannot be written, not.
 * @param va    its timeout, or 0
 * @param unit  nanoseconds of what its second word counts */
void cbx_time_put_left(uint64_t va, int64_t ns, int64_t unit);

/** Read a program's struct timespec; no pointer is CBX_WAIT_FOREVER.
 * @retval -EFAULT, -EINVAL */
CBX_MUST_CHECK int64_t cbx_time_get_timeout(uint64_t va, int64_t *ns);

/** Sleep until @p deadline (monotonic), or until a signal waits.
 * @retval 0, -EINTR */
int64_t cbx_time_sleep(int64_t deadline);

/** What the vDSO reads. */
extern struct cbx_clock cbx_time_clock;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time.  The monitor's ticks are the only clock; for a tenth of a second a
 * reading is carried on by the CPU's counter, where that is steady.
 */
#ifndef CBX_RUNTIME_TIME_H
#define CBX_RUNTIME_TIME_H

#include <base/types.h>

/** @param epoch_ns  nanoseconds from 1970 to tick 0
 * @param has_counter  whether the box may read the CPU's counter */
void cbx_time_init(uint64_t epoch_ns, bool has_counter);

/** Nanoseconds since the machine started. */
int64_t cbx_time_monotonic(void);

/** Nanoseconds since 1970. */
int64_t cbx_time_real(void);

/** The same without a gate most of the time: some milliseconds late. */
int64_t cbx_time_coarse(void);

/** Sleep until @p deadline (monotonic), or until a signal waits.
 * @retval 0, -EINTR */
int64_t cbx_time_sleep(int64_t deadline);

#endif

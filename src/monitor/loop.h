/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's own part: start-up, and the loop every CPU runs. */
#ifndef CBX_MONITOR_LOOP_H
#define CBX_MONITOR_LOOP_H

#include <base/types.h>

/**
 * Run the host on this CPU, serve what it wants, until it stops.
 *
 * @pre cbx_core_init was called, and the keeper started
 *
 * @return whether the host crashed (true) or this CPU just stopped (false)
 */
bool cbx_monitor_run(uint32_t cpu);

#endif

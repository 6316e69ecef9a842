/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks programs name by a number.
 */
#ifndef CBX_RUNTIME_CLOCKS_H
#define CBX_RUNTIME_CLOCKS_H

#include <base/types.h>

/** Read one; also that of a task's, or a process's, running time.
 * @retval -EINVAL  there is none */
CBX_MUST_CHECK int64_t cbx_clock_now(int32_t clock, int64_t *ns);

/** The same clock, by a number that means the same for everybody. */
int32_t cbx_clock_own(int32_t clock);

/** Whether it stands still while its task, or process, sleeps. */
bool cbx_clock_of_cpu(int32_t clock);

/** a + b, at most INT64_MAX.  @pre b >= 0 */
int64_t cbx_clock_add(int64_t a, int64_t b);

#endif

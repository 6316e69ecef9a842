/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many pages of the box's reserve are spoken for.
 */
#ifndef CBX_RUNTIME_BUDGET_H
#define CBX_RUNTIME_BUDGET_H

#include <base/types.h>

/** Begin with @p pages to spend. */
void cbx_budget_init(uint64_t pages);

/** Set @p pages aside; false, and nothing happened, when there are not so
 * many left. */
CBX_MUST_CHECK bool cbx_budget_take(uint64_t pages);

/** @pre @p pages were taken */
void cbx_budget_give(uint64_t pages);

/** Pages there were to spend at the beginning. */
uint64_t cbx_budget_total(void);

/** Pages left. */
uint64_t cbx_budget_free(void);

#endif

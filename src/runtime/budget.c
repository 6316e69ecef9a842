/* SPDX-License-Identifier: Apache-2.0 */
#include "budget.h"

static uint64_t total;
static uint64_t used;

void cbx_budget_init(uint64_t pages)
{
	total = pages;
	used = 0;
}

bool cbx_budget_take(uint64_t pages)
{
	if (pages > total - used) {
		return false;
	}
	used += pages;
	return true;
}

void cbx_budget_give(uint64_t pages)
{
	used -= pages;
}

uint64_t cbx_budget_total(void)
{
	return total;
}

uint64_t cbx_budget_free(void)
{
	return total - used;
}

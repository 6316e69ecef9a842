/* SPDX-License-Identifier: Apache-2.0 */
/* The program's break. */
#include "break.h"
#include "budget.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

#define AHEAD 0x100000u /* bytes the memory grows by at least */

void cbx_break_begin(uint64_t at)
{
	cbx_map_self()->brk = (struct cbx_break){ at, at, at, at };
}

/* The memory behind a higher break; false when there is none. */
static bool extend(struct cbx_break *b, uint64_t to)
{
	struct cbx_place place = {
		.start = b->end,
		.end = cbx_max(cbx_page_ceil(to), b->end + AHEAD),
		.prot = LX_PROT_READ | LX_PROT_WRITE,
		.kind = CBX_EXTENT_BREAK,
	};

	if (place.end - place.start > cbx_budget_free() * CBX_PAGE_SIZE / 8) {
		place.end = cbx_page_ceil(to);
	}
	if (cbx_extent_gap(cbx_memory_extents(), place.start, place.end,
		    place.end - place.start) == 0 ||
		cbx_memory_place(&place) != 0) {
		return false;
	}
	b->end = place.end;
	return true;
}

int64_t cbx_sys_brk(const uint64_t *arg)
{
	struct cbx_break *b = &cbx_map_self()->brk;
	uint64_t to = arg[0];

	if (to < b->start || to >= CBX_MEMORY_LOADER ||
		(to > b->end && !extend(b, to))) {
		return (int64_t)b->now;
	}
	if (to > b->now && b->now < b->dirty) {
		uint64_t bytes = cbx_min(to, b->dirty) - b->now;

		if (cbx_user_zero((void *)b->now, bytes) != 0) {
			return (int64_t)b->now;
		}
	}
	b->now = to;
	b->dirty = cbx_max(b->dirty, to);
	return (int64_t)to;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The program's break. */
#include "break.h"
#include "budget.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "syscall.h"
#include "user.h"

#define AHEAD 0x100000u /* bytes the memory grows by at least */

static uint64_t start;
static uint64_t now;
static uint64_t end;   /* of the memory behind it */
static uint64_t dirty; /* highest the break ever was */

void cbx_break_begin(uint64_t at)
{
	start = at;
	now = at;
	end = at;
	dirty = at;
}

/* The memory behind a higher break; false when there is none. */
static bool extend(uint64_t to)
{
	struct cbx_place place = {
		.start = end,
		.end = cbx_max(cbx_page_ceil(to), end + AHEAD),
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
	end = place.end;
	return true;
}

int64_t cbx_sys_brk(const uint64_t *arg)
{
	uint64_t to = arg[0];

	if (to < start || to >= CBX_MEMORY_MAPS || (to > end && !extend(to))) {
		return (int64_t)now;
	}
	if (to > now && now < dirty) {
		uint64_t bytes = cbx_min(to, dirty) - now;

		if (cbx_user_zero((void *)now, bytes) != 0) {
			return (int64_t)now;
		}
	}
	now = to;
	dirty = cbx_max(dirty, to);
	return (int64_t)to;
}

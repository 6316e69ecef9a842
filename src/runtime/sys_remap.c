/* SPDX-License-Identifier: Apache-2.0 */
/* mremap. */
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "memory_map.h"
#include "syscall.h"

/* A checked mremap. */
struct remap {
	uint64_t from;
	uint64_t old_bytes; /* whole pages */
	uint64_t new_bytes;
	uint64_t flags;
	uint64_t to; /* with FIXED */
};

static int64_t check_fixed(const struct remap *r)
{
	if ((r->flags & LX_MREMAP_FIXED) == 0) {
		return 0;
	}
	if ((r->flags & LX_MREMAP_MAYMOVE) == 0 || r->to % CBX_PAGE_SIZE != 0 ||
		!cbx_memory_valid(r->to, r->new_bytes) ||
		(r->to < r->from + r->old_bytes &&
			r->from < r->to + r->new_bytes)) {
		return -LX_EINVAL;
	}
	return 0;
}

static int64_t check(const uint64_t *arg, struct remap *r)
{
	if (arg[0] % CBX_PAGE_SIZE != 0 || arg[2] == 0 ||
		(arg[3] & ~(uint64_t)(LX_MREMAP_MAYMOVE | LX_MREMAP_FIXED)) !=
			0) {
		return -LX_EINVAL;
	}
	if (arg[1] > CBX_MEMORY_TOP || arg[2] > CBX_MEMORY_TOP) {
		return -LX_ENOMEM;
	}
	*r = (struct remap){ arg[0], cbx_page_ceil(arg[1]),
		cbx_page_ceil(arg[2]), arg[3], arg[4] };
	if (!cbx_memory_valid(r->from, cbx_max(r->old_bytes, 1))) {
		return -LX_EFAULT;
	}
	return check_fixed(r);
}

static bool is_like(const struct cbx_extent *a, const struct cbx_extent *b)
{
	return a->prot == b->prot && a->file == b->file &&
	       a->origin == b->origin && a->shared == b->shared;
}

/* Whether a range is one mapping of the program's. */
static bool is_one(uint64_t start, uint64_t end)
{
	const struct cbx_extents *map = cbx_memory_extents();
	uint64_t i = cbx_extent_find(map, start);
	const struct cbx_extent *first = &map->at[i];

	if (!cbx_memory_owned(start, end)) {
		return false;
	}
	while (i < map->count && map->at[i].start < end) {
		if (!is_like(first, &map->at[i++])) {
			return false;
		}
	}
	return true;
}

/* More of what is at @p at, or the same elsewhere. */
static struct cbx_place place_like(
	uint64_t at, uint64_t offset, uint64_t start, uint64_t bytes)
{
	const struct cbx_extent *e = cbx_extent_at(cbx_memory_extents(), at);

	return (struct cbx_place){
		.start = start,
		.end = start + bytes,
		.prot = e->prot,
		.kind = e->kind,
		.lazy = e->prot == 0 || bytes >= CBX_MEMORY_LAZY,
		.shared = e->shared,
		.sealed = e->sealed,
		.file = e->file,
		.offset = e->file == NULL ? 0 : at - e->origin + offset,
	};
}

static int64_t move(const struct remap *r)
{
	struct cbx_place place = place_like(r->from, 0, 0, r->new_bytes);
	int64_t status = 0;
	uint64_t old_bytes = cbx_min(r->old_bytes, r->new_bytes);

	place.lazy = true;
	place.start = r->to;
	if ((r->flags & LX_MREMAP_FIXED) == 0) {
		place.start = cbx_memory_find(r->new_bytes, true);
	}
	if (place.start == 0) {
		return -LX_ENOMEM;
	}
	place.end = place.start + r->new_bytes;
	if (old_bytes == 0) {
		status = cbx_memory_place(&place);
		return status != 0 ? status : (int64_t)place.start;
	}
	if (old_bytes < r->old_bytes) {
		status = cbx_memory_release(
			r->from + old_bytes, r->from + r->old_bytes);
	}
	return status != 0 ? status
			   : cbx_memory_move(&place, r->from, old_bytes);
}

static int64_t grow(const struct remap *r)
{
	uint64_t end = r->from + r->old_bytes;
	uint64_t more = r->new_bytes - r->old_bytes;
	struct cbx_place place;
	int64_t status;

	if (r->old_bytes != 0 && cbx_memory_valid(r->from, r->new_bytes) &&
		cbx_memory_unused(end, end + more)) {
		place = place_like(r->from, r->old_bytes, end, more);
		status = cbx_memory_place(&place);
		return status != 0 ? status : (int64_t)r->from;
	}
	return (r->flags & LX_MREMAP_MAYMOVE) == 0 ? -LX_ENOMEM : move(r);
}

int64_t cbx_sys_mremap(const uint64_t *arg)
{
	struct remap r;
	int64_t status = check(arg, &r);

	if (status != 0) {
		return status;
	}
	if (!is_one(r.from, r.from + cbx_max(r.old_bytes, CBX_PAGE_SIZE))) {
		return -LX_EFAULT;
	}
	if (r.old_bytes == 0 &&
		!cbx_extent_at(cbx_memory_extents(), r.from)->shared) {
		return -LX_EINVAL;
	}
	if ((r.flags & LX_MREMAP_FIXED) != 0) {
		return move(&r);
	}
	if (r.new_bytes > r.old_bytes) {
		return grow(&r);
	}
	if (r.new_bytes < r.old_bytes) {
		status = cbx_memory_release(
			r.from + r.new_bytes, r.from + r.old_bytes);
	}
	return status != 0 ? status : (int64_t)r.from;
}

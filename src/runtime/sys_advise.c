/* SPDX-License-Identifier: Apache-2.0 */
/* What programs say and ask about their memory: madvise, mincore, mlock,
 * msync. */
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "memory_map.h"
#include "syscall.h"
#include "user.h"

enum {
	MADV_DONTNEED = 4,
	MADV_FREE = 8,
	MADV_REMOVE = 9,
	MADV_DONTFORK = 10,
	MADV_DOFORK = 11,
	MADV_WIPEONFORK = 18,
	MADV_KEEPONFORK = 19,
	MADV_POPULATE_READ = 22,
	MADV_POPULATE_WRITE = 23,
	MADV_DONTNEED_LOCKED = 24,
	MADV_LAST = 25,
	MS_KNOWN = 7,
	MS_ASYNC = 1,
	MS_SYNC = 4,
	MLOCK_ONFAULT = 1,
};

/* Whether [arg[0], + arg[1]) is whole pages of the program's. */
static int64_t check_range(const uint64_t *arg, uint64_t *end)
{
	if (arg[0] % CBX_PAGE_SIZE != 0) {
		return -LX_EINVAL;
	}
	if (arg[1] > CBX_MEMORY_TOP || arg[0] > CBX_MEMORY_TOP) {
		return -LX_ENOMEM;
	}
	*end = arg[0] + cbx_page_ceil(arg[1]);
	return cbx_memory_owned(arg[0], *end) ? 0 : -LX_ENOMEM;
}

/* Whether a range has nothing in common with anybody. */
static bool is_private(uint64_t start, uint64_t end)
{
	const struct cbx_extents *map = cbx_memory_extents();

	for (uint64_t i = cbx_extent_find(map, start);
		i < map->count && map->at[i].start < end; i++) {
		if (map->at[i].file != NULL) {
			return false;
		}
	}
	return true;
}

static int64_t populate(uint64_t start, uint64_t end, uint8_t access)
{
	return cbx_memory_populate(start, end - start, access) ? 0 : -LX_ENOMEM;
}

static int64_t advise(uint64_t start, uint64_t end, uint64_t what)
{
	switch (what) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		return cbx_memory_discard(start, end);
	case MADV_FREE:
		return is_private(start, end) ? 0 : -LX_EINVAL;
	case MADV_REMOVE:
		return -LX_EINVAL;
	case MADV_DONTFORK:
		return cbx_memory_on_fork(start, end, CBX_FORK_NONE);
	case MADV_WIPEONFORK:
		return is_private(start, end)
			       ? cbx_memory_on_fork(start, end, CBX_FORK_WIPE)
			       : -LX_EINVAL;
	case MADV_DOFORK:
	case MADV_KEEPONFORK:
		return cbx_memory_on_fork(start, end, CBX_FORK_COPY);
	case MADV_POPULATE_READ:
		return populate(start, end, LX_PROT_READ);
	case MADV_POPULATE_WRITE:
		return populate(start, end, LX_PROT_WRITE);
	default:
		return 0; /* how memory is used, which does not matter here */
	}
}

int64_t cbx_sys_madvise(const uint64_t *arg)
{
	uint64_t end;
	int64_t status;

	if (arg[2] > MADV_LAST ||
		(arg[2] > MADV_DONTNEED && arg[2] < MADV_FREE)) {
		return -LX_EINVAL;
	}
	status = check_range(arg, &end);
	return status != 0 || arg[1] == 0 ? status
					  : advise(arg[0], end, arg[2]);
}

int64_t cbx_sys_msync(const uint64_t *arg)
{
	uint64_t end;

	if ((arg[2] & ~(uint64_t)MS_KNOWN) != 0 ||
		(arg[2] & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC)) {
		return -LX_EINVAL;
	}
	return check_range(arg, &end);
}

int64_t cbx_sys_mincore(const uint64_t *arg)
{
	uint64_t end;
	int64_t status = check_range(arg, &end);

	for (uint64_t at = arg[0]; status == 0 && at < end;
		at += CBX_PAGE_SIZE) {
		const struct cbx_extent *e =
			cbx_extent_at(cbx_memory_extents(), at);
		uint8_t there = cbx_extent_mapped(e);

		status = cbx_user_put(
			arg[2] + ((at - arg[0]) >> CBX_PAGE_SHIFT), &there, 1);
	}
	return status;
}

/* No page ever leaves the box's memory: to lock is to map. */
static int64_t lock(uint64_t address, uint64_t bytes, bool now)
{
	uint64_t start = cbx_page_floor(address);
	const uint64_t range[2] = { start, bytes + (address - start) };
	uint64_t end;
	int64_t status = check_range(range, &end);

	if (status != 0 || !now) {
		return status;
	}
	return populate(start, end, LX_PROT_READ);
}

int64_t cbx_sys_mlock(const uint64_t *arg)
{
	return lock(arg[0], arg[1], true);
}

int64_t cbx_sys_mlock2(const uint64_t *arg)
{
	if ((arg[2] & ~(uint64_t)MLOCK_ONFAULT) != 0) {
		return -LX_EINVAL;
	}
	return lock(arg[0], arg[1], arg[2] == 0);
}

int64_t cbx_sys_munlock(const uint64_t *arg)
{
	return lock(arg[0], arg[1], false);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* openat2: open with conditions on the way there. */
#include "linux.h"
#include "open.h"
#include "path.h"
#include "syscall.h"
#include "user.h"

struct lx_open_how {
	uint64_t flags, mode, resolve;
};

enum {
	RESOLVE_NO_XDEV = 0x1,
	RESOLVE_NO_MAGICLINKS = 0x2,
	RESOLVE_NO_SYMLINKS = 0x4,
	RESOLVE_BENEATH = 0x8,
	RESOLVE_IN_ROOT = 0x10,
	RESOLVE_CACHED = 0x20,
	RESOLVE_KNOWN = 0x3f
};

#define FLAGS_KNOWN                                                           \
	(LX_O_ACCMODE | LX_O_CREAT | LX_O_EXCL | LX_O_NOCTTY | LX_O_TRUNC |   \
		LX_O_APPEND | LX_O_NONBLOCK | LX_O_SYNC | LX_O_ASYNC |        \
		LX_O_DIRECT | LX_O_LARGEFILE | LX_O_NOFOLLOW | LX_O_NOATIME | \
		LX_O_CLOEXEC | LX_O_PATH | LX_O_TMPFILE)

static uint32_t way_of(uint64_t resolve)
{
	return ((resolve & RESOLVE_NO_XDEV) != 0 ? CBX_PATH_ONE_SYSTEM : 0) |
	       ((resolve & RESOLVE_NO_MAGICLINKS) != 0 ? CBX_PATH_NO_JUMPS
						       : 0) |
	       ((resolve & RESOLVE_NO_SYMLINKS) != 0 ? CBX_PATH_NO_LINKS : 0) |
	       ((resolve & RESOLVE_BENEATH) != 0 ? CBX_PATH_BENEATH : 0) |
	       ((resolve & RESOLVE_IN_ROOT) != 0 ? CBX_PATH_IN_ROOT : 0);
}

static int64_t check(const struct lx_open_how *how)
{
	bool makes = (how->flags & LX_O_CREAT) != 0 ||
		     (how->flags & LX_O_TMPFILE) == LX_O_TMPFILE;

	if ((how->flags & ~(uint64_t)FLAGS_KNOWN) != 0 ||
		(how->resolve & ~(uint64_t)RESOLVE_KNOWN) != 0 ||
		(how->mode & ~(uint64_t)LX_PERMISSIONS) != 0 ||
		(!makes && how->mode != 0)) {
		return -LX_EINVAL;
	}
	if ((how->resolve & RESOLVE_BENEATH) != 0 &&
		(how->resolve & RESOLVE_IN_ROOT) != 0) {
		return -LX_EINVAL;
	}
	/* nothing is ever not in memory, but what makes or cuts could wait */
	return (how->resolve & RESOLVE_CACHED) != 0 &&
			       (makes || (how->flags & LX_O_TRUNC) != 0)
		       ? -LX_EAGAIN
		       : 0;
}

/* The structure, and zeros behind what is known of it. */
static int64_t read_how(uint64_t va, uint64_t bytes, struct lx_open_how *how)
{
	if (bytes < sizeof(*how)) {
		return -LX_EINVAL;
	}
	if (bytes > CBX_PAGE_SIZE) {
		return -LX_E2BIG;
	}
	if (cbx_user_get(how, va, sizeof(*how)) != 0) {
		return -LX_EFAULT;
	}
	for (uint64_t at = sizeof(*how); at < bytes; at++) {
		uint8_t byte;

		if (cbx_user_get(&byte, va + at, 1) != 0) {
			return -LX_EFAULT;
		}
		if (byte != 0) {
			return -LX_E2BIG;
		}
	}
	return 0;
}

int64_t cbx_sys_openat2(const uint64_t *arg)
{
	struct lx_open_how how;
	int64_t status = read_how(arg[2], arg[3], &how);

	if (status == 0) {
		status = check(&how);
	}
	if (status == 0) {
		const struct cbx_open open = {
			.dirfd = arg[0],
			.path_va = arg[1],
			.flags = (uint32_t)how.flags,
			.mode = (uint32_t)how.mode,
			.way = way_of(how.resolve),
		};

		status = cbx_open(&open);
	}
	return status;
}
